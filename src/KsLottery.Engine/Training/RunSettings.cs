namespace KsLottery.Engine.Training;

/// <summary>What decides the bytes of a run, by name; a run goes on only where all of it is as it was.</summary>
internal static class RunSettings
{
    /// <exception cref="InvalidDataException">A setting differs; names it and both values.</exception>
    public static void ThrowIfDifferent(string path, IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> settings)
    {
        foreach ((string key, string value) in settings)
        {
            string? before = saved.GetValueOrDefault(key);
            if (before != value)
                throw new InvalidDataException($"{path}: the run was begun with {key} = {before ?? "nothing"}, now it is {value}. "
                    + "Resume with the same settings, or begin a new run in another folder.");
        }
    }
}
