namespace KsLottery.Kernels;

public static partial class KernelCatalog
{
    private static partial IEnumerable<KernelDefinition> Definitions() => [];
}
