using System.Runtime.InteropServices;

namespace KsLottery.Engine.Interop;

/// <summary>The calls of the C library that .NET does not expose.</summary>
internal static partial class LibC
{
    /// <summary>MADV_SEQUENTIAL: read ahead far; the value is the same on Linux and macOS.</summary>
    internal const int Sequential = 2;

    /// <summary>MADV_DONTNEED: drop the pages from the resident set; the value is the same on Linux and macOS.</summary>
    internal const int DontNeed = 4;

    [LibraryImport("libc", EntryPoint = "madvise")]
    internal static partial int MemoryAdvise(nint address, nuint length, int advice);

    /// <summary>Becomes another program, with the same files open; comes back, with -1, only where the system refuses.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its name and arguments, and a null behind them.</param>
    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Execute(string path, string?[] arguments);
}
