using System.Diagnostics;
using KsLottery.Engine.Mpi.Interop;
using KsLottery.Tests.Support;

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

    /// <summary>Stubs in C in place of libraries that are not to be had here: what they export and say of themselves.</summary>
    [TestCase("libmpi.so.40", "Open MPI v5.0.3, package: x", "char ompi_mpi_comm_world, ompi_mpi_byte, ompi_mpi_int64_t, ompi_mpi_op_sum, "
        + "ompi_mpi_op_max;", MpiFamily.OpenMpi, "Open MPI 5.0.3")]
    [TestCase("libmpi_abi.so.0", "MPICH Version: 4.3.0", "int MPI_Abi_get_version(int* a, int* b) { return 0; }", MpiFamily.StandardAbi,
        "MPICH 4.3.0")]
    [TestCase("libmpi.so.12", "MPICH Version: 4.3.0", "int MPI_Abi_get_version(int* a, int* b) { return 0; }", MpiFamily.Mpich,
        "MPICH 4.3.0")]
    public void Libraries_that_were_not_run_are_recognised(string file, string version, string exports, MpiFamily family, string name)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("stub.c"), $$"""
            #include <string.h>
            int MPI_Get_library_version(char* text, int* length) { strcpy(text, "{{version}}"); *length = strlen(text); return 0; }
            {{exports}}
            """ + string.Concat(Called.Select(call => $"int MPI_{call}() {{ return 0; }}\n")));
        Compile(folder.File("stub.c"), folder.File(file));
        MpiInterop found = MpiLibrary.TryLoad(folder.File(file), null)!;
        Assert.That((found.Family, MpiLibrary.Describe(found.Version)), Is.EqualTo((family, name)));
        Assert.That(MpiLibrary.IsTriedKind(found.Family, name), Is.False);
    }

    private static readonly string[] Called =
        ["Comm_dup", "Iallreduce", "Ibcast", "Isend", "Irecv", "Test", "Iprobe", "Recv", "Abort"];

    private static void Compile(string source, string library)
    {
        try
        {
            using Process gcc = Process.Start("gcc", ["-shared", "-fPIC", "-w", "-o", library, source]);
            gcc.WaitForExit();
            Assert.That(gcc.ExitCode, Is.Zero);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("no gcc: stubs of MPI libraries are not compiled");
        }
    }

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
