namespace KsLottery.Engine.Mpi;

/// <summary>Whose values the handles and constants of an MPI library have.</summary>
public enum MpiFamily
{
    /// <summary>Open MPI: handles are addresses that it exports.</summary>
    OpenMpi,

    /// <summary>MPICH and what keeps to its binary interface: Intel MPI, Cray MPICH, MVAPICH.</summary>
    Mpich,

    /// <summary>The standard binary interface of MPI 5, <c>libmpi_abi.so</c>; read from its specification, not run.</summary>
    StandardAbi,
}
