using System.Buffers.Binary;
using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>Small tokenizers made by hand, and texts to try them with.</summary>
internal static class TokenizerFixtures
{
    private static readonly int[] Characters =
        [' ', ' ', ' ', 'a', 'b', 'e', 'h', 'l', 'o', 't', '1', '2', '\n', '\t', '\'', '.', 'é', '▁', '日', 0x301,
            0x10400, 0x1F600, 0xFFFD, 0];

    /// <summary>A SentencePiece BPE model.</summary>
    /// <param name="pieces">Text, score and type of each piece.</param>
    /// <param name="byteFallback">Whether byte pieces follow, one for each byte.</param>
    /// <param name="normalizer">The fields of the normaliser's specification.</param>
    /// <param name="algorithm">The algorithm.</param>
    public static byte[] SentencePiece((string Text, float Score, SentencePieceType Type)[] pieces, bool byteFallback = false,
        byte[]? normalizer = null, SentencePieceAlgorithm algorithm = SentencePieceAlgorithm.Bpe)
    {
        List<byte> file = [];
        foreach ((string text, float score, SentencePieceType type) in pieces) AddPiece(text, score, type);
        for (int value = 0; byteFallback && value < 256; value++) AddPiece($"<0x{value:X2}>", 0, SentencePieceType.Byte);
        file.AddRange([0x12, 5, 0x18, (byte)algorithm, 0x98, 0x02, (byte)(byteFallback ? 1 : 0)]);
        file.AddRange([0x1A, (byte)(normalizer?.Length ?? 0), .. normalizer ?? []]);
        return [.. file];

        void AddPiece(string text, float score, SentencePieceType type)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            byte[] number = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(number, score);
            file.AddRange([0x0A, (byte)(utf8.Length + 9), 0x0A, (byte)utf8.Length, .. utf8, 0x15, .. number, 0x18, (byte)type]);
        }
    }

    /// <summary>A <c>tokenizer.json</c> in the manner of LLaMA-2: specials 0 to 2, bytes 3 to 258, pieces from 259, added tokens.</summary>
    public static string Llama2(string merges = """["a b", "b c", "▁ ab"]""") => $$$"""
        {"added_tokens":[{"id":0,"content":"<unk>","special":true,"normalized":false},
          {"id":1,"content":"<s>","special":true,"normalized":false},{"id":2,"content":"</s>","special":true,"normalized":false},
          {"id":266,"content":"<mask>","special":true,"normalized":false,"lstrip":true},
          {"id":267,"content":"<sep>","special":true,"normalized":false,"rstrip":true},
          {"id":268,"content":"xx","special":false,"normalized":true},
          {"id":269,"content":"cc","special":false,"normalized":false,"single_word":true}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
          {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
         "pre_tokenizer":null,
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
           {"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]} } },
         "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
          {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
         "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,
          "fuse_unk":true,"byte_fallback":true,
          "vocab":{"<unk>":0,"<s>":1,"</s>":2,{{{string.Join(',', Enumerable.Range(0, 256).Select(b => $"\"<0x{b:X2}>\":{b + 3}"))}}},
           "▁":259,"a":260,"b":261,"c":262,"ab":263,"▁ab":264,"bc":265},"merges":{{{merges}}}}}
        """;

    /// <summary>A <c>tokenizer.json</c> in the manner of LLaMA-3: byte b has the id b.</summary>
    public static string Llama3(string merges =
        """[["h","e"],["l","l"],["ll","o"],["Ġ","h"],["Ġ","he"],["3","4"],["Ċ","Ċ"],["Ġ","Ġ"],["Ģ","a"]]""") => $$$"""
        {"added_tokens":[{"id":268,"content":"<|begin_of_text|>","special":true,"normalized":false},
          {"id":269,"content":"<|end_of_text|>","special":true,"normalized":false}],
         "normalizer":null,
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
          "behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
         "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
          "single":[{"SpecialToken":{"id":"<|begin_of_text|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]},
         "decoder":{"type":"ByteLevel"},
         "model":{"type":"BPE","unk_token":null,"byte_fallback":false,"ignore_merges":true,
          "vocab":{{{{AlphabetVocabulary}}},
           "he":256,"llo":257,"hello":258,"Ġh":259,"ll":260,"Ġhe":261,"34":262,"ĊĊ":263,"ĠĠ":264,"Ģa":265,"zz":266,"zzz":267},"merges":{{{merges}}}}}
        """;

    /// <summary>The entries of a vocabulary in which byte b has the id b.</summary>
    public static string AlphabetVocabulary { get; } = string.Join(',', Enumerable.Range(0, 0x144)
        .Select(character => (char)character)
        .Where(character => ByteAlphabet.TryDecode(character.ToString(), out _))
        .Select(character => (Character: character, Id: ByteAlphabet.TryDecode(character.ToString(), out byte[]? bytes) ? bytes[0] : 0))
        .OrderBy(entry => entry.Id)
        .Select(entry => $"\"{(entry.Character is '"' or '\\' ? "\\" : "")}{entry.Character}\":{entry.Id}"));

    /// <summary>Opens a tokenizer from memory.</summary>
    public static Tokenizer Json(string json) => Tokenizer.Parse("folder/tokenizer.json", Encoding.UTF8.GetBytes(json));

    /// <summary>Opens a tokenizer from memory.</summary>
    public static Tokenizer Model(byte[] file) => Tokenizer.Parse("folder/tokenizer.model", file);

    /// <summary>Random texts: few characters, often repeated, of one to four UTF-8 bytes, and any others between them.</summary>
    public static IEnumerable<string> RandomTexts(int count)
    {
        Random random = new(11);
        for (int i = 0; i < count; i++)
        {
            StringBuilder text = new();
            for (int length = random.Next(40); length > 0; length--)
            {
                int character = random.Next(8) > 0 ? Characters[random.Next(Characters.Length)] : random.Next(0x110000);
                text.Append(Rune.IsValid(character) ? new Rune(character).ToString() : "x");
            }
            yield return text.ToString();
        }
    }
}
