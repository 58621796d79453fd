namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds the file that is meant where the folder of a whole result may be given in its place.</summary>
internal static class FileInFolder
{
    /// <summary>Gives a file's path as it is, and of a folder that of the file in it.</summary>
    /// <param name="path">The file, or a folder.</param>
    /// <param name="name">The name of the file in the folder.</param>
    /// <param name="nextStep">What to do where the folder lacks it, by the folder, without a final full stop.</param>
    /// <exception cref="FileNotFoundException">The folder has no file of the name.</exception>
    public static string Resolve(string path, string name, Func<string, string> nextStep)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path)) return path;
        string file = Path.Combine(path, name);
        return File.Exists(file) ? file
            : throw new FileNotFoundException($"{path}: there is no {name} in this folder. {nextStep(path)}.", file);
    }
}
