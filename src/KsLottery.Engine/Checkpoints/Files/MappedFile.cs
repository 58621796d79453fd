using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A whole file mapped read-only into memory, of any size.</summary>
/// <remarks>
/// <see cref="FileBytes.Dispose()"/> unmaps at once: a span that was handed out before points into nothing afterwards, so no span may
/// outlive its file. Every call after it throws <see cref="ObjectDisposedException"/>. Without it the file stays mapped until the process
/// ends; the collector never takes a mapping from under a span. When another program shortens the file while
/// it is mapped, touching the lost pages ends the process (SIGBUS); <see cref="CheckpointOptions.UseMemoryMap"/> turns mapping off.
/// </remarks>
internal sealed unsafe class MappedFile : FileBytes
{
    private static bool _adviceIsAbsent;

    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;

    public MappedFile(string path, SafeFileHandle handle) : base(path, RandomAccess.GetLength(handle))
    {
        try
        {
            if (Length == 0)
            {
                // An empty file cannot be mapped, and has nothing to map.
                handle.Dispose();
                return;
            }
            _map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None,
                leaveOpen: false);
            _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            _start = pointer + _view.PointerOffset;
            Advise(0, Length, Interop.LibC.Sequential);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override bool IsMapped => true;

    public override ReadOnlySpan<byte> GetBytes(long offset, int length, Span<byte> buffer)
    {
        ThrowIfOutside(offset, length);
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    public override void DontNeed(long offset, long length)
    {
        ThrowIfOutside(offset, length);
        long first = PageStart(offset);
        // The last page is left to the range that goes on in it, unless the file ends there.
        long end = offset + length == Length ? Length : PageStart(offset + length);
        Advise(first, end - first, Interop.LibC.DontNeed);
    }

    protected override void Release()
    {
        if (_start is not null) _view!.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
    }

    private static long PageStart(long offset) => offset & -(long)Environment.SystemPageSize;

    private void Advise(long offset, long length, int advice)
    {
        if (length <= 0 || _adviceIsAbsent || !(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())) return;
        try
        {
            // Advice changes speed only, so a refusal (an old kernel, say) is none of the caller's business.
            _ = Interop.LibC.MemoryAdvise((nint)(_start + offset), (nuint)length, advice);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            _adviceIsAbsent = true;
        }
    }
}
