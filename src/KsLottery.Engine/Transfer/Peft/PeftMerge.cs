using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Works out which tensors of a base an adapter changes, and how.</summary>
internal sealed class PeftMerge
{
    private const string Weight = ".weight";
    private const string OtherBase = "Give the base that the adapter was made for";
    private const string Again = "Save the adapter again with PEFT";

    private static readonly string[] HeadNames = ["lm_head", "embed_out"];

    private readonly Checkpoint _base;
    private readonly PeftConfig _config;
    private readonly bool _isTied;
    private readonly Tensor? _embedding, _head;
    private readonly Dictionary<string, Tensor> _wholes = [];
    private readonly Dictionary<string, Dictionary<PeftRole, Tensor>> _modules = [];
    private readonly Dictionary<string, Tensor> _changed = [];
    private readonly HashSet<string> _adapted = [];
    private readonly List<Tensor> _extra = [];

    /// <exception cref="CheckpointFormatException">The adapter does not fit the base, or holds what is not known here.</exception>
    public PeftMerge(Checkpoint baseModel, SafetensorsFile file, PeftConfig config)
    {
        (_base, File, _config) = (baseModel, file, config);
        (_isTied, _embedding, _head) = (baseModel.IsTied == true, baseModel.FindInputEmbedding(), baseModel.FindOutputHead());
        foreach (Tensor tensor in file.Tensors) Sort(tensor);
        if (_wholes.Count + _modules.Count == 0)
            throw new CheckpointFormatException(CheckpointDefect.InvalidAdapter, file.Path,
                "there is no tensor in it that changes the base", Again);
        foreach ((string name, Tensor whole) in _wholes) Replace(name, whole);
        foreach ((string module, Dictionary<PeftRole, Tensor> parts) in _modules) Change(module, parts);
        bool isTied = FollowTying();
        Tensors = [.. baseModel.Tensors.Select(t => _changed.GetValueOrDefault(t.Name) ?? t), .. _extra];
        Changed = [.. Tensors.Where(t => t.File == file).Select(t => t.Name)];
        ChangesEmbedding = _embedding is not null && _changed.ContainsKey(_embedding.Name);
        Config = baseModel.Config is null ? null : baseModel.Config with
        {
            TieWordEmbeddings = _isTied ? isTied : baseModel.Config.TieWordEmbeddings,
            VocabularySize = ChangesEmbedding && baseModel.Config.VocabularySize is not null ? _changed[_embedding!.Name].Shape[0]
                : baseModel.Config.VocabularySize,
        };
    }

    /// <summary>The adapter's weights.</summary>
    public SafetensorsFile File { get; }

    /// <summary>All tensors of the result.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>The names of those that the base has otherwise or not at all.</summary>
    public IReadOnlyList<string> Changed { get; }

    /// <summary>Whether the input embedding is among them.</summary>
    public bool ChangesEmbedding { get; }

    /// <summary>The base's configuration with the result's tying and size.</summary>
    public ModelConfig? Config { get; }

    private void Sort(Tensor tensor)
    {
        PeftTensorName name = PeftTensorName.Parse(tensor.Name);
        if (name.Role == PeftRole.Original) return;
        if (name.Role == PeftRole.Unknown)
            throw Invalid(tensor, tensor.Name.Contains("lora_magnitude_vector", StringComparison.Ordinal)
                ? "this is a magnitude of DoRA, which is not computed here"
                : "no part of LORA or TRAINABLE_TOKENS has such a name",
                "Merge the adapter into its base with PEFT (merge_and_unload, then save_pretrained), and give that folder");
        bool isNew = name.Role == PeftRole.Whole ? _wholes.TryAdd(name.Module, tensor)
            : (_modules.TryGetValue(name.Module, out Dictionary<PeftRole, Tensor>? parts) ? parts : _modules[name.Module] = [])
                .TryAdd(name.Role, tensor);
        if (!isNew) throw Invalid(tensor, $"another tensor is the same part of {CheckpointFormatException.Quote(name.Module)}", Again);
    }

