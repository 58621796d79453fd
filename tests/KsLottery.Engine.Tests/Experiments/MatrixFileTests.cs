using KsLottery.Engine.Experiments;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

public sealed class MatrixFileTests
{
    private const string Languages = """ "languages": [{"name": "English", "text": "en.txt"}, {"name": "Danish", "text": "da.txt"}] """,
        Models = """ "models": [{"name": "base"}] """,
        Tests = """ "tests": [{"source_language": "English", "target_language": "Danish", "data": "test.tsv"}] """;

    [Test]
    public void A_whole_file_is_read_and_its_paths_are_good_from_here()
    {
        using TemporaryFolder folder = new();
        MatrixPlan plan = Read(folder, $$"""
            {
              "base": "base", "tokenizer": "tok.model", "template": "plain", "baseline": "tuned", "output": "raw", "limit": 7,
              "skip_overlong": true, {{Languages}},
              "evaluation": {"max_new_tokens": 9, "beams": 2, "batch": 4, "stop": ["\n"], "stop_ids": [3]},
              "models": [
                {"name": "base"},
                {"name": "tuned", "checkpoint": "other", "patches": ["a", "b"], "trained_on": [["English", "Danish"]]}, // one pair
              ],
              "tests": [{"name": "there", "source_language": "English", "target_language": "Danish", "data": "test.tsv",
                "references": ["more.txt"], "source_column": 3, "target_key": "da", "skip_incomplete": true}],
            }
            """);
        Assert.That((plan.Base, plan.Tokenizer, plan.Template.Name, plan.Baseline, plan.Form, plan.Limit, plan.SkipOverlong),
            Is.EqualTo((folder.File("base"), folder.File("tok.model"), "plain", "tuned", HypothesisForm.Raw, (int?)7, true)));
        Assert.That((plan.MaxNewTokens, plan.Beams, plan.Slots), Is.EqualTo((9, 2, 4)));
        Assert.That((plan.StopTexts, plan.StopIds), Is.EqualTo(((string[])["\n"], (int[])[3])));
        Assert.That(plan.Languages, Is.EqualTo((MatrixLanguage[])[new("English", folder.File("en.txt")), new("Danish",
            folder.File("da.txt"))]));
        MatrixModel tuned = plan.Models[1];
        Assert.That((tuned.Checkpoint, tuned.Patches, tuned.TrainedOn), Is.EqualTo((folder.File("other"),
            (string[])[folder.File("a"), folder.File("b")], (LanguagePair[])[new("English", "Danish")])));
        MatrixTest test = plan.Tests[0];
        Assert.That((test.Name, test.Languages, test.Data, test.References), Is.EqualTo(("there", new LanguagePair("English", "Danish"),
            folder.File("test.tsv"), (string[])[folder.File("more.txt")])));
        Assert.That(test.Pairs, Is.EqualTo(new Engine.Text.Corpora.ParallelTextOptions
        {
            SourceColumn = 3,
            TargetKey = "da",
            SkipIncomplete = true
        }));
    }

    [Test]
    public void What_is_left_out_has_its_default()
    {
        using TemporaryFolder folder = new();
        MatrixPlan plan = Read(folder, $$"""{"base": "base", {{Languages}}, {{Models}}, {{Tests}}}""");
        Assert.That((plan.Baseline, plan.Form, plan.MaxNewTokens, plan.Tests[0].Name, plan.Tests[0].Slug, plan.Models[0].Checkpoint),
            Is.EqualTo(("base", HypothesisForm.FirstLine, 256, "English → Danish", "english-danish", (string?)null)));
    }

    [TestCase("{\"base\": \"b\", LANGUAGES, MODELS}", "tests is missing. Give an array with 1 or more; docs/report-card.md")]
    [TestCase("{\"base\": \"b\", \"languages\": [{\"name\": \"English\", \"text\": \"en.txt\"}], MODELS, TESTS}", "2 or more")]
    [TestCase("{LANGUAGES, MODELS, TESTS}", "models[0].checkpoint is missing")]
    [TestCase("{\"base\": \"b\", LANGUAGES, MODELS, TESTS, \"beams\": 2}", "beams is not known here")]
    [TestCase("{\"base\": \"b\", LANGUAGES, MODELS, TESTS, \"baseline\": \"x\"}", "it must be one of the models: base")]
    [TestCase("{\"base\": \"b\", LANGUAGES, MODELS, TESTS, \"output\": \"last\"}", "one of raw, first_line, response")]
    [TestCase("{\"base\": \"b\", LANGUAGES, \"models\": [{\"name\": \"m\", \"trained_on\": [[\"English\", \"Dutch\"]]}], TESTS}",
        "models[0].trained_on[0][1] is \"Dutch\"; it must be one of the languages: English, Danish")]
    [TestCase("{\"base\": \"b\", LANGUAGES, \"models\": [{\"name\": \"m\", \"trained_on\": [\"English\"]}], TESTS}", "two languages")]
    [TestCase("{\"base\": \"b\", LANGUAGES, \"models\": [{\"name\": \"m\"}, {\"name\": \"M!\"}], TESTS}", "would have one folder, m")]
    [TestCase("{\"base\": \"b\", LANGUAGES, MODELS, \"tests\": [{\"source_language\": \"English\", \"target_language\": \"\"}]}",
        "tests[0].target_language")]
    [TestCase("{\"base\": \"b\", LANGUAGES, MODELS, TESTS, \"evaluation\": {\"stop_ids\": [-1]}}", "evaluation.stop_ids[0]")]
    [TestCase("[", "invalid JSON")]
    public void What_cannot_be_is_told_of_with_its_place(string text, string says)
    {
        using TemporaryFolder folder = new();
        Assert.That(() => Read(folder, text.Replace("LANGUAGES", Languages, StringComparison.Ordinal)
            .Replace("MODELS", Models, StringComparison.Ordinal).Replace("TESTS", Tests, StringComparison.Ordinal)),
            Throws.TypeOf<InvalidDataException>().With.Message.StartWith(folder.File(MatrixFile.FileName)).And.Message.Contains(says));
    }

    private static MatrixPlan Read(TemporaryFolder folder, string text)
    {
        File.WriteAllText(folder.File(MatrixFile.FileName), text);
        return MatrixFile.Read(folder.Path);
    }
}
