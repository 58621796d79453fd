using TorchSharp;
using TorchSharp.Modules;

namespace KsLottery.TorchPeers;

/// <summary>The ticket's rows as a parameter of their own beside a frozen embedding.</summary>
/// <remarks>
/// What they differ by from the embedding's rows is added where those were read and to the logits. That is the embedding with the rows in
/// place, and less work than to write them into a copy of it, whose whole gradient (V, C) libtorch would then compute.
/// </remarks>
internal sealed class TorchTicket
{
    private readonly torch.Tensor _ids, _frozen;
    private readonly Dictionary<long, long> _ordinals;

    /// <param name="embedding">(V, C).</param>
    /// <param name="rows">k ids, ascending.</param>
    public TorchTicket(torch.Tensor embedding, IEnumerable<int> rows)
    {
        long[] ids = [.. rows];
        _ids = torch.tensor(ids);
        _ordinals = ids.Select((id, i) => (id, i)).ToDictionary(pair => pair.id, pair => (long)pair.i);
        using IDisposable _ = torch.no_grad();
        _frozen = embedding.detach().index_select(0, _ids).clone();
        Rows = new(_frozen.clone());
    }

    /// <summary>(k, C).</summary>
    public Parameter Rows { get; }

    /// <summary>(k, C), what is added.</summary>
    public torch.Tensor Change() => Rows - _frozen;

    /// <summary>(N, C), the rows in place where tokens are the ticket's.</summary>
    public torch.Tensor AddToInput(torch.Tensor x, TorchBatch batch, torch.Tensor change)
    {
        (int Place, long Ordinal)[] own = [.. batch.Ids.Index().Where(t => _ordinals.ContainsKey(t.Item))
            .Select(t => (t.Index, _ordinals[t.Item]))];
        if (own.Length == 0) return x;
        torch.Tensor places = torch.tensor(own.Select(o => (long)o.Place).ToArray());
        return x.index_add_(0, places, change.index_select(0, torch.tensor(own.Select(o => o.Ordinal).ToArray())), 1);
    }

    /// <summary>(N, V), the rows in place in the head.</summary>
    public torch.Tensor AddToLogits(torch.Tensor logits, torch.Tensor x, torch.Tensor change) =>
        logits.index_add_(1, _ids, torch.nn.functional.linear(x, change), 1);
}
