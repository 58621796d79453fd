namespace KsLottery.Kernels;

/// <summary>The kernels of this assembly; the generator writes the other half.</summary>
public static partial class KernelCatalog
{
    /// <summary>All of them.</summary>
    public static IEnumerable<KernelDefinition> Own => Definitions();

    private static partial IEnumerable<KernelDefinition> Definitions();
}
