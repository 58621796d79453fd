namespace KsLottery.Engine.Operations;

/// <summary>The innermost product: a tile of C small enough to stay in registers, from two packed panels.</summary>
internal interface IGemmTile
{
    /// <summary>Rows of C, and the width of a panel of A.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of C, and the width of a panel of B.</summary>
    static abstract int Columns { get; }

    /// <summary>C = Σ a[p]·b[p], or C += the sum: every element one chain of multiply-adds from zero in the order of p.</summary>
    /// <param name="depth">How many p.</param>
    /// <param name="a">(depth, rows).</param>
    /// <param name="b">(depth, columns).</param>
    /// <param name="c">The tile's first element.</param>
    /// <param name="stride">Elements from one row of C to the next.</param>
    /// <param name="add">Whether to add to C.</param>
    /// <param name="rows">How many rows of C are asked for, from the first; others are written too, or not.</param>
    static abstract void Multiply(int depth, ref readonly float a, ref readonly float b, ref float c, nint stride, bool add, int rows);
}
