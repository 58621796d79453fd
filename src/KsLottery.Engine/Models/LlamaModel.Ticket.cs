using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

public sealed partial class LlamaModel
{
    /// <summary>Logits are made for about this many bytes at a time where their gradients are not added up over rows.</summary>
    private const int TicketLogitBytes = 32 << 20;

    /// <summary>Losses of frozen sequences that are kept at most: 32 MiB.</summary>
    private const long MaxFrozenLosses = 8 << 20;

    private readonly ScratchMemory[] _tails;
    private readonly ScratchMemory _wholeStream, _pieceLosses, _ticketGradient, _ticketHidden;
    private FrozenLosses _frozen = new(MaxFrozenLosses);
    private TicketRows? _frozenBeside;

    /// <summary><see cref="LossAndGradients(TokenBatch, double)"/> where rows of the embedding alone learn: the same bits for less
    /// work.</summary>
    private (double CrossEntropy, double Divergence) TicketSumsAndGradients(TokenBatch batch, TicketRows ticket, TargetTerms terms)
    {
        if (_frozenBeside != ticket) (_frozenBeside, _frozen) = (ticket, new(MaxFrozenLosses));
        // A tied head's ticket stands in the logits of all rows. And products of few rows are summed in another order, which a loss that
        // was computed beside more would not have.
        bool mayKnow = TiedTicket is null && terms.Teacher is null && batch.TargetCount % LogitRows is 0 or > RowDots.MaxRows;
        TicketParts parts = new(batch, ticket.Ordinals(batch.Tokens), mayKnow ? _frozen : null);
        DeviceSpan stream = TicketForward(batch, parts), gradient = _gradients[0].Get(stream.Length);
        // A teacher's divergence is a sum over all rows.
        (double, double) sums = terms.Teacher is null ? (TicketHead(batch, stream, gradient, terms, parts), 0)
            : Head(batch, stream, gradient, terms);
        if (mayKnow) parts.AddTo(_frozen);
        if (parts.Live is not { } live) return sums;
        int[] tails = [.. Enumerable.Range(0, live.Rows.Length).Where(i => live.Rows[i] >= 0 && parts.IsLive[live.Rows[i]])];
        Backward(live.Batch, Gathered(_tails[0], gradient, [.. tails.Select(i => live.Rows[i])], _config.Width), tails);
        return sums;
    }

    /// <summary>The residual stream behind the last layer, (N, C), of all rows whose losses are not known; what a backward pass needs is
    /// kept of sequences that have live rows alone.</summary>
    /// <remarks>The memory is that for all rows, whatever is known.</remarks>
    private DeviceSpan TicketForward(TokenBatch batch, TicketParts parts)
    {
        long length = (long)batch.RowCount * _config.Width;
        _activations[0].Reserve(_config, batch.RowCount);
        _feedForward.Get(_activations[0].Gate.Length);
        foreach (ScratchMemory memory in (ReadOnlySpan<ScratchMemory>)[_streams[0], _streams[1], _normed]) memory.Get(length);
        DeviceSpan all = _wholeStream.Get(length);
        foreach ((SequenceChoice? some, bool keep) in (ReadOnlySpan<(SequenceChoice?, bool)>)[(parts.Fresh, false), (parts.Live, true)])
            if (some is not null) _operations.ScatterRows(all, Forward(some.Batch, keep), some.Rows, _config.Width);
        return all;
    }

    /// <summary>Takes the memory of pieces of so many rows, whatever is known: what a training takes does not depend on where it went
    /// on.</summary>
    private void ReserveHead(long rows)
    {
        foreach (ScratchMemory memory in (ReadOnlySpan<ScratchMemory>)[_hidden, .. _gradients[1..4]]) memory.Get(rows * _config.Width);
        foreach (ScratchMemory memory in (ReadOnlySpan<ScratchMemory>)[_hiddenRms, _pieceLosses, _logSumExp]) memory.Get(rows);
        _logits.Get(rows * _config.VocabularySize);
    }

