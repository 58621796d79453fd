using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens.Peers;

/// <summary>Tokenizers of every kind that a <c>tokenizer.json</c> can hold, with vocabularies of real text.</summary>
internal sealed class TokenizerKinds
{
    /// <summary>Puts the character U+0001 before each word, so that the cuts of any pre-tokenizer show.</summary>
    private const string Marks = """{"type":"Metaspace","replacement":"\u0001","prepend_scheme":"always","split":true}""";
    private const string LlamaDecoder = """
        {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
         {"type":"Strip","content":" ","start":1,"stop":0}]}
        """;
    private const string Llama3Regex =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Regex =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Gpt4oRegex =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?" +
        @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?" +
        @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] Patterns =
    [
        "[[:punct:]]+|[^[:punct:]]+", "[[:alpha:]]+", "[[:alnum:]]+", "[[:upper:]]", "[[:lower:]]+", "[[:graph:]]+", "[[:print:]]+",
            "[[:cntrl:]]",
        "[[:blank:]]+", "[[:^space:]]+", "[[:word:]]+", "[[:xdigit:]]+", @"\w+", @"\W+", @"\d", @"\h+", @"\H+", @"\s+(?=\S)",
            @"[\p{L}&&[^a-m]]+", @"[a-c[x-z]]+",
        @"[^\p{L}&&\p{Lu}]", @"\p{Han}+", @"[\p{Hiragana}\p{Katakana}]+", @"\p{^L}", @"\P{L}+", @"a++b?|.", @"(?>a+)", @"\b\w", @"\B.",
            @"^.", @".$", @"(?m:.+)",
        @"a(?i)b|the", @"(?i)[k-t]+", @"(?i:é|σ|ñ)", @"(?i)\p{Lu}+", @"x{2}?", @"a{2,3}+", @"a{,2}b", @"(a|ab)(c|bcd)*", @"(?<=a)b|(?<!t)h",
            @"\x{1F600}|\u00E9|[😀-😿]",
        @"\s*", @"a*", @"(?<word>\p{L}+)|\p{N}+", @"[^\S\n]+", @"[\w-]+", @"\p{Punct}", @"\p{Punctuation}+", @"\A.|.\z|.\Z", @"(?#all).",
        @"[a\-z\]]", @"\p{Cn}+", @"[\x00-\x1F]", @"\N+",
    ];

    private readonly string _byteLevel, _llama, _unigram, _unigramBytes, _wordPiece, _wordLevel, _bytes;
    private readonly List<(string, string)> _all = [];

    /// <summary>Learns vocabularies.</summary>
    /// <param name="data">The folder of the shared data.</param>
    /// <param name="lines">How many lines of each language they are learnt from.</param>
    public TokenizerKinds(string data, int lines)
    {
        string[] texts = [.. TokenizerTexts.Lines(Path.Combine(data, "corpora"), lines)];
        BpeVocabulary learnt = BpeTrainer.Train(texts, 2500);
        _byteLevel = Model("BPE", Numbered(learnt.Pieces), Pairs(learnt.Merges));
        _bytes = Model("BPE", Numbered(Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")), "[]",
            "\"unk_token\":null,\"byte_fallback\":true");
        SentencePieceModel llama = SentencePieceModel.Open(Path.Combine(data, "tokenizers", "tok4096", "tokenizer4096.model"));
        _llama = Model("BPE", Numbered(Enumerable.Range(0, llama.Count).Select(llama.Piece)), Pairs(MergesOf(llama)),
            "\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true");
        List<(string Piece, double Score)> substrings = Substrings(texts, 3000);
        string unigram =
            Serialize(
                new JsonArray([.. substrings.Prepend(("<unk>", 0)).Select(entry => (JsonNode)new JsonArray(entry.Item1, entry.Item2))]));
        _unigram = $$"""{"type":"Unigram","unk_id":0,"vocab":{{unigram}},"byte_fallback":false}""";
        string bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"[\"<0x{value:X2}>\",-20]"));
        _unigramBytes = $$"""{"type":"Unigram","unk_id":0,"vocab":[{{unigram[1..^1]}},{{bytes}}],"byte_fallback":true}""";
        IEnumerable<string> starts = substrings.Where(entry => entry.Piece.StartsWith('▁') && entry.Piece.Length > 1)
            .Select(entry => entry.Piece[1..]);
        IEnumerable<string> rest = substrings.Where(entry => !entry.Piece.StartsWith('▁')).Select(entry => "##" + entry.Piece);
        _wordPiece = Model("WordPiece", Numbered(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. starts, .. rest]), null,
            "\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":30");
        _wordLevel = Model("WordLevel", Numbered(["<unk>", .. texts.SelectMany(text => text.Split(' ')).CountBy(word => word)
            .OrderByDescending(word => word.Value).ThenBy(word => word.Key, StringComparer.Ordinal).Take(1000).Select(word => word.Key)]),
            null,
            "\"unk_token\":\"<unk>\"");
        AddModels(learnt);
        AddPreTokenizers();
        AddNormalizers();
        AddDecoders();
        AddAddedTokens();
    }

    /// <summary>The kinds: a name and a file.</summary>
    public IReadOnlyList<(string Name, string Json)> All => _all;

    /// <summary>A kind with compiled rules, as SentencePiece's <c>nmt_nfkc</c>.</summary>
    public void AddPrecompiled(string name, string rules) =>
        Add(name, _unigram, $$"""{"type":"Precompiled","precompiled_charsmap":"{{rules}}"}""",
            """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""",
                """{"type":"Metaspace","replacement":"▁"}""");

    private void AddModels(BpeVocabulary learnt)
    {
        const string Space = """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""";
        const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
        Add("model/BPE byte-level, GPT-2", _byteLevel, null, ByteLevel, ByteLevel);
        Add("model/BPE byte-level, LLaMA-3 with ignore_merges", _byteLevel[..^1] + ",\"ignore_merges\":true}", null, Regexes(Llama3Regex),
            ByteLevel);
        Add("model/BPE byte-level, Qwen2 pattern", _byteLevel, """{"type":"NFC"}""", Regexes(Qwen2Regex), ByteLevel);
        Add("model/BPE byte-level, GPT-4o pattern", _byteLevel, null, Regexes(Gpt4oRegex), ByteLevel);
        Add("model/BPE metaspace, LLaMA-2", _llama, """
            {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
            """, null, LlamaDecoder);
        Add("model/BPE metaspace, not legacy", _llama, null, """
            {"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}
            """, LlamaDecoder);
        string withoutBytes = _llama.Replace("\"byte_fallback\":true", "\"byte_fallback\":false", StringComparison.Ordinal);
        Add("model/BPE without byte fallback, fused unknowns", withoutBytes, null, Space,
            """{"type":"Metaspace","replacement":"▁"}""");
        Add("model/BPE without byte fallback, single unknowns",
            withoutBytes.Replace("\"fuse_unk\":true", "\"fuse_unk\":false", StringComparison.Ordinal), null, Space,
            """{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""");
        Add("model/BPE with affixes", Affixed(learnt), null, """{"type":"WhitespaceSplit"}""", """{"type":"BPEDecoder","suffix":"</w>"}""");
        Add("model/Unigram", _unigram, null, Space, """{"type":"Metaspace","replacement":"▁"}""");
        Add("model/Unigram with bytes", _unigramBytes, """{"type":"NFKC"}""", Space, LlamaDecoder);
        Add("model/WordPiece, BERT", _wordPiece,
            """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""",
            """{"type":"BertPreTokenizer"}""", """{"type":"WordPiece","prefix":"##","cleanup":true}""",
            """{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}""");
        Add("model/WordLevel", _wordLevel, null, """{"type":"Whitespace"}""", null,
            """{"type":"RobertaProcessing","sep":["a",7],"cls":["b",8],"trim_offsets":true,"add_prefix_space":true}""");
    }

    private void AddPreTokenizers()
    {
        foreach (string type in (string[])["Whitespace", "WhitespaceSplit", "BertPreTokenizer"]) AddCut(type, $$"""{"type":"{{type}}"}""");
        foreach (bool each in (bool[])[true, false])
            AddCut($"Digits {each}", $$"""{"type":"Digits","individual_digits":{{Word(each)}} }""");
        foreach (string behavior in (string[])["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"])
        {
            AddCut("Punctuation " + behavior, $$"""{"type":"Punctuation","behavior":"{{behavior}}"}""");
            foreach (bool invert in (bool[])[true, false])
            {
                AddCut($"Split {behavior}{(invert ? " inverted" : "")}",
                    $$"""{"type":"Split","pattern":{"Regex":"[aeiou]|\\s+"},"behavior":"{{behavior}}","invert":{{Word(invert)}} }""");
            }
        }
        AddCut("Split with empty matches", """{"type":"Split","pattern":{"Regex":"a*"},"behavior":"MergedWithPrevious","invert":false}""");
        AddCut("Split by text", """{"type":"Split","pattern":{"String":". "},"behavior":"MergedWithPrevious","invert":false}""");
        AddCut("CharDelimiterSplit", """{"type":"CharDelimiterSplit","delimiter":"e"}""");
        AddCut("FixedLength", """{"type":"FixedLength","length":3}""");
        foreach (string scheme in (string[])["always", "first", "never"])
            foreach (bool split in (bool[])[true, false])
                AddCut($"Metaspace {scheme}{(split ? " split" : "")}",
                    $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":{{Word(split)}} }""");
        AddCut("Metaspace legacy", """{"type":"Metaspace","replacement":"_","add_prefix_space":true}""");
        foreach (bool adds in (bool[])[true, false])
            foreach (bool regex in (bool[])[true, false])
                AddCut($"ByteLevel{(adds ? " prefix" : "")}{(regex ? " regex" : "")}",
                    $$"""{"type":"ByteLevel","add_prefix_space":{{Word(adds)}},"trim_offsets":true,"use_regex":{{Word(regex)}} }""");
        AddCut("Sequence",
            """{"type":"Digits","individual_digits":true},{"type":"Punctuation","behavior":"Contiguous"},{"type":"WhitespaceSplit"}""");
        foreach (string pattern in Patterns)
            AddCut("regex " + pattern,
                $$"""{"type":"Split","pattern":{"Regex":{{Quoted(pattern)}} },"behavior":"Isolated","invert":false}""");
    }

    private void AddNormalizers()
    {
        foreach (string type in (string[])["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"])
            AddNormalizer(type, $$"""{"type":"{{type}}"}""");
        AddNormalizer("Strip", """{"type":"Strip","strip_left":true,"strip_right":true}""");
        AddNormalizer("Strip left", """{"type":"Strip","strip_left":true,"strip_right":false}""");
        AddNormalizer("Strip right", """{"type":"Strip","strip_left":false,"strip_right":true}""");
        AddNormalizer("Prepend", """{"type":"Prepend","prepend":"<<"}""");
        AddNormalizer("Replace text", """{"type":"Replace","pattern":{"String":"the"},"content":"THE"}""");
        AddNormalizer("Replace regex", """{"type":"Replace","pattern":{"Regex":"\\s{2,}|^\\p{P}"},"content":" "}""");
        AddNormalizer("Replace empty matches", """{"type":"Replace","pattern":{"Regex":"a*"},"content":"-"}""");
        foreach (string flags in (string[])["true,true,true,true", "true,false,false,false", "false,true,null,false",
            "false,false,true,false", "true,true,null,true"])
        {
            string[] flag = flags.Split(',');
            AddNormalizer($"Bert {flags}",
                $$"""{"type":"BertNormalizer","clean_text":{{flag[0]}},"handle_chinese_chars":{{flag[1]}},"strip_accents":{{flag[2]}},"lowercase":{{flag[3]}} }""");
        }
        AddNormalizer("Sequence", """
            {"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
            """);
    }

    private void AddDecoders()
    {
        string[] decoders =
        [
            "null", """{"type":"Fuse"}""", """{"type":"ByteFallback"}""",
                """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}""",
            """{"type":"Strip","content":"▁","start":2,"stop":0}""", """{"type":"Replace","pattern":{"Regex":"[aeiou]+"},"content":"*"}""",
            """{"type":"WordPiece","prefix":"a","cleanup":true}""", """{"type":"WordPiece","prefix":"▁","cleanup":false}""",
            """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""",
                """{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""",
            """{"type":"BPEDecoder","suffix":"e"}""", """{"type":"CTC","pad_token":"a","word_delimiter_token":"▁","cleanup":true}""",
            """{"type":"CTC","pad_token":"e","word_delimiter_token":"|","cleanup":false}""",
            """{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":2,"stop":0}]}""", LlamaDecoder,
        ];
        foreach (string decoder in decoders)
            Add("decoder/" + decoder, _llama, null, """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", decoder);
    }

    private void AddAddedTokens()
    {
        JsonArray tokens = [];
        int id = 256;
        // Content, single_word, lstrip, rstrip, normalized, special.
        (string, string)[] added =
        [
            ("<|end|>", "00001"), ("<mask>", "01000"), ("the", "10010"), ("é", "00010"), ("ab", "00110"), ("  ", "00000"),
                ("[CLS]", "01101"), ("A", "10011"),
            ("12", "11110"), ("日本", "10000"), ("e", "10000"),
        ];
        foreach ((string content, string flags) in added)
            tokens.Add(new JsonObject
            {
                ["id"] = id++,
                ["content"] = content,
                ["single_word"] = flags[0] == '1',
                ["lstrip"] = flags[1] == '1',
                ["rstrip"] = flags[2] == '1',
                ["normalized"] = flags[3] == '1',
                ["special"] = flags[4] == '1',
            });
        const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
        foreach (string normalizer in (string[])["null", """{"type":"Lowercase"}""", """{"type":"NFD"}""",
            """{"type":"Strip","strip_left":true,"strip_right":true}"""])
            _all.Add(($"added tokens/{normalizer}", $$"""
                {"version":"1.0","truncation":null,"padding":null,"added_tokens":{{Serialize(tokens)}},"normalizer":{{normalizer}},"pre_tokenizer":{{ByteLevel}},
                 "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|end|>","type_id":0} },{"Sequence":{"id":"A","type_id":0} },
                  {"SpecialToken":{"id":"[CLS]","type_id":0} }],"pair":[{"Sequence":{"id":"A","type_id":0} },{"Sequence":{"id":"B","type_id":1} }],
                  "special_tokens":{"<|end|>":{"id":"<|end|>","ids":[256],"tokens":["<|end|>"]},"[CLS]":{"id":"[CLS]","ids":[262,257],"tokens":["[CLS]","<mask>"]} } },
                 "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]},
                 "model":{{_bytes}} }
                """));
    }

    /// <summary>Shows where a pre-tokenizer cuts, and what it makes of the characters.</summary>
    private void AddCut(string name, string steps) =>
        Add("pre-tokenizer/" + name, _bytes, null, $$"""{"type":"Sequence","pretokenizers":[{{steps}},{{Marks}}]}""",
            """{"type":"ByteFallback"}""");

    /// <summary>Shows what a normaliser makes of the characters, and whether the start of the text is still known.</summary>
    private void AddNormalizer(string name, string json) =>
        Add("normalizer/" + name, _bytes, json, """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""",
            """{"type":"ByteFallback"}""");

    private void Add(string name, string model, string? normalizer, string? preTokenizer, string? decoder, string? postProcessor = null) =>
        _all.Add((name, $$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":{{normalizer ?? "null"}},"pre_tokenizer":{{preTokenizer ?? "null"}},
             "post_processor":{{postProcessor ?? "null"}},"decoder":{{decoder ?? "null"}},"model":{{model}} }
            """));

    private static string Regexes(string regex) => $$"""
        {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":{{Quoted(regex)}} },"behavior":"Isolated","invert":false},
         {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}
        """;

    private static string Model(string type, JsonObject vocabulary, string? merges, string options = "\"unk_token\":null") =>
        $$"""{"type":"{{type}}",{{options}},"vocab":{{Serialize(vocabulary)}}{{(merges is null ? "" : ",\"merges\":" + merges)}} }""";

    /// <summary>The learnt merges again, with <c>##</c> before pieces within a word and <c>&lt;/w&gt;</c> after its last.</summary>
    private static string Affixed(BpeVocabulary learnt)
    {
        HashSet<string> pieces = ["[unk]"];
        List<(string, string)> merges = [];
        foreach ((string left, string right) in learnt.Merges.Take(1200))
            foreach (string before in (string[])["", "##"])
                foreach (string after in (string[])["", "</w>"])
                {
                    merges.Add((before + left, "##" + right + after));
                    pieces.UnionWith([before + left, "##" + right + after, before + left + right + after]);
                }
        foreach (char letter in "abcdefghijklmnopqrstuvwxyz.,")
            pieces.UnionWith([$"{letter}", $"##{letter}", $"{letter}</w>", $"##{letter}</w>"]);
        return Model("BPE", Numbered(pieces), Pairs(merges),
            "\"unk_token\":\"[unk]\",\"fuse_unk\":false,\"continuing_subword_prefix\":\"##\",\"end_of_word_suffix\":\"</w>\"");
    }

    private static IEnumerable<(string, string)> MergesOf(SentencePieceModel model)
    {
        Dictionary<string, int> ids = [];
        for (int id = 0; id < model.Count; id++) ids.TryAdd(model.Piece(id), id);
        foreach (SentencePiece piece in model.Pieces.Where(piece => piece.Type == SentencePieceType.Normal)
            .OrderByDescending(piece => piece.Score))
            for (int cut = 1; cut < piece.Text.Length; cut++)
                if (ids.ContainsKey(piece.Text[..cut]) && ids.ContainsKey(piece.Text[cut..]))
                    yield return (piece.Text[..cut], piece.Text[cut..]);
    }

    private static List<(string Piece, double Score)> Substrings(IEnumerable<string> texts, int count)
    {
        Dictionary<string, int> counts = [];
        foreach (string word in texts.Take(800).SelectMany(text => text.Split(' ')).Select(word => "▁" + word))
            for (int start = 0; start < word.Length; start++)
                for (int end = start + 1; end <= Math.Min(word.Length, start + 7); end++)
                    if (!char.IsLowSurrogate(word[start]) && (end == word.Length || !char.IsLowSurrogate(word[end])))
                        counts[word[start..end]] = counts.GetValueOrDefault(word[start..end]) + 1;
        return [.. counts.Where(entry => entry.Value > 1).OrderByDescending(entry => entry.Value * entry.Key.Length)
            .ThenBy(entry => entry.Key, StringComparer.Ordinal)
            .Take(count).Select(entry => (entry.Key, Math.Round(Math.Log(entry.Value / 1e6), 4)))];
    }

    private static JsonObject Numbered(IEnumerable<string> pieces)
    {
        JsonObject vocabulary = [];
        foreach (string piece in pieces) vocabulary.TryAdd(piece, vocabulary.Count);
        return vocabulary;
    }

    private static string Pairs(IEnumerable<(string Left, string Right)> merges) =>
        Serialize(new JsonArray([.. merges.Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right))]));

    private static string Serialize(JsonNode node) => node.ToJsonString(Plain);

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Plain);

    private static string Word(bool value) => value ? "true" : "false";
}
