using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Architecture;

/// <summary>What <c>.editorconfig</c> asks for and no analyzer looks at.</summary>
public sealed class StyleTests
{
    private const int MaxLineLength = 140;

    private static readonly string[] Folders = ["src", "kernels", "bench", "examples", "tests"];

    /// <summary>Lines of C# are at most 140 columns wide, but for what stands in raw strings.</summary>
    [Test]
    public void No_line_is_longer_than_140_columns()
    {
        string[] files = [.. Folders.SelectMany(folder => Sources.In(Path.Combine(SharedData.Root, folder)))];
        Assert.That(files.Length > 500, Is.True, "the sources were not found");
        Assert.That(files.SelectMany(file => LongLines(Path.GetRelativePath(SharedData.Root, file), File.ReadLines(file))), Is.Empty);
    }

    [Test]
    public void A_long_line_is_found_outside_raw_strings()
    {
        string line = new('x', MaxLineLength + 1);
        Assert.That(LongLines("a.cs", [line, "x = \"\"\"", line, "\"\"\";", line, $"\"\"\"a{line}\"\"\"", line[1..]]),
            Is.EqualTo(new[] { "a.cs:1", "a.cs:5" }));
    }

    private static IEnumerable<string> LongLines(string name, IEnumerable<string> lines)
    {
        bool isRaw = false;
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            int quotes = line.Split("\"\"\"").Length - 1;
            if (line.Length > MaxLineLength && !isRaw && quotes == 0) yield return $"{name}:{number}";
            if (quotes % 2 == 1) isRaw = !isRaw;
        }
    }
}
