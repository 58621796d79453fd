"""Makes a base of BF16 matrices and two patches of random elements of it, by docs/patches.md and docs/fingerprints.md alone.

merge_patches.py FOLDER MILLIONS SHARE     writes base.safetensors, a.safetensors and b.safetensors
"""
import hashlib
import json
import sys

import numpy as np

folder, millions, share = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
ROWS, COLUMNS, BLOCK = 4096, 4096, 1 << 20
# So many matrices differ; the others repeat them, which neither program knows.
KINDS = 4
tensors = max(1, round(millions * 1e6 / (ROWS * COLUMNS)))
names = [f"model.layers.{i}.mlp.weight" for i in range(tensors)]


def write(path, metadata, entries, contents):
    header, place = {"__metadata__": metadata} if metadata else {}, 0
    for name, dtype, shape, length in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, place + length]}
        place += length
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for content in contents:
            file.write(content)


def bf16(random, count, scale):
    return ((random.standard_normal(count, np.float32) * np.float32(scale)).view(np.uint32) >> 16).astype(np.uint16)


def steps(places):
    gaps = np.diff(places, prepend=0)
    assert gaps.max() < 1 << 14
    pair = np.empty((len(gaps), 2), np.uint8)
    pair[:, 0] = (gaps & 0x7F) | np.where(gaps >= 0x80, 0x80, 0)
    pair[:, 1] = gaps >> 7
    used = np.ones((len(gaps), 2), bool)
    used[:, 1] = gaps >= 0x80
    return pair[used]


def fingerprint(bits):
    data = bits.tobytes()
    hashes = b"".join(hashlib.sha256(data[i:i + BLOCK]).digest() for i in range(0, len(data), BLOCK))
    return "sha256-tree:" + hashlib.sha256(f"BF16 [{ROWS},{COLUMNS}] {BLOCK}\n".encode() + hashes).hexdigest()


bases = [bf16(np.random.default_rng(k), ROWS * COLUMNS, 0.02) for k in range(min(KINDS, tensors))]
write(f"{folder}/base.safetensors", {"format": "pt"}, [(n, "BF16", [ROWS, COLUMNS], 2 * ROWS * COLUMNS) for n in names],
      (bases[i % KINDS].tobytes() for i in range(tensors)))
prints = [fingerprint(base) for base in bases]
for number, patch in enumerate("ab"):
    kinds = []
    for k, base in enumerate(bases):
        random = np.random.default_rng([k, number + 1])
        places = np.flatnonzero(random.random(ROWS * COLUMNS, np.float32) < share)
        old = base[places]
        wide = (old.astype(np.uint32) << 16).view(np.float32) + random.standard_normal(len(places), np.float32) * np.float32(1e-3)
        kinds.append((steps(places), (wide.view(np.uint32) >> 16).astype(np.uint16), old))
    units, values, before = zip(*(kinds[i % KINDS] for i in range(tensors)))
    listed = [{"name": name, "base_dtype": "BF16", "base_shape": [ROWS, COLUMNS], "unit": [1, 1], "coding": "steps", "payload": "replace",
               "base_fingerprint": prints[i % KINDS], "tuned_fingerprint": "sha256:" + 64 * "0"} for i, name in enumerate(names)]
    metadata = {"format": "kslottery.row_patch", "format_version": "2", "signature": "bench|", "tied": "unknown",
                "tensors": json.dumps(listed, separators=(",", ":"))}
    parts = [(f"units/{n}", "U8", u) for n, u in zip(names, units)] + [(f"values/{n}", "BF16", v) for n, v in zip(names, values)] \
        + [(f"base_values/{n}", "BF16", v) for n, v in zip(names, before)]
    parts.sort(key=lambda part: part[0])
    check = hashlib.sha256()
    for key in sorted(metadata):
        check.update(f"{key}={metadata[key]}\0".encode())
    for name, dtype, content in parts:
        shape = [len(content)] if dtype == "U8" else [len(content), 1]
        check.update(f"{name} {dtype} [{','.join(map(str, shape))}]\0".encode())
        check.update(content.tobytes())
    metadata["checksum"] = "sha256:" + check.hexdigest()
    write(f"{folder}/{patch}.safetensors", metadata,
          [(n, d, [len(c)] if d == "U8" else [len(c), 1], c.nbytes) for n, d, c in parts], (c.tobytes() for _, _, c in parts))
