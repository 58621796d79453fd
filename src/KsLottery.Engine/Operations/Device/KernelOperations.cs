using System.Numerics;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Operations;

/// <summary>The operations as kernels on a device: queued, and waited for only where numbers come back. The same bytes from run to
/// run.</summary>
/// <remarks>Weights stay in their stored type and are widened where they are read.</remarks>
internal sealed partial class KernelOperations : IOperations
{
    private const int Lanes = 256;

    /// <summary>The kernels that operations are made of, by the names that their instances begin with.</summary>
    private enum Stem
    {
        Widen, EmbeddingForward, EmbeddingBackward, ScatterRows, PutColumns, TakeColumns, RmsNormForward, RmsNormBackward,
        RmsNormBackwardWeight, MatMulForward, MatMulForwardRows, MatMulBackwardInput, MatMulBackwardWeight, RopeForward, RopeBackward,
        AttentionForward, AttentionBackwardDelta, AttentionBackwardQuery, AttentionBackwardKey, CachedAttentionForward, SwiGluForward,
        SwiGluBackward, CrossEntropyForward, CrossEntropyBackward, Sum, SumOfSquares, AdamWStep,
    }

    private static readonly string[] Stems = Enum.GetNames<Stem>();

    private readonly AllocationCount _allocated = new();
    private readonly KernelDevice _device;
    private readonly bool _ownsDevice;
    private readonly DeviceQueue _queue;
    private readonly OperandRing _operands;
    private readonly DeviceTransfer _transfer;
    private readonly Dictionary<string, bool> _canRun = new(StringComparer.Ordinal);
    private DeviceBuffer? _scratch;

    /// <param name="device">A device for which <see cref="WhyNot"/> has no reason.</param>
    /// <param name="ownsDevice">Whether the device goes with this.</param>
    public KernelOperations(KernelDevice device, bool ownsDevice = false)
    {
        (_device, _ownsDevice, _queue) = (device, ownsDevice, device.CreateQueue());
        (_operands, _transfer) = (new(device, _queue), new(device, _queue));
    }

    /// <summary>The kernels that operations are made of, each in all its instances.</summary>
    public static IEnumerable<KernelDefinition> Kernels => KernelCatalog.All.Where(k => Stems.Contains(k.Name.Split('_')[0]));

    /// <inheritdoc/>
    public string Name => _device.Name;

    /// <inheritdoc/>
    public long AllocatedBytes => _allocated.Bytes;

    /// <inheritdoc/>
    public long PeakAllocatedBytes => _allocated.PeakBytes;

    /// <summary>Why models do not run on a device, without a final full stop; null where they do.</summary>
    public static string? WhyNot(KernelDevice device) => !Kernels.Any() ? "this build has no kernels of a model's operations"
        : Kernels.Select(k => device.WhyNot(k) is { } reason ? $"kernel {k.Name}: {reason}" : null).FirstOrDefault(r => r is not null);

