using System.Text.Json;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens.Peers;

/// <summary>Encodes and decodes with the library and with this project, and counts where they agree.</summary>
internal sealed class PeerComparison(string json) : IDisposable
{
    private readonly Tokenizers.DotNet.Tokenizer? _library = Open(json, out _);
    private readonly Tokenizer? _own = OpenOwn(json, out _);
    private readonly SurroundingTokens _around = AroundOf(json);

    /// <summary>Texts whose ids are equal, texts whose ids differ.</summary>
    public (int Equal, int Different) Encoded { get; private set; }

    /// <summary>Lists of ids whose texts are equal, and those whose texts differ.</summary>
    public (int Equal, int Different) Decoded { get; private set; }

    /// <summary>What either side refuses; null where both read the file.</summary>
    public string? Refusal
    {
        get
        {
            Open(json, out string? library)?.Dispose();
            OpenOwn(json, out string? own);
            return library is null && own is null ? null : $"library: {library ?? "reads it"}; here: {own ?? "reads it"}";
        }
    }

    /// <summary>The first differences, for a person.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>Compares one text, its ids decoded again, and a random list of ids.</summary>
    public void Compare(string text, Random random)
    {
        if (_library is null || _own is null) return;
        int[]? theirs = Try(() => _library.Encode(text).Select(id => (int)id).ToArray());
        int[]? ours = Try(() => (int[])[.. _around.Before, .. _own.Encode(text), .. _around.After]);
        bool isEqual = theirs is null ? ours is null : ours is not null && theirs.SequenceEqual(ours);
        Encoded = isEqual ? (Encoded.Equal + 1, Encoded.Different) : (Encoded.Equal, Encoded.Different + 1);
        if (!isEqual) Note($"encode {Escape(text)}\n    library {Show(theirs)}\n    here    {Show(ours)}");
        if (theirs is not null) CompareDecoding(theirs);
        CompareDecoding([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(_own.Count + 2))]);
    }

    public void Dispose() => _library?.Dispose();

    private void CompareDecoding(int[] ids)
    {
        string theirs = _library!.Decode([.. ids.Select(id => (uint)id)]), ours = _own!.Decode(ids);
        bool isEqual = theirs == ours;
        Decoded = isEqual ? (Decoded.Equal + 1, Decoded.Different) : (Decoded.Equal, Decoded.Different + 1);
        if (!isEqual) Note($"decode {Show(ids)}\n    library {Escape(theirs)}\n    here    {Escape(ours)}");
    }

    private void Note(string difference)
    {
        if (Differences.Count < 5) Differences.Add(difference);
    }

    private static string Escape(string text) => VisibleText.Escape(text);

    private string Show(int[]? ids) => ids is null ? "(refused)" : string.Join(' ', ids.Select(id => $"{id}:{_own!.Names.Visible(id)}"));

    private static int[]? Try(Func<int[]> encode)
    {
        try
        {
            return encode();
        }
        catch (Exception fault) when (fault is Tokenizers.DotNet.TokenizerException or InvalidDataException)
        {
            return null;
        }
    }

    private static SurroundingTokens AroundOf(string json)
    {
        using JsonDocument file = JsonDocument.Parse(json);
        return SurroundingTokens.Read("tokenizer.json", file.RootElement.GetProperty("post_processor"), _ => null);
    }

    private static Tokenizers.DotNet.Tokenizer? Open(string json, out string? refusal)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, json);
        try
        {
            refusal = null;
            return new Tokenizers.DotNet.Tokenizer(path);
        }
        catch (Tokenizers.DotNet.TokenizerException fault)
        {
            refusal = fault.Message;
            return null;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Tokenizer? OpenOwn(string json, out string? refusal)
    {
        try
        {
            refusal = null;
            return Tokenizer.Parse("tokenizer.json", System.Text.Encoding.UTF8.GetBytes(json));
        }
        catch (InvalidDataException fault)
        {
            refusal = fault.Message;
            return null;
        }
    }
}
