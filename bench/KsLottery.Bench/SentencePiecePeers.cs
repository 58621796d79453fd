using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Bench;

/// <summary>Holds the tokenizer against what the SentencePiece library made of the same texts; see
/// bench/peers/sentencepiece_models.py.</summary>
internal static class SentencePiecePeers
{
    private const int MaxShown = 5;

    /// <summary><c>sentencepiece FOLDER</c>: prints a table of each NAME.model and NAME.jsonl; 1 where one line differs.</summary>
    public static int Run(string folder)
    {
        Console.WriteLine("| model | texts | ids equal | decodings | equal | texts/s |\n|---|---:|---:|---:|---:|---:|");
        int differences = 0;
        List<string> shown = [];
        foreach (string path in Directory.GetFiles(folder, "*.model").Order(StringComparer.Ordinal))
        {
            Tokenizer tokenizer = Tokenizer.Open(path);
            int texts = 0, equalIds = 0, decodings = 0, equalTexts = 0;
            TimeSpan elapsed = default;
            foreach (string line in File.ReadLines(Path.ChangeExtension(path, ".jsonl")))
            {
                using JsonDocument entry = JsonDocument.Parse(line);
                int[] ids = [.. entry.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
                if (entry.RootElement.TryGetProperty("text", out JsonElement text))
                {
                    string given = text.GetString()!;
                    long started = Stopwatch.GetTimestamp();
                    int[] ours = tokenizer.Encode(given);
                    elapsed += Stopwatch.GetElapsedTime(started);
                    texts++;
                    if (ours.AsSpan().SequenceEqual(ids)) equalIds++;
                    else shown.Add(
                        $"{Path.GetFileName(path)}: {text.GetRawText()}: {string.Join(' ', ids)}, here {string.Join(' ', ours)}");
                }
                decodings++;
                string expected = entry.RootElement.GetProperty("decoded").GetString()!, decoded = tokenizer.Decode(ids);
                if (decoded == expected) equalTexts++;
                else shown.Add(
                    $"{Path.GetFileName(path)}: {string.Join(' ', ids)}: {JsonSerializer.Serialize(expected)}, here "
                        + $"{JsonSerializer.Serialize(decoded)}");
            }
            differences += texts - equalIds + decodings - equalTexts;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {Path.GetFileNameWithoutExtension(path)} | {texts:N0} | {equalIds:N0} | {decodings:N0} "
                + $"| {equalTexts:N0} | {texts / elapsed.TotalSeconds:N0} |"));
            foreach (string difference in shown.Take(MaxShown)) Console.Error.WriteLine(difference);
            shown.Clear();
        }
        return differences == 0 ? 0 : 1;
    }
}