    /// <inheritdoc/>
    public DeviceMemory Allocate(long length)
    {
        long most = _device.Limits.MaximumAllocationBytes / sizeof(float);
        if (length < 0 || length > most)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"device '{Name}' holds 0 to {most} elements in one piece.");
        DeviceBuffer buffer = _device.Allocate(Math.Max(1, length) * sizeof(float));
        if (length > 0) _queue.Clear(buffer, 0, length * sizeof(float));
        return Count(new KernelMemory(this, buffer, length, ElementType.F32, isWeight: false, _allocated.Remove));
    }

    /// <inheritdoc/>
    /// <exception cref="DeviceUnavailableException">The device holds no piece as large as the tensor.</exception>
    public DeviceMemory Open(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        StoredMemory.ThrowIfNotNative(tensor);
        if (tensor.ByteLength > _device.Limits.MaximumAllocationBytes)
            throw new DeviceUnavailableException(Name, $"{tensor.File.Path}, tensor {CheckpointFormatException.Quote(tensor.Name)} takes "
                + $"{tensor.ByteLength} bytes, the device holds at most {_device.Limits.MaximumAllocationBytes} in one piece",
                $"Use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}");
        DeviceBuffer buffer = _device.Allocate(Math.Max(sizeof(float), tensor.ByteLength));
        _transfer.Stream(buffer, tensor);
        return Count(new KernelMemory(this, buffer, tensor.ElementCount, tensor.ElementType, isWeight: true, _allocated.Remove));
    }

    /// <inheritdoc/>
    public void Clear(DeviceSpan destination)
    {
        if (destination.IsEmpty) return;
        _queue.Clear(Writable(destination).Buffer, destination.Start * sizeof(float), destination.Length * sizeof(float));
    }

    /// <inheritdoc/>
    public void Copy(DeviceSpan destination, DeviceSpan source)
    {
        Operands.HasLength(source, destination.Length);
        if (destination.IsEmpty) return;
        KernelMemory from = Own(source), to = Writable(destination);
        if (from.ElementType == ElementType.F32)
            _queue.Copy(to.Buffer, destination.Start * sizeof(float), from.Buffer, source.Start * sizeof(float),
                source.Length * sizeof(float));
        else Launch(Stored(Stem.Widen, source), Groups(source.Length, Lanes), Write(destination), Any(source));
    }

    /// <inheritdoc/>
    public void Upload(DeviceSpan destination, ReadOnlySpan<float> source)
    {
        Operands.HasLength(destination, source.Length);
        if (!destination.IsEmpty)
            _transfer.Upload(Writable(destination).Buffer, destination.Start * sizeof(float), MemoryMarshal.AsBytes(source));
    }

    /// <inheritdoc/>
    public void Download(Span<float> destination, DeviceSpan source)
    {
        Operands.HasLength(source, destination.Length);
        if (source.IsEmpty) return;
        KernelMemory memory = Own(source);
        if (memory.ElementType == ElementType.F32)
        {
            _transfer.Download(MemoryMarshal.AsBytes(destination), memory.Buffer, source.Start * sizeof(float));
            return;
        }
        ElementCodec codec = ElementCodec.Of(memory.ElementType);
        int size = memory.ElementType.ByteSize(), most = Math.Min(1 << 20, destination.Length);
        byte[] stored = new byte[most * size];
        for (int at = 0; at < destination.Length; at += most)
        {
            Span<float> chunk = destination.Slice(at, Math.Min(most, destination.Length - at));
            Span<byte> buffer = stored.AsSpan(0, chunk.Length * size);
            _transfer.Download(buffer, memory.Buffer, (source.Start + at) * size);
            codec.Widen(buffer, chunk);
        }
    }

    /// <summary>Waits for the device and gives everything back but memories, which give themselves back.</summary>
    /// <remarks>
    /// Does not throw. Whoever reads a result waits for what it depends on and is told of its failure; what fails here is work that nobody
    /// has read, or a device that was lost before, of which an error on its way already tells.
    /// </remarks>
    public void Dispose()
    {
        try
        {
            _queue.Finish();
        }
        catch (DeviceFailureException unread)
        {
            DeviceTrace.Write($"{unread.Message}");
        }
        _scratch?.Dispose();
        _operands.Dispose();
        _transfer.Dispose();
        _queue.Dispose();
        if (_ownsDevice) _device.Dispose();
    }

    private static int Groups(long items, int each) => checked((int)((items + each - 1) / each));

    /// <summary>How many lanes share a row: the least power of two that covers it, up to a group.</summary>
    private static int LanesOf(long width) => (int)Math.Min(Lanes, BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(width, 1, Lanes)));

    private static int RowGroups(long rows, int lanes) => Groups(rows, Lanes / lanes);

    /// <summary>The instance of a kernel for a weight's type.</summary>
    private static KernelDefinition Stored(Stem stem, DeviceSpan weight) => KernelCatalog.Get(InstanceOf(stem, weight));

    private static string InstanceOf(Stem stem, DeviceSpan weight) =>
        $"{Stems[(int)stem]}_{(weight.Memory?.ElementType ?? ElementType.F32).ToName()}";

    private void Launch(Stem kernel, int groups, params ReadOnlySpan<KernelArgument> arguments) =>
        Launch(KernelCatalog.Get(Stems[(int)kernel]), groups, arguments);

    private void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        if (groups > 0) _queue.Launch(kernel, groups, arguments);
    }

    /// <summary>A range of any stored type, to read.</summary>
    private KernelArgument Any(DeviceSpan span) =>
        span.IsEmpty ? KernelArgument.View(null, 0, 0) : KernelArgument.View(Own(span).Buffer, span.Start, span.Length);

    /// <summary>A range of F32, to read.</summary>
    private KernelArgument Read(DeviceSpan span) => span.IsEmpty || span.Memory!.ElementType == ElementType.F32 ? Any(span)
        : throw new InvalidOperationException($"this memory holds {span.Memory.ElementType.ToName()}, not F32.");

    /// <summary>A range that this allocated, to write.</summary>
    private KernelArgument Write(DeviceSpan span) =>
        span.IsEmpty ? KernelArgument.View(null, 0, 0) : KernelArgument.View(Writable(span).Buffer, span.Start, span.Length);

    private KernelMemory Own(DeviceSpan span) => span.Memory is KernelMemory memory && memory.Owner == this ? memory
        : throw new ArgumentException("the range lies in another device's memory; copy it through the host with Download and Upload.",
            nameof(span));

    private KernelMemory Writable(DeviceSpan span) => span.Memory is KernelMemory { IsWeight: false } memory && memory.Owner == this
        ? memory
        : throw new ArgumentException("the range cannot be written to: only memory that this device allocated can.", nameof(span));

    private KernelMemory Count(KernelMemory memory)
    {
        _allocated.Add(memory.Length * memory.ElementType.ByteSize());
        return memory;
    }

    /// <summary>Room for some F32 until the next operation.</summary>
    private KernelArgument Scratch(long length)
    {
        if (_scratch is null || _scratch.ByteLength < length * sizeof(float))
        {
            _scratch?.Dispose();
            _scratch = _device.Allocate(length * sizeof(float));
        }
        return KernelArgument.View(_scratch, 0, length);
    }
}
