using System.Globalization;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>What stands in for the precision of an n-gram order without a match (Chen and Cherry, 2014).</summary>
public enum BleuSmoothing
{
    /// <summary>Half of one match for the first such order, a quarter for the second, and so on; as mteval does.</summary>
    Exponential,

    /// <summary>A small number of matches.</summary>
    Floor,

    /// <summary>Adds k to the matches and to the total of every order above 1.</summary>
    AddK,

    /// <summary>Nothing: the score is 0.</summary>
    None,
}

/// <summary>How BLEU is computed; the defaults are those of sacreBLEU.</summary>
public sealed record BleuOptions
{
    /// <summary>Cuts a line into tokens; 13a by default.</summary>
    public ITextTokenizer Tokenizer { get; init; } = TextTokenizers.V13a;

    /// <summary>What stands in for a precision of zero.</summary>
    public BleuSmoothing Smoothing { get; init; } = BleuSmoothing.Exponential;

    /// <summary>The matches of <see cref="BleuSmoothing.Floor"/> (default 0.1) or k of <see cref="BleuSmoothing.AddK"/> (1).</summary>
    public double? SmoothingValue { get; init; }

    /// <summary>Whether upper and lower case are one.</summary>
    public bool Lowercase { get; init; }

    /// <summary>Whether the orders that the hypotheses are too short for are left out of the mean.</summary>
    /// <remarks>Without it a single sentence of three tokens scores 0.</remarks>
    public bool EffectiveOrder { get; init; }

    /// <summary>The largest n of the n-grams; 4 is BLEU.</summary>
    /// <remarks>sacreBLEU's signature does not say it, nor does ours.</remarks>
    public int MaxOrder { get; init; } = 4;

    internal double EffectiveSmoothingValue => SmoothingValue ?? (Smoothing == BleuSmoothing.Floor ? 0.1 : 1);

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Tokenizer);
        if (Smoothing is < BleuSmoothing.Exponential or > BleuSmoothing.None)
            throw new ArgumentOutOfRangeException(nameof(Smoothing), Smoothing, "Allowed smoothing: Exponential, Floor, AddK, None.");
        if (SmoothingValue is { } value)
        {
            if (Smoothing is BleuSmoothing.Exponential or BleuSmoothing.None)
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"Smoothing {Smoothing} takes no value, but {value} was given; leave it out."), nameof(SmoothingValue));
            }
            if (!(value >= 0 && double.IsFinite(value)))
                throw new ArgumentOutOfRangeException(nameof(SmoothingValue), value, "Allowed: a finite number, 0 or more.");
        }
        if (MaxOrder is < 1 or > 64) throw new ArgumentOutOfRangeException(nameof(MaxOrder), MaxOrder, "Allowed: 1 to 64.");
    }
}
