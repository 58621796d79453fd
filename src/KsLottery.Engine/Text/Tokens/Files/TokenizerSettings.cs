using System.Runtime.CompilerServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>What only encoding and decoding need of a <c>tokenizer.json</c>: the model's options and the steps around the model.</summary>
internal sealed class TokenizerSettings
{
    private readonly string _path;
    private readonly byte[] _bytes;
    private readonly TokenizerJson _file;
    private readonly List<string> _options = [];
    private int _start;

    private TokenizerSettings(string path, byte[] bytes, int start, TokenizerJson file)
    {
        (_path, _bytes, _start, _file, Vocabulary) = (path, bytes, start, file, file.ModelVocabulary());
        Options = new TokenizerStep(path, "model", default);
    }

    /// <summary>The ids of the model's pieces.</summary>
    public PieceIndex Vocabulary { get; }

    /// <summary>Whether an id of the model's vocabulary has a text, and no other id has it.</summary>
    public bool IsPiece(int id, ReadOnlySpan<char> text) => _file.IsModelPiece(id, text);

    /// <summary>The model's type: <c>BPE</c>, <c>Unigram</c>, <c>WordPiece</c> or <c>WordLevel</c>.</summary>
    public string ModelType { get; private set; } = "";

    /// <summary>The model's options, without its lists.</summary>
    public TokenizerStep Options { get; private set; }

    /// <summary>The merges in the order of the file; null where there is no list.</summary>
    public MergeList? Merges { get; private set; }

    /// <summary>The scores of a vocabulary that is a list, by id.</summary>
    public List<double>? Scores { get; private set; }

    /// <summary>The section <c>normalizer</c>.</summary>
    public JsonElement? Normalizer { get; private set; }

    /// <summary>The section <c>pre_tokenizer</c>.</summary>
    public JsonElement? PreTokenizer { get; private set; }

    /// <summary>The section <c>post_processor</c>.</summary>
    public JsonElement? PostProcessor { get; private set; }

    /// <summary>The section <c>decoder</c>.</summary>
    public JsonElement? Decoder { get; private set; }

    /// <summary>Reads a file whose vocabulary has been read.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or of another version.</exception>
    public static TokenizerSettings Parse(string path, byte[] bytes, TokenizerJson file)
    {
        int start = bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
        TokenizerSettings settings = new(path, bytes, start, file);
        Utf8JsonReader reader = new(bytes.AsSpan(start));
        try
        {
            settings.ReadFile(ref reader);
            settings.Options = settings.Options with { Element = JsonElement.Parse($"{{{string.Join(',', settings._options)}}}") };
        }
        catch (InvalidOperationException fault) // Text that is not Unicode; the grammar has been checked.
        {
            throw TokenizerFile.Damaged(path, settings._start + reader.BytesConsumed, $"{JsonDefect.Cause(fault)}. Fetch the file again.",
                fault);
        }
        settings.ModelType = settings.Options.Text("type") ?? settings.PresumedType();
        return settings;
    }

    /// <summary>Words the error of a merge.</summary>
    public InvalidDataException DamagedMerge(int index, string what) =>
        TokenizerFile.Damaged(_path, Merges!.Place(index), $"model.merges[{index}] {what}; fetch the file again");

    /// <summary>Old files leave the type out; the library takes the first that has its properties.</summary>
    private string PresumedType() => Merges is not null ? "BPE" : Scores is not null ? "Unigram"
        : Options.Get("max_input_chars_per_word") is not null ? "WordPiece" : Options.Get("unk_token") is not null ? "WordLevel" : "BPE";

    private void ReadFile(ref Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "version" when reader.TokenType != JsonTokenType.String || reader.GetString() != "1.0":
                    throw TokenizerFile.Unsupported(_path, name, TokenizerStep.Raw(JsonElement.ParseValue(ref reader)), "\"1.0\"");
                case "model": ReadModel(ref reader); break;
                case "normalizer": Normalizer = JsonElement.ParseValue(ref reader); break;
                case "pre_tokenizer": PreTokenizer = JsonElement.ParseValue(ref reader); break;
                case "post_processor": PostProcessor = JsonElement.ParseValue(ref reader); break;
                case "decoder": Decoder = JsonElement.ParseValue(ref reader); break;
                default: reader.Skip(); break;
            }
        }
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "merges" when reader.TokenType == JsonTokenType.StartArray: ReadMerges(ref reader); break;
                case "vocab" when reader.TokenType == JsonTokenType.StartArray: ReadScores(ref reader); break;
                case "vocab": Skip(_file.Vocabulary, ref reader); break;
                default:
                    _options.Add($"\"{JsonEncodedText.Encode(name)}\":{TokenizerStep.Raw(JsonElement.ParseValue(ref reader))}");
                    break;
            }
        }
    }

    /// <summary>Goes on where a value that has been read ends: vocabulary and merges are nearly all of a file.</summary>
    private void Skip(TokenizerJson.Section read, ref Utf8JsonReader reader)
    {
        if (read.Start == _start + reader.TokenStartIndex)
        {
            reader = new Utf8JsonReader(_bytes.AsSpan((int)read.End), isFinalBlock: true, read.State);
            _start = (int)read.End;
        }
        else reader.Skip();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        if (_file.Merges is { } read && read.Place.Start == _start + reader.TokenStartIndex)
        {
            (Merges, _file.Merges) = (read.List, null); // Held no longer than the settings.
            Skip(read.Place, ref reader);
            return;
        }
        MergeList merges = Merges = new MergeList(Vocabulary.Count);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            long place = _start + reader.TokenStartIndex;
            if (!merges.TryRead(ref reader, place)) throw IsNoPair(place, merges.Count);
        }
    }

    private InvalidDataException IsNoPair(long place, int index) => TokenizerFile.Damaged(_path, place,
        $"model.merges[{index}] is no pair; \"a b\" and [\"a\", \"b\"] are allowed; fetch the file again");

    private void ReadScores(ref Utf8JsonReader reader)
    {
        Scores = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            reader.Read(); // The piece, which has been read.
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out double score) || !double.IsFinite(score))
                throw TokenizerFile.Damaged(_path, _start + reader.TokenStartIndex,
                    $"model.vocab[{Scores.Count}][1] is no score, finite numbers are allowed; fetch the file again");
            Scores.Add(score);
            while (reader.TokenType != JsonTokenType.EndArray) reader.Read();
        }
    }
}
