using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Reads plain text for pre-training: each line that is not blank is one text; in JSON lines a text may have several
/// lines.</summary>
public static class PlainText
{
    /// <summary>Reads the lines of files, one column of tab-separated files, or the texts of JSON lines.</summary>
    /// <param name="paths">
    /// Files in UTF-8, plain or gzip, read in their order. <c>FILE:2</c> takes the second column of a tab-separated file (from 1), unless
    /// a file has that whole name. In a file whose name ends with <c>.jsonl</c> or <c>.jsonl.gz</c> each line is an object, and the string
    /// <c>text</c> in it is taken, line feeds and all. <c>-</c> is the standard input, JSON lines where it begins with <c>{</c>.
    /// </param>
    /// <returns>The lines, cells or strings without white space around them; blank ones are left out.</returns>
    /// <exception cref="InvalidDataException">A line is damaged or lacks the column, or no text is left; names file and line.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    public static IReadOnlyList<string> Read(params ReadOnlySpan<string> paths)
    {
        List<string> texts = [];
        foreach (string path in paths)
        {
            (string file, int? column) = Split(path);
            bool isJson = column is null && TextFile.IsJson(file, ".jsonl");
            int line = 0;
            foreach (string whole in TextFile.ReadLines(file))
            {
                line++;
                if (string.IsNullOrWhiteSpace(whole)) continue;
                string text = (isJson ? TextOfJson(whole, file, line) : Cell(whole, column, file, line)).Trim();
                if (text.Length > 0) texts.Add(text);
            }
        }
        return texts.Count > 0 ? texts
            : throw new InvalidDataException($"{string.Join(", ", paths.ToArray().Select(TextFile.NameOf))}: no text in it. "
                + "Give one line or more.");
    }

    private static (string File, int? Column) Split(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        int colon = path.LastIndexOf(':');
        return colon > 0 && !File.Exists(path)
            && PlainNumber.TryDigits(path.AsSpan(colon + 1), out int column)
            ? (path[..colon], column)
            : (path, null);
    }

    private static string Cell(string line, int? column, string path, int number)
    {
        if (column is not { } wanted) return line;
        string[] cells = line.Split('\t');
        return wanted >= 1 && wanted <= cells.Length ? cells[wanted - 1] : throw TextFile.Damaged(path, number,
            $"column {wanted} is asked for, 1 to {cells.Length} are there; name another column as FILE:COLUMN");
    }

    private static string TextOfJson(string line, string path, int number)
    {
        if (string.IsNullOrWhiteSpace(line)) return "";
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("text", out JsonElement text)
                && text.ValueKind == JsonValueKind.String)
                return text.GetString()!;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // text that is no Unicode shows when it is taken
        {
            string column = fault is JsonException json ? $" at {JsonDefect.Column(json)}" : "";
            throw TextFile.Damaged(path, number, $"invalid JSON{column} ({JsonDefect.Cause(fault)}); mend the line", fault);
        }
        throw TextFile.Damaged(path, number, "no object with a string \"text\"; give one for each text");
    }
}
