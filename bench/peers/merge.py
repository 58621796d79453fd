"""Adds two patches to a base by NumPy in chunks, everything else copied; or compares two files.

merge.py merge FOLDER OUT      prints seconds by the clock, of processors, and the most anonymous megabytes
merge.py same A B              ends with 1 where the tensors differ
"""
import json
import os
import sys
import time

import numpy as np

CHUNK = 1 << 22
peak = 0


def look():
    global peak
    line = next(line for line in open("/proc/self/status") if line.startswith("RssAnon:"))
    peak = max(peak, int(line.split()[1]) * 1024)


def read(path):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return header, 8 + length


def tensor(path, header, start, name, dtype):
    first, end = header[name]["data_offsets"]
    return np.memmap(path, dtype, "r", start + first, ((end - first) // np.dtype(dtype).itemsize,))


def places(units):
    """The elements that LEB128 steps of one or two bytes name."""
    more = units >= 0x80
    begins = np.ones(len(units), bool)
    begins[1:] = ~more[:-1]
    gaps = (units[begins] & 0x7F).astype(np.int64)
    gaps[more[begins]] += units[~begins].astype(np.int64) << 7
    return np.cumsum(gaps)


def widen(bits):
    wide = bits.astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)


def narrow(values):
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def merge(folder, out):
    base = f"{folder}/base.safetensors"
    header, start = read(base)
    patches = [(p, *read(p)) for p in (f"{folder}/a.safetensors", f"{folder}/b.safetensors")]
    with open(out, "wb") as file:
        file.write(open(base, "rb").read(start))
        for name in sorted((n for n in header if n != "__metadata__"), key=lambda n: header[n]["data_offsets"]):
            bits = tensor(base, header, start, name, np.uint16)
            changes = []
            for path, head, begin in patches:
                where = places(tensor(path, head, begin, f"units/{name}", np.uint8))
                changes.append((where, tensor(path, head, begin, f"values/{name}", np.uint16),
                                tensor(path, head, begin, f"base_values/{name}", np.uint16)))
                look()
            for first in range(0, len(bits), CHUNK):
                part = np.array(bits[first:first + CHUNK])
                wide, touched = widen(part), np.zeros(len(part), bool)
                for where, values, before in changes:
                    low, high = np.searchsorted(where, [first, first + len(part)])
                    inside = where[low:high] - first
                    wide[inside] += widen(values[low:high]) - widen(before[low:high])
                    touched[inside] = True
                np.copyto(part, narrow(wide), where=touched)
                part.tofile(file)
                look()
        file.flush()
        os.fsync(file.fileno())


def same(one, other):
    (a, begin), (b, start) = read(one), read(other)
    names = [n for n in a if n != "__metadata__"]
    return a.keys() == b.keys() and all(np.array_equal(tensor(one, a, begin, n, np.uint16), tensor(other, b, start, n, np.uint16))
                                        for n in names)


if sys.argv[1] == "same":
    sys.exit(0 if same(sys.argv[2], sys.argv[3]) else 1)
started, used = time.perf_counter(), time.process_time()
merge(sys.argv[2], sys.argv[3])
print(f"{time.perf_counter() - started:.2f} {time.process_time() - used:.2f} {peak / 1e6:.0f}")
