namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds tensors by the names that a model gives them, whatever its wrappers put before these.</summary>
/// <remarks>
/// <c>_orig_mod.</c> comes from torch.compile, <c>module.</c> from data-parallel wrappers, <c>base_model.model.</c> from PEFT; they may
/// stand one before another, and torch.compile's also within a name. A model that PEFT has wrapped calls a module that it trained whole
/// <c>MODULE.modules_to_save.ADAPTER</c>. The file's own names are never changed.
/// </remarks>
internal sealed class TensorNames
{
    private const string Compiled = "_orig_mod.", Saved = ".modules_to_save.";

    private static readonly string[] Wrappers = [Compiled, "module.", "base_model.model."];

    private readonly Dictionary<string, Tensor> _exact = [];
    private readonly Dictionary<string, Tensor?> _plain = [];
    private readonly Dictionary<string, Tensor> _aliases = [];

    /// <summary>Makes the tensors of a checkpoint known by their names.</summary>
    /// <param name="tensors">The tensors, of different names.</param>
    /// <param name="metadata">
    /// The metadata of each file, where safetensors' <c>save_model</c> enters the names that it left out, because their values stand under
    /// another: the name left out is the key, the one kept is the value.
    /// </param>
    public TensorNames(IEnumerable<Tensor> tensors, IEnumerable<IReadOnlyDictionary<string, string>> metadata)
    {
        foreach (Tensor tensor in tensors)
        {
            _exact.Add(tensor.Name, tensor);
            string plain = Plain(tensor.Name);
            // Two tensors of one plain name: neither is meant by it.
            _plain[plain] = _plain.ContainsKey(plain) ? null : tensor;
        }
        foreach ((string removed, string kept) in metadata.SelectMany(m => m))
            if (!_exact.ContainsKey(removed) && _exact.TryGetValue(kept, out Tensor? tensor)) _aliases.TryAdd(Plain(removed), tensor);
    }

    /// <summary>The names that the files use.</summary>
    public IEnumerable<string> All => _exact.Keys;

    /// <summary>The tensor of exactly this name; else the only one that has it behind its wrappers' prefixes; else the one kept in its
    /// place.</summary>
    public Tensor? Find(string name)
    {
        if (_exact.TryGetValue(name, out Tensor? tensor)) return tensor;
        string plain = Plain(name);
        return _plain.TryGetValue(plain, out tensor) ? tensor : _aliases.GetValueOrDefault(plain);
    }

    /// <summary>A name without the prefixes of wrappers.</summary>
    public static string Plain(string name)
    {
        for (bool isWrapped = true; isWrapped;)
        {
            isWrapped = false;
            foreach (string wrapper in Wrappers)
            {
                if (!name.StartsWith(wrapper, StringComparison.Ordinal)) continue;
                name = name[wrapper.Length..];
                isWrapped = true;
            }
        }
        name = name.Replace("." + Compiled, ".", StringComparison.Ordinal);
        int saved = name.IndexOf(Saved, StringComparison.Ordinal);
        return saved < 0 || name.IndexOf('.', saved + Saved.Length) is not (> 0 and var end) ? name : name[..saved] + name[end..];
    }
}
