#!/usr/bin/env python3
"""The paper's experiment on real text, with its controls: a base that has read translations, and what tuning it to translate moves.

    python3 bench/real_data.py --data ../shared/data/corpora --work DIR [--tool "dotnet run -c Release --project src/KsLottery.Cli --"]

Writes the texts and pairs into DIR, makes the base with `kslottery pretrain`, and hands experiment.json to `kslottery experiment`. What is
done already is not done again; what was cut short goes on where it was. An English sentence, whatever its case and punctuation, belongs to
one part for all languages: the base's, the training pairs' or the test pairs'.
"""
import argparse
import gzip
import json
import random
import re
import shlex
import subprocess
import sys
import zlib
from pathlib import Path

LANGUAGES = {"Danish": "tatoeba/eng-dan.attributed.tsv", "Dutch": "tatoeba/eng-nld.tsv.gz"}
FORMS = ["English: {0}\n{2}: {1}", "English: {0}\n{2}: {1}", "{2}: {1}\nEnglish: {0}", "{0} In {2}: {1}", "{1} In English: {0}"]
PASSES, MONOLINGUAL = 2, 0.15
TRAIN_PAIRS, TEST_PAIRS = 1000, 200
ARMS = ["base", "embedding", "transfer", "ticket", {"method": "ticket", "rows": 16}, "random-delta", "random", "frequent", "largest-shift",
        {"method": "token", "text": ":"}, {"method": "ticket", "only": "prompt"}, {"method": "ticket", "without": "prompt"},
        {"method": "ticket", "without": "word"}, "lora", "full"]


def part(english):
    number = zlib.crc32(re.sub(r"[^a-z0-9]+", " ", english.lower()).strip().encode()) % 20
    return "test" if number == 0 else "train" if number <= 2 else "base"


def read(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [tuple(line.rstrip("\n").split("\t")[:2]) for line in lines if line.count("\t")]


def documents(pairs, seed):
    """A few translations each, in one form; in between some of one language alone."""
    draw, texts = random.Random(seed), []
    for _ in range(PASSES):
        for language, all_pairs in pairs.items():
            shuffled = draw.sample(all_pairs, len(all_pairs))
            while shuffled:
                count = draw.randint(2, 4)
                some, shuffled = shuffled[:count], shuffled[count:]
                if draw.random() < MONOLINGUAL:
                    side = draw.randint(0, 1)
                    texts.append(draw.choice(" \n").join(pair[side] for pair in some))
                else:
                    form = draw.choice(FORMS)
                    texts.append("\n".join(form.format(*pair, language) for pair in some))
    draw.shuffle(texts)
    return texts


def prepare(data, work):
    pairs = {language: read(data / name) for language, name in LANGUAGES.items()}
    base = {language: [pair for pair in some if part(pair[0]) == "base"] for language, some in pairs.items()}
    (work / "base.jsonl").write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in documents(base, 1)), encoding="utf-8")
    for language, some in pairs.items():
        for name, count in (("train", TRAIN_PAIRS), ("test", TEST_PAIRS)):
            own, seen = [], set()
            for english, other in random.Random(2).sample(some, len(some)):
                if part(english) == name and english not in seen and len(own) < count:
                    seen.add(english)
                    own.append((english, other))
            (work / f"{language}.{name}.tsv").write_text("".join("\t".join(pair) + "\n" for pair in own), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tool", default="dotnet run -c Release --project src/KsLottery.Cli --")
    a = parser.parse_args()
    a.work.mkdir(exist_ok=True)
    if not (a.work / "base.jsonl").exists():
        prepare(a.data, a.work)

    def run(*words):
        print("$ kslottery", *words[:3], "...", file=sys.stderr, flush=True)
        subprocess.run([*shlex.split(a.tool), *map(str, words)], check=True, stdout=sys.stderr)

    base = a.work / "base"
    if not (base / "model.safetensors").exists():
        run("pretrain", "--text", a.work / "base.jsonl", "--width", 256, "--layers", 4, "--heads", 8, "--vocabulary", 4096, "--length", 128,
            "--batch", 8, "--epochs", 2, "--learning-rate", "2e-3", "--out", base, "--resume")
    plan = a.work / "experiment.json"
    plan.write_text(json.dumps({
        "base": "base", "template": "plain", "source_language": "English", "skip_overlong": True,
        "tasks": [{"name": name, "train": f"{name}.train.tsv", "test": f"{name}.test.tsv", "target_language": name} for name in LANGUAGES],
        "seeds": [1, 2, 3],
        "training": {"epochs": 3, "batch": 16},
        "learning_rates": {"embedding": 3e-3, "rows": 1e-2, "lora": 1e-2, "full": 5e-4},
        "evaluation": {"max_new_tokens": 40, "batch": 64},
        "arms": ARMS,
    }, indent=2) + "\n", encoding="utf-8")
    run("experiment", plan, "--out", a.work / "run", "--resume", "--html", a.work / "run.html")


if __name__ == "__main__":
    main()
