using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Mpi.Interop;

/// <summary>The functions of an MPI library, one signature for all families.</summary>
/// <remarks>
/// A handle is an int in MPICH and an address in Open MPI; as a native integer it is passed in the same register, of which an int takes the
/// lower half, on x86-64 and on AArch64 alike. Handles that the library writes go into zeroed native integers.
/// </remarks>
internal sealed unsafe partial class MpiInterop
{
    // RTLD_NOW, RTLD_GLOBAL: Open MPI's plugins look for its symbols among the global ones.
    private const int Now = 2, Global = 0x100, VersionLength = 8192;

    private readonly nint _library;
    private readonly MpiValues _values;
    private readonly delegate* unmanaged<nint, nint*, int> _duplicate;
    private readonly delegate* unmanaged<void*, void*, int, nint, nint, nint, nint*, int> _reduce;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, nint*, int> _broadcast;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _beginSend, _beginReceive;
    private readonly delegate* unmanaged<nint*, int*, nint, int> _test;
    private readonly delegate* unmanaged<int, int, nint, int*, nint, int> _probe;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint, int> _receive;
    private readonly delegate* unmanaged<nint, int, int> _abort;

    private MpiInterop(nint library, string path)
    {
        _library = library;
        Family = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _) ? MpiFamily.OpenMpi
            // A library of MPICH or Open MPI may have this function beside its own interface: the name says which it is.
            : NativeLibrary.TryGetExport(library, "MPI_Abi_get_version", out _)
                && Path.GetFileName(path).StartsWith("libmpi_abi", StringComparison.Ordinal) ? MpiFamily.StandardAbi
            : MpiFamily.Mpich;
        _values = MpiValues.Of(Family, library);
        Version = ReadVersion();
        _duplicate = (delegate* unmanaged<nint, nint*, int>)Find("MPI_Comm_dup");
        _reduce = (delegate* unmanaged<void*, void*, int, nint, nint, nint, nint*, int>)Find("MPI_Iallreduce");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Find("MPI_Ibcast");
        _beginSend = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Find("MPI_Isend");
        _beginReceive = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Find("MPI_Irecv");
        _test = (delegate* unmanaged<nint*, int*, nint, int>)Find("MPI_Test");
        _probe = (delegate* unmanaged<int, int, nint, int*, nint, int>)Find("MPI_Iprobe");
        _receive = (delegate* unmanaged<void*, int, nint, int, int, nint, nint, int>)Find("MPI_Recv");
        _abort = (delegate* unmanaged<nint, int, int>)Find("MPI_Abort");
    }

    public MpiFamily Family { get; }

    /// <summary>What the library says of itself, in its words.</summary>
    public string Version { get; }

    /// <summary>Whether one thread at a time may call, whichever; known once begun.</summary>
    public bool IsSerialized { get; private set; }

    /// <summary>Loads a library.</summary>
    /// <param name="path">A path, or a name that the loader looks for.</param>
    /// <param name="problem">Why there is none.</param>
    public static MpiInterop? TryLoad(string path, out string problem)
    {
        nint library = Open(path, Now | Global);
        if (library == 0)
        {
            problem = Marshal.PtrToStringUTF8(Error()) ?? "cannot be loaded";
            return null;
        }
        try
        {
            problem = "";
            return new(library, path);
        }
        catch (EntryPointNotFoundException e)
        {
            problem = $"is no MPI library of version 3 or later: {e.Message}";
            return null;
        }
    }

    /// <summary>Joins the processes that the launcher started.</summary>
    public void Begin()
    {
        int provided;
        Check(((delegate* unmanaged<int*, byte***, int, int*, int>)Find("MPI_Init_thread"))(null, null, _values.Serialized, &provided),
            "MPI_Init_thread");
        IsSerialized = provided >= _values.Serialized;
    }

    public (int Rank, int Size) Place()
    {
        int rank, size;
        Check(((delegate* unmanaged<nint, int*, int>)Find("MPI_Comm_rank"))(_values.World, &rank), "MPI_Comm_rank");
        Check(((delegate* unmanaged<nint, int*, int>)Find("MPI_Comm_size"))(_values.World, &size), "MPI_Comm_size");
        return (rank, size);
    }

    /// <summary>A group of the same processes, whose messages are apart from all others.</summary>
    public nint NewCommunicator()
    {
        nint made = 0;
        Check(_duplicate(_values.World, &made), "MPI_Comm_dup");
        return made;
    }

    public nint BeginReduce(long* values, int count, bool isSum, nint group)
    {
        nint request = 0;
        Check(_reduce((void*)_values.InPlace, values, count, _values.Int64, isSum ? _values.Sum : _values.Max, group, &request),
            "MPI_Iallreduce");
        return request;
    }

    public nint BeginBroadcast(byte* bytes, int count, nint group)
    {
        nint request = 0;
        Check(_broadcast(bytes, count, _values.Byte, 0, group, &request), "MPI_Ibcast");
        return request;
    }

    public nint BeginSend(byte* bytes, int count, int rank, int tag, nint group)
    {
        nint request = 0;
        Check(_beginSend(bytes, count, _values.Byte, rank, tag, group, &request), "MPI_Isend");
        return request;
    }

    public nint BeginReceive(byte* bytes, int count, int rank, int tag, nint group)
    {
        nint request = 0;
        Check(_beginReceive(bytes, count, _values.Byte, rank, tag, group, &request), "MPI_Irecv");
        return request;
    }

    /// <summary>Whether a request is done, which it then is no more.</summary>
    public bool IsDone(ref nint request)
    {
        int done;
        fixed (nint* pointer = &request) Check(_test(pointer, &done, _values.StatusIgnore), "MPI_Test");
        return done != 0;
    }

    /// <summary>Takes a message of anybody, where there is one.</summary>
    public bool TryReceive(Span<byte> bytes, int tag, nint group)
    {
        int waits;
        Check(_probe(_values.AnySource, tag, group, &waits, _values.StatusIgnore), "MPI_Iprobe");
        if (waits == 0) return false;
        fixed (byte* pointer = bytes)
            Check(_receive(pointer, bytes.Length, _values.Byte, _values.AnySource, tag, group, _values.StatusIgnore), "MPI_Recv");
        return true;
    }

    /// <summary>Ends all processes.</summary>
    public void Abort(int exitCode) => _abort(_values.World, exitCode);

    public void End() => Check(((delegate* unmanaged<int>)Find("MPI_Finalize"))(), "MPI_Finalize");

    private string ReadVersion()
    {
        byte* text = stackalloc byte[VersionLength];
        int length = 0;
        Check(((delegate* unmanaged<byte*, int*, int>)Find("MPI_Get_library_version"))(text, &length), "MPI_Get_library_version");
        return Encoding.UTF8.GetString(text, Math.Clamp(length, 0, VersionLength)).TrimEnd('\0');
    }

    private nint Find(string name) => NativeLibrary.GetExport(_library, name);

    private static void Check(int status, string call)
    {
        if (status != 0) throw new IOException($"{call} returned {status}. Look at what the MPI library says of it on stderr.");
    }

    [LibraryImport("libc.so.6", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string name, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "dlerror")]
    private static partial nint Error();
}
