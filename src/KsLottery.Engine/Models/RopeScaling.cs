using System.Text.Json;

namespace KsLottery.Engine.Models;

/// <summary>How rotary positions were stretched beyond the length that a model was first trained for.</summary>
/// <param name="Factor">By how much positions, or slow frequencies, are divided; at least 1.</param>
internal abstract record RopeScaling(double Factor)
{
    /// <summary>Scales one frequency, in radians a position.</summary>
    internal abstract double Apply(double frequency);

    internal abstract void WriteTo(Utf8JsonWriter json);
}

/// <summary>All positions are divided by the factor (Chen et al. 2023, arXiv 2306.15595).</summary>
/// <inheritdoc cref="RopeScaling" path="/param"/>
internal sealed record LinearRopeScaling(double Factor) : RopeScaling(Factor)
{
    internal override double Apply(double frequency) => frequency / Factor;

    internal override void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", "linear");
        json.WriteNumber("factor", Factor);
        json.WriteEndObject();
    }
}

/// <summary>LLaMA 3.1's: waves longer than the original length over <see cref="LowFrequencyFactor"/> are divided, those shorter than it
/// over <see cref="HighFrequencyFactor"/> stay, and those between are blended.</summary>
/// <inheritdoc cref="RopeScaling" path="/param"/>
/// <param name="Factor">By how much slow frequencies are divided; at least 1.</param>
/// <param name="LowFrequencyFactor">Waves of more than the original length over this are slow.</param>
/// <param name="HighFrequencyFactor">Waves of less than the original length over this are fast; more than the low factor.</param>
/// <param name="OriginalLength">The length of the first training, in tokens.</param>
internal sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, double OriginalLength)
    : RopeScaling(Factor)
{
    internal override double Apply(double frequency)
    {
        double waves = OriginalLength * frequency / (2 * Math.PI);
        double share = Math.Clamp((waves - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
        return ((1 - share) * frequency / Factor) + (share * frequency);
    }

    internal override void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", "llama3");
        json.WriteNumber("factor", Factor);
        json.WriteNumber("low_freq_factor", LowFrequencyFactor);
        json.WriteNumber("high_freq_factor", HighFrequencyFactor);
        json.WriteNumber("original_max_position_embeddings", OriginalLength);
        json.WriteEndObject();
    }
}
