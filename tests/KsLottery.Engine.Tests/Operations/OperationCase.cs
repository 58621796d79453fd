namespace KsLottery.Engine.Tests.Operations;

/// <summary>One use of one operation, which any device can be put to.</summary>
/// <param name="Name">The operation and its shape.</param>
/// <param name="Tolerance">How far F32 may lie from the reference, relative to 1 plus the reference's root mean square; 0 for
/// copies.</param>
/// <param name="Run">Gives everything that the operation wrote.</param>
internal sealed record OperationCase(string Name, double Tolerance, Func<DeviceBench, float[][]> Run)
{
    public override string ToString() => Name;
}
