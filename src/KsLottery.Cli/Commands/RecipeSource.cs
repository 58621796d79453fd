using System.Reflection;

namespace KsLottery.Cli;

/// <summary>Where a recipe comes from: the tool itself, or a file.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Path">The file; null for one of the tool's own.</param>
/// <param name="Bytes">Its bytes.</param>
internal sealed record RecipeSource(string Name, string? Path, byte[] Bytes)
{
    private const string Prefix = "recipes/", Extension = ".json";

    private static readonly Assembly Tool = typeof(RecipeSource).Assembly;

    /// <summary>The systems whose recipes are the tool's own.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Tool.GetManifestResourceNames()
        .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal) && n.EndsWith(Extension, StringComparison.Ordinal))
        .Select(n => n[Prefix.Length..^Extension.Length]).Order(StringComparer.Ordinal)];

    /// <summary>Finds a system by its name, or a recipe by its file.</summary>
    /// <exception cref="FileNotFoundException">There is neither.</exception>
    public static RecipeSource Find(string system)
    {
        if (Names.Contains(system))
        {
            using Stream stream = Tool.GetManifestResourceStream(Prefix + system + Extension)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return new(system + Extension, null, bytes);
        }
        return File.Exists(system) ? new(system, system, File.ReadAllBytes(system)) : throw new FileNotFoundException(
            $"{system}: neither a system nor a file; the systems are {string.Join(", ", Names)}. Name one of them, or a recipe's file.");
    }
}
