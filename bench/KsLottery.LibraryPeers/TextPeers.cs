using System.Globalization;
using System.Text;
using KsLottery.Cli;
using KsLottery.Engine.Text.Tokens;
using Spectre.Console;
using Wcwidth;

namespace KsLottery.LibraryPeers;

/// <summary>Columns of a terminal against Wcwidth, tables against Spectre.Console.</summary>
internal static class TextPeers
{
    private static readonly string[][] Rows =
        [["283", "␣s", "1.28e-10"], ["15", "日本", "0.0126"], ["33", "שלום", "0.0283"], ["7", "e\u0301", "0.05"]];

    public static void Run()
    {
        SortedDictionary<string, List<int>> different = new(StringComparer.Ordinal);
        int compared = 0, escaped = 0;
        for (int code = 0x20; code <= 0x10FFFF; code++)
        {
            if (!Rune.IsValid(code)) continue;
            string text = new Rune(code).ToString();
            // What is never shown needs no width.
            if (VisibleText.Escape("a" + text) != "a" + text) { escaped++; continue; }
            compared++;
            (int ours, int theirs) = (VisibleText.Width(text), UnicodeCalculator.GetWidth(code));
            if (ours == theirs) continue;
            string kind = $"{Rune.GetUnicodeCategory(new Rune(code))}: ours {ours}, Wcwidth {theirs}";
            if (!different.TryGetValue(kind, out List<int>? codes)) different[kind] = codes = [];
            codes.Add(code);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{compared:N0} characters that are shown as they are ({escaped:N0} others are escaped); of another width:\n"));
        foreach ((string kind, List<int> codes) in different)
            Console.WriteLine($"- {kind}: {codes.Count}, such as {string.Join(' ', codes.Take(6).Select(c => $"U+{c:X4}"))}");

        Console.WriteLine();
        foreach (string cell in (string[])["[red]x", "[/]", "a[b]"])
            Console.WriteLine($"Spectre, a cell {cell}: {Attempt(() => Drawn([[cell, cell, cell]]))}");
        Turns.Head("Spectre");
        Turns.Print("a table of 3 columns, 4 rows", () => Ours(), () => Drawn(Rows));
    }

    /// <summary>One table and nothing else, to time a whole process by.</summary>
    public static void PrintTable(string which) => Console.WriteLine(which == "ours" ? Ours() : which == "spectre" ? Drawn(Rows) : "");

    private static string Ours()
    {
        TextTable table = new(">id", "token", ">p");
        foreach (string[] row in Rows) table.Add(row);
        return string.Join('\n', table.Lines());
    }

    private static string Drawn(string[][] rows)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        Table table = new() { Border = TableBorder.None };
        table.AddColumn(new TableColumn("id").RightAligned()).AddColumn("token").AddColumn(new TableColumn("p").RightAligned());
        foreach (string[] row in rows) table.AddRow(row);
        console.Write(table);
        return text.ToString();
    }

    private static string Attempt(Func<string> action)
    {
        try
        {
            action();
            return "drawn";
        }
        catch (InvalidOperationException e)
        {
            return $"throws, {e.Message}";
        }
    }
}
