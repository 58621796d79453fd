using System.Text;
using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>How the pieces of a <c>tokenizer.json</c> turn into the bytes of a text.</summary>
/// <remarks>
/// The rule: the <c>decoder</c> section decides, since it exists to undo what the <c>pre_tokenizer</c> does; a file without one (or
/// with a decoder that changes no text) is judged by its <c>pre_tokenizer</c>. Either may be a sequence; the step types that matter are
/// <c>ByteLevel</c> (GPT-2's alphabet), <c>Metaspace</c>, <c>Replace</c>, <c>WordPiece</c>, <c>BPEDecoder</c> and <c>ByteFallback</c>.
/// Steps that only concern the first piece of a text (<c>Strip</c>, <c>Fuse</c>) make no difference to a single token.
/// </remarks>
internal sealed class PieceDecoding
{
    private readonly List<(string From, string To)> _replacements = [];
    private string? _continuationPrefix;
    private string? _wordSuffix;

    /// <summary>Whether pieces are written in GPT-2's alphabet of 256 printable characters, one for each byte.</summary>
    public bool IsByteLevel { get; private set; }

    /// <summary>Whether <c>&lt;0xHH&gt;</c> pieces are bytes.</summary>
    public bool HasByteFallback { get; private set; }

    private bool ChangesText => IsByteLevel || _replacements.Count > 0 || _continuationPrefix is not null || _wordSuffix is not null;

    /// <summary>Derives the rule from the sections of a file, each null where it is absent.</summary>
    public static PieceDecoding Detect(JsonElement? decoder, JsonElement? preTokenizer, bool modelHasByteFallback)
    {
        PieceDecoding decoding = new() { HasByteFallback = modelHasByteFallback };
        decoding.AddSteps(decoder);
        if (!decoding.ChangesText) decoding.AddSteps(preTokenizer);
        return decoding;
    }

    /// <summary>The bytes that a piece adds to a text.</summary>
    public byte[] Decode(string piece)
    {
        if (IsByteLevel) return ByteAlphabet.TryDecode(piece, out byte[]? bytes) ? bytes : Encoding.UTF8.GetBytes(piece);
        if (IsFallbackByte(piece, out byte value)) return [value];
        foreach ((string from, string to) in _replacements)
            piece = piece.Replace(from, to, StringComparison.Ordinal);
        if (_continuationPrefix is { } prefix)
            piece = piece.StartsWith(prefix, StringComparison.Ordinal) ? piece[prefix.Length..] : " " + piece;
        if (_wordSuffix is { } suffix && piece.EndsWith(suffix, StringComparison.Ordinal))
            piece = piece[..^suffix.Length] + " ";
        return Encoding.UTF8.GetBytes(piece);
    }

    /// <summary>Whether a piece stands for one byte that is no character by itself.</summary>
    /// <remarks>Every byte has a piece in a byte-level vocabulary; those of ASCII are ordinary text.</remarks>
    public bool IsByte(string piece) =>
        IsByteLevel ? piece.Length == 1 && ByteAlphabet.TryDecode(piece, out byte[]? bytes) && bytes is [>= 0x80]
            : IsFallbackByte(piece, out _);

    private bool IsFallbackByte(string piece, out byte value)
    {
        value = 0;
        return HasByteFallback && PieceNames.TryParseByte(piece, out value);
    }

    private void AddSteps(JsonElement? section)
    {
        if (section is not { ValueKind: JsonValueKind.Object } step) return;
        switch (Text(step, "type"))
        {
            case "Sequence":
                foreach (string list in (ReadOnlySpan<string>)["decoders", "pretokenizers"])
                    if (step.TryGetProperty(list, out JsonElement steps) && steps.ValueKind == JsonValueKind.Array)
                        foreach (JsonElement inner in steps.EnumerateArray())
                            AddSteps(inner);
                break;
            case "ByteLevel":
                IsByteLevel = true;
                break;
            case "ByteFallback":
                HasByteFallback = true;
                break;
            case "Metaspace":
                AddReplacement(Text(step, "replacement") ?? "▁", " ");
                break;
            case "Replace" when step.TryGetProperty("pattern", out JsonElement pattern) && Text(pattern, "String") is { } from:
                AddReplacement(from, Text(step, "content") ?? "");
                break;
            case "WordPiece":
                _continuationPrefix = Text(step, "prefix") ?? "##";
                break;
            case "BPEDecoder":
                _wordSuffix = Text(step, "suffix") ?? "</w>";
                break;
        }
    }

    private void AddReplacement(string from, string to)
    {
        if (from.Length > 0) _replacements.Add((from, to));
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
