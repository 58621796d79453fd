using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

/// <summary>What holds for the arguments of every command.</summary>
public sealed partial class ArgumentTests
{
    private static readonly Type[] Numbers = [typeof(int), typeof(long), typeof(ulong), typeof(double)];
    private static readonly List<string> Arguments = [];
    private static readonly RootCommand Root = CommandTree.Create(Arguments);

    /// <summary>Options of every command, each with the words before it.</summary>
    private static readonly (string[] Words, Option Option)[] Options = [.. OptionsOf([], Root)];

    [Test]
    public void Every_option_has_one_definition_which_stands_in_the_vocabulary()
    {
        string sources = Path.Combine(SharedData.Root, "src", "KsLottery.Cli");
        Dictionary<string, string> places = [];
        foreach (string file in Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            // Words of remedies quote options.
            if (Path.GetRelativePath(sources, file).StartsWith("obj", StringComparison.Ordinal)
                || Path.GetFileName(file) == "RemedyWords.cs") continue;
            foreach (Match name in OptionName().Matches(File.ReadAllText(file)))
            {
                Assert.That(Path.GetFileName(file), Does.StartWith("Options."), name.Value);
                Assert.That(places.TryAdd(name.Groups[1].Value, file), Is.True, $"{name.Value} is defined twice");
            }
        }
        string[] known = [.. Options.Select(o => o.Option.Name).Where(name => name is not ("--help" or "--version")).Distinct()];
        Assert.That(places.Keys, Is.EquivalentTo(known));
    }

    [Test]
    public void No_number_is_read_by_the_parser_itself()
    {
        int count = 0;
        foreach ((string[] words, Option option) in Options)
        {
            Type type = option.ValueType.GetElementType() ?? option.ValueType;
            if (!Numbers.Contains(Nullable.GetUnderlyingType(type) ?? type)) continue;
            object? parser = option.GetType().GetProperty("CustomParser")!.GetValue(option);
            Assert.That(parser, Is.Not.Null, $"{string.Join(' ', words)} {option.Name}");
            count++;
        }
        Assert.That(count, Is.GreaterThan(50));
    }

    [TestCase("0,001"), TestCase("1,000"), TestCase("1.000,5"), TestCase("1 000"), TestCase("1_000"), TestCase("NaN"), TestCase("Infinity"),
        TestCase("1e999")]
    [TestCase("0x10"), TestCase("٣"), TestCase("")]
    public void No_option_takes_a_number_that_is_written_otherwise(string number)
    {
        int count = 0;
        foreach ((string[] words, Option option) in Options)
        {
            Type type = option.ValueType.GetElementType() ?? option.ValueType;
            if (!Numbers.Contains(Nullable.GetUnderlyingType(type) ?? type)) continue;
            // A list of alphas has commas between its numbers.
            if (option.Name == "--alphas" && number.Contains(',', StringComparison.Ordinal)) continue;
            string[] errors = Errors([.. words, option.Name, number]);
            Assert.That(errors, Has.Some.Contains(option.Name), $"{string.Join(' ', words)} {option.Name} {number}");
            if (number.Contains(',', StringComparison.Ordinal)) Assert.That(errors, Has.Some.Contains("Decimals begin with a point"));
            count++;
        }
        Assert.That(count, Is.GreaterThan(50));
    }

    [Test]
    public void No_option_takes_another_for_its_value_unless_joined_to_it_or_free_text()
    {
        int refused = 0, free = 0;
        foreach ((string[] words, Option option) in Options.Where(o => o.Option.ValueType != typeof(bool)
            && o.Option.Arity.MaximumNumberOfValues > 0))
        {
            foreach (string value in (string[])["--json", "-q", "--no-such-option"])
            {
                bool isLack = Errors([.. words, option.Name, value])
                    .Any(e => e.StartsWith($"{option.Name} lacks its value", StringComparison.Ordinal));
                bool isLackJoined = Errors([.. words, $"{option.Name}={value}"])
                    .Any(e => e.Contains("lacks its value", StringComparison.Ordinal));
                bool isFree = option is IFreeText;
                Assert.That((isLack, isLackJoined), Is.EqualTo((!isFree, false)), $"{string.Join(' ', words)} {option.Name} {value}");
                if (isFree) free++;
                else refused++;
            }
        }
        Assert.That(refused, Is.GreaterThan(300));
        Assert.That(free, Is.GreaterThanOrEqualTo(9));
    }

    [Test]
    public void An_option_is_given_once_and_a_second_time_is_an_error_of_usage()
    {
        int count = 0;
        foreach ((string[] words, Option option) in Options.Where(o => o.Option.Name.StartsWith("--", StringComparison.Ordinal)
            && o.Option.Arity.MaximumNumberOfValues < 3 && o.Option.Name is not ("--help" or "--version")))
        {
            string[] once = option.ValueType == typeof(bool) ? [option.Name] : [option.Name, "1"];
            Assert.That(Errors([.. words, .. once, .. once]), Has.Some.Contains($"{option.Name} is given 2 times"),
                string.Join(' ', words));
            count++;
        }
        Assert.That(count, Is.GreaterThan(150));
    }

