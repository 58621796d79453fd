using System.Globalization;
using KsLottery.Engine.Numerics;
using Roaring.Net.CRoaring;

namespace KsLottery.LibraryPeers;

/// <summary>Sets of indices, against CRoaring's bitmaps through Roaring.Net: bytes in a file, and how long an intersection
/// takes.</summary>
internal static class IndexSetPeers
{
    private const int Length = 10_000_000;

    public static void Run()
    {
        Console.WriteLine("| indices of 10,000,000 | ours, bytes | Roaring, bytes | theirs / ours |\n|---|---:|---:|---:|");
        Measure("drawn, 0.1 %", 1e-3, 1);
        Measure("drawn, 1 %", 1e-2, 1);
        Measure("drawn, 10 %", 0.1, 1);
        Measure("drawn, 50 %", 0.5, 1);
        Measure("rows of 4,096, 1 %", 1e-2, 4096);
        Console.WriteLine();
        Turns.Head("Roaring");
        foreach (double share in (double[])[1e-2, 0.1])
        {
            uint[] first = Drawn(share, 1, 1), second = Drawn(share, 1, 2);
            IndexSet a = Ours(first), b = Ours(second);
            using Roaring32Bitmap x = new(first), y = new(second);
            if ((ulong)a.Intersect(b).Count != (ulong)x.And(y).Count) throw new InvalidOperationException("the intersections differ");
            Turns.Print(string.Create(CultureInfo.InvariantCulture, $"intersection, {share:P0} each"), () => a.Intersect(b),
                () => { using Roaring32Bitmap both = x.And(y); });
        }
    }

    private static void Measure(string what, double share, int run)
    {
        uint[] indices = Drawn(share, run, 1);
        using Roaring32Bitmap theirs = new(indices);
        theirs.Optimize();
        int own = Ours(indices).Encode().Length, other = theirs.Serialize(SerializationFormat.Portable).Length;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {own:N0} | {other:N0} | {(double)other / own:F2} |"));
    }

    private static IndexSet Ours(uint[] indices) => IndexSet.Of(Length, indices.Select(i => (long)i));

    private static uint[] Drawn(double share, int run, ulong seed)
    {
        SplitMix64 random = new(seed);
        List<uint> indices = [];
        for (uint start = 0; start < Length; start += (uint)run)
            if (random.NextDouble() < share)
                for (uint i = start; i < Math.Min(start + (uint)run, Length); i++) indices.Add(i);
        return [.. indices];
    }
}
