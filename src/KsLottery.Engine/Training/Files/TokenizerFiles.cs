using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Training;

/// <summary>A tokenizer that goes along with a model, under the names that others look for.</summary>
internal static class TokenizerFiles
{
    /// <summary>The names that a tokenizer's files may have.</summary>
    public static readonly IReadOnlySet<string> Names =
        new HashSet<string>([.. TokenTable.DefaultNames, .. TokenizerCompanions.FileNames]);

    /// <summary>Copies the file, and what the files beside a <c>.json</c> or <c>.model</c> say of its tokens.</summary>
    /// <returns>The names of the copies.</returns>
    public static IReadOnlyList<string> Copy(string path, string folder)
    {
        List<string> names = [$"tokenizer{Path.GetExtension(path).ToLowerInvariant()}"];
        Copy(path, folder, names[0]);
        if (names[0] is not ("tokenizer.json" or "tokenizer.model")) return names;
        foreach (string name in TokenizerCompanions.FileNames)
        {
            string settings = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name);
            if (!File.Exists(settings)) continue;
            Copy(settings, folder, name);
            names.Add(name);
        }
        return names;
    }

    private static void Copy(string path, string folder, string name)
    {
        byte[] bytes = File.ReadAllBytes(path);
        AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));
    }
}
