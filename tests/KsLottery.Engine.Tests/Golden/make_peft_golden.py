#!/usr/bin/env python3
"""Writes peft_golden.json: adapters, and the tensors that they make of a base. Usage: python3 make_peft_golden.py > peft_golden.json

NumPy alone. Every scale, orientation and name below is written down by hand from the rules of PEFT (LoraConfig, get_pattern_key,
get_delta_weight, ModulesToSaveWrapper, TrainableTokensLayer.merge), so that nothing here works them out as the library does. Sums go over the
rank in ascending order in F32, then come the scale and the base in F32, and one rounding to the base's type.
"""
import base64
import json

import numpy as np

rng = np.random.default_rng(20240202)
f32 = np.float32


def to_bf16(a):
    bits = np.ascontiguousarray(a, f32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(a):
    return (a.astype(np.uint32) << 16).view(f32)


class T:
    """A tensor: its type, and its values as F32 after rounding to that type."""

    def __init__(self, values, dtype='F32'):
        self.dtype = dtype
        values = np.ascontiguousarray(values, f32)
        self.stored = {'F32': lambda: values, 'F16': lambda: values.astype(np.float16), 'BF16': lambda: to_bf16(values)}[dtype]()
        self.values = {'F32': lambda: self.stored, 'F16': lambda: self.stored.astype(f32), 'BF16': lambda: from_bf16(self.stored)}[dtype]()

    def json(self, name):
        return dict(name=name, dtype=self.dtype, shape=list(self.values.shape), data=base64.b64encode(self.stored.tobytes()).decode())


def g(*shape, dtype='F32', size=1.0):
    return T(rng.standard_normal(shape) * size, dtype)


def product(up, down):
    total = np.zeros((up.values.shape[0], down.values.shape[1]), f32)
    for k in range(down.values.shape[0]):
        total = total + up.values[:, k:k + 1] * down.values[k:k + 1, :]
    return total


def add(w, up, down, scale, transposed=False):
    delta = product(up, down)
    delta = (delta.T if transposed else delta) * f32(scale)
    return T(w.values + delta, w.dtype)


def put(w, rows, ids):
    values = w.values.copy()
    values[ids] = rows.values
    return T(values, w.dtype)


cases = []
P = 'base_model.model.'
E, Q, Q1, HEAD = 'model.embed_tokens', 'model.layers.0.self_attn.q_proj', 'model.layers.1.self_attn.q_proj', 'lm_head'


def case(name, base, tied, config, adapter, expected, tied_after=None):
    """expected: the tensors that differ from the base's or are new."""
    cases.append(dict(
        name=name, tied=tied, tied_after=tied if tied_after is None else tied_after,
        config=dict(dict(peft_type='LORA', base_model_name_or_path='somewhere/else'), **config),
        base=[t.json(n) for n, t in base.items()], adapter=[t.json(n) for n, t in adapter.items()],
        expected=[t.json(n) for n, t in expected.items()]))


def lora(module, up, down, infix=''):
    return {f'{P}{module}.lora_A{infix}.weight': down, f'{P}{module}.lora_B{infix}.weight': up}


def model(dtype='F32', tied=False, vocabulary=9, width=5, out=7):
    base = {E + '.weight': g(vocabulary, width, dtype=dtype), Q + '.weight': g(out, width, dtype=dtype), Q1 + '.weight': g(out, width, dtype=dtype),
            'model.layers.0.self_attn.k_proj.weight': g(3, width, dtype=dtype), 'model.norm.weight': g(width, dtype=dtype)}
    if not tied:
        base[HEAD + '.weight'] = g(vocabulary, width, dtype=dtype)
    return base


# Scale alpha / r; where both are silent 8 / 8.
b, up, down = model(), g(7, 2), g(2, 5)
case('plain', b, False, dict(r=2, lora_alpha=16), lora(Q, up, down), {Q + '.weight': add(b[Q + '.weight'], up, down, 8)})
b, up, down = model(), g(7, 8), g(8, 5)
case('defaults of LoraConfig', b, False, {}, lora(Q, up, down), {Q + '.weight': add(b[Q + '.weight'], up, down, 1)})
b, up, down = model(), g(7, 3), g(3, 5)
case('a scale that F32 cannot hold', b, False, dict(r=3, lora_alpha=10), lora(Q, up, down, '.default'), {Q + '.weight': add(b[Q + '.weight'], up, down, 10 / 3)})

# Types: factors are widened, the sum is rounded once. The width is no multiple of a vector's.
for base_type, factor_type in (('BF16', 'F32'), ('F16', 'F32'), ('BF16', 'BF16'), ('F16', 'BF16'), ('F32', 'F16')):
    b, up, down = model(base_type, width=67, out=12), g(12, 5, dtype=factor_type, size=.3), g(5, 67, dtype=factor_type, size=.3)
    case(f'{factor_type} over {base_type}', b, False, dict(r=5, lora_alpha=15), lora(Q, up, down), {Q + '.weight': add(b[Q + '.weight'], up, down, 3)})

# Patterns: the whole name, or its end behind a dot, as a regular expression; the first that fits counts.
b = model()
u0, d0, u1, d1, uk, dk = g(7, 4), g(4, 5), g(7, 2), g(2, 5), g(3, 3), g(3, 5)
K = 'model.layers.0.self_attn.k_proj'
case('rank and alpha by pattern', b, False,
     dict(r=2, lora_alpha=8, rank_pattern={r'layers\.0\.self_attn\.q_proj': 4, 'k_proj': 3, 'proj': 64, 'ayers.1.self_attn.q_proj': 99},
          alpha_pattern={'^model.layers.1.self_attn.q_proj': 5, r'.*\.[qk]_proj': 6, 'k_proj': 12}),
     {**lora(Q, u0, d0), **lora(Q1, u1, d1), **lora(K, uk, dk)},
     {Q + '.weight': add(b[Q + '.weight'], u0, d0, 6 / 4), Q1 + '.weight': add(b[Q1 + '.weight'], u1, d1, 5 / 2),
      K + '.weight': add(b[K + '.weight'], uk, dk, 6 / 3)})
b = model()
u0, d0, u1, d1 = g(7, 4), g(4, 5), g(7, 2), g(2, 5)
case('rank-stabilised', b, False, dict(r=2, lora_alpha=8, use_rslora=True, rank_pattern={'0.self_attn.q_proj': 4}), {**lora(Q, u0, d0), **lora(Q1, u1, d1)},
     {Q + '.weight': add(b[Q + '.weight'], u0, d0, 8 / 2), Q1 + '.weight': add(b[Q1 + '.weight'], u1, d1, 5.656854249492381)})

# Inputs first, as GPT-2 stores its matrices: the shape says it, and of a square matrix the flag.
W, S = 'transformer.h.0.attn.c_attn', 'transformer.h.0.attn.c_proj'
for flag in (True, False):
    b = {'transformer.wte.weight': g(6, 4), W + '.weight': g(4, 12), S + '.weight': g(4, 4)}
    uw, dw, us, ds = g(12, 2), g(2, 4), g(4, 2), g(2, 4)
    case(f'fan_in_fan_out {flag}', b, True, dict(r=2, lora_alpha=2, fan_in_fan_out=flag), {**lora(W, uw, dw), **lora(S, us, ds)},
         {W + '.weight': add(b[W + '.weight'], uw, dw, 1, transposed=True), S + '.weight': add(b[S + '.weight'], us, ds, 1, transposed=flag)})


# Embeddings: A (r, V), B (d, r), added as the transpose of B A. A tied head is the same matrix.
def embedding(up, down):
    return {f'{P}{E}.lora_embedding_A': down, f'{P}{E}.lora_embedding_B': up}


for dtype in ('F32', 'BF16'):
    b, up, down = model(dtype), g(5, 3), g(3, 9)
    case(f'embedding {dtype}', b, False, dict(r=3, lora_alpha=6), embedding(up, down), {E + '.weight': add(b[E + '.weight'], up, down, 2, transposed=True)})
b, up, down = model(tied=True), g(5, 3), g(3, 9)
case('tied embedding', b, True, dict(r=3, lora_alpha=6), embedding(up, down), {E + '.weight': add(b[E + '.weight'], up, down, 2, transposed=True)})
b = model(tied=True)
b[HEAD + '.weight'] = b[E + '.weight']
merged = add(b[E + '.weight'], up, down, 2, transposed=True)
case('tied embedding that is stored twice', b, True, dict(r=3, lora_alpha=6), embedding(up, down), {E + '.weight': merged, HEAD + '.weight': merged})
b, up, down = model(tied=True), g(9, 3), g(3, 5)
case('head of a tied model', b, True, dict(r=3, lora_alpha=3), lora(HEAD, up, down), {E + '.weight': add(b[E + '.weight'], up, down, 1)})
b, up, down = model(), g(9, 3), g(3, 5)
case('head of its own', b, False, dict(r=3, lora_alpha=3), lora(HEAD, up, down), {HEAD + '.weight': add(b[HEAD + '.weight'], up, down, 1)})

# Whole tensors: in the base's type.
b = model('BF16')
head, norm, up, down = g(9, 5), g(5), g(7, 2), g(2, 5)
case('modules_to_save', b, False, dict(r=2, lora_alpha=2, modules_to_save=['lm_head', 'norm']),
     {**lora(Q, up, down), P + HEAD + '.weight': head, P + 'model.norm.modules_to_save.default.weight': norm,
      P + 'model.norm.original_module.weight': g(5)},
     {Q + '.weight': add(b[Q + '.weight'], up, down, 1), HEAD + '.weight': T(head.values, 'BF16'), 'model.norm.weight': T(norm.values, 'BF16')})
b, own = model(tied=True), g(9, 5)
case('modules_to_save unties', b, True, dict(modules_to_save=['embed_tokens']), {P + E + '.weight': own},
     {E + '.weight': own, HEAD + '.weight': b[E + '.weight']}, tied_after=False)
b, own, head = model(tied=True), g(9, 5), g(9, 5)
case('modules_to_save of both', b, True, dict(modules_to_save=['embed_tokens', 'lm_head']), {P + E + '.weight': own, P + HEAD + '.weight': head},
     {E + '.weight': own, HEAD + '.weight': head}, tied_after=False)
case('modules_to_save of both as one', b, True, dict(modules_to_save=['embed_tokens', 'lm_head']), {P + E + '.weight': own, P + HEAD + '.weight': own},
     {E + '.weight': own, HEAD + '.weight': own})
b = model()
b[Q + '.bias'], b[K + '.bias'] = g(7), g(3)
up, down, qb, kb = g(7, 2), g(2, 5), g(7), g(3)
case('biases', b, False, dict(r=2, lora_alpha=2, bias='all'), {**lora(Q, up, down), P + Q + '.base_layer.bias': qb, P + K + '.bias': kb},
     {Q + '.weight': add(b[Q + '.weight'], up, down, 1), Q + '.bias': qb, K + '.bias': kb})
b, larger, up, down = model('BF16'), g(11, 5), g(5, 2), g(2, 11)
case('embedding of a larger vocabulary', b, False, dict(r=2, lora_alpha=4), {P + E + '.base_layer.weight': larger, **embedding(up, down)},
     {E + '.weight': add(T(larger.values, 'BF16'), up, down, 2, transposed=True)})

# Replaced rows, in the base's type; of a tied model the head repeats them.
tokens = dict(peft_type='TRAINABLE_TOKENS', target_modules=['embed_tokens'])
b, rows = model('BF16'), g(3, 5)
case('tokens', b, False, dict(tokens, token_indices=[7, 0, 4]), {P + E + '.trainable_tokens_delta': rows}, {E + '.weight': put(b[E + '.weight'], rows, [7, 0, 4])})
b, rows = model(tied=True), g(3, 5)
case('tokens of a tied model', b, True, dict(tokens, token_indices=[7, 0, 4]),
     {P + HEAD + '.trainable_tokens_delta': rows, P + E + '.trainable_tokens_delta': rows}, {E + '.weight': put(b[E + '.weight'], rows, [7, 0, 4])})
b, rows, head = model(), g(2, 5), g(2, 5)
case('tokens of embedding and head', b, False, dict(tokens, token_indices=[1, 8]),
     {P + HEAD + '.trainable_tokens_delta': head, P + E + '.trainable_tokens_delta': rows},
     {E + '.weight': put(b[E + '.weight'], rows, [1, 8]), HEAD + '.weight': put(b[HEAD + '.weight'], head, [1, 8])})
b, rows, up, down = model(), g(2, 5), g(7, 2), g(2, 5)
case('tokens beside LoRA', b, False, dict(r=2, lora_alpha=2, trainable_token_indices={'embed_tokens': [1, 8]}),
     {**lora(Q, up, down), P + E + '.token_adapter.trainable_tokens_delta': rows},
     {Q + '.weight': add(b[Q + '.weight'], up, down, 1), E + '.weight': put(b[E + '.weight'], rows, [1, 8])})

# A whole embedding of a tied base is the head too, unless ModulesToSaveWrapper trains a copy (of as many rows) that the head does not share.
b, own, twice, larger = model(tied=True), g(9, 5), model(tied=True), g(11, 5)
twice[HEAD + '.weight'] = twice[E + '.weight']
both, first = dict(modules_to_save=['embed_tokens']), {P + E + '.weight': own}
case('whole embedding of a tied model', b, True, dict(r=2), first, {E + '.weight': own})
case('whole embedding beside another module to save', b, True, dict(modules_to_save=['norm']), first, {E + '.weight': own})
case('whole embedding of a tied model that is stored twice', twice, True, dict(r=2), first, {E + '.weight': own, HEAD + '.weight': own})
case('modules_to_save with ensure_weight_tying', b, True, dict(both, ensure_weight_tying=True), first, {E + '.weight': own})
case('modules_to_save without ensure_weight_tying', b, True, dict(both, ensure_weight_tying=False), first,
     {E + '.weight': own, HEAD + '.weight': b[E + '.weight']}, tied_after=False)
case('modules_to_save by the name of the tensor', b, True, dict(r=2), {P + E + '.modules_to_save.default.weight': own},
     {E + '.weight': own, HEAD + '.weight': b[E + '.weight']}, tied_after=False)
case('larger embedding of a tied model', b, True, dict(r=2), {P + E + '.weight': larger}, {E + '.weight': larger})
case('larger embedding of a tied model in modules_to_save', b, True, both, {P + E + '.weight': larger}, {E + '.weight': larger})
case('larger embedding of a tied model that is stored twice', twice, True, both, {P + E + '.weight': larger},
     {E + '.weight': larger, HEAD + '.weight': larger})

print('[\n' + ',\n'.join(json.dumps(c, separators=(',', ':')) for c in cases) + '\n]')
