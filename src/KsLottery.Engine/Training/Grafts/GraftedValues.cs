using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>The candidates of a graft in one tensor: their values before and after, and how far each is taken over.</summary>
internal sealed class GraftedValues
{
    private readonly IndexSet _elements;
    private readonly UnitGrid _grid;
    private readonly float[] _before, _after, _values;
    private readonly bool[] _isPatch;

    /// <param name="weight">Their values on the device, in ascending order, and the gradient of these.</param>
    /// <param name="candidates">The candidates.</param>
    /// <param name="before">The base's tensor.</param>
    /// <param name="after">The tuned one, whose values count as the base's type stores them.</param>
    /// <param name="random">Draws where S begins, from 0 to below 1.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    public GraftedValues(Weight weight, TensorMask candidates, Tensor before, Tensor after, SplitMix64 random,
        CancellationToken cancellationToken)
    {
        Weight = weight;
        (_grid, _elements) = (candidates.Grid, candidates.Units);
        _before = MaskedValues.Read(before, candidates, before.ElementType, cancellationToken);
        _after = MaskedValues.Read(after, candidates, before.ElementType, cancellationToken);
        int count = _before.Length;
        (_values, _isPatch, Scores, Best) = (new float[count], new bool[count], new double[count], new byte[count]);
        for (int i = 0; i < count; i++) Scores[i] = random.NextDouble();
    }

    /// <summary>The candidates' values on the device.</summary>
    public Weight Weight { get; }

    /// <summary>S.</summary>
    public double[] Scores { get; }

    /// <summary>The best mask so far, 1 where the tuned value is taken.</summary>
    public byte[] Best { get; }

    /// <summary>How many candidates the base patch takes.</summary>
    public long PatchCount => _isPatch.LongCount(p => p);

    /// <summary>How many the best mask takes.</summary>
    public long BestCount => Best.LongCount(b => b != 0);

    /// <summary>|Δ| of a candidate.</summary>
    public float MovementOf(int candidate) => MathF.Abs(_after[candidate] - _before[candidate]);

    /// <summary>Puts the candidates that moved farther than a threshold into the base patch.</summary>
    public void ChoosePatch(float threshold)
    {
        for (int i = 0; i < _isPatch.Length; i++) _isPatch[i] = MovementOf(i) > threshold;
    }

    /// <summary>base + γ·Δ of every candidate; valid until the next call.</summary>
    public ReadOnlySpan<float> Mix(double bias)
    {
        for (int i = 0; i < _values.Length; i++)
            _values[i] = (float)(_before[i] + (SigmoidMask.Gamma(_isPatch[i], Scores[i], bias) * ((double)_after[i] - _before[i])));
        return _values;
    }

    /// <summary>The tuned value of every candidate whose γ rounds to 1, the base's of all others; valid until the next call.</summary>
    public ReadOnlySpan<float> Round(double bias)
    {
        for (int i = 0; i < _values.Length; i++) _values[i] = IsKept(i, bias) ? _after[i] : _before[i];
        return _values;
    }

    /// <summary>How many candidates the rounded mask takes.</summary>
    public long CountKept(double bias)
    {
        long count = 0;
        for (int i = 0; i < Best.Length; i++)
            if (IsKept(i, bias)) count++;
        return count;
    }

    /// <summary>Takes the rounded mask for the best.</summary>
    public void KeepBest(double bias)
    {
        for (int i = 0; i < Best.Length; i++) Best[i] = IsKept(i, bias) ? (byte)1 : (byte)0;
    }

    /// <summary>S −= rate · dL/dS.</summary>
    /// <param name="gradient">dL/dθ of every candidate.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="bias">b.</param>
    /// <returns>The sum of the squares of dL/dS.</returns>
    public double Step(ReadOnlySpan<float> gradient, double rate, double bias)
    {
        double squares = 0;
        for (int i = 0; i < gradient.Length; i++)
        {
            double slope = SigmoidMask.Gradient(_isPatch[i], Scores[i], bias, gradient[i] * ((double)_after[i] - _before[i]));
            squares += slope * slope;
            Scores[i] -= rate * slope;
        }
        return squares;
    }

    /// <summary>The best mask as elements of the tensor.</summary>
    public TensorMask ToMask(string name)
    {
        IndexSetBuilder taken = new(_elements.Length);
        int place = 0;
        foreach (long element in _elements)
            if (Best[place++] != 0) taken.Add(element);
        return new(name, _grid, taken.ToSet());
    }

    private bool IsKept(int candidate, double bias) => SigmoidMask.IsKept(_isPatch[candidate], Scores[candidate], bias);
}
