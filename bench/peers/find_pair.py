"""Makes a pair of BF16 matrices for bench/find.sh, and hashes files the way a fingerprint does.

find_pair.py make FOLDER ROWS WIDTH     writes base.safetensors and tuned.safetensors: noise of 1e-3 sigma, 18 rows drawn anew
find_pair.py hash THREADS FILE...       prints the seconds that SHA-256 of all blocks of 1 MiB takes with hashlib (OpenSSL)
"""
import hashlib
import json
import mmap
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BLOCK = 1 << 20
NAME = "model.embed_tokens.weight"


def bf16(values):
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def make(folder, rows, width):
    header = json.dumps({NAME: {"dtype": "BF16", "shape": [rows, width], "data_offsets": [0, 2 * rows * width]}}).encode()
    header += b" " * (-len(header) % 8)
    random = np.random.default_rng(1)
    drawn = set(random.choice(rows, 18, replace=False).tolist())
    with open(f"{folder}/base.safetensors", "wb") as base, open(f"{folder}/tuned.safetensors", "wb") as tuned:
        for file in (base, tuned):
            file.write(len(header).to_bytes(8, "little") + header)
        for first in range(0, rows, 1000):
            count = min(1000, rows - first)
            before = random.standard_normal((count, width), np.float32)
            after = before + np.float32(1e-3) * random.standard_normal((count, width), np.float32)
            for row in drawn.intersection(range(first, first + count)):
                after[row - first] = 2 * random.standard_normal(width, np.float32)
            base.write(bf16(before).tobytes())
            tuned.write(bf16(after).tobytes())


def hash_blocks(threads, paths):
    maps = []
    for path in paths:
        with open(path, "rb") as file:
            maps.append(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    blocks = [one[start:start + BLOCK] for one in maps for start in range(0, len(one), BLOCK)]
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda block: hashlib.sha256(block).digest(), blocks, chunksize=8):
            pass
    print(f"{time.perf_counter() - began:.3f}")


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    hash_blocks(int(sys.argv[2]), sys.argv[3:])
