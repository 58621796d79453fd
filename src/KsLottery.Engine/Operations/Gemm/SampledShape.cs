namespace KsLottery.Engine.Operations;

/// <summary>How the rows of x and dy lie in lines: so many blocks of <see cref="Gemm.BlockDepth"/> rows at a time.</summary>
internal readonly record struct SampledShape
{
    /// <summary>How many blocks a line can hold.</summary>
    public const int MaxLanes = 4;

    /// <summary>Floats between lines, so that their beginnings do not share a set of the first cache.</summary>
    private const int Gap = 16;

    /// <param name="rows">All rows, at least 1.</param>
    public SampledShape(int rows)
    {
        Depth = Gemm.BlockDepth(rows);
        Lanes = rows <= Depth ? 1 : MaxLanes;
    }

    /// <summary>Rows of a block.</summary>
    public int Depth { get; }

    /// <summary>Blocks of a line.</summary>
    public int Lanes { get; }

    /// <summary>Rows of a line.</summary>
    public int Rows => Depth * Lanes;

    /// <summary>Floats from one line to the next.</summary>
    public int Line => Rows + Gap;
}
