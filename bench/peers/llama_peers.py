#!/usr/bin/env python3
"""Times a LLaMA's forward pass, backward pass, AdamW step and decoding in PyTorch, in llama2.c and here, in turns in the same run.

    env -u OPENBLAS_CORETYPE /usr/bin/python3 bench/peers/llama_peers.py [--threads 1] [--rounds 3] [--seconds 2] [--llama2c RUN] [--work "full step"] [--device cuda:0 --torch cuda]

Needs Debian's python3-torch with a BLAS worth its name (libopenblas0; its own choice is the reference BLAS, twenty times slower, which is refused) and the .NET SDK, or a built tool that KSLOTTERY_PROGRAM names; RUN is llama2.c's `run`, built with `gcc -Ofast -march=native`. With one thread everything
is pinned to processor 1; with --device and --torch both run on that device instead, in F32 as well. 15.2 M parameters in F32: 6 layers of width 288, 768 within, 6 heads, vocabulary 32,000, tied; 4 x 256 tokens.
Prints medians over the rounds and what a peer takes as a multiple of ours.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTH, LAYERS, HEADS, INNER, VOCABULARY, LENGTH, BATCH = 288, 6, 6, 768, 32_000, 256, 4
HEAD = WIDTH // HEADS
PEER_WORKS = ["forward", "forward + backward", "full step", "embedding step"]


def reference_blas():
    """The file of Netlib's reference BLAS where this process calls it, else None: Debian's PyTorch takes whatever libblas.so.3 is chosen by its alternatives."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        files = {line.split()[-1] for line in maps if "/" in line}
    return next((file for file in sorted(files) if Path(file).name.startswith("libblas.so") and Path(file).parent.name in ("blas", "lib", "lib64")), None)


