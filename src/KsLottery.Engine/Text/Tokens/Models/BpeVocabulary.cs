using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A byte-level BPE as <see cref="BpeTrainer"/> learns it: its pieces and its merges.</summary>
internal sealed class BpeVocabulary
{
    private const string Begin = "<s>", End = "</s>";

    private readonly BpePattern _pattern;
    private readonly List<string> _pieces = [Begin, End];
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<(string, string)> _merges = [];

    internal BpeVocabulary(BpePattern pattern)
    {
        _pattern = pattern;
        _pieces.AddRange(ByteAlphabet.All.Order().Select(character => character.ToString()));
        for (int id = 0; id < _pieces.Count; id++) _ids.Add(_pieces[id], id);
    }

    /// <summary>The number of tokens.</summary>
    public int Count => _pieces.Count;

    /// <summary>The tokens by id, in GPT-2's alphabet: <c>&lt;s&gt;</c> is 0 and <c>&lt;/s&gt;</c> is 1.</summary>
    public IReadOnlyList<string> Pieces => _pieces;

    /// <summary>The merges, first ones first. Two may give the same token.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges => _merges;

    /// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c> in Hugging Face's form, each whole or not at all.</summary>
    /// <param name="folder">A folder that exists.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Write(string folder)
    {
        WriteJson(Path.Combine(folder, "tokenizer.json"), WriteTokenizer);
        WriteJson(Path.Combine(folder, "tokenizer_config.json"), WriteConfig);
    }

    internal int IdOf(string piece) => _ids[piece];

    /// <summary>Adds a merge and gives the id of its token, which another merge may have made before.</summary>
    internal int Merge(int left, int right)
    {
        _merges.Add((_pieces[left], _pieces[right]));
        string joined = _pieces[left] + _pieces[right];
        if (_ids.TryAdd(joined, Count)) _pieces.Add(joined);
        return _ids[joined];
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> write) => AtomicFile.Write(path, stream =>
    {
        using Utf8JsonWriter json = new(stream, JsonWriting.Layout);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });

    private static void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        json.WriteString("bos_token", Begin);
        json.WriteString("eos_token", End);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
    }

    private void WriteTokenizer(Utf8JsonWriter json)
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach (string special in (string[])[Begin, End])
        {
            json.WriteStartObject();
            json.WriteNumber("id", IdOf(special));
            json.WriteString("content", special);
            json.WriteBoolean("single_word", false);
            json.WriteBoolean("lstrip", false);
            json.WriteBoolean("rstrip", false);
            json.WriteBoolean("normalized", false);
            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNull("normalizer");
        json.WritePropertyName("pre_tokenizer");
        WritePreTokenizer(json);
        json.WritePropertyName("post_processor");
        json.WriteRawValue($$$"""
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"{{{Begin}}}","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
             "pair":[{"SpecialToken":{"id":"{{{Begin}}}","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
             "special_tokens":{"{{{Begin}}}":{"id":"{{{Begin}}}","ids":[{{{IdOf(Begin)}}}],"tokens":["{{{Begin}}}"]} } }
            """);
        json.WritePropertyName("decoder");
        WriteByteLevel(json);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (int id = 0; id < Count; id++) json.WriteNumber(_pieces[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        // No piece holds a space, so the spelling that older readers know is not ambiguous.
        foreach ((string left, string right) in _merges) json.WriteStringValue($"{left} {right}");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WritePreTokenizer(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        json.WriteStartObject();
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", SplitPattern.TextOf(_pattern));
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
        WriteByteLevel(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }
}
