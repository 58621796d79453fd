using System.Globalization;

namespace KsLottery.Engine.Generation;

/// <summary>How text is generated; greedily by default.</summary>
public sealed record GenerationOptions
{
    /// <summary>The most tokens that a prompt is continued by, the end-of-sequence token included; 256 as in the KS-Lottery
    /// experiments.</summary>
    /// <remarks>Prompt and new tokens together stop at the decoder's capacity.</remarks>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>0 takes the likeliest token; above 0 tokens are drawn, with the logits divided by it.</summary>
    public double Temperature { get; init; }

    /// <summary>Draws from the fewest, likeliest tokens that together have at least this probability (Holtzman et al., 2020); 1 draws from
    /// all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>The width of the beam search; 1 is none, 4 the paper's.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>The power of its length that a hypothesis' log probability is divided by; above 0 favours long ones, 0 is none.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>The tokens that end a sequence; with none every sequence has the full length.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>Texts that end a sequence where they occur in it; null for none.</summary>
    public StopTexts? StopTexts { get; init; }

    /// <summary>Decides, with a prompt's index, all that is drawn for that prompt.</summary>
    public ulong Seed { get; init; }

    internal void Validate()
    {
        if (MaxNewTokens < 1)
            throw new ArgumentOutOfRangeException(nameof(MaxNewTokens), MaxNewTokens,
                "Allowed: 1 or more; to score text without new tokens, evaluate it.");
        if (!(Temperature >= 0 && double.IsFinite(Temperature)))
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature,
                "Allowed: 0 (the likeliest token) or a finite number above it.");
        if (!(TopP > 0 && TopP <= 1)) throw new ArgumentOutOfRangeException(nameof(TopP), TopP, "Allowed: above 0, up to 1 (every token).");
        if (TopP < 1 && Temperature == 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"TopP {TopP} draws, but Temperature is 0; set a temperature (1 is the model's own), or leave TopP out."), nameof(TopP));
        }
        if (Beams < 1)
            throw new ArgumentOutOfRangeException(nameof(Beams), Beams, "Allowed: 1 (no search) or more, up to the decoder's slots.");
        if (Beams > 1 && Temperature > 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"Beams {Beams} searches, Temperature {Temperature} draws; leave one of them out."), nameof(Temperature));
        }
        if (!double.IsFinite(LengthPenalty))
            throw new ArgumentOutOfRangeException(nameof(LengthPenalty), LengthPenalty, "Allowed: a finite number; 1 is usual.");
        ArgumentNullException.ThrowIfNull(EosIds);
    }
}
