using System.Text;
using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>decoder</c> section of a <c>tokenizer.json</c>: turns pieces back into a text.</summary>
/// <remarks>
/// Works on pieces, not on bytes, as the library does; what is no character becomes U+FFFD there, for fallback bytes one each, of
/// byte-level
/// pieces one for each longest beginning of a character. Where bytes are asked for, each is carried as the unpaired surrogate U+DC00 plus
/// the byte.
/// </remarks>
internal sealed class JsonDecoder
{
    private delegate IEnumerable<string> Step(List<string> pieces, bool keepsBytes);

    private const char Stray = '\uDC00', LastStray = '\uDCFF';

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private static readonly (string From, string To)[] Cleanings =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"),        (" 've", "'ve"), (" 're", "'re"),
    ];

    private readonly List<Step> _steps = [];
    private readonly string _separator;

    /// <summary>Reads the section; where there is none, pieces are joined with spaces.</summary>
    /// <exception cref="InvalidDataException">It has a step or setting that is not supported.</exception>
    public JsonDecoder(string path, JsonElement? section)
    {
        foreach (TokenizerStep step in TokenizerStep.Steps(path, "decoder", section, "decoders"))
        {
            _steps.Add(step.Type switch
            {
                "BPEDecoder" => EndOfWord(step),
                "ByteFallback" => ByteFallback,
                "ByteLevel" => ByteLevel,
                "CTC" => Ctc(step),
                "Fuse" => (pieces, _) => [string.Concat(pieces)],
                "Metaspace" => Metaspace(step),
                "Replace" => Replace(step),
                "Strip" => Strip(step),
                "WordPiece" => WordPiece(step),
                string other => throw step.Refuse("type", other,
                    "Sequence, BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, Strip and WordPiece"),
            });
        }
        _separator = section is { ValueKind: not JsonValueKind.Null } ? "" : " ";
    }

    /// <summary>Joins pieces to a text.</summary>
    public string ToText(List<string> pieces) => Join(pieces, keepsBytes: false);

    /// <summary>Joins pieces to the bytes of a text; those of no character are as they are.</summary>
    public byte[] ToBytes(List<string> pieces)
    {
        string text = Join(pieces, keepsBytes: true);
        if (!text.AsSpan().ContainsAnyInRange(Stray, LastStray)) return Encoding.UTF8.GetBytes(text);
        List<byte> bytes = new(text.Length);
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            bool isStray = i < text.Length && text[i] is >= Stray and <= LastStray && (i == 0 || !char.IsHighSurrogate(text[i - 1]));
            if (i < text.Length && !isStray) continue;
            bytes.AddRange(Encoding.UTF8.GetBytes(text[start..i]));
            if (isStray) bytes.Add((byte)(text[i] - Stray));
            start = i + 1;
        }
        return [.. bytes];
    }

    private string Join(List<string> pieces, bool keepsBytes)
    {
        foreach (Step step in _steps) pieces = [.. step(pieces, keepsBytes)];
        return string.Join(_separator, pieces);
    }

    private static IEnumerable<string> ByteLevel(List<string> pieces, bool keepsBytes)
    {
        List<byte> bytes = [];
        foreach (string piece in pieces)
            bytes.AddRange(ByteAlphabet.TryDecode(piece, out byte[]? decoded) ? decoded : Encoding.UTF8.GetBytes(piece));
        return [keepsBytes ? WithStrays([.. bytes]) : Encoding.UTF8.GetString([.. bytes])];
    }

    private static List<string> ByteFallback(List<string> pieces, bool keepsBytes)
    {
        List<string> joined = new(pieces.Count);
        List<byte> run = [];
        foreach (string piece in pieces)
        {
            if (IsByte(piece, out byte value))
            {
                run.Add(value);
                continue;
            }
            EndRun();
            joined.Add(piece);
        }
        EndRun();
        return joined;

        // A run that is not UTF-8 as a whole is none of it text.
        void EndRun()
        {
            if (run.Count == 0) return;
            try
            {
                joined.Add(Strict.GetString([.. run]));
            }
            catch (DecoderFallbackException)
            {
                joined.AddRange(run.Select(value => (keepsBytes ? (char)(Stray + value) : '\uFFFD').ToString()));
            }
            run.Clear();
        }
    }

    /// <summary>Reads <c>&lt;0xHH&gt;</c>; Rust's reading of the digits takes a plus sign too.</summary>
    private static bool IsByte(string piece, out byte value)
    {
        value = 0;
        if (piece is ['<', '0', 'x', '+', var digit, '>'] && char.IsAsciiHexDigit(digit))
        {
            value = Convert.ToByte(digit.ToString(), 16);
            return true;
        }
        return PieceNames.TryParseByte(piece, out value);
    }

    private static string WithStrays(byte[] utf8)
    {
        StringBuilder text = new(utf8.Length);
        for (ReadOnlySpan<byte> rest = utf8; !rest.IsEmpty;)
        {
            bool isValid = Rune.DecodeFromUtf8(rest, out Rune character, out int length) == System.Buffers.OperationStatus.Done;
            if (isValid) text.Append(character.ToString());
            else
                foreach (byte stray in rest[..length])
                    text.Append((char)(Stray + stray));
            rest = rest[length..];
        }
        return text.ToString();
    }

    private static Step EndOfWord(TokenizerStep step)
    {
        string suffix = step.Text("suffix") ?? "</w>";
        if (suffix.Length == 0) throw step.Refuse("suffix", "(empty)", "text");
        return (pieces, _) =>
            pieces.Select((piece, i) => piece.Replace(suffix, i == pieces.Count - 1 ? "" : " ", StringComparison.Ordinal));
    }

    private static Step Metaspace(TokenizerStep step)
    {
        MetaspaceScheme scheme = MetaspaceScheme.Read(step);
        string space = char.ConvertFromUtf32(scheme.Replacement);
        string atStart = scheme.Prepends == "never" ? " " : "";
        return (pieces, _) => pieces.Select((piece, i) => piece.Replace(space, i == 0 ? atStart : " ", StringComparison.Ordinal));
    }

    private static Step Replace(TokenizerStep step)
    {
        SplitPattern pattern = JsonPattern.Read(step);
        string content = step.Text("content") ?? throw step.Refuse("content", "(none)", "text");
        return (pieces, _) => pieces.Select(piece => string.Concat(pattern.Find(piece)
            .Select(part => part.IsMatch ? content : piece[part.Start..part.End])));
    }

    private static Step Strip(TokenizerStep step)
    {
        string content = char.ConvertFromUtf32(step.Character("content"));
        (int start, int stop) = (step.Number("start", 0), step.Number("stop", 0));
        return (pieces, _) => pieces.Select(piece =>
        {
            ReadOnlySpan<char> left = piece;
            for (int i = 0; i < start && left.StartsWith(content); i++) left = left[content.Length..];
            for (int i = 0; i < stop && left.EndsWith(content); i++) left = left[..^content.Length];
            return left.ToString();
        });
    }

    private static Step WordPiece(TokenizerStep step)
    {
        string prefix = step.Text("prefix") ?? "##";
        bool cleans = step.Flag("cleanup", true);
        return (pieces, _) => pieces.Select((piece, i) =>
        {
            if (i > 0) piece = piece.StartsWith(prefix, StringComparison.Ordinal) ? piece[prefix.Length..] : " " + piece;
            return cleans ? Clean(piece) : piece;
        });
    }

    private static Step Ctc(TokenizerStep step)
    {
        string pad = step.Text("pad_token") ?? "<pad>", delimiter = step.Text("word_delimiter_token") ?? "|";
        if (pad.Length == 0 || delimiter.Length == 0)
            throw step.Refuse(pad.Length == 0 ? "pad_token" : "word_delimiter_token", "(empty)", "text");
        bool cleans = step.Flag("cleanup", true);
        return (pieces, _) => pieces.Where((piece, i) => i == 0 || piece != pieces[i - 1]).Select(piece =>
        {
            piece = piece.Replace(pad, "", StringComparison.Ordinal);
            return cleans ? Clean(piece).Replace(delimiter, " ", StringComparison.Ordinal) : piece;
        }).Where(piece => piece.Length > 0);
    }

    private static string Clean(string piece)
    {
        foreach ((string from, string to) in Cleanings) piece = piece.Replace(from, to, StringComparison.Ordinal);
        return piece;
    }
}
