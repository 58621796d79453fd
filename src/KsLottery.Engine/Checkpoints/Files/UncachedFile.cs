using Microsoft.Win32.SafeHandles;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A new file whose length is known and of which large pieces are written, past the cache of the system where that can be: then
/// nothing is copied, and the disk works from the first piece on.</summary>
/// <remarks>It can be on Linux where the file system lets it. Writing is safe from several threads, as long as no two write the same
/// bytes.</remarks>
internal sealed class UncachedFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle? _direct;
    private volatile bool _isRefused;

    /// <param name="path">A file that does not exist, or may be replaced.</param>
    /// <param name="length">Its length, which the disk must have room for.</param>
    /// <param name="usesCache">Whether all goes through the cache: what is written is read again soon.</param>
    public UncachedFile(string path, long length, bool usesCache = false)
    {
        _file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, FileOptions.None, length);
        try
        {
            // Room alone is not length, and what makes a file longer holds up all others that write to it.
            RandomAccess.SetLength(_file, length);
            if (usesCache || !OperatingSystem.IsLinux() || Interop.LibC.Direct == 0) return;
            _direct = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            _isRefused = !SetDirect(_direct);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The bytes of which a piece, its place in the file and its place in memory must be multiples, or it goes through the
    /// cache.</summary>
    public static int Alignment { get; } = Math.Max(4096, Environment.SystemPageSize);

    /// <summary>Whether large pieces go past the cache.</summary>
    public bool IsUncached => _direct is not null && !_isRefused;

    /// <summary>Writes a piece.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (IsUncached && bytes.Length % Alignment == 0 && offset % Alignment == 0)
        {
            try
            {
                RandomAccess.Write(_direct!, bytes, offset);
                return;
            }
            catch (IOException)
            {
                // Whatever it does not like, the way that all files know tells what is wrong, or nothing.
                _isRefused = true;
            }
        }
        RandomAccess.Write(_file, bytes, offset);
    }

    /// <summary>Returns when all that was written is on the disk.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    public void Dispose()
    {
        _direct?.Dispose();
        _file.Dispose();
    }

    private static bool SetDirect(SafeFileHandle file)
    {
        int flags = Interop.LibC.ControlFile(file, Interop.LibC.GetFlags, 0);
        return flags >= 0 && Interop.LibC.ControlFile(file, Interop.LibC.SetFlags, flags | Interop.LibC.Direct) == 0;
    }
}
