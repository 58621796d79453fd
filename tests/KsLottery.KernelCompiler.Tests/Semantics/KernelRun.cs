using KsLottery.Engine.Devices;

namespace KsLottery.KernelCompiler.Tests.Semantics;

/// <summary>Runs one kernel, whose first parameter is a view of results, on a device.</summary>
internal static class KernelRun
{
    public const string Simulated = "simulated", Reversed = "simulated-reversed", OpenCl = "opencl:0";

    /// <summary>Opens a device; a test of one that is not here is skipped and says so.</summary>
    public static KernelDevice Open(string name)
    {
        if (name is Simulated or Reversed) return new SimulatedDevice(name == Reversed);
        try
        {
            return DeviceCatalog.Open(name);
        }
        catch (DeviceUnavailableException absent)
        {
            Assert.Ignore(absent.Message);
            throw;
        }
    }

    /// <summary>The results' bytes, zero where the kernel writes nothing.</summary>
    /// <param name="device">The device.</param>
    /// <param name="kernel">Its parameters are views alone.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="resultBytes">Bytes of the first view.</param>
    /// <param name="inputs">The content of the other views.</param>
    public static byte[] Run(KernelDevice device, KernelDefinition kernel, int groups, int resultBytes, params Array[] inputs)
    {
        using DeviceQueue queue = device.CreateQueue();
        using DeviceBuffer results = device.Allocate(resultBytes);
        using StagingBuffer staging = device.AllocateStaging(Math.Max(resultBytes, inputs.Append(new byte[1]).Max(Buffer.ByteLength)));
        queue.Clear(results, 0, resultBytes);
        List<DeviceBuffer> buffers = [];
        try
        {
            List<KernelArgument> arguments =
                [KernelArgument.View(results, 0, resultBytes / KernelArgument.ByteSize(kernel.Parameters[0].Type))];
            foreach (Array input in inputs)
            {
                byte[] bytes = new byte[Buffer.ByteLength(input)];
                Buffer.BlockCopy(input, 0, bytes, 0, bytes.Length);
                buffers.Add(device.Allocate(bytes.Length));
                bytes.CopyTo(staging.Bytes);
                queue.Write(buffers[^1], 0, staging, 0, bytes.Length);
                queue.Finish();
                arguments.Add(KernelArgument.View(buffers[^1], 0, input.Length));
            }
            queue.Launch(kernel, groups, [.. arguments]);
            queue.Read(staging, 0, results, 0, resultBytes);
            queue.Finish();
            return staging.Bytes[..resultBytes].ToArray();
        }
        finally
        {
            buffers.ForEach(b => b.Dispose());
        }
    }

    /// <summary>Demands that a device computes what ordinary .NET code does, bit for bit.</summary>
    public static void Same(string deviceName, KernelDefinition kernel, int groups, int resultBytes, params Array[] inputs)
    {
        using KernelDevice device = Open(deviceName), host = new SimulatedDevice();
        if (device.WhyNot(kernel) is { } reason) Assert.Ignore(reason);
        byte[] expected = Run(host, kernel, groups, resultBytes, inputs), actual = Run(device, kernel, groups, resultBytes, inputs);
        int size = KernelArgument.ByteSize(kernel.Parameters[0].Type);
        for (int i = 0; i < resultBytes; i += size)
            if (!expected.AsSpan(i, size).SequenceEqual(actual.AsSpan(i, size)))
                Assert.Fail(
                    $"{kernel.Name} on {deviceName}: result {i / size} is 0x{Hex(actual, i)}, as .NET code it is "
                        + $"0x{Hex(expected, i)}\n{kernel.Source}");
        Assert.That(expected, Has.Some.Not.Zero, "a kernel whose results are all zero shows nothing");

        string Hex(byte[] bytes, int at) => Convert.ToHexString([.. bytes.Skip(at).Take(size).Reverse()]);
    }
}
