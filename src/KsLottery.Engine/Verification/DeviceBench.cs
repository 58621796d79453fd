using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>A device with memories that live as long as one case, filled from a seed so that every device gets the same numbers.</summary>
internal sealed class DeviceBench(IOperations device) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private SplitMix64 _random = new(7);
    private DirectoryInfo? _folder;

    public IOperations Device { get; } = device;

    public DeviceMemory Room(int length)
    {
        DeviceMemory memory = Device.Allocate(length);
        _owned.Add(memory);
        return memory;
    }

    /// <summary>Room with numbers in it that a result must replace.</summary>
    public DeviceMemory Dirty(int length) => Put([.. Enumerable.Repeat(float.NaN, length)]);

    public DeviceMemory Put(float[] values)
    {
        DeviceMemory memory = Room(values.Length);
        Device.Upload(memory, values);
        return memory;
    }

    public DeviceMemory Normal(int length, double scale = 1) => Put(Numbers(length, scale));

    public float[] Numbers(int length, double scale = 1) => [.. Enumerable.Range(0, length)
        .Select(_ => (float)(scale * _random.NextNormal()))];

    public int[] Below(int bound, int count) => [.. Enumerable.Range(0, count).Select(_ => _random.NextBelow(bound))];

    /// <summary>A weight as a file stores it.</summary>
    public DeviceMemory Weight(ElementType type, int length)
    {
        byte[] bytes = RowRounding.ToBytes(Numbers(length), type);
        _folder ??= Directory.CreateTempSubdirectory("kslottery-verify-");
        string path = Path.Combine(_folder.FullName, $"{_owned.Count}.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("w", type, [length], bytes)]);
        SafetensorsFile file = SafetensorsFile.Open(path);
        _owned.Add(file);
        DeviceMemory memory = Device.Open(file.Tensors.Single());
        _owned.Add(memory);
        return memory;
    }

    public float[] Get(DeviceSpan span)
    {
        float[] values = new float[span.Length];
        Device.Download(values, span);
        return values;
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(o => o.Dispose());
        _folder?.Delete(recursive: true);
    }
}
