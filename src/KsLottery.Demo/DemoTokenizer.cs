using System.Text.Json;

namespace KsLottery.Demo;

/// <summary>A vocabulary for the demo's model, in the form of LLaMA's: special tokens, bytes, then words and parts of words.</summary>
internal static class DemoTokenizer
{
    /// <summary>Ids; the embedding has ten rows more.</summary>
    public const int Count = 1_990;

    /// <summary>The token whose row is nearly zero.</summary>
    public const string DeadPiece = "▁SolidGoldMagikarp";

    private const int Bytes = 256;

    private static readonly string[] Special = ["<unk>", "<s>", "</s>"];

    private static readonly string[] Words =
    [
        "▁the", "▁to", "▁of", "▁and", "▁in", "▁is", "▁a", "▁that", "▁with", "▁for", "▁you", "▁", ".", ",", ":", "'", "1", "0", "▁on",
        "▁was", "▁as", "▁it", "s", "▁be", "▁not", "▁this", "▁by", "▁from", "▁are", "▁or", DeadPiece,
    ];

    private static readonly string[] Pieces = [.. All().Take(Count)];

    /// <summary>The tokens whose rows the demo moves: of the kind that the paper's tickets hold, frequent and of little meaning.</summary>
    public static IReadOnlyList<string> Moved { get; } =
        ["<s>", "<0x0A>", "▁the", "▁to", "▁of", "▁and", "▁in", "▁is", "▁", ".", ",", ":"];

    /// <summary>The id of a piece.</summary>
    public static int IdOf(string piece) => Array.IndexOf(Pieces, piece);

    /// <summary>Writes the vocabulary as a <c>tokenizer.json</c>.</summary>
    public static void Write(Stream stream)
    {
        using Utf8JsonWriter json = new(stream, new() { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < Special.Length; id++)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", Special[id]);
            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("decoder");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("decoders");
        json.WriteRawValue("""{"type":"Replace","pattern":{"String":"▁"},"content":" "}""");
        json.WriteRawValue("""{"type":"ByteFallback"}""");
        json.WriteRawValue("""{"type":"Fuse"}""");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteString("unk_token", Special[0]);
        json.WriteBoolean("byte_fallback", true);
        json.WriteStartObject("vocab");
        for (int id = 0; id < Pieces.Length; id++) json.WriteNumber(Pieces[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static IEnumerable<string> All()
    {
        foreach (string piece in Special) yield return piece;
        for (int value = 0; value < Bytes; value++) yield return $"<0x{value:X2}>";
        foreach (string piece in Words) yield return piece;
        foreach (string start in (string[])["▁", ""])
            foreach (string onset in (string[])["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "t", "v", "sh", "ch", "st", "tr", "pl"])
                foreach (char vowel in "aeiou")
                    foreach (string coda in (string[])["l", "n", "r", "st", "nd", "ck", "th", "ng", "mp", "x"])
                        yield return start + onset + vowel + coda;
    }
}
