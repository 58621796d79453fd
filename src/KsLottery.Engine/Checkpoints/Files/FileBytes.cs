using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The bytes of a file that is open for reading, mapped into memory or read on demand.</summary>
/// <remarks>Reading is safe from several threads. Disposing while another thread reads is a fault of the caller.</remarks>
internal abstract class FileBytes : IDisposable
{
    private readonly string _inputKey;

    protected FileBytes(string path, long length)
    {
        (Path, Length) = (path, length);
        _inputKey = OpenInputs.Add(path);
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's length in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Whether <see cref="GetBytes"/> returns views into a mapping.</summary>
    public abstract bool IsMapped { get; }

    /// <summary>Whether <see cref="Dispose()"/> was called.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Opens a file; others may read it meanwhile.</summary>
    /// <exception cref="IOException">The file is absent, is not a regular file, or is open for writing elsewhere.</exception>
    public static FileBytes Open(string path, CheckpointOptions? options)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return options is null or { UseMemoryMap: true } ? new MappedFile(path, handle) : new ReadFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Gives a range of the file: a view where the file is mapped, else read into <paramref name="buffer"/>.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="buffer">Room for <paramref name="length"/> bytes; may be empty where the file is mapped.</param>
    public abstract ReadOnlySpan<byte> GetBytes(long offset, int length, Span<byte> buffer);

    /// <summary>Drops a range that was read from the resident set; a hint that may do nothing. The content stays readable.</summary>
    public virtual void DontNeed(long offset, long length) => ThrowIfOutside(offset, length);

    /// <summary>Releases the file at once. A span that <see cref="GetBytes"/> returned before must not be touched any more.</summary>
    public void Dispose()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        OpenInputs.Remove(_inputKey);
        Release();
    }

    /// <summary>Releases what the derived class holds; called once.</summary>
    protected abstract void Release();

    /// <summary>Checks a range in every build: past it lies memory that is not ours.</summary>
    protected void ThrowIfOutside(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset),
                $"{Path}: bytes {offset} to {offset} + {length} lie outside 0 to {Length}.");
    }

    private sealed class ReadFile(string path, SafeFileHandle handle) : FileBytes(path, RandomAccess.GetLength(handle))
    {
        public override bool IsMapped => false;

        public override ReadOnlySpan<byte> GetBytes(long offset, int length, Span<byte> buffer)
        {
            ThrowIfOutside(offset, length);
            if (buffer.Length < length)
                throw new ArgumentException($"{Path}: a buffer of {buffer.Length} bytes cannot take the {length} bytes asked for.",
                    nameof(buffer));
            buffer = buffer[..length];
            for (int done = 0; done < length;)
            {
                int read = RandomAccess.Read(handle, buffer[done..], offset + done);
                if (read == 0)
                    throw new CheckpointFormatException(CheckpointDefect.FileShrank, Path,
                        $"the file ended although it had {Length} bytes when it was opened", "Run again once nothing writes to it",
                        byteOffset: offset + done);
                done += read;
                Debug.Assert(done <= length);
            }
            return buffer;
        }

        protected override void Release() => handle.Dispose();
    }
}
