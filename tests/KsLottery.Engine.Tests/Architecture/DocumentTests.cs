using System.Text.RegularExpressions;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Architecture;

/// <summary>What holds for every document: its links lead somewhere.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Left = ["bin", "obj", ".git", "packages", "TestResults"];

    private static readonly string[] Documents = [.. Find(new DirectoryInfo(SharedData.Root)).Select(file => file.FullName)];

    [Test]
    public void Every_link_leads_to_a_file_and_to_a_heading_in_it()
    {
        List<string> broken = [];
        int count = 0;
        foreach (string document in Documents)
        {
            string text = Code().Replace(File.ReadAllText(document), "");
            foreach (string target in Link().Matches(text).Select(m => m.Groups[1].Value))
            {
                if (target.Contains(':', StringComparison.Ordinal)) continue;
                string[] parts = target.Split('#', 2);
                string file = parts[0].Length == 0 ? document
                    : Path.GetFullPath(Path.Combine([Path.GetDirectoryName(document)!, .. parts[0].Split('/')]));
                bool isThere = parts.Length == 1 ? File.Exists(file) || Directory.Exists(file)
                    : File.Exists(file) && Anchors(file).Contains(parts[1]);
                if (!isThere) broken.Add($"{Path.GetRelativePath(SharedData.Root, document)}: {target}");
                count++;
            }
        }
        Assert.That(broken, Is.Empty);
        Assert.That(count, Is.GreaterThan(100));
    }

    [Test]
    public void The_README_is_short_and_every_page_of_docs_is_found_from_it()
    {
        string readme = Path.Combine(SharedData.Root, "README.md"), text = File.ReadAllText(readme);
        Assert.That(text.Count(c => c == '\n'), Is.InRange(50, 150));
        Assert.That(new FileInfo(readme).Length, Is.InRange(1L << 10, 9L << 10));
        string docs = Path.Combine(SharedData.Root, "docs");
        string[] pages = [.. Directory.EnumerateFiles(docs, "*.md").Select(path => $"docs/{Path.GetFileName(path)}")];
        Assert.That(pages.Where(page => !text.Contains($"({page})", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>A table is found from the page of performance, or from the page of its folder that is.</summary>
    [Test]
    public void Every_table_of_results_is_found_from_the_page_of_performance()
    {
        string root = Path.Combine(SharedData.Root, "bench", "results");
        HashSet<string> found = LinksOf(Path.Combine(SharedData.Root, "docs", "performance.md"));
        found.UnionWith([.. found.Where(page => Path.GetFileName(page) == "README.md").SelectMany(LinksOf)]);
        string[] tables = [.. Directory.EnumerateFiles(root, "*.md", SearchOption.AllDirectories)];
        Assert.That(tables.Where(table => !found.Contains(table)).Select(table => Path.GetRelativePath(root, table)), Is.Empty);
    }

    [Test]
    public void The_systems_page_names_every_recipe_and_no_other()
    {
        string[] there = [.. Directory.EnumerateFiles(Path.Combine(SharedData.Root, "recipes"), "*.json")
            .Select(file => Path.GetFileNameWithoutExtension(file)!)];
        string[] named = [.. File.ReadLines(Path.Combine(SharedData.Root, "docs", "systems.md"))
            .Where(line => line.Contains("| recipe", StringComparison.Ordinal))
            .SelectMany(line => Recipe().Matches(line.Split('|')[3]).Select(m => m.Groups[1].Value))];
        Assert.That(named, Is.EquivalentTo(there));
    }

    private static HashSet<string> LinksOf(string page) => [.. Link().Matches(File.ReadAllText(page)).Select(m =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, m.Groups[1].Value.Split('#')[0])))];

    private static IEnumerable<FileInfo> Find(DirectoryInfo folder) => folder.EnumerateFiles("*.md").Concat(
        folder.EnumerateDirectories().Where(child => !Left.Contains(child.Name) && child.LinkTarget is null).SelectMany(Find));

    /// <summary>The anchors that a page shows its headings under: lower case, without signs, a hyphen for each space.</summary>
    private static HashSet<string> Anchors(string file) =>
    [
        .. Heading().Matches(Fence().Replace(File.ReadAllText(file), "")).Select(m =>
            Sign().Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')),
    ];

    [GeneratedRegex(@"(?ms)^```.*?^```|`[^`\n]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?ms)^```.*?^```")]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?m)^#+ (.*)$")]
    private static partial Regex Heading();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Recipe();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Sign();
}
