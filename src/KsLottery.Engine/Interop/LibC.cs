using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KsLottery.Engine.Interop;

/// <summary>The calls of the C library that .NET does not expose.</summary>
internal static partial class LibC
{
    /// <summary>MADV_SEQUENTIAL: read ahead far; the value is the same on Linux and macOS.</summary>
    internal const int Sequential = 2;

    /// <summary>MADV_DONTNEED: drop the pages from the resident set; the value is the same on Linux and macOS.</summary>
    internal const int DontNeed = 4;

    /// <summary>MADV_HUGEPAGE of Linux: back the range by large pages where there are some.</summary>
    internal const int HugePages = 14;

    /// <summary>F_GETFL: how an open file is read and written; the value is the same on Linux and macOS.</summary>
    internal const int GetFlags = 3;

    /// <summary>F_SETFL: changes that.</summary>
    internal const int SetFlags = 4;

    /// <summary>O_DIRECT of Linux: what is written goes from the caller's memory to the disk; 0 for a processor whose value is not
    /// known.</summary>
    internal static int Direct => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    [LibraryImport("libc", EntryPoint = "madvise")]
    internal static partial int MemoryAdvise(nint address, nuint length, int advice);

    /// <summary>Asks or changes how a file is open; -1 where the system refuses.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl")]
    internal static partial int ControlFile(SafeFileHandle file, int command, nint argument);

    /// <summary>Becomes another program, with the same files open; comes back, with -1, only where the system refuses.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its name and arguments, and a null behind them.</param>
    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Execute(string path, string?[] arguments);
}
