// The row test in a program that uses ILGPU: rows that its own kernel wrote, on its accelerator and in its stream. No row goes through
// the host; at the end they are fetched all the same, to show that the processor finds the same outcomes.
//
//     dotnet run -c Release --project examples/IlgpuRows -- [cpu | cuda | opencl] [ROWS] [WIDTH]
using System.Globalization;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using KsLottery.Engine.Ilgpu;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;

AcceleratorType kind = args is [var name, ..] ? Enum.Parse<AcceleratorType>(name, ignoreCase: true) : AcceleratorType.CPU;
int rows = args is [_, var rowText, ..] ? int.Parse(rowText, CultureInfo.InvariantCulture) : 8;
int width = args is [_, _, var widthText] ? int.Parse(widthText, CultureInfo.InvariantCulture) : 256;

IlgpuDevices.ResolveLibraries();
// On the processor the test needs a device with groups of 256 lanes, as CPUDeviceKind.AMD; ILGPU's default one has 16.
using Context context = Context.Create(builder => builder.CPU(CPUDeviceKind.AMD).Cuda().OpenCL());
if (context.Devices.FirstOrDefault(d => d.AcceleratorType == kind) is not { } device)
{
    Console.Error.WriteLine($"ILGPU finds no device of kind {kind} here.");
    return 3;
}
using Accelerator accelerator = device.CreateAccelerator(context);
using AcceleratorStream stream = accelerator.CreateStream();
using KsRowTest test = new(accelerator);

long length = (long)rows * width;
using MemoryBuffer1D<float, Stride1D.Dense> before = accelerator.Allocate1D<float>(length), after = accelerator.Allocate1D<float>(length);
using MemoryBuffer1D<KsOutcome, Stride1D.Dense> outcomes = accelerator.Allocate1D<KsOutcome>(rows);
long scratchLength = Math.Max(1, test.ScratchLength(ElementType.F32, width, rows));
using MemoryBuffer1D<uint, Stride1D.Dense> scratch = accelerator.Allocate1D<uint>(scratchLength);
using MemoryBuffer1D<int, Stride1D.Dense> winners = accelerator.Allocate1D<int>(rows);

var fill = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>, ArrayView<float>, int>(Fill);
var choose = accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<KsOutcome>, ArrayView<int>, int>(Choose);

// A row wins when p < 0.05, which is when h is at least this.
int critical = NullDistribution.ForEqualLengths(width).CriticalCount(0.05);
fill(stream, rows, before.View, after.View, width);
test.Run(stream, before.View, after.View, width, outcomes.View, scratch.View);
choose(stream, rows, outcomes.View, winners.View, critical);
stream.Synchronize();

int[] isWinner = winners.GetAsArray1D();
KsOutcome[] found = outcomes.GetAsArray1D();
Console.WriteLine($"{accelerator.Name}: {isWinner.Sum()} of {rows} rows of {width} have h >= {critical}");
for (int row = 0; row < Math.Min(rows, 12); row++)
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row {row,2}  h = {found[row].Count,4}  sign {found[row].Sign,2}  "
        + $"at {found[row].Location,8:F4}{(isWinner[row] == 1 ? "  wins" : "")}"));

RowScanResult expected = RowScan.Run(Matrix(before), Matrix(after));
int equal = expected.Rows.Zip(found).Count(pair => pair.First.Count == pair.Second.Count && pair.First.Sign == pair.Second.Sign
    && BitConverter.SingleToInt32Bits(pair.First.Location) == BitConverter.SingleToInt32Bits(pair.Second.Location));
Console.WriteLine($"{equal} of {rows} outcomes are the processor's, bit for bit");
return equal == rows ? 0 : 4;

RowMatrix Matrix(MemoryBuffer1D<float, Stride1D.Dense> buffer) =>
    RowMatrix.FromMemory(MemoryMarshal.AsBytes(buffer.GetAsArray1D().AsSpan()).ToArray(), ElementType.F32, rows, width);

// A row as of an embedding; every fourth moves by a share of its standard deviation, the others hardly.
static void Fill(Index1D row, ArrayView<float> before, ArrayView<float> after, int width)
{
    for (long i = (long)row.X * width; i < (row.X + 1L) * width; i++)
    {
        uint hash = (uint)i * 0x9E37_79B9;
        hash = (hash ^ (hash >> 15)) * 0x85EB_CA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2_AE35;
        float value = ((int)(hash >> 16) + (int)(hash & 0xFFFF) - 65_535) * 1e-6f;
        before[i] = value;
        after[i] = value + (row % 4 == 3 ? 0.012f : (hash & 0xFF) * 1e-6f);
    }
}

// The program's own kernel reads outcomes where they lie.
static void Choose(Index1D row, ArrayView<KsOutcome> outcomes, ArrayView<int> winners, int critical) =>
    winners[row] = outcomes[row].Count >= critical ? 1 : 0;
