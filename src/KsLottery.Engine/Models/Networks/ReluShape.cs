namespace KsLottery.Engine.Models;

/// <summary>The shape of a <see cref="ReluNetwork"/>.</summary>
/// <param name="Symbols">P, how many symbols it reads and says.</param>
/// <param name="Hidden">H, units of the hidden layer.</param>
public sealed record ReluShape(int Symbols, int Hidden)
{
    /// <summary>The matrices by their names in files, with rows and columns, in the order of memory.</summary>
    public IReadOnlyList<(string Name, int Rows, int Columns)> Matrices =>
        [("embedding.weight", Symbols, Hidden), ("output.weight", Symbols, Hidden)];

    /// <summary>All weights.</summary>
    public int ParameterCount => Matrices.Sum(m => m.Rows * m.Columns);

    /// <summary>What a forward pass of one pair multiplies and adds, in floating-point operations.</summary>
    public double ForwardFlops => 2.0 * Hidden * Symbols;
}
