using System.Globalization;

namespace KsLottery.Engine.Ranks;

/// <summary>What the program that started this process says of how many it started: <c>mpirun</c> or <c>srun</c>.</summary>
/// <param name="Kind">Whose variables say it.</param>
/// <param name="Rank">Which of the processes this is, from 0.</param>
/// <param name="Size">How many there are, at least 1.</param>
public sealed record Launcher(LauncherKind Kind, int Rank, int Size)
{
    /// <summary>Reads the environment.</summary>
    /// <param name="variable">Gives a variable's value; null reads those of this process.</param>
    /// <returns>Null where no launcher names a number of processes: the rank alone makes no job of several.</returns>
    public static Launcher? Find(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        if (Of(LauncherKind.OpenMpi, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK") is { } openMpi) return openMpi;
        if (Of(LauncherKind.Pmi, "PMI_SIZE", "PMI_RANK") is { } pmi) return pmi;
        // A batch script has SLURM_NTASKS too, and is one process: only a step's tasks count.
        return Number("SLURM_STEP_ID") is null ? null
            : Of(Has("PMIX_RANK") ? LauncherKind.SlurmPmix : LauncherKind.Slurm, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID");

        Launcher? Of(LauncherKind kind, string size, string rank) =>
            Number(size) is >= 1 and var count && Number(rank) is { } which && which < count ? new(kind, which, count) : null;

        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;

        bool Has(string name) => !string.IsNullOrEmpty(variable(name));
    }
}
