using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Evaluation;

/// <summary>The loss along the straight line between the weights of two checkpoints: whether they are linearly connected (Frankle et al.,
/// ICML 2020).</summary>
/// <param name="Points">From one end to the other.</param>
public sealed record LinearPath(IReadOnlyList<PathPoint> Points)
{
    /// <summary>The point of the largest loss, of equal ones the first.</summary>
    public PathPoint Highest => Points.LargestBy(p => p.Loss);

    /// <summary>The largest loss less the mean of the ends: the instability of Frankle et al.</summary>
    public double Barrier => Highest.Loss - ((Points[0].Loss + Points[^1].Loss) / 2);

    /// <summary>By how much the loss exceeds the straight line between the ends where it does most; 0 where it never does. With ends of
    /// different losses this is the smaller of the two.</summary>
    public double BarrierAboveLine => HighestAboveLine.Loss - LineAt(HighestAboveLine.Share);

    /// <summary>Where, the first of several.</summary>
    public PathPoint HighestAboveLine => Points.LargestBy(p => p.Loss - LineAt(p.Share));

    /// <summary>Evaluates a model at points that are equally far apart.</summary>
    /// <remarks>A weight at share a is (1 - a)·first + a·second, in double and rounded to F32: at the ends the very weights. The model
    /// takes memory for one F32 copy of all weights.</remarks>
    /// <param name="model">The model, opened from the first checkpoint, of which nothing learns; afterwards it is the second.</param>
    /// <param name="first">That checkpoint.</param>
    /// <param name="second">The other, of the same shape; both stay open as long as the model.</param>
    /// <param name="points">How many points, both ends among them, from 2.</param>
    /// <param name="evaluate">The loss of the model as it stands.</param>
    /// <param name="hear">Told of every point.</param>
    /// <param name="cancellationToken">Stops between points.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two points.</exception>
    /// <exception cref="ArgumentException">The checkpoints differ in shape, or only one of them ties its head.</exception>
    /// <exception cref="CheckpointFormatException">A weight of either is NaN or infinite; names file, tensor and row.</exception>
    /// <exception cref="KeyNotFoundException">The other checkpoint lacks a tensor.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static LinearPath Of(LlamaModel model, Checkpoint first, Checkpoint second, int points, Func<double> evaluate,
        Action<PathPoint>? hear = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(evaluate);
        ArgumentOutOfRangeException.ThrowIfLessThan(points, 2);
        (Tensor First, Tensor Second)[] pairs = [.. model.Weights.All.Select(w => (first.GetTensor(w.Name), second.GetTensor(w.Name)))];
        foreach ((Tensor one, Tensor other) in pairs)
            if (!one.Shape.SequenceEqual(other.Shape))
                throw new ArgumentException($"{one.Name} is [{string.Join(", ", one.Shape)}] in {first.Path} and "
                    + $"[{string.Join(", ", other.Shape)}] in {second.Path}. Take two checkpoints of one shape.", nameof(second));
        if (model.Config.IsTied != LlamaConfig.Load(second).IsTied)
            throw new ArgumentException($"{(model.Config.IsTied ? first : second).Path} ties its output head to the embedding, "
                + $"{(model.Config.IsTied ? second : first).Path} does not. Take two checkpoints that do the same.", nameof(second));
        // A loss that is no number would be laid to the model's own checkpoint, whichever of the two it comes from.
        foreach ((Tensor one, Tensor other) in pairs)
        {
            FiniteValues.Check(one, cancellationToken);
            FiniteValues.Check(other, cancellationToken);
        }
        List<PathPoint> path = [];
        for (int i = 0; i < points; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double share = (double)i / (points - 1);
            if (i > 0)
                foreach ((Tensor one, Tensor other) in pairs)
                    model.Weights.Put(new InterpolatedElements(one, other, share).ToTensor());
            path.Add(new(share, evaluate()));
            hear?.Invoke(path[^1]);
        }
        return new(path);
    }

    private double LineAt(double share) => Points[0].Loss + (share * (Points[^1].Loss - Points[0].Loss));
}

/// <summary>A point of a straight line between two checkpoints.</summary>
/// <param name="Share">How far it is on the way, 0 to 1.</param>
/// <param name="Loss">The loss there.</param>
public readonly record struct PathPoint(double Share, double Loss);
