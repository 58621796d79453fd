using System.Text;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>A recipe whose run takes a second, and its corpus.</summary>
internal static class TinyRecipe
{
    public const string Text = """
        {
          "system": "tiny", "revision": 1, "title": "t", "paper": "p", "runtime": "r", "deviations": ["all"], "tuned_on": [3],
          "short": { "plan": { "seeds": [3], "training": { "steps": 2 } } },
          "make": {
            "corpus": "words", "characters": 1500, "vocabulary": 290, "width": 32, "feed_forward": 48, "layers": 2, "heads": 4,
            "length": 32, "max_length": 64, "learning_rate": 1e-2, "training": { "steps": 6, "batch": 4 },
            "pairs": [{ "task": "A", "train": 12, "test": 4 }, { "task": "B", "train": 12, "test": 4 }],
            "texts": [{ "text": "backwards", "characters": 600 }]
          },
          "texts": [{ "name": "backwards", "file": "backwards.jsonl", "length": 16 }],
          "plan": {
            "base": "base", "template": "minimal", "seeds": [7], "alpha": 0.5,
            "tasks": [{ "name": "A", "train": "a.tsv", "test": "a-test.tsv" }, { "name": "B", "train": "b.tsv", "test": "b-test.tsv" }],
            "training": { "steps": 4, "batch": 8 },
            "learning_rates": { "full": 1e-2, "embedding": 5e-2, "rows": 2e-2, "lora": 1e-2 },
            "evaluation": { "max_new_tokens": 3, "batch": 8 }
          },
          "steps": [
            { "do": "train", "name": "all", "part": "embedding", "task": "A" },
            { "do": "find", "name": "ticket", "score": "ks", "tuned": "all" },
            { "do": "train", "name": "rows", "part": "ticket", "ticket": "ticket", "task": "A" },
            { "do": "copy", "name": "copy", "tuned": "all", "ticket": "ticket" },
            { "do": "train", "name": "full", "part": "full", "task": "A" },
            { "do": "find", "name": "A", "score": "movement", "unit": "elements", "share": "10%", "tensors": "*.mlp.*", "tuned": "full" },
            { "do": "train", "name": "one", "part": "ticket", "ticket": "A", "task": "A" },
            { "do": "train", "name": "calibration", "part": "full", "task": "B", "from": "one", "scored": false },
            { "do": "find", "name": "B", "score": "movement", "unit": "elements", "share": "10%", "tensors": "*.mlp.*", "from": "one",
              "tuned": "calibration", "excluding": ["A"] },
            { "do": "train", "name": "two", "part": "ticket", "ticket": "B", "task": "B", "from": "one" },
            { "do": "draw", "name": "others", "draw": "others", "like": "A" },
            { "do": "draw", "name": "shuffled", "draw": "shuffled", "like": "B", "excluding": ["A"] },
            { "do": "train", "name": "nothing", "part": "full", "task": "A", "learning_rate": 1e38 },
            { "do": "train", "name": "said", "part": "full", "text": "backwards", "l1_to_base": 0.1, "scored": false },
            { "do": "find", "name": "language", "score": "movement", "unit": "elements", "top": 200, "tensors": "*,!*norm*",
              "tuned": "said" },
            { "do": "train", "name": "spoken", "part": "ticket", "ticket": "language", "text": "backwards", "l1_to_base": 0.1 },
            { "do": "train", "name": "spoken, task", "part": "ticket", "ticket": "A", "task": "A", "from": "spoken" },
            { "do": "merge", "name": "task alone", "of": ["spoken, task"] },
            { "do": "merge", "name": "sum", "of": ["spoken", "spoken, task"] },
            { "do": "merge", "name": "whole sum", "of": ["said", "full"] },
            { "do": "train", "name": "moving", "part": "spiel", "ticket": "A", "task": "A", "epochs": 4, "regrow_every": 5,
              "regrow_rate": 0.5 }
          ],
          "controls": [{ "of": "rows" }],
          "claims": [
            { "says": "share", "arm": "rows", "of": "all", "task": "A", "measure": "bleu", "at_least": 0.95 },
            { "says": "difference", "arm": "all", "than": "base", "task": "A", "measure": "loss" },
            { "says": "bits", "arm": "two", "outside": ["A", "B"] },
            { "says": "other bits", "arm": "two", "outside": ["A"] },
            { "says": "sum bits", "arm": "sum", "outside": ["language", "A"] },
            { "says": "task bits", "arm": "task alone", "outside": ["A"] },
            { "says": "memory", "arm": "moving", "of": "full", "task": "A", "measure": "peak_bytes", "below": 0.5 },
            { "says": "open", "not_run": "why" }
          ]
        }
        """;

    public static byte[] Bytes => Encoding.UTF8.GetBytes(Text);

    public static ReproductionRecipe Read(bool isShort = false) => RecipeFile.Parse("tiny.json", Bytes, isShort);
}

/// <summary>A corpus of a few words.</summary>
internal sealed class WordCorpus : ISyntheticCorpus
{
    private static readonly string[] Words = ["one", "two", "three", "four", "five", "six", "seven"];

    public string Name => "words";

    public IReadOnlyList<string> Text(ulong seed, int characters) =>
        [.. Enumerable.Range((int)seed, characters / 20).Select(i => $"{Say(i)}\n{Say(i + 1)}")];

    public IReadOnlyList<string> TextOf(ulong seed, string language, int characters) => language == "backwards"
        ? [.. Text(seed, characters).Select(t => string.Join(' ', t.Split(' ', '\n').Reverse()))]
        : throw new ArgumentException($"no {language}", nameof(language));

    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest) =>
        [.. Enumerable.Range(isTest ? 100 : 0, count).Select(i => (Say(i), Say(task == "A" ? i + 1 : i + 3)))];

    private static string Say(int i) => $"{Words[i % 7]} {Words[i / 7 % 7]}";
}
