using System.CommandLine;
using System.Text.RegularExpressions;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

/// <summary>Commands in the documents are commands of the tool, with options that they have.</summary>
public sealed partial class DocumentedCommandTests
{
    private const int MinCommands = 100;

    private static readonly RootCommand Root = CommandTree.Create([]);

    [Test]
    public void Commands_in_documents_exist_and_have_their_options()
    {
        string[] documents = [.. ((string[])["README.md", "CONTRIBUTING.md"]).Select(name => Path.Combine(SharedData.Root, name)),
            .. Directory.EnumerateFiles(Path.Combine(SharedData.Root, "docs"), "*.md", SearchOption.AllDirectories)];
        int count = 0;
        List<string> unknown = [];
        foreach (string document in documents)
            foreach (Match typed in Typed().Matches(File.ReadAllText(document).Replace("\\\n", " ", StringComparison.Ordinal)))
            {
                count++;
                Command command = Root;
                foreach (string word in typed.Groups[1].Value.Split(' '))
                    command = command.Subcommands.FirstOrDefault(child => child.Name == word) ?? command;
                if (command == Root) unknown.Add($"{Path.GetFileName(document)}: {typed.Value}");
                HashSet<string> known = [.. Root.Options.Concat(command.Options).Select(option => option.Name)];
                unknown.AddRange(OptionName().Matches(typed.Groups[2].Value.Split(" #")[0]).Select(option => option.Value)
                    .Where(option => !known.Contains(option)).Select(option => $"{Path.GetFileName(document)}: {command.Name} {option}"));
            }
        Assert.That(unknown, Is.Empty);
        Assert.That(count, Is.GreaterThan(MinCommands));
    }

    [GeneratedRegex(@"(?m)(?:^|`)kslottery +([a-z-]+(?: (?:ks|model|test|grad|perf|support)\b)?)([^`\n]*)")]
    private static partial Regex Typed();

    [GeneratedRegex("(?<![\\w-])--[a-z][a-z0-9-]*")]
    private static partial Regex OptionName();
}
