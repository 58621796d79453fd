namespace KsLottery.Engine.Ranks;

/// <summary>Whose variables say how many processes were started.</summary>
public enum LauncherKind
{
    /// <summary>Open MPI's <c>mpirun</c>.</summary>
    OpenMpi,

    /// <summary>PMI: MPICH's <c>mpirun</c>, or <c>srun --mpi=pmi2</c>.</summary>
    Pmi,

    /// <summary><c>srun --mpi=pmix</c>.</summary>
    SlurmPmix,

    /// <summary><c>srun</c> without a way for processes to find each other.</summary>
    Slurm,
}