    /// <summary>A whole tensor takes the place of the base's, rounded to its type; only its rows may be more or fewer.</summary>
    private void Replace(string name, Tensor whole)
    {
        bool isNewHead = _isTied && IsHead(name) && !_base.TryGetTensor(name, out _);
        Tensor target = isNewHead ? _embedding! : Find(name, whole);
        if (whole.Shape.Count != target.Shape.Count || !whole.Shape.Skip(1).SequenceEqual(target.Shape.Skip(1))
            || (whole.Shape.Count == 1 && whole.Shape[0] != target.Shape[0]))
            throw DoesNotFit(whole, target);
        if (whole.ElementType != target.ElementType && !(whole.ElementType.IsNative() && target.ElementType.IsNative()))
            throw Invalid(whole, $"values of {whole.DtypeName} cannot be brought to {target.DtypeName}, the type of the base's", OtherBase);
        Tensor result = Make(isNewHead ? name : target.Name, target.ElementType, whole.Shape, new(whole, target.ElementType));
        if (isNewHead) _extra.Add(result);
        else _changed.Add(target.Name, result);
    }

    private void Change(string module, Dictionary<PeftRole, Tensor> parts)
    {
        Tensor any = parts.Values.First();
        bool isShared = _isTied && IsHead(module + Weight);
        Tensor target = isShared && _embedding is not null ? _embedding : Find(module + Weight, any);
        if (isShared && parts.TryGetValue(PeftRole.Rows, out Tensor? copy) && RowsOfInput() is { } input)
        {
            // Of a tied model the head's rows repeat the embedding's.
            int[] indices = _config.IndicesFor(PeftAdapter.LastPart(module));
            PeftAdapter.CheckCopy(input, copy, indices, indices);
            return;
        }
        if (parts.ContainsKey(PeftRole.Rows) && parts.Count > 1)
            throw Invalid(any, "the module has replaced rows and a low-rank addition at once", Again);
        if (!_adapted.Add(target.Name))
            throw Invalid(any,
                $"in the base the output head is {CheckpointFormatException.Quote(target.Name)}, and the adapter changes each by itself",
                OtherBase + ", with a head of its own");
        if (parts.TryGetValue(PeftRole.Rows, out Tensor? rows)) Put(module, target, rows);
        else Add(module, target, parts, any);
    }

    private void Add(string module, Tensor target, Dictionary<PeftRole, Tensor> parts, Tensor any)
    {
        Tensor source = _changed.GetValueOrDefault(target.Name) ?? target;
        if (source.Shape.Count != 2 || !source.ElementType.IsNative())
            throw Invalid(any,
                $"{CheckpointFormatException.Quote(target.Name)} of the base is {Describe(target)}; a low-rank addition is computed "
                + "for matrices of F32, F16 and BF16", OtherBase);
        bool isEmbedding = parts.ContainsKey(PeftRole.EmbeddingDown) || parts.ContainsKey(PeftRole.EmbeddingUp);
        Tensor down = Part(parts, any, isEmbedding ? PeftRole.EmbeddingDown : PeftRole.Down);
        Tensor up = Part(parts, any, isEmbedding ? PeftRole.EmbeddingUp : PeftRole.Up);
        LowRankAddition addition = new LowRankFactors(down, up, isEmbedding).Over(source, module, _config.Scaling);
        _changed[target.Name] = Make(target.Name, source.ElementType, source.Shape,
            new(source, source.ElementType) { Addition = addition });
    }

    private Tensor? RowsOfInput() => _modules.Where(m => !IsHead(m.Key + Weight)).Select(m => m.Value.GetValueOrDefault(PeftRole.Rows))
        .FirstOrDefault(t => t is not null);

