using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Rows;

/// <summary>What there is to know of a checkpoint without another one: embedding, head, vocabulary, norms of rows, fingerprints.</summary>
internal sealed class CheckpointInspection
{
    private CheckpointInspection(Checkpoint checkpoint, IReadOnlyList<Tensor> tensors) => (Checkpoint, Tensors) = (checkpoint, tensors);

    /// <summary>The checkpoint.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The tensors that were looked at, in the order of their files and bytes.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>The input embedding, or null where none is known.</summary>
    public Tensor? Embedding => Checkpoint.FindInputEmbedding();

    /// <summary>The output head, or null where none is known.</summary>
    public Tensor? Head => Checkpoint.FindOutputHead();

    /// <summary>Rows of the embedding, or what the configuration says where no embedding is known.</summary>
    public long? Vocabulary => Embedding?.RowShape.Rows ?? Checkpoint.Config?.VocabularySize;

    /// <summary>The tokenizer beside the checkpoint, or null where there is none that can be read.</summary>
    public TokenTable? Tokenizer { get; private set; }

    /// <summary>Why a tokenizer that is there cannot be read; null where there is no such trouble.</summary>
    public string? TokenizerDefect { get; private set; }

    /// <summary>Rows past the end of the tokenizer; negative where it names tokens that have no row, null where either is not
    /// known.</summary>
    public long? PaddedRows => Tokenizer is { } tokenizer ? Vocabulary - tokenizer.Count : null;

    /// <summary>Norms of the tensors that were asked for, by name.</summary>
    public IReadOnlyDictionary<string, RowNorms> Norms { get; private set; } = new Dictionary<string, RowNorms>();

    /// <summary>Fingerprints by tensor, where they were asked for.</summary>
    public IReadOnlyDictionary<string, string> Fingerprints { get; private set; } = new Dictionary<string, string>();

    /// <summary>Looks at a checkpoint; collective.</summary>
    /// <param name="ranks">The ranks, who read rows and tensors each; norms and fingerprints are known on rank 0.</param>
    /// <param name="checkpoint">An open checkpoint.</param>
    /// <param name="only">The one tensor to look at; null takes all.</param>
    /// <param name="allNorms">Whether to read every matrix for its norms, not only the embedding or the one tensor.</param>
    /// <param name="fingerprints">Whether to read every tensor for its fingerprint.</param>
    /// <param name="progress">Reports what comes next, from any thread.</param>
    /// <param name="cancellationToken">Stops within a tensor.</param>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static CheckpointInspection Of(RankGroup ranks, Checkpoint checkpoint, string? only = null, bool allNorms = false,
        bool fingerprints = false, IProgress<InspectionStep>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        CheckpointInspection found = new(checkpoint, only is null ? [.. checkpoint.Tensors] : [checkpoint.GetTensor(only)]);
        found.LookForTokenizer();

        Dictionary<string, RowNorms> norms = [];
        foreach (Tensor tensor in found.Tensors.Where(RowNorms.Has).Where(t => allNorms || only is not null || t == found.Embedding))
        {
            progress?.Report(new(tensor, IsFingerprint: false));
            ranks.Enter($"the norms of {tensor.Name}");
            if (RowNorms.Of(ranks, RowMatrix.FromTensor(tensor), cancellationToken) is { } all) norms.Add(tensor.Name, all);
        }
        found.Norms = norms;
        if (fingerprints) found.Fingerprints = FingerprintAll(ranks, found.Tensors, progress, cancellationToken);
        return found;
    }

    /// <summary>A damaged tokenizer is worth telling; it does not keep the tensors from being listed.</summary>
    private void LookForTokenizer()
    {
        try
        {
            Tokenizer = TokenTable.FindBeside(Checkpoint.Path);
            if (Tokenizer is null && TokenTable.HasSeveralBeside(Checkpoint.Path, out string? which)) TokenizerDefect = which;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            TokenizerDefect = e.Message;
        }
    }

    private static Dictionary<string, string> FingerprintAll(RankGroup ranks, IReadOnlyList<Tensor> tensors,
        IProgress<InspectionStep>? progress, CancellationToken cancellationToken)
    {
        ranks.Enter("the fingerprints of tensors");
        string[] all = new string[tensors.Count];
        RankDeal deal = new(ranks, [.. tensors.Select(tensor => tensor.ByteLength)]);
        // The largest first: one that came last would be hashed by one processor while the others wait.
        SideBySide.ForEach(deal.Own.OrderByDescending(i => tensors[i].ByteLength), threads: 0, i =>
        {
            progress?.Report(new(tensors[i], IsFingerprint: true));
            all[i] = Fingerprint.OfTensor(tensors[i], cancellationToken);
        }, cancellationToken);
        deal.Collect(all, (writer, print) => writer.Write(print), reader => reader.ReadString());
        return ranks.Rank != 0 ? [] : tensors.Zip(all).ToDictionary(found => found.First.Name, found => found.Second);
    }
}

/// <summary>What an inspection does next.</summary>
/// <param name="Tensor">The tensor that is read.</param>
/// <param name="IsFingerprint">Whether for its fingerprint, or else for the norms of its rows.</param>
internal readonly record struct InspectionStep(Tensor Tensor, bool IsFingerprint);
