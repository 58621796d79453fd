using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>The weights of a LLaMA-type model on a device: read where they lie in the mapped file, copied only where they learn.</summary>
public sealed class LlamaWeights : IDisposable
{
    internal const string HeadName = "lm_head.weight";

    private const string EmbeddingName = "model.embed_tokens.weight", FinalNormName = "model.norm.weight";

    private readonly IOperations _operations;
    private readonly LlamaLayer[] _layers;
    private IReadOnlyList<Tensor> _stored = [];

    private LlamaWeights(LlamaConfig config, IOperations operations, Func<string, int, int, Weight> make)
    {
        _operations = operations;
        Config = config;
        TokenEmbedding = make(EmbeddingName, config.VocabularySize, config.Width);
        _layers = new LlamaLayer[config.LayerCount];
        for (int i = 0; i < _layers.Length; i++)
            _layers[i] = new(config, (name, rows, columns) => make($"model.layers.{i}.{name}.weight", rows, columns));
        FinalNorm = make(FinalNormName, 0, config.Width);
        OutputHead = config.IsTied ? TokenEmbedding : make(HeadName, config.VocabularySize, config.Width);
    }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>(V, C).</summary>
    internal Weight TokenEmbedding { get; private set; }

    /// <summary>The layers, from the input on.</summary>
    internal IReadOnlyList<LlamaLayer> Layers => _layers;

    /// <summary>(C).</summary>
    internal Weight FinalNorm { get; private set; }

    /// <summary>(V, C); the token embedding itself where the model is tied.</summary>
    internal Weight OutputHead { get; private set; }

    /// <summary>What learns.</summary>
    public TrainingScope? Scope { get; private set; }

    /// <summary>The rows in place of the embedding's: those that learn where the scope is a ticket, or those put there; else
    /// null.</summary>
    internal TicketRows? Ticket { get; private set; }

    /// <summary>Every tensor of the checkpoint, once.</summary>
    internal IEnumerable<Weight> All =>
        [TokenEmbedding, .. _layers.SelectMany(l => l.Weights), FinalNorm, .. Config.IsTied ? (Weight[])[] : [OutputHead]];

    /// <summary>What learns, in a fixed order.</summary>
    internal IReadOnlyList<Weight> Trainable => Ticket is { Weight.IsTrainable: true } ? [Ticket.Weight]
        : [.. All.Where(w => w.Learns).Select(w => w.Runs?.Weight ?? w), .. All.Select(w => w.Adapter).OfType<LowRankAdapter>()
            .SelectMany(a => (Weight[])[a.Down, a.Up])];

    /// <summary>The checkpoint's tensors that training changes: those of which anything learns, or whose adapter does.</summary>
    internal IReadOnlyList<Weight> Changing => Ticket is { Weight.IsTrainable: true } ? [Ticket.Weight]
        : Scope is { Rank: > 0 } ? [.. Adapted(Scope)] : [.. All.Where(w => w.Learns)];

    /// <summary>The lowest layer that a gradient must reach: 0 where the embedding learns, the number of layers where nothing in them
    /// does.</summary>
    internal int LowestLayer => Ticket is not null || TokenEmbedding.Learns || Scope is { Rank: > 0 } ? 0
        : _layers.TakeWhile(l => !l.Weights.Any(w => w.Learns)).Count();

