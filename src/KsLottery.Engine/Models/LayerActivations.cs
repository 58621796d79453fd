using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>What one layer's forward pass leaves for its backward pass. What follows from it cheaply, norms and SwiGLU, is computed
/// again.</summary>
internal sealed class LayerActivations : IDisposable
{
    private readonly ScratchMemory[] _memory;
    private readonly DeviceSpan[] _spans = new DeviceSpan[9];

    public LayerActivations(IOperations operations) => _memory = [.. _spans.Select(_ => new ScratchMemory(operations))];

    /// <summary>(N), of the norm before attention.</summary>
    public DeviceSpan AttentionInverseRms => _spans[0];

    /// <summary>(N, H·D), rotated.</summary>
    public DeviceSpan Query => _spans[1];

    /// <summary>(N, G·D), rotated.</summary>
    public DeviceSpan Key => _spans[2];

    /// <summary>(N, G·D).</summary>
    public DeviceSpan Value => _spans[3];

    /// <summary>(N, H·D), before the output matrix.</summary>
    public DeviceSpan Attended => _spans[4];

    /// <summary>(N, H).</summary>
    public DeviceSpan LogSumExp => _spans[5];

    /// <summary>(N, C), the residual stream between attention and feed-forward.</summary>
    public DeviceSpan Middle => _spans[6];

    /// <summary>(N), of the norm before the feed-forward block.</summary>
    public DeviceSpan FeedForwardInverseRms => _spans[7];

    /// <summary>(2, N, F): gate, then up.</summary>
    public DeviceSpan GateAndUp => _spans[8];

    /// <summary>(N, F).</summary>
    public DeviceSpan Gate => GateAndUp.Slice(0, GateAndUp.Length / 2);

    /// <summary>(N, F).</summary>
    public DeviceSpan Up => GateAndUp.Slice(GateAndUp.Length / 2, GateAndUp.Length / 2);

    /// <summary>Makes room for N rows.</summary>
    public void Reserve(LlamaConfig config, int rows)
    {
        AttentionShape shape = config.Attention;
        ReadOnlySpan<long> widths =
            [1, shape.QueryWidth, shape.KeyWidth, shape.KeyWidth, shape.QueryWidth, shape.Heads, config.Width, 1,
                2L * config.FeedForwardWidth];
        for (int i = 0; i < _spans.Length; i++) _spans[i] = _memory[i].Get(rows * widths[i]);
    }

    public void Dispose()
    {
        foreach (ScratchMemory memory in _memory) memory.Dispose();
    }
}
