using System.CommandLine;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using KsLottery.Engine;

namespace KsLottery.Cli.Tests;

/// <summary>The library names its own members, and the tool its options.</summary>
public sealed partial class RemedyTests
{
    private static readonly RootCommand Root = CommandTree.Create([]);

    private static readonly HashSet<string> Commands = [.. All(Root).Select(command => command.Name)];

    private static readonly HashSet<string> Options =
        [.. All(Root).SelectMany(command => command.Options).Select(option => option.Name)
            .Where(name => name.StartsWith("--", StringComparison.Ordinal))];

    /// <summary>
    /// Contents of files, and no messages: the report's page calls itself so and names the reports that have what it lacks, the card of an
    /// exported adapter names its maker.
    /// </summary>
    private static readonly string[] FileTexts =
        ["<p class=\"soft\">kslottery report</p>", "; kslottery report on ",
            "`kslottery apply` writes a whole checkpoint with the same rows"];

    /// <summary>An option of llama2.c's script.</summary>
    private const string OthersOption = "Export the model again with export.py --version 1 of llama2.c";

    [Test]
    public void Every_remedy_has_words_and_these_name_options_and_commands_that_exist()
    {
        Assert.That(RemedyWords.All.Keys, Is.EquivalentTo(Remedy.All));
        foreach ((Remedy remedy, string words) in RemedyWords.All)
        {
            foreach (Match option in OptionName().Matches(words)) Assert.That(Options, Does.Contain(option.Value), words);
            foreach (Match command in CommandName().Matches(words)) Assert.That(Commands, Does.Contain(command.Groups[1].Value), words);
            Assert.That(words.Contains("{0}", StringComparison.Ordinal),
                Is.EqualTo(remedy.ToString().Contains("{0}", StringComparison.Ordinal)), words);
        }
    }

    [Test]
    public void A_message_gets_the_tools_words_in_place_of_the_librarys()
    {
        foreach ((Remedy remedy, string words) in RemedyWords.All)
        {
            string message = $"a: b. {remedy.For("x/y z")}, or {remedy.For("q")}; c.";
            Assert.That(RemedyWords.Reword(message), Is.EqualTo($"a: b. {Words("x/y z")}, or {Words("q")}; c."));

            string Words(string argument) => words.Replace("{0}", argument, StringComparison.Ordinal);
        }
        Assert.That(RemedyWords.Reword("the device \"cpu"), Is.EqualTo("the device \"cpu"));
    }

    [Test]
    public void No_text_of_the_library_names_an_option_or_a_command()
    {
        string folder = Path.GetDirectoryName(typeof(Remedy).Assembly.Location)!;
        int count = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "KsLottery.Engine*.dll")
            .Append(Path.Combine(folder, "KsLottery.Kernels.dll"))
            .Where(file => !file.EndsWith("Tests.dll", StringComparison.Ordinal)))
            foreach (string text in UserStrings(file).Where(text => text != OthersOption && !FileTexts.Any(text.Contains)))
            {
                string[] named = [.. OptionName().Matches(text).Select(match => match.Value).Where(Options.Contains),
                    .. CommandName().Matches(text).Where(match => Commands.Contains(match.Groups[1].Value)).Select(match => match.Value)];
                Assert.That(named, Is.Empty, $"{Path.GetFileName(file)}: {text}");
                count++;
            }
        Assert.That(count, Is.GreaterThan(3000));
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    private static List<string> UserStrings(string file)
    {
        using PEReader assembly = new(File.OpenRead(file));
        MetadataReader reader = assembly.GetMetadataReader();
        List<string> texts = [];
        for (UserStringHandle at = MetadataTokens.UserStringHandle(0); !(at = reader.GetNextHandle(at)).IsNil;)
            texts.Add(reader.GetUserString(at));
        return texts;
    }

    [GeneratedRegex("--[a-z][a-z0-9-]*")]
    private static partial Regex OptionName();

    [GeneratedRegex("kslottery ([a-z]+)")]
    private static partial Regex CommandName();
}
