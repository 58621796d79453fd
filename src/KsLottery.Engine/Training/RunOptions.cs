using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Training;

/// <summary>Where a run writes, and how it goes.</summary>
public record RunOptions
{
    /// <summary>How long and with which numbers.</summary>
    public required TrainingPlan Plan { get; init; }

    /// <summary>The folder: absent or empty for a new run, in one that exists.</summary>
    public required string Out { get; init; }

    /// <summary>Whether a run that was begun in the folder goes on; where none was, one begins.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether a finished run in the folder, with the same settings, is taken as it stands instead of being an error.</summary>
    public bool KeepFinished { get; init; }

    /// <summary>The time after which the state is saved again.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The tokenizer file that goes along with a model, in place of a base's own where there is one; null for that.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>What becomes of values outside of a mask where whole tensors learn; null where there is no mask.</summary>
    public MaskPolicy? Policy { get; init; }

    /// <summary>Where the training begins; null for its base, or the first weights that its seed draws.</summary>
    public RewindPoint? Rewind { get; init; }

    /// <summary>States to keep on the way, each in a folder <c>state-STEP</c> in <see cref="Out"/>, for <see cref="RewindPoint.State"/>;
    /// where a whole model is trained that folder is the model's too.</summary>
    public IReadOnlyList<KeptState> KeepStates { get; init; } = [];

    /// <summary>The processes that train together, each with these options, and its own device: they share the micro-batches of every
    /// step, and come to the bytes of one. The first alone writes and reports; what it writes the others must be able to read where a run
    /// goes on.</summary>
    public RankGroup Ranks { get; init; } = RankGroup.Alone;

    /// <summary>What else decides the run, such as the names of files and their fingerprints; compared on resumption and kept with the
    /// result.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];
}

/// <summary>What decides the bytes of a run, by name; a run goes on only where all of it is as it was.</summary>
internal static class RunSettings
{
    /// <exception cref="InvalidDataException">A setting differs; names it and both values.</exception>
    public static void ThrowIfDifferent(string path, IReadOnlyDictionary<string, string> saved,
        IReadOnlyDictionary<string, string> settings)
    {
        foreach ((string key, string before, string now) in Differences(saved, settings))
            throw new InvalidDataException($"{path}: the run was begun with {key} = {before}, now it is {now}. Resume with the same "
                + "settings, or begin a new run in another folder.");
    }

    /// <summary>What differs, in the order of the settings that are now.</summary>
    public static IEnumerable<(string Key, string Before, string Now)> Differences(IReadOnlyDictionary<string, string> saved,
        IReadOnlyDictionary<string, string> settings) => settings.Keys.Union(saved.Keys)
        .Select(key => (key, saved.GetValueOrDefault(key) ?? "nothing", settings.GetValueOrDefault(key) ?? "nothing"))
        .Where(setting => setting.Item2 != setting.Item3);
}
