using System.Runtime.InteropServices;

namespace KsLottery.Engine.Interop;

/// <summary>Hard links, for which .NET 10 has no call.</summary>
internal static partial class HardLink
{
    /// <summary>Gives a file a second name; false where the system or the file system refuses.</summary>
    /// <param name="existing">A file that is no symbolic link.</param>
    /// <param name="second">A name on the same file system that does not exist.</param>
    internal static bool TryCreate(string existing, string second) => OperatingSystem.IsWindows()
        ? CreateHardLink(second, existing, 0)
        : Link(existing, second) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string second);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string second, string existing, nint securityAttributes);
}