    private void Put(string module, Tensor target, Tensor rows)
    {
        int[] indices = _config.IndicesFor(PeftAdapter.LastPart(module));
        PeftAdapter.CheckForm(rows, indices.Length);
        Tensor source = _changed.GetValueOrDefault(target.Name) ?? target;
        if (source.Shape is not [var count, var width] || width != rows.Shape[1] || !source.ElementType.IsNative())
            throw DoesNotFit(rows, target);
        int last = indices.Max();
        if (last >= count)
            throw Invalid(rows,
                $"token {last} has no row in {CheckpointFormatException.Quote(target.Name)} of the base, which goes to {count - 1}",
                OtherBase + ", with its vocabulary as large as it was then");
        Dictionary<long, int> places = Enumerable.Range(0, indices.Length).ToDictionary(i => (long)indices[i]);
        _changed[target.Name] = Make(target.Name, source.ElementType, source.Shape,
            new(source, source.ElementType) { Places = places, Rows = rows });
    }

    /// <summary>Lets the head of a tied base go with the embedding, or become a matrix of its own; says whether they stay one.</summary>
    private bool FollowTying()
    {
        if (!_isTied || _embedding is null) return false;
        (string name, Tensor? wholeInput) = _wholes.FirstOrDefault(w => _base.TryGetTensor(w.Key, out Tensor? target)
            && target == _embedding);
        Tensor? wholeHead = _wholes.FirstOrDefault(w => IsHead(w.Key)).Value;
        if (wholeHead is null && (wholeInput is null || IsHeadToo(name, wholeInput)))
        {
            if (_head is not null && _changed.TryGetValue(_embedding.Name, out Tensor? changed))
                _changed[_head.Name] = Make(_head.Name, _head.ElementType, changed.Shape, new(changed, _head.ElementType));
            return true;
        }
        if (wholeHead is null && _head is null)
            _extra.Add(Make(HeadNames[0] + Weight, _embedding.ElementType, _embedding.Shape, new(_embedding, _embedding.ElementType)));
        return wholeInput is not null && wholeHead is not null && Fingerprint.OfTensor(wholeInput) == Fingerprint.OfTensor(wholeHead);
    }

    /// <summary>
    /// Whether a whole embedding takes the place of the one matrix that a tied model has: PEFT loads it into the shared parameter unless
    /// it trained a copy beside it. Of other rows than the base it must, since the base's own head would not fit it.
    /// </summary>
    private bool IsHeadToo(string name, Tensor whole) => !_config.HasCopyOf(name, whole.Name) || whole.Shape[0] != _embedding!.Shape[0];

    private Tensor Find(string name, Tensor part)
    {
        try
        {
            return _base.GetTensor(name);
        }
        catch (KeyNotFoundException e)
        {
            throw new CheckpointFormatException(CheckpointDefect.InvalidAdapter, File.Path,
                $"the base has no such tensor: {e.Message.TrimEnd('.')}", OtherBase, part.Name, part.FileOffset, e);
        }
    }

    private Tensor Make(string name, ElementType type, IReadOnlyList<long> shape, AdaptedRows rows) => new(File, name, type, shape, rows);

    private static Tensor Part(Dictionary<PeftRole, Tensor> parts, Tensor any, PeftRole role) => parts.TryGetValue(role, out Tensor? part)
        ? part
        : throw Invalid(any, "of the two factors of a low-rank addition there is only this one", Again);

    private static bool IsHead(string name) =>
        name.EndsWith(Weight, StringComparison.Ordinal) && Array.IndexOf(HeadNames, PeftAdapter.LastPart(name[..^Weight.Length])) >= 0;

    private static string Describe(Tensor tensor) => $"{tensor.DtypeName} [{string.Join(',', tensor.Shape)}]";

    private static CheckpointFormatException DoesNotFit(Tensor part, Tensor target) => Invalid(part,
        $"it is {Describe(part)} and does not fit {CheckpointFormatException.Quote(target.Name)} of the base, which is {Describe(target)}",
            OtherBase);

    private static CheckpointFormatException Invalid(Tensor part, string problem, string nextStep) =>
        new(CheckpointDefect.InvalidAdapter, part.File.Path, problem, nextStep, part.Name, part.FileOffset);
}