    [Test]
    public void The_process_ends_with_an_error_of_usage_whatever_the_commands_own_rules_ask_for()
    {
        foreach (string[] arguments in (string[][])
        [
            ["eval", "m", "--data", "a", "--data", "b"],
                ["tune", "m", "--eval-share", "2", "--eval", "f", "--data", "x", "--out", "y", "--train", "full"],
            ["find", "a", "b", "--out", "--json"], ["find", "a", "--tokeniser"], ["tune", "m", "--learning-rate", "0,001"],
        ])
        {
            ToolRun run = KsLotteryTool.Run(arguments);
            Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")), run.Error);
            Assert.That(run.Error, Does.Not.Contain("fault of kslottery"));
        }
    }

    [Test]
    public void A_negative_number_is_a_value_and_a_path_behind_two_hyphens_a_path()
    {
        Assert.That(Errors("find", "a", "b", "--top", "-1"), Has.Some.Contains("--top is -1"));
        Assert.That(Errors("find", "--", "--a", "--b"), Is.Empty);
        Assert.That(Errors("find", "a", "--b"), Has.Some.Contains("--b is no option of find"));
        Assert.That(Errors("generate", "m", "--prompt", "--json -q"), Is.Empty);
        Assert.That(Errors("find", "a", "b", "--out=--x"), Is.Empty);
        Assert.That(Errors("find", "a", "b", "-o", "--x"), Has.Some.Contains("--out=--x"));
    }

    [Test]
    public void No_path_is_empty()
    {
        int count = 0;
        foreach ((string[] words, Option option) in Options.Where(o => o.Option.HelpName is "DIR" or "FILE" or "PATH" or "PAIRS"))
        {
            Assert.That(Errors([.. words, option.Name, ""]), Has.Some.StartsWith($"{option.Name} is empty"), string.Join(' ', words));
            count++;
        }
        Assert.That(count, Is.GreaterThan(30));
        Assert.That(Errors("find", "", "b"), Has.Some.StartsWith("BASE is empty"));
        Assert.That(Errors("generate", "m", "--prompt", ""), Is.Empty);
    }

    [Test]
    public void An_absent_path_is_named_as_it_was_typed()
    {
        using TemporaryFolder folder = new();
        string odd = Path.Combine(folder.Path, ".", "no", "patch");
        KsLotteryTool.Run("apply", folder.Path, "no-such-patch", "--out", folder.File("x"))
            .AssertFailed(2, "error: no-such-patch: no such file or folder. Look at the spelling.");
        KsLotteryTool.Run("apply", folder.Path, odd, "--out", folder.File("x")).AssertFailed(2, $"error: {odd}: no such file or folder.");
    }

    [Test]
    public void Several_references_count_for_BLEU_and_chrF()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("h"), "the cat sat on a mat\nwe go home now\n");
        File.WriteAllText(folder.File("a"), "the cat sat on the mat\nwe are going home\n");
        File.WriteAllText(folder.File("b"), "a cat was sitting there\nwe go home now\n");
        JsonElement both = Score("a", "b"), one = Score("a");
        Assert.That(both.GetProperty("signatures").GetProperty("bleu").GetString(), Does.StartWith("BLEU|nrefs:2|"));
        Assert.That(both.GetProperty("signatures").GetProperty("chrf").GetString(), Does.StartWith("chrF2|nrefs:2|"));
        Assert.That(one.GetProperty("signatures").GetProperty("bleu").GetString(), Does.StartWith("BLEU|nrefs:1|"));
        // Every word is in one of its references; of the bigrams 6 of 8 are, of the trigrams 4 of 6, of the fourgrams 2 of 4; lengths are
        // equal.
        double bleu = 100 * Math.Pow(6.0 / 8 * 4 / 6 * 2 / 4, .25);
        Assert.That(Math.Abs(Raw(both, "bleu") - bleu) <= 1e-9, Is.True, $"{Raw(both, "bleu")}, by hand {bleu}");
        Assert.That(Raw(both, "chrf") > Raw(one, "chrf"), Is.True);
        Assert.That((Raw(both, "exact_match_rate"), Raw(one, "exact_match_rate")), Is.EqualTo((0.5, 0d)));
        Assert.That(both.GetProperty("references").GetArrayLength(), Is.EqualTo(2));
        File.WriteAllText(folder.File("b"), "one line\n");
        KsLotteryTool.Run("eval", "--hypotheses", folder.File("h"), "--references", folder.File("a"), "--references", folder.File("b"))
            .AssertFailed(2, "2 lines", folder.File("b") + " has 1");

        JsonElement Score(params string[] references) => KsLotteryTool.Run(
            ["eval", "--hypotheses", folder.File("h"), .. references.SelectMany(r => (string[])["--references", folder.File(r)]), "--json"])
                .Json();

        static double Raw(JsonElement json, string name) => json.GetProperty("scores").GetProperty("raw").GetProperty(name).GetDouble();
    }

    private static IEnumerable<(string[] Words, Option Option)> OptionsOf(string[] words, Command command) =>
        command.Options.Select(option => (words, option))
        .Concat(command.Subcommands.SelectMany(child => OptionsOf([.. words, child.Name], child)));

    [GeneratedRegex("\"(--[a-z0-9-]+)\"")]
    private static partial Regex OptionName();

    private static string[] Errors(params string[] arguments)
    {
        Arguments.Clear();
        Arguments.AddRange(arguments);
        return [.. Root.Parse(arguments).Errors.Select(e => e.Message)];
    }
}
