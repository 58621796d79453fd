#!/usr/bin/env python3
"""Makes scores_golden.json: sacreBLEU's results on random texts of awkward parts, for the Scoring tests.

    python3 make_scores_golden.py > scores_golden.json

Needs sacreBLEU; the file was made with 2.6.0 (repository commit f615c728), with the categories of "regex" taken from Python 3.11's
unicodedata.

Sections:
  lower      [text, Python's lower case of it]
  tokens     [tokenizer, line, the tokens joined by a space]
  sentence   hypothesis, reference, then [smoothing, its value, lower case, tokenizer, BLEU by effective order]
  bleu       hypotheses, reference streams, options, score, precisions, matches, totals, bp, lengths, signature
  chrf       hypotheses, reference streams, options, score, signature
Signatures are without their version.
"""
import json
import random
import sys

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.metrics.bleu import _get_tokenizer

SEED = 20260112
WORDS = ["the", "dog", "bit", "a", "man", "Él", "ΟΔΟΣ", "Σ", "İstanbul", "naïve", "e\u0301", "über", "日本語", "한국", "\U0001F600", "\U0001D11E",
         "1,000.5", "3.14", "5", "2017", "٣٤", "½", "10-20", "pre-war", "-", "--", "x-", "(hi)", "it's", "'", "\"q\"", "«", "»", "…", "..",
         "...", ".5", "5.", "a.b", "a..5", "5..", ",,", "&quot;", "&amp;lt;", "&lt;", "&amp;", "<skipped>", "€5", "$", "+", "A|B", "[x]", "{",
         "}", "~", "`", "_", "^", "\\", "/", "@", "#", "###", "%", "?!", "¿", "。", "、", "\ufeff", "\u200b", "؟", "!", ":", ";", "°", "²"]
SPACES = [" "] * 12 + ["  ", "\u00a0", "\u3000", "\x1c", "\t", "", "", "\u2028", "\n", "-\n"]


SENTENCE = ("Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;", "producţia de zahăr brut se exprimă în zahăr alb;")


def line(rng, longest=9):
    parts = []
    for _ in range(rng.randrange(longest + 1)):
        parts += [rng.choice(WORDS[:12] if rng.random() < .5 else WORDS), rng.choice(SPACES)]
    return "".join(parts)


def changed(rng, text):
    words = text.split(" ")
    for _ in range(rng.randrange(4)):
        where = rng.randrange(len(words))
        words[where:where + rng.randrange(2)] = [rng.choice(WORDS)] * rng.randrange(1, 3)
    return " ".join(words)


def corpus(rng):
    lines = [line(rng) for _ in range(rng.randrange(1, 4))]
    references = [[changed(rng, text) for text in lines] for _ in range(rng.choice([1, 1, 2, 3]))]
    return [changed(rng, text) for text in lines], references


def signature(metric, name):
    return name + "|" + str(metric.get_signature()).split("|version:")[0]


def bleu(rng):
    hypotheses, references = corpus(rng)
    smooth, value = rng.choice([("exp", None)] * 4 + [("none", None), ("floor", None), ("floor", .25), ("add-k", None), ("add-k", 2)])
    options = dict(tokenize=rng.choice(["13a", "13a", "intl", "none", "char"]), smooth_method=smooth, smooth_value=value,
                   lowercase=rng.random() < .3, effective_order=rng.random() < .6, max_ngram_order=rng.choice([4, 4, 4, 2, 6]))
    metric = BLEU(force=True, **options)
    score = metric.corpus_score(hypotheses, references)
    # add-k is added into sacreBLEU's counts; ours are those before.
    added = (value or 1) if smooth == "add-k" and any(score.counts) else 0
    return dict(hypotheses=hypotheses, references=references, options=options, score=score.score, precisions=score.precisions,
                matches=[c - added * (n > 0) for n, c in enumerate(score.counts)],
                totals=[c - added * (n > 0) for n, c in enumerate(score.totals)],
                bp=score.bp, lengths=[score.sys_len, score.ref_len], signature=signature(metric, "BLEU"))


def sentence():
    cases = [("exp", None, False, "13a"), ("none", None, False, "13a"), ("floor", None, False, "13a"), ("floor", 0.5, False, "13a"),
             ("add-k", None, False, "13a"), ("add-k", 2, False, "13a"), ("exp", None, False, "none"), ("exp", None, False, "intl"),
             ("exp", None, False, "char"), ("exp", None, True, "char")]
    return [*SENTENCE] + [[*case, BLEU(smooth_method=case[0], smooth_value=case[1], lowercase=case[2], tokenize=case[3],
                                       effective_order=True).sentence_score(SENTENCE[0], [SENTENCE[1]]).score] for case in cases]


def chrf(rng):
    hypotheses, references = corpus(rng)
    options = dict(char_order=rng.choice([6, 6, 6, 3]), word_order=rng.choice([0, 2, 2, 1]), beta=rng.choice([2, 2, 1, 3]),
                   lowercase=rng.random() < .3, whitespace=rng.random() < .3, eps_smoothing=rng.random() < .5)
    metric = CHRF(**options)
    score = metric.corpus_score(hypotheses, references)
    return dict(hypotheses=hypotheses, references=references, options=options, score=score.score, signature=signature(metric, score.name))


def main():
    rng = random.Random(SEED)
    tokens = []
    for name in ["13a", "intl"] * 30 + ["char"] * 3:
        text = line(rng, 14).rstrip()
        tokens.append([name, text, _get_tokenizer(name)()(text)])
    lower = ["ΟΔΟΣ ΣΟΦΟΣ Σ", "ΑΣ.Α ΑΣ. ΑΣ'", "İIıi ÀÉ ẞ Ǆ", "\U00010400 Ж", "ΑΣ\u0301 Α\u0301Σ 1Σ"]
    json.dump(dict(sacrebleu=sacrebleu.__version__, seed=SEED, lower=[[t, t.lower()] for t in lower], tokens=tokens, sentence=sentence(),
                   bleu=[bleu(rng) for _ in range(60)], chrf=[chrf(rng) for _ in range(60)]), sys.stdout, indent=0)
    print()


if __name__ == "__main__":
    main()
