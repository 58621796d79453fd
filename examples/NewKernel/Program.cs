// A kernel of one's own: the largest change of each row, written in C#, translated while the project is built, and run on every device
// that is here: `simulated` runs the C# itself, lane by lane and checked; OpenCL devices compile the translation.
//
//     dotnet run -c Release --project examples/NewKernel
using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;

const int Rows = 100, Width = 33;
float[] before = [.. Enumerable.Range(0, Rows * Width).Select(i => MathF.Sin(i))];
float[] after = [.. before.Select((value, i) => value + (0.001f * (i % 7) * (i / Width % 3)))];
float[] expected = [.. Enumerable.Range(0, Rows).Select(row => Enumerable.Range(row * Width, Width)
    .Aggregate(0f, (largest, i) => Math.Max(largest, Math.Abs(after[i] - before[i]))))];

KernelDefinition kernel = KernelCatalog.Own.Single();
int wrong = 0;
foreach (DeviceInfo device in DeviceCatalog.Probe().Where(d => d.IsAvailable && d.Kind is DeviceKind.OpenCl or DeviceKind.Simulated))
{
    float[] found = Run(device.Name);
    bool isRight = found.AsSpan().SequenceEqual(expected);
    Console.WriteLine($"{device.Name}: {kernel.Name} of {Rows} rows, {(isRight ? "as computed on the host, bit for bit" : "wrong")}");
    if (!isRight) wrong++;
}
return wrong == 0 ? 0 : 4;

float[] Run(string name)
{
    using KernelDevice device = DeviceCatalog.Open(name);
    using DeviceQueue queue = device.CreateQueue();
    using StagingBuffer staging = device.AllocateStaging(sizeof(float) * Rows * Width);
    using DeviceBuffer one = device.Allocate(sizeof(float) * Rows * Width), other = device.Allocate(sizeof(float) * Rows * Width),
        largest = device.Allocate(sizeof(float) * Rows);
    foreach ((float[] values, DeviceBuffer buffer) in (ReadOnlySpan<(float[], DeviceBuffer)>)[(before, one), (after, other)])
    {
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(staging.Bytes);
        queue.Write(buffer, 0, staging, 0, sizeof(float) * Rows * Width);
        queue.Finish();
    }
    queue.Launch(kernel, (Rows + kernel.GroupSize - 1) / kernel.GroupSize, KernelArgument.View(largest, 0, Rows),
        KernelArgument.View(one, 0, Rows * Width), KernelArgument.View(other, 0, Rows * Width), Width);
    queue.Read(staging, 0, largest, 0, sizeof(float) * Rows);
    queue.Finish();
    return MemoryMarshal.Cast<byte, float>(staging.Bytes)[..Rows].ToArray();
}
