namespace KsLottery.Kernels;

/// <summary>Every kernel that the build translated, by name.</summary>
public static partial class KernelCatalog
{
    private static readonly Dictionary<string, KernelDefinition> ByName = Definitions().ToDictionary(d => d.Name, StringComparer.Ordinal);

    /// <summary>All kernels.</summary>
    public static IReadOnlyCollection<KernelDefinition> All => ByName.Values;

    /// <summary>Finds a kernel.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public static KernelDefinition Get(string name) => ByName.TryGetValue(name, out KernelDefinition? definition) ? definition
        : throw new KeyNotFoundException(
            $"there is no kernel '{name}'. Known are {string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal))}.");

    private static partial IEnumerable<KernelDefinition> Definitions();
}
