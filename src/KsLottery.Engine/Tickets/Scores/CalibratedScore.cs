using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>|w|·|f| of a single weight, or w·f, with a factor that some text gave: of its input channel, or of the weight
/// itself.</summary>
/// <remarks>The product is taken in F32.</remarks>
/// <param name="Word">What the score is called.</param>
/// <param name="Data">A fingerprint of the text.</param>
/// <param name="Factors">f by the tensor's name: one for each column of its matrix, or for each of its elements.</param>
internal sealed record CalibratedScore(string Word, string Data, IReadOnlyDictionary<string, float[]> Factors) : TicketScore
{
    public override string Name => Word;

    internal override string Meaning => "what a weight does in a text";

    public override ScoreInputs Inputs => ScoreInputs.Base;

    /// <summary>Whether the sign of w·f counts.</summary>
    public bool IsSigned { get; init; }

    internal override ElementKeys Elements => new Keys(Factors, IsSigned);

    /// <exception cref="ArgumentException">Always: it is a score of elements.</exception>
    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default) =>
        throw new ArgumentException($"{source.Name}: the score '{Name}' is of single elements. Take elements as units.");

    private sealed class Keys(IReadOnlyDictionary<string, float[]> factors, bool isSigned) : ElementKeys
    {
        [ThreadStatic]
        private static float[]? _values;

        /// <exception cref="ArgumentException">The tensor is none that the text went through.</exception>
        public override void Fill(in ElementStretch elements, Span<uint> keys)
        {
            if (!factors.TryGetValue(elements.Tensor, out float[]? own))
                throw new ArgumentException($"{elements.Tensor}: this tensor is no matrix of a layer that a text goes through, so that "
                    + $"the text says nothing of its weights. Leave it out of the scope (!{elements.Tensor}).");
            Span<float> values = (_values ??= new float[Block]).AsSpan(0, elements.Count);
            ElementCodec.Of(elements.BeforeType).Widen(elements.Before, values);
            for (int i = 0, place = (int)(elements.First % own.Length); i < values.Length; i++)
            {
                float score = values[i] * own[place];
                keys[i] = KeyOf(isSigned ? score : MathF.Abs(score));
                if (++place == own.Length) place = 0;
            }
            keys[elements.Count..].Clear();
        }
    }
}
