using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KsLottery.Engine.Tokens;

/// <summary>What only encoding needs of a <c>tokenizer.json</c>: its merges, the model's options and the steps around the model.</summary>
internal sealed class BpeSettings
{
    private readonly string _path;
    private readonly int _start;

    private BpeSettings(string path, int start, TokenizerJson file) =>
        (_path, _start, Vocabulary) = (path, start, file.ModelVocabulary());

    /// <summary>The ids of the model's pieces.</summary>
    public Dictionary<string, int> Vocabulary { get; }

    /// <summary>The symbols of single characters: their ids.</summary>
    public Dictionary<int, int> Symbols { get; } = [];

    /// <summary>The merges.</summary>
    public MergeTable Merges { get; } = new();

    /// <summary>Whether a word that is a piece is taken whole, whatever the merges would give.</summary>
    public bool IgnoresMerges { get; private set; }

    /// <summary>Whether a run of unknown characters is one unknown token.</summary>
    public bool FusesUnknown { get; private set; }

    /// <summary>Whether unknown characters are written as byte tokens.</summary>
    public bool HasByteFallback { get; private set; }

    /// <summary>The section <c>normalizer</c>.</summary>
    public JsonElement? Normalizer { get; private set; }

    /// <summary>The section <c>pre_tokenizer</c>.</summary>
    public JsonElement? PreTokenizer { get; private set; }

    /// <summary>The section <c>post_processor</c>.</summary>
    public JsonElement? PostProcessor { get; private set; }

    /// <summary>The section <c>decoder</c>.</summary>
    public JsonElement? Decoder { get; private set; }

    /// <summary>Reads a file whose vocabulary has been read.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or its model is not supported.</exception>
    public static BpeSettings Parse(string path, byte[] bytes, TokenizerJson file)
    {
        // Old files leave the type out; those with merges are BPE.
        if (file.ModelType is not ("BPE" or "")) throw TokenizerFile.Unsupported(path, "model.type", file.ModelType, "BPE");
        int start = bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
        BpeSettings settings = new(path, start, file);
        foreach ((string piece, int id) in settings.Vocabulary)
            if (Rune.TryGetRuneAt(piece, 0, out Rune character) && character.Utf16SequenceLength == piece.Length)
                settings.Symbols.Add(character.Value, id);
        Utf8JsonReader reader = new(bytes.AsSpan(start));
        try
        {
            settings.ReadFile(ref reader);
        }
        catch (InvalidOperationException fault) // Text that is not Unicode; the grammar has been checked.
        {
            throw TokenizerFile.Damaged(path, start + reader.BytesConsumed, $"{fault.Message} Fetch the file again.", fault);
        }
        return settings;
    }

    private void ReadFile(ref Utf8JsonReader reader)
    {
        bool hasMerges = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "model": hasMerges = ReadModel(ref reader); break;
                case "normalizer": Normalizer = JsonElement.ParseValue(ref reader); break;
                case "pre_tokenizer": PreTokenizer = JsonElement.ParseValue(ref reader); break;
                case "post_processor": PostProcessor = JsonElement.ParseValue(ref reader); break;
                case "decoder": Decoder = JsonElement.ParseValue(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        if (!hasMerges) throw TokenizerFile.Unsupported(_path, "model.merges", "(none)", "a BPE model with its merges");
    }

    private bool ReadModel(ref Utf8JsonReader reader)
    {
        bool hasMerges = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "dropout" when reader.TokenType == JsonTokenType.Number && reader.GetDouble() > 0:
                    throw TokenizerFile.Unsupported(_path, "model.dropout", reader.GetDouble().ToString(CultureInfo.InvariantCulture),
                        "no dropout");
                case "continuing_subword_prefix" or "end_of_word_suffix"
                    when reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } affix:
                    throw TokenizerFile.Unsupported(_path, $"model.{name}", affix, "none");
                case "fuse_unk": FusesUnknown = reader.TokenType == JsonTokenType.True; break;
                case "byte_fallback": HasByteFallback = reader.TokenType == JsonTokenType.True; break;
                case "ignore_merges": IgnoresMerges = reader.TokenType == JsonTokenType.True; break;
                case "merges" when reader.TokenType == JsonTokenType.StartArray:
                    hasMerges = true;
                    ReadMerges(ref reader);
                    break;
                default: reader.Skip(); break;
            }
        }
        return hasMerges;
    }

    /// <summary>Reads merges in either spelling: <c>"a b"</c> or <c>["a", "b"]</c>.</summary>
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        int rank = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            string[] parts = [];
            if (reader.TokenType == JsonTokenType.String)
            {
                string line = reader.GetString()!;
                if (line.StartsWith("#version", StringComparison.Ordinal)) continue;
                parts = line.Split(' ');
            }
            else if (reader.TokenType == JsonTokenType.StartArray)
            {
                List<string> list = [];
                while (reader.Read() && reader.TokenType == JsonTokenType.String) list.Add(reader.GetString()!);
                if (reader.TokenType == JsonTokenType.EndArray) parts = [.. list];
            }
            if (parts is not [{ Length: > 0 } left, { Length: > 0 } right])
                throw Damaged(ref reader, $"model.merges[{rank}] is no pair; \"a b\" and [\"a\", \"b\"] are allowed");
            AddMerge(ref reader, rank++, left, right);
        }
    }

    private void AddMerge(ref Utf8JsonReader reader, int rank, string left, string right)
    {
        string joined = left + right;
        Merges.Set(IdOf(ref reader, left), IdOf(ref reader, right), rank, IdOf(ref reader, joined));
        Merges.AddJoints(joined, Symbols);

        int IdOf(ref Utf8JsonReader reader, string piece) => Vocabulary.TryGetValue(piece, out int id) ? id
            : throw Damaged(ref reader, $"model.merges[{rank}] needs the piece {TokenizerFile.Quote(Encoding.UTF8.GetBytes(piece))}, " +
                "which model.vocab lacks");
    }

    private InvalidDataException Damaged(ref Utf8JsonReader reader, string what) =>
        TokenizerFile.Damaged(_path, _start + reader.TokenStartIndex, what + "; fetch the file again");
}
