using System.Text;

namespace KsLottery.TokenizerPeers;

/// <summary>Shows what the library's normaliser and pre-tokenizer make of a text: its model has a token for each byte and nothing
/// else.</summary>
internal sealed class ByteOracle : IDisposable
{
    private static readonly string Bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"\"<0x{value:X2}>\":{value}"));

    private readonly Tokenizers.DotNet.Tokenizer _library;

    public ByteOracle(string normalizer, string preTokenizer)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, $$$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":{{{normalizer}}},
             "pre_tokenizer":{{{preTokenizer}}},
             "post_processor":null,"decoder":null,"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
             "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":true,"ignore_merges":false,"vocab":{{{{Bytes}}}},"merges":[]}}
            """);
        _library = new Tokenizers.DotNet.Tokenizer(path);
        File.Delete(path);
    }

    public string Apply(string text) => Encoding.UTF8.GetString([.. _library.Encode(text).Select(id => (byte)id)]);

    public void Dispose() => _library.Dispose();
}
