using System.IO.Enumeration;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Chooses tensors by their names.</summary>
/// <remarks>
/// Patterns between commas: <c>*</c> stands for any characters, <c>?</c> for one, the case counts; a pattern behind <c>!</c> takes
/// tensors out again. <c>*.mlp.*,*.self_attn.*,!*norm*</c> takes the matrices of a LLaMA's layers.
/// </remarks>
public sealed class TensorChoice
{
    private readonly (string Pattern, bool IsTaken)[] _patterns;

    private TensorChoice(string text, (string Pattern, bool IsTaken)[] patterns) => (Text, _patterns) = (text, patterns);

    /// <summary>The patterns as they were given.</summary>
    public string Text { get; }

    /// <summary>Reads patterns.</summary>
    /// <exception cref="FormatException">There are none, one is empty, or the first takes out.</exception>
    public static TensorChoice Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        (string Pattern, bool IsTaken)[] patterns = [.. text.Split(',', StringSplitOptions.TrimEntries)
            .Select(p => p.StartsWith('!') ? (p[1..], false) : (p, true))];
        int empty = Array.FindIndex(patterns, p => p.Pattern.Length == 0);
        if (empty >= 0)
            throw new FormatException($"pattern {empty + 1} of \"{text}\" is empty; patterns stand between commas, for instance *.mlp.*.");
        if (!patterns[0].IsTaken)
            throw new FormatException($"\"{text}\" begins by taking tensors out; say first which to take, for instance *,{text}.");
        return new(text, patterns);
    }

    /// <summary>Whether a tensor is chosen: the last pattern that fits its name decides.</summary>
    public bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        (string Pattern, bool IsTaken) last = Array.FindLast(_patterns,
            p => FileSystemName.MatchesSimpleExpression(p.Pattern, name, ignoreCase: false));
        return last.IsTaken;
    }

    /// <summary>The chosen tensors of a checkpoint, in its order.</summary>
    /// <exception cref="KeyNotFoundException">A pattern fits none, or the last ones take all out again; names them.</exception>
    public IReadOnlyList<Tensor> In(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        foreach ((string pattern, _) in _patterns)
            if (!checkpoint.Tensors.Any(t => FileSystemName.MatchesSimpleExpression(pattern, t.Name, ignoreCase: false)))
                throw new KeyNotFoundException($"{checkpoint.Path}: no tensor fits the pattern {pattern}. There are, for instance, "
                    + $"{string.Join(", ", checkpoint.Tensors.Take(3).Select(t => t.Name))}.");
        Tensor[] chosen = [.. checkpoint.Tensors.Where(t => Contains(t.Name))];
        return chosen.Length > 0 ? chosen
            : throw new KeyNotFoundException($"{checkpoint.Path}: \"{Text}\" takes out again all that it takes. Leave some tensor in.");
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
