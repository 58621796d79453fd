using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>|w|·r·c of a single weight, with what flows through its row and its column: what it lets through.</summary>
/// <remarks>The product is taken in double and rounded to F32.</remarks>
/// <param name="Factors">r of each row and c of each column, by the tensor's name.</param>
/// <param name="Rounds">The rounds that it is the last of.</param>
/// <param name="Kept">The weights that the rounds before kept; all others have no score. Null where all have one.</param>
internal sealed record FlowScore(IReadOnlyDictionary<string, (double[] Rows, double[] Columns)> Factors, int Rounds, TicketMask? Kept)
    : TicketScore
{
    /// <summary>What it is called.</summary>
    public const string Word = "synflow";

    public override string Name => Word;

    internal override string Meaning => "what a weight lets through";

    public override ScoreInputs Inputs => ScoreInputs.Base;

    internal override ElementKeys Elements => new Keys(Factors, Kept);

    /// <exception cref="ArgumentException">Always: it is a score of elements.</exception>
    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default) =>
        throw new ArgumentException($"{source.Name}: the score '{Name}' is of single elements. Take elements as units.");

    private sealed class Keys(IReadOnlyDictionary<string, (double[] Rows, double[] Columns)> factors, TicketMask? kept) : ElementKeys
    {
        [ThreadStatic]
        private static float[]? _values;

        /// <exception cref="ArgumentException">Nothing flows through the tensor in the linearised model.</exception>
        public override void Fill(in ElementStretch elements, Span<uint> keys)
        {
            if (!factors.TryGetValue(elements.Tensor, out (double[] Rows, double[] Columns) own))
                throw new ArgumentException($"{elements.Tensor}: the score '{Word}' says nothing of this tensor, for nothing flows through "
                    + $"its weights: queries and keys say where attention looks, the embedding is looked up. Leave it out of the scope "
                    + $"(!{elements.Tensor}).");
            Span<float> values = (_values ??= new float[Block]).AsSpan(0, elements.Count);
            ElementCodec.Of(elements.BeforeType).Widen(elements.Before, values);
            keys.Clear();
            if (kept?.Find(elements.Tensor) is not { } mask)
            {
                for (int i = 0; i < values.Length; i++) keys[i] = KeyAt(own, elements.First + i, values[i]);
                return;
            }
            IndexSet.Enumerator members = new(mask.Units, elements.First);
            while (members.MoveNext() && members.Current < elements.First + values.Length)
            {
                int i = (int)(members.Current - elements.First);
                keys[i] = KeyAt(own, members.Current, values[i]);
            }
        }

        private static uint KeyAt((double[] Rows, double[] Columns) own, long element, float value)
        {
            (long row, long column) = Math.DivRem(element, own.Columns.Length);
            return KeyOf((float)(Math.Abs(value) * own.Rows[row] * own.Columns[column]));
        }
    }
}