    /// <summary>Opens a checkpoint's weights.</summary>
    /// <param name="checkpoint">The checkpoint, which must outlive the weights.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="operations">The device.</param>
    /// <exception cref="KeyNotFoundException">A tensor is missing.</exception>
    /// <remarks>
    /// Embedding and head are read for values that are not finite, for a token that no text holds would hide them; all others take part in
    /// every pass, so that they are looked at where a result is no number.
    /// </remarks>
    /// <exception cref="CheckpointFormatException">
    /// A tensor has another shape than the configuration says, or one that is not computed with, or the embedding or head is not finite.
    /// </exception>
    /// <exception cref="NotSupportedException">A tensor is not F32, F16 or BF16.</exception>
    public static LlamaWeights Open(Checkpoint checkpoint, LlamaConfig config, IOperations operations)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(operations);
        NoEmbedding.ThrowIfPatch(checkpoint);
        List<Tensor> stored = [];
        LlamaWeights weights = new(config, operations, (name, rows, columns) =>
        {
            Tensor tensor = name == HeadName ? HeadOf(checkpoint) : checkpoint.GetTensor(name);
            if (tensor.ElementCount == 0) throw NoEmbedding.EmptyTensor(tensor);
            long[] shape = rows == 0 ? [columns] : [rows, columns];
            if (!tensor.Shape.SequenceEqual(shape))
                throw new CheckpointFormatException(CheckpointDefect.ConfigMismatch, tensor.File.Path,
                    $"the shape is [{string.Join(", ", tensor.Shape)}], {ModelConfig.FileName} asks for [{string.Join(", ", shape)}]",
                    "Put the model's own config.json beside it", name);
            Weight weight = new(tensor.Name, Math.Max(rows, 1), columns, operations.Open(tensor), isVector: rows == 0, isStored: true);
            stored.Add(tensor);
            if (name is EmbeddingName or HeadName) FiniteValues.Check(tensor);
            return weight;
        });
        weights._stored = stored;
        HashSet<string> known = [.. weights.All.Select(w => w.Name)];
        if (config.IsTied && checkpoint.TryGetTensor(HeadName, out Tensor? unread)) known.Add(unread.Name);
        foreach (Tensor tensor in checkpoint.Tensors)
            if (!known.Contains(tensor.Name) && !tensor.Name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal))
                throw new CheckpointFormatException(CheckpointDefect.ConfigMismatch, tensor.File.Path,
                    "a LLaMA-type model has no such tensor, "
                    + "and what it adds would not be computed", "Choose a model of the LLaMA 1, 2 or 3 type", tensor.Name);
        return weights;
    }

    /// <summary>Makes the weights of a new model.</summary>
    /// <remarks>
    /// Normal with a deviation of 0.02, and of 0.02/√(2L) for the two matrices of a layer that add to the residual stream (Radford et al.
    /// 2019); norms are 1.
    /// </remarks>
    /// <param name="config">The shape.</param>
    /// <param name="operations">The device.</param>
    /// <param name="seed">Decides every value.</param>
    public static LlamaWeights Random(LlamaConfig config, IOperations operations, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(operations);
        LlamaWeights weights = new(config, operations, (name, rows, columns) =>
            new(name, Math.Max(rows, 1), columns, operations.Allocate(Math.Max(rows, 1) * (long)columns), isVector: rows == 0));
        weights.Draw(seed);
        return weights;
    }

    /// <summary>Gives every weight the value that it has in a new model, whatever it was.</summary>
    /// <param name="seed">Decides every value.</param>
    internal void Draw(ulong seed)
    {
        const double Deviation = 0.02;
        ulong tensors = 0;
        foreach (Weight weight in All)
        {
            SplitMix64 random = new(SplitMix64.Mix(seed) + tensors++);
            bool addsToStream = weight.Name.Contains("o_proj", StringComparison.Ordinal)
                || weight.Name.Contains("down_proj", StringComparison.Ordinal);
            double deviation = addsToStream ? Deviation / Math.Sqrt(2 * Config.LayerCount) : Deviation;
            float[] row = new float[weight.Columns];
            for (int r = 0; r < weight.Rows; r++)
            {
                for (int c = 0; c < row.Length; c++) row[c] = weight.IsVector ? 1 : (float)(random.NextNormal() * deviation);
                _operations.Upload(weight.Value.Slice(r * (long)row.Length, row.Length), row);
            }
        }
    }

    /// <summary>Puts other values in place of some of the embedding's rows: Partial Transfer in memory. What is stored stays as it is;
    /// once.</summary>
    /// <remarks>Where the head is tied to the embedding it reads these rows too. They are frozen, and so are all other weights from then
    /// on.</remarks>
    /// <param name="rows">k token ids of all V, at least one.</param>
    /// <param name="values">(k, C).</param>
    /// <exception cref="InvalidOperationException">Rows were put in place before, or something learns.</exception>
    /// <exception cref="ArgumentException">The set is empty or not of the embedding's rows, or there are not k·C values.</exception>
    public void PutRows(IndexSet rows, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count == 0 || rows.Length != Config.VocabularySize)
            throw new ArgumentException($"the set has {rows.Count} of {rows.Length} rows, the embedding has {Config.VocabularySize}. Give "
                + "at least one row of this embedding.", nameof(rows));
        if (values.Length != rows.Count * Config.Width)
            throw new ArgumentException($"{rows.Count} rows of {Config.Width} have {values.Length} values. Give one for each element.",
                nameof(values));
        ThrowIfDecided();
        Ticket = new(TokenEmbedding, rows, _operations, learns: false);
        _operations.Upload(Ticket.Weight.Value, values);
    }

    /// <summary>Puts a tensor in place of the stored one of its name, whose form it has; the head follows a tied embedding.</summary>
    /// <exception cref="InvalidOperationException">Rows were put in place before, or something learns.</exception>
    internal void Put(Tensor tensor)
    {
        ThrowIfDecided();
        TokenEmbedding = Other(TokenEmbedding);
        foreach (LlamaLayer layer in _layers) layer.Replace(Other);
        FinalNorm = Other(FinalNorm);
        OutputHead = Config.IsTied ? TokenEmbedding : Other(OutputHead);

        Weight Other(Weight weight)
        {
            if (weight.Name != tensor.Name) return weight;
            Weight other = new(weight.Name, weight.Rows, weight.Columns, _operations.Open(tensor), isVector: weight.IsVector,
                isStored: true);
            weight.Dispose();
            return other;
        }
    }

    /// <summary>Decides what learns; once.</summary>
    /// <exception cref="InvalidOperationException">It was decided before, or rows were put in place.</exception>
    /// <exception cref="ArgumentException">The mask names a tensor that the model lacks, or has in another shape, or there is no such
    /// layer.</exception>
    public void MakeTrainable(TrainingScope scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ThrowIfDecided();
        if (scope.Units is { } given)
        {
            Dictionary<string, TensorMask> mask = ModelMask.Of(given, this);
            if (scope.IsRegrown && Config.IsTied && mask.ContainsKey(TokenEmbedding.Name))
                throw new ArgumentException($"{TokenEmbedding.Name} is input and output in this model, and its gradient comes in two "
                    + "parts: values do not move through it. Leave it out.", nameof(scope));
            if (!scope.IsRegrown && ModelMask.EmbeddingRows(mask, TokenEmbedding) is { } rows)
            {
                Ticket = new(TokenEmbedding, rows, _operations, learns: true);
                scope = scope with { Name = TrainingScope.TicketName };
            }
            else Replace(w => mask.TryGetValue(w.Name, out TensorMask? part) ? w.ToMasked(part, _operations, scope.IsRegrown) : w);
        }
        else if (scope.Rank > 0)
        {
            foreach (int layer in scope.Layers ?? [])
                if (layer < 0 || layer >= _layers.Length)
                    throw new ArgumentException($"there is no layer {layer}; they go from 0 to {_layers.Length - 1}. Name others.",
                        nameof(scope));
            ulong tensors = 0;
            foreach (Weight weight in Adapted(scope))
                weight.Adapt(scope.Rank, _operations, new(SplitMix64.Mix(scope.Seed) + tensors++));
        }
        else
        {
            string embedding = TokenEmbedding.Name;
            bool isFull = scope == TrainingScope.Full;
            Replace(w => isFull || w.Name == embedding ? w.ToTrainable(_operations) : w);
        }
        Scope = scope;
    }

    private IEnumerable<Weight> Adapted(TrainingScope scope) =>
        _layers.Where((_, i) => scope.Layers?.Contains(i) ?? true).SelectMany(l => l.Adaptable);

    /// <summary>Adds adapters to their matrices, which hold the result from then on; nothing learns any more.</summary>
    public void MergeAdapters()
    {
        Replace(w => w.ToMerged(_operations));
    }

    /// <summary>Puts values of a mask that changed in their places; every step of a training does.</summary>
    internal void PutLearned()
    {
        foreach (Weight weight in All) weight.Runs?.Put();
    }

    /// <summary>Sets every gradient to zero.</summary>
    public void ClearGradients()
    {
        foreach (Weight weight in Trainable) _operations.Clear(weight.Gradient);
    }

    /// <summary>Looks for the cause where a result is no number: reads every weight of the checkpoint.</summary>
    /// <exception cref="CheckpointFormatException">A weight is NaN or infinite; names the tensor and the row.</exception>
    internal void ThrowIfNotFinite()
    {
        foreach (Tensor tensor in _stored) FiniteValues.Check(tensor);
    }

    private static Tensor HeadOf(Checkpoint checkpoint) => checkpoint.TryGetTensor(HeadName, out Tensor? head) ? head
        : throw new CheckpointFormatException(CheckpointDefect.ConfigMismatch, checkpoint.Path,
            $"{ModelConfig.FileName} says that the output head is not the input embedding, and the checkpoint has no head; Transformers "
                + $"would make one "
            + "up of random numbers",
            $"Take all files of the checkpoint, or set tie_word_embeddings to true in {ModelConfig.FileName} where it is tied",
            HeadName);

    private void Replace(Func<Weight, Weight> make)
    {
        TokenEmbedding = make(TokenEmbedding);
        foreach (LlamaLayer layer in _layers) layer.Replace(make);
        FinalNorm = make(FinalNorm);
        OutputHead = Config.IsTied ? TokenEmbedding : make(OutputHead);
    }

    private void ThrowIfDecided()
    {
        if (Scope is not null)
            throw new InvalidOperationException($"these weights already learn in scope {Scope.Name}. Open them anew for another.");
        if (Ticket is not null)
            throw new InvalidOperationException($"{Ticket.Rows.Count} rows are in place of the embedding's. Open the weights anew.");
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        foreach (Weight weight in All) weight.Dispose();
        Ticket?.Weight.Dispose();
    }
}
