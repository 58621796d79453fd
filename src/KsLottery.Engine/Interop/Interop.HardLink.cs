using System.Runtime.InteropServices;

namespace KsLottery.Engine;

/// <summary>Hard links, for which .NET 10 has no call.</summary>
internal static partial class Interop
{
    /// <summary>Gives a file a second name; false where the system or the file system refuses.</summary>
    /// <param name="existing">A file that is no symbolic link.</param>
    /// <param name="second">A name on the same file system that does not exist.</param>
    internal static bool TryHardLink(string existing, string second) => OperatingSystem.IsWindows()
        ? Kernel32.CreateHardLink(second, existing, 0)
        : LibC.Link(existing, second) == 0;

    internal static partial class LibC
    {
        [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int Link(string existing, string second);
    }

    private static partial class Kernel32
    {
        [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", StringMarshalling = StringMarshalling.Utf16)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static partial bool CreateHardLink(string second, string existing, nint securityAttributes);
    }
}
