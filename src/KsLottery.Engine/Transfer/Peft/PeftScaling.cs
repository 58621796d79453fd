using System.Text.Json;
using System.Text.RegularExpressions;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>The rank that LoRA has at a module, and the number that its product is multiplied with.</summary>
/// <remarks>
/// Source: <c>LoraConfig</c>, <c>get_pattern_key</c> and <c>update_layer</c> of PEFT. The scale is alpha / r, or alpha / √r with
/// <c>use_rslora</c> (Kalajdzievski 2023, arXiv 2312.03732). The first key of a pattern that fits a module's whole name, or the end of it
/// behind a dot, as a regular expression gives the module a rank or an alpha of its own.
/// </remarks>
internal sealed class PeftScaling
{
    private const double Default = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly double _rank, _alpha;
    private readonly bool _isStabilized;
    private readonly List<(Regex Name, double Value)> _ranks, _alphas;

    /// <summary>Reads the numbers of a configuration.</summary>
    /// <exception cref="CheckpointFormatException">One is no number, or a pattern no regular expression.</exception>
    public PeftScaling(string path, JsonElement root)
    {
        _path = path;
        (_rank, _alpha) = (Number(root, "r"), Number(root, "lora_alpha"));
        _isStabilized = Truth(root, "use_rslora");
        IsTransposed = Truth(root, "fan_in_fan_out");
        (_ranks, _alphas) = (Patterns(root, "rank_pattern"), Patterns(root, "alpha_pattern"));
    }

    /// <summary>Whether square matrices are stored inputs first, as those of GPT-2 are; the shape of others says it by itself.</summary>
    public bool IsTransposed { get; }

    /// <summary>The scale of a module's product.</summary>
    /// <param name="module">The module's name in the base model, for instance <c>model.layers.0.self_attn.q_proj</c>.</param>
    /// <param name="factor">A factor of the product, for the message.</param>
    /// <param name="rank">The rank that the factors have.</param>
    /// <exception cref="CheckpointFormatException">The configuration gives the module another rank.</exception>
    public double Of(string module, Tensor factor, long rank)
    {
        double expected = First(_ranks, module) ?? _rank;
        if (expected != rank)
            throw new CheckpointFormatException(CheckpointDefect.InvalidAdapter, factor.File.Path, FormattableString.Invariant(
                $"it is {factor.DtypeName} [{string.Join(',', factor.Shape)}], {_path} gives this module the rank {expected}"),
                "Take weights and configuration of one adapter", factor.Name, factor.FileOffset);
        double alpha = First(_alphas, module) ?? _alpha;
        return _isStabilized ? alpha / Math.Sqrt(rank) : alpha / rank;
    }

    private double? First(List<(Regex Name, double Value)> patterns, string module)
    {
        try
        {
            foreach ((Regex name, double value) in patterns)
                if (name.IsMatch(module)) return value;
            return null;
        }
        catch (RegexMatchTimeoutException e)
        {
            throw Invalid($"{CheckpointFormatException.Quote(e.Pattern)} takes more than {Patience.TotalSeconds} s for one name", e);
        }
    }

    private List<(Regex, double)> Patterns(JsonElement root, string key)
    {
        if (!root.TryGetProperty(key, out JsonElement patterns) || patterns.ValueKind == JsonValueKind.Null) return [];
        if (patterns.ValueKind != JsonValueKind.Object) throw Invalid($"{key} must be an object of names and numbers");
        return [.. patterns.EnumerateObject().Select(p => (Expression(key, p.Name), Number(patterns, p.Name)))];
    }

    private Regex Expression(string key, string pattern)
    {
        try
        {
            return new Regex($@"\A(?:.*\.)?(?:{pattern})$", RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException e)
        {
            throw Invalid($"{key} has {CheckpointFormatException.Quote(pattern)}, which is no regular expression that is known here", e);
        }
    }

    private double Number(JsonElement root, string key) =>
        !root.TryGetProperty(key, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? Default
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number
        : throw Invalid(
            $"{CheckpointFormatException.Quote(key)} is {CheckpointFormatException.Quote(value.GetRawText())}, it should be a number");

    private static bool Truth(JsonElement root, string key) =>
        root.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private CheckpointFormatException Invalid(string problem, Exception? cause = null) =>
        new(CheckpointDefect.InvalidAdapter, _path, problem, "Save the adapter again with PEFT", innerException: cause);
}
