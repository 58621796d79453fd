using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Tokenizers;
using OwnTokenizer = KsLottery.Engine.Text.Tokens.Tokenizer;

namespace KsLottery.LibraryPeers;

/// <summary>SentencePiece models of the kinds bpe and unigram, against Microsoft.ML.Tokenizers, both held against what the SentencePiece
/// library made of the same texts.</summary>
internal static class TokenizerPeers
{
    public static void Run(string folder)
    {
        Console.WriteLine("| model | texts | ours differ | ML.Tokenizers differ | fails |\n|---|---:|---:|---:|---:|");
        List<string> shown = [];
        foreach (string path in Directory.GetFiles(folder, "*.model").Order(StringComparer.Ordinal))
        {
            OwnTokenizer own = OwnTokenizer.Open(path);
            SentencePieceTokenizer? peer = Opened(path, out string refusal);
            int texts = 0, oursDiffer = 0, theirsDiffer = 0, fails = 0;
            foreach (string line in File.ReadLines(Path.ChangeExtension(path, ".jsonl")))
            {
                using JsonDocument entry = JsonDocument.Parse(line);
                if (!entry.RootElement.TryGetProperty("text", out JsonElement element)) continue;
                string text = element.GetString()!;
                int[] ids = [.. entry.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
                texts++;
                if (!own.Encode(text).AsSpan().SequenceEqual(ids)) oursDiffer++;
                if (peer is null) continue;
                try
                {
                    int[] theirs = [.. peer.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false)];
                    if (theirs.AsSpan().SequenceEqual(ids)) continue;
                    theirsDiffer++;
                    if (shown.Count < 12) shown.Add($"{Path.GetFileName(path)}: {element.GetRawText()}: "
                        + $"{string.Join(' ', ids)}, ML.Tokenizers {string.Join(' ', theirs)}");
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    fails++;
                }
            }
            string differ = peer is null ? refusal : theirsDiffer.ToString("N0", CultureInfo.InvariantCulture);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {Path.GetFileNameWithoutExtension(path)} | {texts:N0} | {oursDiffer:N0} | {differ} | {fails:N0} |"));
        }
        foreach (string difference in shown) Console.Error.WriteLine(difference);
    }

    private static SentencePieceTokenizer? Opened(string path, out string refusal)
    {
        refusal = "";
        try
        {
            using FileStream file = File.OpenRead(path);
            return SentencePieceTokenizer.Create(file, addBeginningOfSentence: false, addEndOfSentence: false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            refusal = $"refused, {e.GetType().Name}";
            return null;
        }
    }
}
