#!/usr/bin/python3
"""Trains a small SentencePiece model of each kind and writes what the library makes of texts.

Usage: sentencepiece_models.py CORPORA OUT TEXTS [VOCABULARY [GOLDEN]]
CORPORA is a folder with tatoeba/eng-ron.tsv and its like, OUT gets NAME.model and NAME.jsonl for each kind, TEXTS is the number of texts
of each. Needs Debian's python3-sentencepiece. Lines: {"text", "ids", "decoded"} or, with ids drawn at random, {"ids", "decoded"}.
GOLDEN is one gzip file of it all, for which all kinds but `unigram` have small rules in place of the library's large ones:
  sentencepiece_models.py ../shared/data/corpora OUT 120 300 tests/KsLottery.Engine.Tests/Tokens/Golden/sentencepiece.jsonl.gz
"""
import base64, glob, gzip, io, json, os, random, sys
import sentencepiece as spm

corpora, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
vocabulary = int(sys.argv[4]) if len(sys.argv) > 4 else 600
lines = []
for name in sorted(glob.glob(os.path.join(corpora, '**', '*.tsv'), recursive=True)):
    for line in open(name, encoding='utf-8-sig', errors='replace'):
        lines += [part for part in line.rstrip('\n').split('\t')[:2] if part and not part.isdigit()]
random.Random(1).shuffle(lines)
train, texts = lines[:6000], lines[6000:]

ODD = ['  ', ' ', '\t', '\u3000', '\u00a0', '▁', '▁▁', 'ﬁ', '①', 'Ａ', '½', 'e\u0301', 'é', 'Å', '\u200b', '\ufeff', '日本', 'ｶﾞ', '한국', '😀', '👩\u200d👩',
       'ß', 'İ', 'ǅ', '\ufffd', '\x00', '\x7f', '\u0085', '<s>', '</s>', '<unk>', '<0x41>', '<sep>', 'new york', 'New York', '0', '12', '...', '—', '~', 'ؠ', '\u0ddd',
       'ﷺ', '\U0001d400', '\u1e9b\u0323']


def fuzz(draw):
    parts = []
    for _ in range(draw.randrange(0, 9)):
        parts.append(draw.choice(ODD) if draw.random() < .6 else draw.choice(texts)[:draw.randrange(1, 12)])
    return ''.join(parts)


base = dict(vocab_size=vocabulary, character_coverage=.98, hard_vocab_limit=False, num_threads=1, minloglevel=2)
raw = dict(normalization_rule_name='identity')
rules = os.path.join(out, 'rules.tsv')
symbols = dict(user_defined_symbols=['<sep>', 'new york', '▁x', 'th', 'the', '12'])
KINDS = {
    'bpe': dict(model_type='bpe'),
    'bpe-identity-bytes': dict(model_type='bpe', byte_fallback=True, **raw),
    'bpe-llama': dict(model_type='bpe', byte_fallback=True, split_digits=True, remove_extra_whitespaces=False,
                      allow_whitespace_only_pieces=True, **raw),
    'bpe-suffix': dict(model_type='bpe', treat_whitespace_as_suffix=True),
    'bpe-no-prefix': dict(model_type='bpe', add_dummy_prefix=False),
    'bpe-no-prefix-spaces': dict(model_type='bpe', add_dummy_prefix=False, remove_extra_whitespaces=False, byte_fallback=True),
    'bpe-symbols': dict(model_type='bpe', **symbols),
    'bpe-across-words': dict(model_type='bpe', split_by_whitespace=False, split_by_number=False, split_by_unicode_script=False),
    'bpe-rules': dict(model_type='bpe', normalization_rule_tsv=rules, denormalization_rule_tsv=rules),
    'unigram': dict(model_type='unigram'),
    'unigram-bytes': dict(model_type='unigram', byte_fallback=True, normalization_rule_name='nfkc'),
    'unigram-identity-spaces': dict(model_type='unigram', remove_extra_whitespaces=False, **raw),
    'unigram-suffix': dict(model_type='unigram', treat_whitespace_as_suffix=True, remove_extra_whitespaces=False),
    'unigram-folded-symbols': dict(model_type='unigram', normalization_rule_name='nmt_nfkc_cf', **symbols),
    'unigram-across-words': dict(model_type='unigram', split_by_whitespace=False, allow_whitespace_only_pieces=True,
                                 remove_extra_whitespaces=False),
    'unigram-rules-surface': dict(model_type='unigram', denormalization_rule_tsv=rules, unk_surface='<?>', pad_id=3),
    'bpe-plain-spaces': dict(model_type='bpe', append=b'\x1a\x02\x28\x00', **raw),
    'unigram-plain-spaces': dict(model_type='unigram', append=b'\x1a\x02\x28\x00', remove_extra_whitespaces=False, **raw),
    'word': dict(model_type='word'),
    'word-suffix-symbols': dict(model_type='word', treat_whitespace_as_suffix=True, **symbols),
    'char': dict(model_type='char', vocab_size=120),
    'char-symbols-bytes': dict(model_type='char', byte_fallback=True, vocab_size=400, **symbols),
}

os.makedirs(out, exist_ok=True)
with open(rules, 'w') as f:
    for source, target in (('a', 'X'), ('th', 'þ'), ('the', 'Þ'), ('e\u0301', 'é'), (' - ', '-'), ('...', '…'), ('o', ''), ('z', '  ')):
        f.write(' '.join(f'{ord(c):X}' for c in source) + '\t' + ' '.join(f'{ord(c):X}' for c in target) + '\n')
total, golden = 0, []
for name, options in KINDS.items():
    options = dict(options)
    if len(sys.argv) > 5 and name != 'unigram' and options.get('normalization_rule_name') != 'identity':
        options = {**options, 'normalization_rule_name': '', 'normalization_rule_tsv': rules}
    append = options.pop('append', b'')  # protobuf: what stands last counts; here escape_whitespaces: false
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(train), model_writer=model, **{**base, **options})
    model = model.getvalue() + append
    open(os.path.join(out, name + '.model'), 'wb').write(model)
    processor = spm.SentencePieceProcessor(model_proto=model)
    golden.append(json.dumps(dict(name=name, model=base64.b64encode(model).decode())) + '\n')
    draw = random.Random(name)
    lines = []
    for i in range(count):
        text = fuzz(draw) if i % 2 else draw.choice(texts)
        while options['model_type'] == 'word' and ('<s>' in text or '</s>' in text):
            text = fuzz(draw)  # the library fails where a word is the name of a control piece
        ids = processor.encode(text)
        lines.append(json.dumps(dict(text=text, ids=ids, decoded=processor.decode(ids))) + '\n')
    for i in range(count // 4):
        ids = [draw.randrange(processor.get_piece_size()) if draw.random() < .7 else draw.randrange(4) for _ in range(draw.randrange(1, 9))]
        lines.append(json.dumps(dict(ids=ids, decoded=processor.decode(ids))) + '\n')
    with open(os.path.join(out, name + '.jsonl'), 'w') as f:
        f.writelines(lines)
    golden += lines
    total += count + count // 4
if len(sys.argv) > 5:
    with gzip.GzipFile(sys.argv[5], 'wb', mtime=0) as f:
        f.write(''.join(golden).encode())
print(f'{len(KINDS)} models, {total} lines')
