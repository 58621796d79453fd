using System.Text;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>A recipe with grafts and a report card whose run takes a second, and its corpus.</summary>
internal static class CardRecipe
{
    public const string Text = """
        {
          "system": "card", "revision": 1, "title": "t", "paper": "p", "runtime": "r", "deviations": ["all"], "tuned_on": [3],
          "make": {
            "corpus": "tongues", "characters": 1500, "vocabulary": 290, "width": 32, "feed_forward": 48, "layers": 2, "heads": 4,
            "length": 32, "max_length": 96, "learning_rate": 1e-2, "training": { "steps": 6, "batch": 4 },
            "pairs": [{ "task": "Left-Right", "train": 24, "test": 4 }, { "task": "Right-Left", "train": 24, "test": 4 }]
          },
          "plan": {
            "base": "base", "template": "{src_lang} {source}\n", "seeds": [7],
            "tasks": [
              { "name": "Left-Right", "train": "a.tsv", "test": "a-test.tsv", "source_language": "Left", "target_language": "Right" },
              { "name": "Right-Left", "train": "b.tsv", "test": "b-test.tsv", "source_language": "Right", "target_language": "Left" }
            ],
            "training": { "steps": 6, "batch": 8 }, "learning_rates": { "rows": 2e-2 },
            "evaluation": { "max_new_tokens": 3, "batch": 8 }
          },
          "steps": [
            { "do": "find", "name": "layers", "score": "magnitude", "share": "100%", "tensors": "*.mlp.*,*.self_attn.*", "tuned": "base" },
            { "do": "train", "name": "one", "part": "ticket", "ticket": "layers", "task": "Left-Right" },
            { "do": "train", "name": "other", "part": "ticket", "ticket": "layers", "task": "Right-Left" },
            { "do": "graft", "name": "graft one", "tuned": "one", "task": "Left-Right", "share": "1%", "max_share": "5%",
              "tensors": "*.mlp.*,*.self_attn.*", "candidates": "50%", "learning_rate": 1e6, "steps": 3, "batch": 8 },
            { "do": "graft", "name": "graft other", "tuned": "other", "task": "Right-Left", "share": "1%",
              "tensors": "*.mlp.*,*.self_attn.*" , "steps": 1 },
            { "do": "draw", "name": "random", "draw": "random", "like": "graft one" },
            { "do": "copy", "name": "grafted", "tuned": "one", "ticket": "graft one" },
            { "do": "copy", "name": "random values", "tuned": "one", "ticket": "random" },
            { "do": "matrix", "name": "card", "models": ["base", "one", "grafted"], "tests": ["Left-Right", "Right-Left"],
              "languages": { "Left": "a.tsv:1", "Right": "a.tsv:2" }, "baseline": "base" }
          ],
          "claims": [
            { "says": "size", "ticket": "graft one", "max_share": "5%" },
            { "says": "overlap", "overlap": ["graft one", "graft other"], "max_times_chance": 1e9 },
            { "says": "calibration", "arm": "grafted", "than": "one", "task": "Left-Right", "measure": "calibration_error" },
            { "says": "bits", "arm": "one", "outside": ["layers"] },
            { "says": "bits of the graft", "arm": "grafted", "outside": ["graft one"] },
            { "says": "directions", "card": "card", "arm": "one", "task": "Left-Right", "than": "one", "than_task": "Right-Left",
              "measure": "gain" },
            { "says": "identifier", "card": "card", "arm": "one", "task": "Left-Right", "measure": "identifier_error", "is_at_most": 0 },
            { "says": "flagged", "card": "card", "arm": "one", "task": "Left-Right", "measure": "is_off_target", "is_at_least": 2 },
            { "says": "share", "card": "card", "arm": "grafted", "of": "one", "task": "Left-Right", "measure": "chrf", "below": 0.5 }
          ]
        }
        """;

    public static byte[] Bytes => Encoding.UTF8.GetBytes(Text);

    public static ReproductionRecipe Read() => RecipeFile.Parse("card.json", Bytes);
}

/// <summary>A corpus of two languages that share no word.</summary>
internal sealed class TongueCorpus : ISyntheticCorpus
{
    private static readonly string[] Left = ["one", "two", "three", "four", "five", "six", "seven"],
        Right = ["uno", "due", "tre", "quattro", "cinque", "sei", "sette"];

    public string Name => "tongues";

    public IReadOnlyList<string> Text(ulong seed, int characters) =>
        [.. Enumerable.Range((int)seed, characters / 20).Select(i => $"{Say(Left, i)}\n{Say(Right, i)}")];

    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest) =>
        [.. Enumerable.Range(isTest ? 40 : 0, count)
            .Select(i => task == "Left-Right" ? (Say(Left, i), Say(Right, i)) : (Say(Right, i), Say(Left, i)))];

    private static string Say(string[] words, int i) => $"{words[i % 7]} {words[i / 7 % 7]}";
}
