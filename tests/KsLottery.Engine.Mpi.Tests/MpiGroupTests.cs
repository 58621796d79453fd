using KsLottery.Tests.Support;

namespace KsLottery.Engine.Mpi.Tests;

/// <summary>The binding under real launchers: each call, and what becomes of a rank that fails.</summary>
public sealed class MpiGroupTests
{
    private static readonly string[] Program = [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", "exec",
        typeof(MpiGroupTests).Assembly.Location];

    [TestCase(MpiRun.OpenMpi, 1, "Open MPI ")]
    [TestCase(MpiRun.OpenMpi, 3, "Open MPI ")]
    [TestCase(MpiRun.Mpich, 2, "MPICH ")]
    [TestCase(MpiRun.Mpich, 5, "MPICH ")]
    public void All_calls_move_the_right_bytes_in_stretches(string library, int ranks, string name)
    {
        (int exitCode, string output, string error) = Run(library, ranks, "collectives");
        Assert.That((exitCode, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.Contain($"{ranks} ranks of {name}"));
    }

    [TestCase(MpiRun.OpenMpi, "throw", "planted")]
    [TestCase(MpiRun.Mpich, "throw", "planted")]
    [TestCase(MpiRun.Mpich, "terminate", "canceled")]
    public void A_rank_that_throws_or_is_told_to_stop_ends_all_and_is_named(string library, string work, string message)
    {
        (int exitCode, string output, string error) = Run(library, 2, work);
        Assert.That(exitCode, Is.EqualTo(5), error);
        Assert.That((output + error).Split("rank 1 (").Length, Is.EqualTo(2), "it is said once, by rank 0");
        Assert.That(output + error, Does.Contain(message));
    }

    [TestCase(MpiRun.OpenMpi)]
    [TestCase(MpiRun.Mpich)]
    public void Ranks_at_different_calls_end_in_place_of_waiting(string library)
    {
        (int exitCode, string output, string error) = Run(library, 2, "differ");
        Assert.That((exitCode, output + error), Is.EqualTo((5, output + error)));
        Assert.That(output + error, Does.Contain("another one another call"));
    }

    [TestCase(MpiRun.OpenMpi, 137)]
    [TestCase(MpiRun.Mpich, 9)]
    public void A_rank_that_is_killed_ends_all_by_the_launcher(string library, int expected)
    {
        (int exitCode, string output, string error) = Run(library, 2, "kill");
        Assert.That(exitCode, Is.EqualTo(expected), output + error);
    }

    [TestCase(MpiRun.OpenMpi)]
    [TestCase(MpiRun.Mpich)]
    public void A_rank_that_is_silent_is_given_up_with_its_name_and_phase(string library)
    {
        (int exitCode, string output, string error) = Run(library, 3, "stop");
        Assert.That(exitCode, Is.EqualTo(3), output + error);
        Assert.That(output + error, Does.Contain("rank 1 (").And.Contain("it was not heard of for ")
            .And.Contain("last at the planted silence, while rank 0 (").And.Contain(") is at the wait for it. "));
    }

    [Test]
    public void A_launcher_of_another_library_is_refused_with_the_right_pair()
    {
        (int exitCode, string output, string error) = MpiRun.Run(MpiRun.OpenMpi, 2, [.. Program, "collectives"],
            (MpiLibrary.Variable, "libmpich.so.12"));
        if (error.Contains("no MPI library was found", StringComparison.Ordinal)) Assert.Ignore("no MPICH: it is the Debian package mpich");
        Assert.That((exitCode, output), Is.EqualTo((3, "")));
        Assert.That(error, Does.Contain("the launcher started 2 processes, and MPICH ").And.Contain("srun --mpi=pmi2"));

        (exitCode, output, error) = MpiRun.Run(MpiRun.Mpich, 2, [.. Program, "collectives"], (MpiLibrary.Variable, "libmpi.so.40"));
        Assert.That(exitCode, Is.EqualTo(3), output + error);
        Assert.That(error, Does.Contain("the launcher started 2 processes, and Open MPI ").And.Contain("srun --mpi=pmix"));
    }

    private static (int ExitCode, string Output, string Error) Run(string library, int ranks, string work) =>
        MpiRun.Run(library, ranks, [.. Program, work], (MpiOptions.PatienceVariable, "2"));
}
