using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Training;

/// <summary>A tokenizer that goes along with a model, under the names that others look for.</summary>
internal static class TokenizerFiles
{
    private const string Settings = "tokenizer_config.json";

    /// <summary>The names that a tokenizer's files may have.</summary>
    public static readonly IReadOnlySet<string> Names = new HashSet<string> { "tokenizer.json", "tokenizer.model", "tokenizer.bin", Settings };

    /// <summary>Copies the file, and beside a <c>.json</c> the settings that say which tokens begin and end a text.</summary>
    /// <returns>The names of the copies.</returns>
    public static IReadOnlyList<string> Copy(string path, string folder)
    {
        List<string> names = [$"tokenizer{Path.GetExtension(path).ToLowerInvariant()}"];
        Copy(path, folder, names[0]);
        string settings = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Settings);
        if (names[0] != "tokenizer.json" || !File.Exists(settings)) return names;
        Copy(settings, folder, Settings);
        return [.. names, Settings];
    }

    private static void Copy(string path, string folder, string name)
    {
        byte[] bytes = File.ReadAllBytes(path);
        AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));
    }
}
