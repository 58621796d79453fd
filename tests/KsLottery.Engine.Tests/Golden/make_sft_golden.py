#!/usr/bin/python3
"""Makes sft_torch.bin, a sparse fine-tuning as composable-sft saves it, with PyTorch itself; or reads one back.

    make_sft_golden.py                 writes sft_torch.bin beside this script (Debian: python3-torch, PyTorch 1.13.1)
    make_sft_golden.py --read FILE     prints what FILE holds, by torch.load with and without weights_only, decoded as the library does

The values are those that SparseFineTuningTests computes: element (r, c) of "w" [4, 6] changes where (7r + 3c) % 4 == 0, by (6r + c + 1) / 8;
element i of "v" [9] where i % 3 == 1, by -(i + 1) / 16; "whole" [2, 3] is replaced by i / 2. The library's first step is a NumPy number.
"""
import json
import os
import sys

import numpy as np
import torch


def encode(dense):
    sparse = dense.to_sparse().coalesce()
    shape = list(sparse.size())
    factors = np.cumprod([1] + shape[:-1], dtype=np.int64)
    numbers = factors @ sparse.indices().numpy()
    order = np.argsort(numbers)
    numbers = numbers[order]
    steps = [numbers[0]] + np.diff(numbers).tolist() if len(numbers) else []
    return {"size": sparse.size(), "index_steps": steps, "values": sparse.values()[torch.from_numpy(order)]}


def decode(entry):
    numbers = np.cumsum(entry["index_steps"], dtype=np.int32)
    ends = np.cumprod(list(entry["size"]), dtype=np.int32)
    starts = np.concatenate([[1], ends[:-1]]).astype(np.int32)
    places = (numbers[None, :] // starts[:, None]) % ends[:, None]
    return torch.sparse_coo_tensor(places, entry["values"], size=entry["size"]).coalesce().to_dense()


def make(path):
    w = torch.tensor([[(6 * r + c + 1) / 8 if (7 * r + 3 * c) % 4 == 0 else 0 for c in range(6)] for r in range(4)])
    v = torch.tensor([-(i + 1) / 16 if i % 3 == 1 else 0 for i in range(9)])
    whole = torch.nn.Parameter(torch.arange(6, dtype=torch.float32).reshape(2, 3) / 2)
    torch.save({"diffs": {"w": encode(w), "v": encode(v), "none": encode(torch.zeros(2, 2))}, "abs": {"whole": whole}}, path)


def read(path):
    loaded = torch.load(path, weights_only=True)
    other = torch.load(path, weights_only=False)
    assert list(loaded) == list(other) == ["diffs", "abs"], list(loaded)
    for name, entry in loaded["diffs"].items():
        assert type(entry["size"]) is torch.Size and entry["values"].dtype == torch.float32
        assert torch.equal(decode(entry), decode(other["diffs"][name]))
    print(json.dumps({name: decode(entry).flatten().tolist() for name, entry in loaded["diffs"].items()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(sys.argv[2])
    else:
        make(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sft_torch.bin"))
