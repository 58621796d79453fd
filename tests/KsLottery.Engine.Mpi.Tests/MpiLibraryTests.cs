namespace KsLottery.Engine.Mpi.Tests;

public sealed class MpiLibraryTests
{
    [TestCase("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022", "Open MPI 4.1.4")]
    [TestCase("Open MPI v5.0.3, package: Open MPI root@node Distribution", "Open MPI 5.0.3")]
    [TestCase("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7 12:34:45 CDT 2022\n", "MPICH 4.0.2")]
    [TestCase("Intel(R) MPI Library 2021.6 for Linux* OS\n", "Intel(R) MPI Library 2021.6 for Linux* OS")]
    [TestCase("MVAPICH Version      :\t3.0\n", "MVAPICH Version : 3.0")]
    public void A_library_is_called_by_its_name_and_version(string version, string name) =>
        Assert.That(MpiLibrary.Describe(version), Is.EqualTo(name));

    [TestCase(MpiFamily.OpenMpi, "Open MPI 4.1.6", true)]
    [TestCase(MpiFamily.OpenMpi, "Open MPI 5.0.3", false)]
    [TestCase(MpiFamily.Mpich, "MPICH 4.0.2", true)]
    [TestCase(MpiFamily.Mpich, "MPICH 4.3.0", false)]
    [TestCase(MpiFamily.Mpich, "Intel(R) MPI Library 2021.6 for Linux* OS", false)]
    [TestCase(MpiFamily.StandardAbi, "MPICH 4.0.2", false)]
    public void Only_what_was_run_counts_as_tried(MpiFamily family, string name, bool isTried) =>
        Assert.That(MpiLibrary.IsTriedKind(family, name), Is.EqualTo(isTried));

    [Test]
    public void What_is_no_library_of_MPI_is_told_by_its_name()
    {
        List<string> attempts = [];
        Assert.That(MpiLibrary.TryLoad("libm.so.6", attempts), Is.Null);
        Assert.That(MpiLibrary.TryLoad("libabsent.so.1", attempts), Is.Null);
        Assert.That(attempts, Has.Count.EqualTo(2));
        Assert.That(attempts[0], Does.StartWith("libm.so.6: is no MPI library of version 3 or later"));
        Assert.That(attempts[1], Does.StartWith("libabsent.so.1: "));
    }
}
