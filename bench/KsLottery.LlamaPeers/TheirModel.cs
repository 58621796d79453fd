using LLama;
using LLama.Common;
using LLama.Native;

namespace KsLottery.LlamaPeers;

/// <summary>llama.cpp with the settings that LLamaSharp gives it, the file mapped, one batch a prompt.</summary>
internal sealed class TheirModel : ITextModel
{
    private readonly LLama.LLamaWeights _weights;
    private readonly LLamaContext _context;
    private readonly LLamaBatch _batch = new();
    private int _length;

    /// <summary>Before the first model, as the library takes no setting once it is loaded.</summary>
    static TheirModel() => NativeLibraryConfig.All.WithLogCallback((level, message) =>
    {
        if (level == LLamaLogLevel.Error) Console.Error.Write(message);
    });

    public TheirModel(string file, int threads, int capacity)
    {
        ModelParams settings = new(file)
        {
            ContextSize = (uint)capacity,
            BatchSize = (uint)capacity,
            UBatchSize = (uint)capacity,
            Threads = threads,
            BatchThreads = threads,
        };
        _weights = LLama.LLamaWeights.LoadFromFile(settings);
        _context = _weights.CreateContext(settings);
    }

    public ReadOnlySpan<float> Read(int[] prompt)
    {
        _context.NativeHandle.MemoryClear();
        _batch.Clear();
        for (int i = 0; i < prompt.Length; i++) _batch.Add(prompt[i], i, LLamaSeqId.Zero, logits: i == prompt.Length - 1);
        _length = prompt.Length;
        return Decode();
    }

    public ReadOnlySpan<float> Append(int token)
    {
        _batch.Clear();
        _batch.Add(token, _length++, LLamaSeqId.Zero, logits: true);
        return Decode();
    }

    public void Dispose()
    {
        _context.Dispose();
        _weights.Dispose();
    }

    private Span<float> Decode()
    {
        DecodeResult result = _context.Decode(_batch);
        if (result != DecodeResult.Ok) throw new InvalidOperationException($"llama.cpp says {result}.");
        return _context.NativeHandle.GetLogitsIth(_batch.TokenCount - 1);
    }
}
