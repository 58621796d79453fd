using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Tests.Ranks;

public sealed class LauncherTests
{
    [TestCase("OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=1 PMIX_RANK=1", LauncherKind.OpenMpi, 1, 4)]
    [TestCase("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2", LauncherKind.OpenMpi,
        0, 1, Description = "mpirun within a job of Slurm")]
    [TestCase("PMI_SIZE=3 PMI_RANK=2 PMI_FD=6", LauncherKind.Pmi, 2, 3)]
    [TestCase("PMIX_RANK=1 SLURM_STEP_ID=7 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1", LauncherKind.SlurmPmix, 1, 2)]
    [TestCase("SLURM_STEP_ID=7 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0", LauncherKind.Slurm, 0, 2)]
    [TestCase("SLURM_STEP_ID=7 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0", LauncherKind.Slurm, 0, 1)]
    public void The_launcher_says_which_of_how_many_this_is(string environment, LauncherKind kind, int rank, int size) =>
        Assert.That(Find(environment), Is.EqualTo(new Launcher(kind, rank, size)));

    [TestCase("")]
    [TestCase("PMIX_RANK=1", Description = "a rank without a number of ranks")]
    [TestCase("SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_JOB_ID=9", Description = "a batch script, which is one process")]
    [TestCase("OMPI_COMM_WORLD_SIZE=x OMPI_COMM_WORLD_RANK=0")]
    [TestCase("PMI_SIZE=2 PMI_RANK=2")]
    [TestCase("PMI_SIZE=0 PMI_RANK=0")]
    public void Rank_variables_alone_make_no_job_of_several(string environment) => Assert.That(Find(environment), Is.Null);

    private static Launcher? Find(string environment)
    {
        Dictionary<string, string> variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(pair => pair.Split('=')[0], pair => pair.Split('=')[1]);
        return Launcher.Find(variables.GetValueOrDefault);
    }
}
