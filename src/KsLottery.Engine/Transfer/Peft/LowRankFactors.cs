using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A and B of a module, and how their product lies over the module's matrix.</summary>
/// <param name="Down">A: (r, inputs), or (r, rows) of an embedding.</param>
/// <param name="Up">B: (outputs, r), or (width, r) of an embedding.</param>
/// <param name="IsEmbedding">Whether the module is an embedding, whose product is added as its transpose.</param>
internal readonly record struct LowRankFactors(Tensor Down, Tensor Up, bool IsEmbedding)
{
    /// <summary>The addition to a matrix.</summary>
    /// <param name="matrix">The matrix, of whose orientation its shape decides; where it is square, <c>fan_in_fan_out</c>.</param>
    /// <param name="module">The module's name in the base model.</param>
    /// <param name="scaling">Rank and scale by module.</param>
    /// <exception cref="CheckpointFormatException">The factors do not fit, or have another rank than the configuration says.</exception>
    public LowRankAddition Over(Tensor matrix, string module, PeftScaling scaling)
    {
        if (!IsFactor(Down) || !IsFactor(Up) || Down.Shape[0] != Up.Shape[1])
            throw Wrong(
                $"it is {Describe(Down)} and its other factor {Describe(Up)}; they should be F32, F16 or BF16 [r,inputs] and [outputs,r]");
        (long rows, long width) = (matrix.Shape[0], matrix.Shape[1]);
        bool fits = rows == Up.Shape[0] && width == Down.Shape[1], fitsTransposed = rows == Down.Shape[1] && width == Up.Shape[0];
        bool isTransposed = IsEmbedding || (fitsTransposed && (!fits || scaling.IsTransposed));
        if (!(isTransposed ? fitsTransposed : fits))
            throw Wrong(
                $"{Describe(Up)} times {Describe(Down)} does not fit {CheckpointFormatException.Quote(matrix.Name)} of the base, which is "
                + Describe(matrix));
        double scale = scaling.Of(module, Down, Down.Shape[0]);
        return isTransposed ? new(new(Down, true), new(Up, true), scale) : new(new(Up, false), new(Down, false), scale);
    }

    private static bool IsFactor(Tensor tensor) =>
        tensor.ElementType.IsNative() && tensor.Shape is [> 0, > 0] && tensor.ElementCount <= Array.MaxLength / sizeof(float);

    private static string Describe(Tensor tensor) => $"{tensor.DtypeName} [{string.Join(',', tensor.Shape)}]";

    private CheckpointFormatException Wrong(string problem) =>
        new(CheckpointDefect.InvalidAdapter, Down.File.Path, problem, "Give the base that the adapter was made for", Down.Name,
            Down.FileOffset);
}
