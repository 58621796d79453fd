using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Some consecutive elements of one of several tensors.</summary>
/// <param name="Tensor">The tensor's number.</param>
/// <param name="Start">The first element.</param>
/// <param name="Length">How many.</param>
internal readonly record struct ElementChunk(int Tensor, long Start, int Length);

/// <summary>Takes the keys of a chunk a block at a time; belongs to one thread.</summary>
internal interface IKeyVisitor
{
    /// <summary>Begins a chunk.</summary>
    /// <param name="number">The chunk's number: chunks follow each other as their elements do.</param>
    /// <param name="chunk">The chunk.</param>
    void Begin(int number, ElementChunk chunk);

    /// <summary>Takes some keys.</summary>
    /// <param name="offset">The first one's element, counted from the chunk's start.</param>
    /// <param name="count">How many elements.</param>
    /// <param name="keys">A whole block, 0 behind the last element.</param>
    void Visit(int offset, int count, Span<uint> keys);

    /// <summary>Takes some elements without their keys, where it can.</summary>
    /// <param name="offset">The first one, counted from the chunk's start.</param>
    /// <param name="elements">The elements.</param>
    /// <param name="keys">What makes their keys.</param>
    /// <returns>Whether it took them.</returns>
    bool TryVisit(int offset, in ElementStretch elements, ElementKeys keys) => false;

    /// <summary>Ends the chunk.</summary>
    void End();

    /// <summary>Ends the thread's work: no chunk is left.</summary>
    void Finish();

    /// <summary>Ends the thread's work before that: something failed or was cancelled.</summary>
    void Abandon()
    {
    }
}

/// <summary>Lets the keys of the elements of several tensors pass by, chunk by chunk, on several threads, as often as asked.</summary>
internal sealed class ElementPass
{
    /// <summary>Elements of a chunk: large against what handing one out costs, small against a processor's cache.</summary>
    public const int ChunkLength = 1 << 18;

    private readonly ElementKeys _keys;
    private readonly ScoreInputs _inputs;
    private readonly IReadOnlyList<IndexSet?> _excluded, _hidden;
    private readonly int _threads;
    private readonly CancellationToken _cancel;

    private ElementPass(ElementKeys keys, ScoreInputs inputs, IReadOnlyList<ScoreSource> sources, IReadOnlyList<IndexSet?> excluded,
        IReadOnlyList<IndexSet?> hidden, int threads, CancellationToken cancel) =>
        (_keys, _inputs, Sources, _excluded, _hidden, _threads, _cancel) = (keys, inputs, sources, excluded, hidden, threads, cancel);

    /// <summary>The tensors.</summary>
    public IReadOnlyList<ScoreSource> Sources { get; }

    /// <summary>How many elements there are.</summary>
    public long ElementCount => Sources.Sum(s => s.Grid.ElementCount);

    /// <summary>How many of them are not excluded, with a score or not.</summary>
    public long CandidateCount => ElementCount - _excluded.Sum(e => e?.Count ?? 0);

    /// <param name="score">The score.</param>
    /// <param name="sources">The tensors.</param>
    /// <param name="excluded">What is not counted among the candidates.</param>
    /// <param name="hidden">What cannot win: the same, and what has no score on a side that the score does not read.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="cancel">Stops between chunks.</param>
    /// <exception cref="ArgumentException">The score says nothing about single elements, or an input is missing.</exception>
    public static ElementPass Of(TicketScore score, IReadOnlyList<ScoreSource> sources, IReadOnlyList<IndexSet?> excluded,
        IReadOnlyList<IndexSet?> hidden, int threads, CancellationToken cancel)
    {
        ElementKeys keys = score.Elements ?? throw new ArgumentException($"the score '{score.Name}' tells single elements apart by "
            + "nothing: it is of units of several. Take the score 'movement', or larger units.", nameof(score));
        foreach (ScoreSource source in sources) source.ThrowIfLacks(score);
        return new(keys, score.Inputs, sources, excluded, hidden, threads, cancel);
    }

    /// <summary>The same elements with keys that a seed draws, for all that have one.</summary>
    public ElementPass Draw(ulong seed) => new(new RandomKeys(seed, _keys), _inputs, Sources, _excluded, _hidden, _threads, _cancel);