def torch_worker():
    """Reads what to time from stdin, a name a line, and answers with seconds."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    if os.environ["PEER_DEVICE"] == "cpu" and (found := reference_blas()):
        sys.exit(f"PyTorch {torch.__version__} calls the reference BLAS {found} and is no peer: install libopenblas0, or compare with libtorch by bench/torch.sh "
                 f"(built with {next((word for word in torch.__config__.show().split() if word.startswith('BLAS_INFO')), 'no BLAS named').strip(',')})")
    torch.set_num_threads(int(os.environ["PEER_THREADS"]))
    torch.manual_seed(1)
    where = os.environ["PEER_DEVICE"]

    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(WIDTH))

        def forward(self, x):
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * self.weight

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.norms = nn.ModuleList([Norm(), Norm()])
            self.heads = nn.ModuleList(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
            self.gate, self.up = (nn.Linear(WIDTH, INNER, bias=False) for _ in range(2))
            self.down = nn.Linear(INNER, WIDTH, bias=False)

        def forward(self, x, cosines, sines, mask):
            h = self.norms[0](x)
            q, k, v = (part(h).view(BATCH, LENGTH, HEADS, HEAD).transpose(1, 2) for part in self.heads[:3])
            q, k = rotate(q, cosines, sines), rotate(k, cosines, sines)
            weights = torch.softmax(q @ k.transpose(2, 3) * HEAD ** -0.5 + mask, -1)
            x = x + self.heads[3]((weights @ v).transpose(1, 2).reshape(BATCH, LENGTH, WIDTH))
            h = self.norms[1](x)
            return x + self.down(F.silu(self.gate(h)) * self.up(h))

    def rotate(x, cosines, sines):
        a, b = x.chunk(2, -1)
        return torch.cat([a * cosines - b * sines, b * cosines + a * sines], -1)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, WIDTH)
            self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
            self.norm = Norm()
            nn.init.normal_(self.embedding.weight, 0, 0.02)
            angles = torch.outer(torch.arange(LENGTH), 10_000.0 ** (-torch.arange(0, HEAD, 2) / HEAD))
            self.cosines, self.sines = angles.cos().to(where), angles.sin().to(where)
            self.mask = torch.full((LENGTH, LENGTH), float("-inf")).triu(1).to(where)

        def forward(self, tokens, targets):
            x = self.embedding(tokens)
            for layer in self.layers:
                x = layer(x, self.cosines, self.sines, self.mask)
            return F.cross_entropy((self.norm(x) @ self.embedding.weight.T).view(-1, VOCABULARY), targets.view(-1))

    model = Model().to(where)
    tokens, targets = (torch.randint(0, VOCABULARY, (BATCH, LENGTH)).to(where) for _ in range(2))
    step = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0)

    def wait():
        if where != "cpu":
            torch.cuda.synchronize()

    def forward():
        with torch.no_grad():
            model(tokens, targets)

    def backward():
        model.zero_grad(set_to_none=True)
        model(tokens, targets).backward()

    def full():
        backward()
        step.step()

    def embedding():
        for parameter in model.parameters():
            parameter.requires_grad_(parameter is model.embedding.weight)
        full()
        for parameter in model.parameters():
            parameter.requires_grad_(True)

    works = {"forward": forward, "forward + backward": backward, "full step": full, "embedding step": embedding}
    print(torch.__version__, flush=True)
    for name in sys.stdin:
        work = works[name.strip()]
        work()
        times = []
        for _ in range(5):
            wait()
            start = time.perf_counter()
            work()
            wait()
            times.append(time.perf_counter() - start)
        print(sorted(times)[2], flush=True)


def write_llama2c(folder):
    """A model with random weights and a tokenizer of numbers, in llama2.c's first form."""
    import random
    layer = 4 * WIDTH * WIDTH + 3 * WIDTH * INNER + 2 * WIDTH
    count = VOCABULARY * WIDTH + LAYERS * layer + WIDTH + LENGTH * HEAD
    length = 4099  # a prime, so that no two rows are the same
    block = struct.pack(f"<{length}f", *(random.gauss(0, 0.02) for _ in range(length)))
    with open(folder / "model.bin", "wb") as file:
        file.write(struct.pack("<7i", WIDTH, INNER, LAYERS, HEADS, HEADS, VOCABULARY, LENGTH))
        for _ in range(count // length + 1):
            file.write(block)
    with open(folder / "tokenizer.bin", "wb") as file:
        file.write(struct.pack("<i", 8))
        for i in range(VOCABULARY):
            piece = f"t{i}".encode()
            file.write(struct.pack("<fi", 0.0, len(piece)) + piece)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="to measure each of our figures in a round")
    parser.add_argument("--work", action="append", default=[], help="what to time, as `bench model --work`; all where none is given")
    parser.add_argument("--llama2c", type=Path)
    parser.add_argument("--device", default="cpu", help="of ours")
    parser.add_argument("--torch", default="cpu", help="of PyTorch")
    a = parser.parse_args()
    pin = ["taskset", "-c", "1"] if a.threads == 1 else []
    environment = {**os.environ, "PEER_THREADS": str(a.threads), "PEER_DEVICE": a.torch, "OMP_NUM_THREADS": str(a.threads), "OMP_WAIT_POLICY": "passive"}  # PyTorch is faster so
    environment.pop("OPENBLAS_CORETYPE", None)
    tool = os.environ.get("KSLOTTERY_PROGRAM", "").split()
    if not tool:
        subprocess.run(["dotnet", "build", "-c", "Release", "-v", "q", "--nologo", ROOT / "src/KsLottery.Cli"], check=True, stdout=subprocess.DEVNULL)
        tool = ["dotnet", ROOT / "src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll"]
    peer = subprocess.Popen([*pin, sys.executable, __file__, "--torch-worker"], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    version = peer.stdout.readline().strip()
    if not version:
        sys.exit(peer.wait() or 1)

    ours, theirs, decoding, machine = {}, {}, [], ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if a.llama2c:
            write_llama2c(folder)
        for _ in range(a.rounds):
            result = json.loads(subprocess.run([*pin, *tool, "bench", "model", "--device", a.device, "--threads", str(a.threads), "--seconds", str(a.seconds), "--json", "--quiet",
                                                *(word for work in a.work for word in ("--work", work))],
                                               check=True, text=True, stdout=subprocess.PIPE).stdout)
            machine = result["processor"]
            for figure in result["figures"]:
                ours.setdefault(figure["name"], []).append(figure)
            for work in PEER_WORKS:
                if a.work and work not in a.work:
                    continue
                peer.stdin.write(work + "\n")
                peer.stdin.flush()
                theirs.setdefault(work, []).append(float(peer.stdout.readline()))
            if a.llama2c:
                said = subprocess.run([*pin, a.llama2c, folder / "model.bin", "-z", folder / "tokenizer.bin", "-t", "0", "-n", str(LENGTH)],
                                      env={**environment, "OMP_WAIT_POLICY": "active"}, check=True, capture_output=True).stderr.decode()
                decoding.append(float(said.split("tok/s:")[1].split()[0]))
    peer.stdin.close()

    def median(values):
        return sorted(values)[len(values) // 2]

    where = f"{a.threads} thread{'s' if a.threads > 1 else ''}" if a.device == "cpu" else f"ours on {a.device}, PyTorch on {a.torch}"
    print(f"{machine}, {where}, torch {version}, medians of {a.rounds} rounds\n")
    print("| | ours, ms | tokens/s | memory, MiB | torch, ms | torch / ours |\n|---|---:|---:|---:|---:|---:|")
    for work, figures in ours.items():
        seconds = median([f["seconds"] for f in figures])
        speed, memory = median([f["tokens_per_second"] for f in figures]), figures[0]["peak_bytes"] / 2 ** 20
        there = f"{1e3 * median(theirs[work]):,.0f} | {median(theirs[work]) / seconds:.2f}" if work in theirs else " | "
        print(f"| {work} | {1e3 * seconds:,.0f} | {speed:,.0f} | {memory:,.0f} | {there} |")
    if decoding:
        speed = median([f["tokens_per_second"] for f in ours["generate"]])
        print(f"\nllama2.c generates {median(decoding):,.0f} tokens/s, we {speed:,.0f}: {speed / median(decoding):.2f} times as many.")


if __name__ == "__main__":
    torch_worker() if sys.argv[1:] == ["--torch-worker"] else main()