    /// <summary>As <see cref="Head"/>, for the losses that are not known, and gradients of live rows.</summary>
    /// <returns>Σ w·loss, of the same losses in the same order.</returns>
    private double TicketHead(TokenBatch batch, DeviceSpan stream, DeviceSpan streamGradient, TargetTerms terms, TicketParts parts)
    {
        double loss = 0;
        int most = Math.Max(2 * (RowDots.MaxRows + 1), TicketLogitBytes / (sizeof(float) * _config.VocabularySize));
        _operations.Clear(streamGradient);
        ReserveHead(Math.Min(batch.TargetCount, most));
        foreach (int[] some in terms.Order(TargetRows(batch), batch).Chunk(LogitRows))
        {
            int[] targets = [.. some.Select(i => batch.Targets[i])];
            DeviceSpan losses = _losses.Get(some.Length);
            _operations.Upload(losses, some.Select(parts.LossOf).ToArray());
            // Live rows first: gradients are those of a piece's first rows.
            int[] places = [.. Enumerable.Range(0, some.Length).Where(i => !parts.IsKnown[some[i]]).OrderBy(i => !parts.IsLive[some[i]])];
            DeviceSpan ticketGradient = TiedTicket is { } t ? _ticketGradient.Get(some.Length * (long)t.Weight.Rows) : default,
                hidden = TiedTicket is null ? default : _ticketHidden.Get(some.Length * (long)_config.Width);
            foreach (int[] piece in Pieces(places, most, isFew: some.Length <= RowDots.MaxRows))
            {
                int[] rows = [.. piece.Select(i => some[i < 0 ? ~i : i])];
                DeviceSpan own = TicketHead(stream, streamGradient, rows, [.. rows.Select(i => batch.Targets[i])], terms,
                    live: piece.Count(i => i >= 0 && parts.IsLive[some[i]]));
                _operations.ScatterRows(losses, own, piece, width: 1);
                if (TiedTicket is not { } tied) continue;
                _operations.ScatterRows(ticketGradient, _ticketLogits.Get(rows.Length * (long)tied.Weight.Rows), piece, tied.Weight.Rows);
                _operations.ScatterRows(hidden, _hidden.Get(rows.Length * (long)_config.Width), piece, _config.Width);
            }
            if (TiedTicket is { } learned)
                _operations.MatMulBackwardWeight(learned.Weight.Gradient, ticketGradient, hidden, learned.Weight.Rows, _config.Width);
            loss += terms.CrossEntropyOf(_operations, losses, targets);
            if (!parts.MayKnow) continue;
            float[] computed = new float[some.Length];
            _operations.Download(computed, losses);
            parts.Hear(some, computed);
        }
        return loss;
    }

    /// <summary>The losses of some rows; the first of them get their gradients, and of a tied ticket all the logits' of it.</summary>
    private DeviceSpan TicketHead(DeviceSpan stream, DeviceSpan streamGradient, int[] rows, int[] targets, TargetTerms terms, int live)
    {
        int width = _config.Width, vocabulary = _config.VocabularySize, differentiated = TiedTicket is null ? live : rows.Length;
        DeviceSpan input = Gathered(_gradients[1], stream, rows, width), logits = LogitsOf(input);
        DeviceSpan losses = _pieceLosses.Get(rows.Length), logSumExp = _logSumExp.Get(rows.Length);
        _operations.CrossEntropyForward(losses, logSumExp, logits, targets, vocabulary);
        if (differentiated == 0) return losses;
        logits = logits.Slice(0, (long)differentiated * vocabulary);
        terms.Differentiate(_operations, logits, logSumExp.Slice(0, differentiated), taught: default, targets[..differentiated]);
        DeviceSpan ticketGradient = TakeTicket(logits);
        if (live == 0) return losses;
        DeviceSpan gradient = HeadInputBackward(input.Slice(0, (long)live * width), logits.Slice(0, (long)live * vocabulary),
            TiedTicket is { } tied ? ticketGradient.Slice(0, (long)live * tied.Weight.Rows) : default);
        _operations.ScatterRows(streamGradient, gradient, rows.AsMemory(0, live), width);
        return losses;
    }

    /// <summary>Cuts places into pieces of about the same length, none of so few that their products are summed in another order, but where
    /// <paramref name="isFew"/>; where there are too few, the first stands there again by its complement.</summary>
    private static IEnumerable<int[]> Pieces(int[] places, int most, bool isFew)
    {
        const int Least = RowDots.MaxRows + 1;
        if (places.Length == 0) return [];
        if (isFew) return [places];
        if (places.Length < Least) return [[.. places, .. Enumerable.Repeat(~places[0], Least - places.Length)]];
        int count = Math.Min(((places.Length - 1) / most) + 1, places.Length / Least);
        return Enumerable.Range(0, count)
            .Select(i => places[(int)((long)places.Length * i / count)..(int)((long)places.Length * (i + 1) / count)]);
    }
}
