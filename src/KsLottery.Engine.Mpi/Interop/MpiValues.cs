using System.Runtime.InteropServices;

namespace KsLottery.Engine.Mpi.Interop;

/// <summary>The values of a family's handles and constants.</summary>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="Int64">MPI_INT64_T.</param>
/// <param name="Sum">MPI_SUM.</param>
/// <param name="Max">MPI_MAX.</param>
/// <param name="InPlace">MPI_IN_PLACE.</param>
/// <param name="AnySource">MPI_ANY_SOURCE.</param>
/// <param name="StatusIgnore">MPI_STATUS_IGNORE.</param>
/// <param name="Serialized">MPI_THREAD_SERIALIZED.</param>
internal sealed record MpiValues(
    nint World, nint Byte, nint Int64, nint Sum, nint Max, nint InPlace, int AnySource, nint StatusIgnore, int Serialized)
{
    /// <summary>MPI 5.0, appendix A: what its <c>mpi.h</c> has.</summary>
    private static readonly MpiValues StandardAbi = new(0x101, 0x247, 0x258, 0x21, 0x23, 1, -1, 0, 2048);

    /// <summary>The values of MPICH's <c>mpi.h</c>, which all of its family share.</summary>
    private static readonly MpiValues Mpich = new(0x44000000, 0x4c00010d, 0x4c00083a, 0x58000003, 0x58000001, -1, -2, 1, 2);

    /// <summary>The values of a library.</summary>
    public static MpiValues Of(MpiFamily family, nint library)
    {
        return family switch
        {
            MpiFamily.OpenMpi => new(Address("comm_world"), Address("byte"), Address("int64_t"), Address("op_sum"), Address("op_max"),
                1, -1, 0, 2),
            MpiFamily.Mpich => Mpich,
            MpiFamily.StandardAbi => StandardAbi,
            _ => throw new ArgumentOutOfRangeException(nameof(family), family, null),
        };

        nint Address(string name) => NativeLibrary.GetExport(library, $"ompi_mpi_{name}");
    }
}
