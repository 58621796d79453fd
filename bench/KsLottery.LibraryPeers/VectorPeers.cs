using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.LibraryPeers;

/// <summary>Operations on rows, against System.Numerics.Tensors: their speed, and whether their bits depend on the vectors that the
/// processor has.</summary>
internal static class VectorPeers
{
    private const int Width = 4096, Vocabulary = 32_000;

    public static void Run()
    {
        float[] x = Values(Vocabulary, 1), y = Values(Vocabulary, 2), target = new float[Vocabulary], other = new float[Vocabulary];
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];
        float[] own = new float[all.Length], theirs = new float[all.Length];
        HalfPrecision.Widen(all, isBFloat16: false, own);
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<ushort, Half>(all), theirs);
        int different = own.Zip(theirs).Count(v => BitConverter.SingleToUInt32Bits(v.First) != BitConverter.SingleToUInt32Bits(v.Second));
        Console.WriteLine($"of all 65,536 binary16 codes {different} are widened to other bits\n");
        Turns.Head("TensorPrimitives");
        ushort[] halves = all[10_000..(10_000 + Width)];
        Turns.Print("binary16 to F32, 4,096", () => HalfPrecision.Widen(halves, isBFloat16: false, target),
            () => TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<ushort, Half>(halves), target));
        Turns.Print("largest of 1,024", () => Lanes.Max(x.AsSpan(0, 1024)), () => TensorPrimitives.Max<float>(x.AsSpan(0, 1024)));
        Turns.Print("x · y, 4,096", () => Lanes.Dot(x.AsSpan(0, Width), y.AsSpan(0, Width)),
            () => TensorPrimitives.Dot<float>(x.AsSpan(0, Width), y.AsSpan(0, Width)));
        Turns.Print("softmax of 4,096", () => Softmaxed(x, target), () => TensorPrimitives.SoftMax<float>(x.AsSpan(0, Width), other));

        Console.WriteLine("\n| vectors | x · y, ours | theirs | softmax, ours | theirs | product, ours |\n|---|---|---|---|---|---|");
        foreach (string setting in (string[])["all", "DOTNET_EnableAVX512=0", "DOTNET_EnableAVX2=0"])
        {
            ProcessStartInfo start = new("dotnet", [typeof(VectorPeers).Assembly.Location, "bits"]) { RedirectStandardOutput = true };
            if (setting.Split('=') is [string name, string value]) start.Environment[name] = value;
            using Process child = Process.Start(start)!;
            Console.WriteLine($"| {setting} | {child.StandardOutput.ReadToEnd().Trim()} |");
            child.WaitForExit();
        }
    }

    /// <summary>The sums of one process, in hexadecimal.</summary>
    public static void PrintBits()
    {
        float[] x = Values(Width, 1), y = Values(Width, 2), own = new float[Width], theirs = new float[Width], product = new float[32 * 32];
        Softmaxed(x, own);
        TensorPrimitives.SoftMax<float>(x, theirs);
        Gemm.Multiply(32, 32, 128, x, 128, false, y, 128, true, product, 32, false);
        Console.WriteLine(string.Join(" | ", Bits(Lanes.Dot(x, y)), Bits(TensorPrimitives.Dot<float>(x, y)), Sum(own), Sum(theirs),
            Sum(product)));

        static string Bits(float value) => $"{BitConverter.SingleToUInt32Bits(value):x8}";
        static string Sum(float[] values) => $"{System.IO.Hashing.Crc32.HashToUInt32(MemoryMarshal.AsBytes(values.AsSpan())):x8}";
    }

    private static void Softmaxed(float[] x, float[] target)
    {
        x.AsSpan(0, Width).CopyTo(target);
        Attention.Softmax(target.AsSpan(0, Width), 1);
    }

    internal static float[] Values(int length, ulong seed)
    {
        SplitMix64 random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5))];
    }
}
