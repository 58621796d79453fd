#!/usr/bin/env python3
"""The paper's experiment on real data, small: a base from English text, tuned to two languages, and what their tickets share.

    python3 bench/real_data.py --data ../shared/data/corpora --work DIR [--tool "dotnet run -c Release --project src/KsLottery.Cli --"]

Every step is one command of the tool; a step whose result stands in DIR is not done again, one that was cut short goes on where it was.
Prints a Markdown table.
"""
import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

LANGUAGES = {"Danish": "tatoeba/eng-dan.attributed.tsv", "Romanian": "tatoeba/eng-ron.tsv"}
ENGLISH = [
    "tatoeba/eng-dan.attributed.tsv:1", "tatoeba/eng-nld.tsv.gz:1", "tatoeba/eng-ron.tsv:1", "catalan/globalvoices.en-ca.en",
    "catalan/tatoeba.en-ca.en", "ro-sts/RO-STS.train.en", "ro-sts/RO-STS.dev.en", "nllb-seed/eng_Latn.gz",
]
HELD_OUT = 200


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tool", default="dotnet run -c Release --project src/KsLottery.Cli --")
    parser.add_argument("--threads", default="0")
    parser.add_argument("--pairs", type=int, default=4000)
    a = parser.parse_args()
    a.work.mkdir(exist_ok=True)

    def run(*words, capture=False):
        command = [*shlex.split(a.tool), *map(str, words)]
        print("$ kslottery", *words[:3], "...", file=sys.stderr, flush=True)
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE if capture else sys.stderr).stdout

    def train(out, *words):
        if not (out / "state.safetensors").exists() and (out / "training.json").exists() and '"result"' in (out / "training.json").read_text():
            return
        run(*words, "--out", out, "--resume", "--threads", a.threads, "--quiet")

    def evaluate(name, model, data, language, *words):
        path = a.work / f"eval-{language}-{name}.json"
        if not path.exists():
            path.write_text(run("eval", model, "--data", data, *prompt(language), "--max-new-tokens", 48, "--batch", 64,
                                "--threads", a.threads, "--json", "--quiet", *words, capture=True))
        return json.loads(path.read_text())

    def prompt(language):
        return ["--template", "plain", "--source-language", "English", "--target-language", language]

    base = a.work / "base"
    train(base, "pretrain", *[w for name in ENGLISH for w in ("--text", a.data / name)], "--width", 256, "--layers", 4, "--heads", 8,
          "--vocabulary", 4096, "--length", 128, "--batch", 16, "--epochs", 2, "--learning-rate", "2e-3")

    rows, tickets = [], {}
    for language, name in LANGUAGES.items():
        lines = (a.data / name).read_text(encoding="utf-8").splitlines()
        pairs, test = a.work / f"{language}.train.tsv", a.work / f"{language}.test.tsv"
        step = max(1, len(lines) // (a.pairs + HELD_OUT))
        chosen = ["\t".join(line.split("\t")[:2]) for line in lines[::step]][: a.pairs + HELD_OUT]
        seen = {line.split("\t")[0] for line in chosen[::21][:HELD_OUT]}
        test.write_text("".join(line + "\n" for line in chosen[::21][:HELD_OUT]), encoding="utf-8")
        pairs.write_text("".join(line + "\n" for line in chosen if line.split("\t")[0] not in seen), encoding="utf-8")

        common = ["--data", pairs, *prompt(language), "--batch", 32]
        embed, partial, ticket = a.work / f"embed-{language}", a.work / f"partial-{language}", a.work / f"ticket-{language}"
        train(embed, "tune", base, *common, "--train", "embedding", "--epochs", 3, "--learning-rate", "3e-3")
        if not ticket.exists():
            run("find", base, embed, "--out", ticket, "--quiet")
        found = json.loads((ticket / "ticket.json").read_text())
        tickets[language] = {entry["id"]: entry["piece"] for entry in found["entries"]}
        arms = [("base", base, []), ("Embed Tuning", embed, [])]
        if tickets[language]:
            train(partial, "tune", base, *common, "--train", "ticket", "--ticket", ticket / "ticket.json", "--epochs", 5, "--learning-rate", "1e-2")
            arms += [("Partial Transfer", base, ["--patch", ticket / "patch.safetensors"]), ("Partial Tuning", base, ["--patch", partial / "patch.safetensors"])]
        for arm, model, words in arms:
            rows.append((language, arm, len(tickets[language]) if words else 0, evaluate(arm.replace(" ", "-"), model, test, language, *words)))
    report(rows, tickets)


def report(rows, tickets):
    print("| language | method | rows | loss | raw BLEU / chrF | first line BLEU / chrF | EOS | tokens |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for language, arm, count, result in rows:
        raw, first = result["scores"]["raw"], result["scores"]["first_line"]
        print(f"| {language} | {arm} | {count or ''} | {result['loss']:.3f} | {raw['bleu']:.1f} / {raw['chrf']:.1f} | "
              f"{first['bleu']:.1f} / {first['chrf']:.1f} | {100 * result['eos_rate']:.0f} % | {result['mean_tokens']:.0f} |")
    names = list(tickets)
    first, second = (set(tickets[name]) for name in names)
    shared = first & second
    union = first | second
    print(f"\n{names[0]}: {len(first)} rows, {names[1]}: {len(second)}, in both {len(shared)}, Jaccard {len(shared) / max(1, len(union)):.2f}.")
    print("In both:", " ".join(f"`{tickets[names[0]][i]}`" for i in sorted(shared)) or "none")


if __name__ == "__main__":
    main()