    /// <summary>A pass for each tensor.</summary>
    public IEnumerable<ElementPass> Split() =>
        Sources.Select((source, t) => new ElementPass(_keys, _inputs, [source], [_excluded[t]], [_hidden[t]], _threads, _cancel));

    /// <summary>All elements, in chunks.</summary>
    public IReadOnlyList<ElementChunk> Cut()
    {
        List<ElementChunk> chunks = [];
        for (int t = 0; t < Sources.Count; t++)
            for (long start = 0, count = Sources[t].Grid.ElementCount; start < count; start += ChunkLength)
                chunks.Add(new(t, start, (int)Math.Min(ChunkLength, count - start)));
        return chunks;
    }

    /// <summary>Hands each chunk to a visitor. Chunks begin in their order, on however many threads.</summary>
    /// <param name="chunks">The chunks.</param>
    /// <param name="newVisitor">Makes a thread's visitor.</param>
    /// <param name="block">How many keys are computed at a time, at most <see cref="ElementKeys.Block"/>.</param>
    /// <exception cref="NotSupportedException">A tensor's values are not computed with.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Run(IReadOnlyList<ElementChunk> chunks, Func<IKeyVisitor> newVisitor, int block = ElementKeys.Block)
    {
        int next = 0, threads = Math.Clamp(_threads > 0 ? _threads : Environment.ProcessorCount, 1, Math.Max(1, chunks.Count));
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = _cancel };
        SideBySide.Run(() => Parallel.For(0, threads, options, _ =>
        {
            IKeyVisitor visitor = newVisitor();
            uint[] keys = GC.AllocateUninitializedArray<uint>(ElementKeys.Block);
            try
            {
                for (int chunk; (chunk = Interlocked.Increment(ref next) - 1) < chunks.Count;)
                {
                    _cancel.ThrowIfCancellationRequested();
                    visitor.Begin(chunk, chunks[chunk]);
                    Visit(chunks[chunk], visitor, keys, block);
                    visitor.End();
                }
            }
            catch
            {
                Volatile.Write(ref next, chunks.Count);
                visitor.Abandon();
                throw;
            }
            visitor.Finish();
        }));
    }

    private void Visit(ElementChunk chunk, IKeyVisitor visitor, uint[] keys, int block)
    {
        ScoreSource source = Sources[chunk.Tensor];
        Tensor first = (_inputs.HasFlag(ScoreInputs.Base) ? source.Base : source.Tuned ?? source.Base).Values,
            second = _inputs.HasFlag(ScoreInputs.Tuned) ? source.Tuned!.Values : first;
        using MemoryOwner<byte> firstBuffer = Buffer(first, chunk), secondBuffer = Buffer(second, chunk);
        ReadOnlySpan<byte> before = Read(first, chunk, firstBuffer.Span),
            after = first == second ? before : Read(second, chunk, secondBuffer.Span);
        int beforeSize = first.ElementType.ByteSize(), afterSize = second.ElementType.ByteSize();
        using IEnumerator<long>? hidden = _hidden[chunk.Tensor]?.From(chunk.Start).GetEnumerator();
        bool isHiding = hidden?.MoveNext() == true;
        for (int offset = 0; offset < chunk.Length; offset += block)
        {
            int count = Math.Min(block, chunk.Length - offset);
            ElementStretch elements = new(source.Name, chunk.Start + offset, count, before.Slice(offset * beforeSize, count * beforeSize),
                first.ElementType, after.Slice(offset * afterSize, count * afterSize), second.ElementType);
            if (!(isHiding && hidden!.Current < chunk.Start + offset + count) && visitor.TryVisit(offset, elements, _keys)) continue;
            _keys.Fill(elements, keys);
            for (; isHiding && hidden!.Current < chunk.Start + offset + count; isHiding = hidden.MoveNext())
                keys[hidden.Current - chunk.Start - offset] = 0;
            visitor.Visit(offset, count, keys);
        }
    }

    private static MemoryOwner<byte> Buffer(Tensor tensor, ElementChunk chunk) =>
        MemoryOwner<byte>.Allocate(tensor.IsMapped ? 0 : chunk.Length * tensor.ElementType.ByteSize());

    private static ReadOnlySpan<byte> Read(Tensor tensor, ElementChunk chunk, Span<byte> buffer)
    {
        int size = tensor.ElementType.ByteSize();
        return tensor.GetBytes(chunk.Start * size, chunk.Length * size, buffer);
    }
}
