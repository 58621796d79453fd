namespace KsLottery.KernelCompiler.Tests.Features;

/// <summary>Kernels of the tests, one for each feature of the language: read as text, and compiled here so that they stay C#.</summary>
public static class FeatureKernels
{
    private const int Lanes = 64;

    private const uint Prime = 2654435761u;

    [Kernel(Lanes)]
    public static void IntOrder(ArrayView<int> results, ArrayView<int> values)
    {
        ArrayView<int> buffer = LocalMemory.Allocate<int>(8);
        for (int n = Grid.IdxX * Group.DimX + Group.IdxX; n < values.IntLength; n += Grid.DimX * Group.DimX)
        {
            for (int j = 0; j < 8; j++) buffer[j] = values[n] + j;
            int i = values[n] & 3, k = i, value = values[n];
            buffer[i] = i++;
            buffer[i++ & 7] = i++ + i;
            buffer[i & 7] += buffer[(i += 2) & 7] * (i = i - 1);
            int a = k++ + k * ++k - k--;
            int b = Next(ref k) - Next(ref k) * 3 + k;
            int c = k + Next(ref k) + (k > 5 ? k++ : k--) + k;
            int d = Three(k, Next(ref k), k);
            int e = Change(ref buffer[k & 7], k++) + buffer[(k - 1) & 7] + k;
            int f = Change(buffer.SubView(k & 3, 4), k++, k) + k;
            bool g = (k++ & 1) == 0 && (value += 3) > 0 || (value -= 5) < k++;
            int h = (value = k) + (k = value + 1) * value;
            int shifted = value << k + 13 * (k++ & 3);
            value ^= (value <<= 3) ^ ++value;
            int best = unchecked(a + b * 31 + c * 37 + d * 41 + e * 43 + f * 47 + (g ? 53 : 59) + h * 61 + shifted * 67);
            for (int j = 0; j < 8; j++) best = best * 31 + buffer[j];
            results[4 * n] = best;
            results[4 * n + 1] = i * 1000 + k;
            results[4 * n + 2] = value;
            results[4 * n + 3] = a ^ b;
        }
    }

    [Kernel(Lanes)]
    public static void IntFlow(ArrayView<int> results, ArrayView<int> values)
    {
        for (int n = Grid.IdxX * Group.DimX + Group.IdxX; n < values.IntLength; n += Grid.DimX * Group.DimX)
        {
            int x = values[n], sum = 0, steps = 0;
            while (x != 0 && steps++ < 40)
            {
                if ((x & 1) == 0)
                {
                    x >>= 1;
                    continue;
                }
                if (steps > 30) break;
                sum += x;
                x = (int)((uint)x >> 2);
            }
            int y = values[n] & 15;
            do
            {
                sum = sum * 5 + y;
                if (sum == 77) break;
            }
            while (--y > 0 && sum != 3);
            for (int i = 0, j = 10; i < j; i++, j--)
            {
                if (i == 3) continue;
                for (int k = i; ; k++)
                {
                    if (k * k > sum || k > 6) break;
                    sum ^= k << j;
                }
            }
            int kind;
            switch (sum & 7)
            {
                case 0:
                case 1:
                    kind = 10;
                    break;
                case 2:
                    for (kind = 0; kind < 5; kind++)
                        if ((sum >> kind & 1) == 0) break;
                    break;
                case 5:
                    kind = Early(sum);
                    break;
                default:
                    if (sum < 0)
                    {
                        kind = 20;
                        break;
                    }
                    kind = 30;
                    break;
            }
            int until = 0;
            while ((x = Next(ref until)) < 6) sum += x;
            results[4 * n] = sum;
            results[4 * n + 1] = kind;
            results[4 * n + 2] = steps + until;
            results[4 * n + 3] = Early(values[n]) + Early(n) + (n > 3 ? n > 7 ? 1 : 2 : n < 2 ? 3 : 4);
        }
    }

    [Kernel(Lanes)]
    public static void IntViews(ArrayView<int> results, ArrayView<int> values)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(2 * Lanes), own = LocalMemory.Allocate<int>(4);
        ArrayView<byte> bytes = SharedMemory.Allocate<byte>(Lanes);
        int lane = Group.IdxX, at = Grid.IdxX * Lanes + lane;
        shared[lane] = values[at];
        shared[lane + Lanes] = values[at + 2 * Lanes];
        bytes[lane] = (byte)values[at];
        for (int j = 0; j < 4; j++) own[j] = lane * j;
        Group.Barrier();
        ArrayView<int> upper = shared.SubView(Lanes), few = values.SubView(at & 31, 8);
        ArrayView<int> inner = few.SubView(2L, 3L);
        Change(ref own[lane & 3], 5);
        int sum = Sum(shared) + Sum(upper) * 3 + Sum(few) * 5 + Sum(inner) * 7 + Sum(own) * 11 + Sum(upper.SubView(1, 4))
            + bytes[Lanes - 1 - lane];
        Group.Barrier();
        Change(ref upper[lane], lane);
        Change(shared.SubView(lane, 1), 3, 4);
        Group.Barrier();
        results[4 * at] = sum;
        results[4 * at + 1] = shared[lane] + upper[Lanes - 1 - lane];
        results[4 * at + 2] = (int)upper.Length + few.IntLength * 100 + inner.IntLength * 1000 + (int)(results.SubView(at).Length % 7);
        Change(ref results[4 * at + 3], own[1]);
    }

    [Kernel(Lanes)]
    public static void IntAtomics(ArrayView<int> results, ArrayView<int> values)
    {
        ArrayView<int> counts = SharedMemory.Allocate<int>(8);
        ArrayView<uint> marks = SharedMemory.Allocate<uint>(4);
        int lane = Group.IdxX, at = Grid.IdxX * Lanes + lane, value = values[at];
        if (lane < 8) counts[lane] = lane == 1 ? int.MaxValue : lane == 3 ? -1 : 0;
        if (lane < 4) marks[lane] = lane == 1 ? uint.MaxValue : 0;
        Group.Barrier();
        Atomic.Add(ref counts[0], value);
        Atomic.Min(ref counts[1], value);
        Atomic.Max(ref counts[2], value);
        Atomic.And(ref counts[3], value | 0x70000000);
        Atomic.Or(ref counts[4], value & 0xFF);
        Atomic.Add(ref marks[0], (uint)value);
        Atomic.Min(ref marks[1], (uint)value);
        Atomic.Max(ref marks[2], (uint)value);
        if (lane == 5) counts[5] = Atomic.Exchange(ref counts[6], 77) + Atomic.CompareExchange(ref counts[6], 77, 78)
            + Atomic.CompareExchange(ref counts[6], 77, 79);
        Atomic.Add(ref results[results.IntLength - 1], 1);
        Tally(counts.SubView(7, 1), value & 1);
        Group.Barrier();
        if (lane < 8) results[4 * at] = counts[lane];
        if (lane < 4) results[4 * at + 1] = (int)marks[lane];
    }

    [Kernel(Lanes)]
    public static void IntShuffles(ArrayView<int> results, ArrayView<int> values)
    {
        int lane = Group.IdxX, at = Grid.IdxX * Lanes + lane, value = values[at];
        long wide = (long)value * 0x1_0000_0001 ^ lane;
        results[4 * at] = Warp.ShuffleDown(value, 3) - Warp.ShuffleUp(value, 5) * 3;
        results[4 * at + 1] = Warp.ShuffleXor(value, 9) + Warp.Shuffle(lane, 31 - Warp.LaneIdx) + Warp.WarpIdx * 1000 + Warp.WarpSize;
        long far = Warp.ShuffleXor(wide, 16) + SumOfWarp(wide);
        results[4 * at + 2] = (int)(far >> 32) ^ (int)far;
        results[4 * at + 3] = (int)Interop.FloatAsInt(Warp.ShuffleDown((float)value, 1))
            + (int)(Warp.ShuffleUp(value * 0.5, 2) * 3 + Warp.Shuffle((uint)value, 7) % 5);
    }

    [Kernel(Lanes)]
    [KernelInstance(typeof(Plus))]
    [KernelInstance(typeof(Times))]
    public static void IntGeneric<TOperation>(ArrayView<int> results, ArrayView<int> values)
        where TOperation : struct, IOperation
    {
        ArrayView<int> buffer = SharedMemory.Allocate<int>(TOperation.Room * 2);
        int lane = Group.IdxX, at = Grid.IdxX * Lanes + lane;
        if (lane < TOperation.Room) buffer[lane] = TOperation.Neutral;
        Group.Barrier();
        int result = TOperation.Neutral;
        for (int j = 0; j < TOperation.Room; j++) result = Fold<TOperation>(result, values[(at + j) & 127], buffer[j]);
        results[4 * at] = result;
        results[4 * at + 1] = Pick<int, TOperation>(result, lane) + (int)Pick<uint, TOperation>((uint)result, 7u);
        results[4 * at + 2] = (int)(Overloaded(result) + Overloaded((long)result) + Overloaded(1.5f) + Overloaded(values));
        results[4 * at + 3] = (int)(TOperation.Scale * 100);
    }

    [Kernel(Lanes)]
    public static void IntStructures(ArrayView<int> results, ArrayView<int> values)
    {
        int at = Grid.IdxX * Lanes + Group.IdxX, x = values[at];
        Pair first = new(x, x > 0), second = Swapped(first, x * 3);
        Nested nested = new(first, second, x * 0.5);
        Pair third = x > 5 ? nested.Second : new Pair(x++, x < 3);
        third = Replace(third, ref x);
        results[4 * at] = first.Number + second.Number * 3;
        results[4 * at + 1] = third.Number + (third.IsGood ? 1000 : 2000) + x;
        results[4 * at + 2] = nested.First.Number ^ (int)nested.Weight;
        results[4 * at + 3] = new Pair(x, true).Number;
    }

    [Kernel(Lanes)]
    public static void FloatAlgorithms(ArrayView<uint> results, ArrayView<float> values)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(Lanes);
        int lane = Group.IdxX, at = Grid.IdxX * Lanes + lane;
        float x = values[at], sum = 0f, error = 0f, product = 1;
        for (int j = 0; j < 32; j++)
        {
            float y = float.IsFinite(values[j]) ? values[j] : j;
            Add(ref sum, ref error, y * 1e-3f);
            product *= 1 + y * 1e-6f;
            sum += x * y - product / 3;
        }
        sums[lane] = sum;
        Group.Barrier();
        for (int step = Lanes / 2; step > 0; step /= 2)
        {
            if (lane < step) sums[lane] = sums[lane] * 0.5f + sums[lane + step];
            Group.Barrier();
        }
        results[4 * at] = Bits(sum);
        results[4 * at + 1] = Bits(error + product);
        results[4 * at + 2] = Bits(sums[0]);
        results[4 * at + 3] = (uint)(int)(x * 1000) ^ (uint)(long)(product * 1e12f) ^ (byte)x ^ (uint)(MathF.Sqrt(MathF.Abs(x)) * 10);
    }

    [Kernel(Lanes)]
    public static void FloatConstants(ArrayView<uint> results, ArrayView<float> values)
    {
        const float Third = 1f / 3f, Tiny = 1e-44f, Wide = float.MaxValue;
        int at = Grid.IdxX * Lanes + Group.IdxX;
        float x = values[at];
        results[4 * at] = Bits(x * Third + Tiny) ^ Prime;
        results[4 * at + 1] = Bits(x > float.PositiveInfinity - 1 ? float.NegativeInfinity : Wide) + Bits(float.NaN) + Bits(-0f * x);
        results[4 * at + 2] = Bits(float.Epsilon + x) ^ (uint)(int.MinValue
            + at) ^ unchecked((uint)(long.MinValue >> 20)) ^ unchecked((uint)(0xFFFF_FFFF_0000_1234UL >> 3));
        results[4 * at + 3] = Bits(x * (float)1e-3) + 1u;
    }

    [Kernel(Lanes)]
    [KernelInstance(typeof(F16))]
    [KernelInstance(typeof(BF16))]
    public static void Load<TElement>(ArrayView<uint> results, ArrayView<ushort> values)
        where TElement : IElement<ushort>
    {
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < values.IntLength; i += Grid.DimX * Group.DimX)
            results[i] = Bits(TElement.Load(values[i]));
    }

    [Kernel(Lanes)]
    public static void Exponentials(ArrayView<uint> results, ArrayView<float> values)
    {
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < values.IntLength; i += Grid.DimX * Group.DimX)
            results[i] = Bits(KernelMath.Exp(values[i]));
    }

    [Kernel(Lanes)]
    public static void Logarithms(ArrayView<uint> results, ArrayView<float> values)
    {
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < values.IntLength; i += Grid.DimX * Group.DimX)
            results[i] = Bits(KernelMath.Log(values[i]));
    }

    private static uint Bits(float x) => float.IsNaN(x) ? 0x7FC00000u : Interop.FloatAsInt(x);

    private static int Next(ref int x) => ++x;

    private static int Three(int x, int y, int z) => x * 10000 + y * 100 + z;

    private static int Change(ref int x, int y)
    {
        x = x * 3 + y;
        return x - y;
    }

    private static int Change(ArrayView<int> x, int y, int z)
    {
        x[0] += y * 2;
        return x[0] - z;
    }

    private static int Early(int x)
    {
        if (x < 0) return -1;
        for (int i = 0; i < 10; i++)
            if (i * i > x) return i;
        return 100;
    }

    private static int Sum(ArrayView<int> view)
    {
        int sum = 0;
        for (long i = 0; i < view.Length; i++) sum = sum * 3 + view[i];
        return sum;
    }

    private static void Tally(ArrayView<int> total, int amount) => Atomic.Add(ref total[0], amount);

    private static long SumOfWarp(long x)
    {
        for (int step = 16; step > 0; step /= 2) x += Warp.ShuffleDown(x, step);
        return Warp.Shuffle(x, 0);
    }

    private static int Fold<TOperation>(int x, int y, int z) where TOperation : struct, IOperation =>
        TOperation.Apply(TOperation.Apply(x, y), z);

    private static T Pick<T, TOperation>(T x, T y) where TOperation : struct, IOperation => TOperation.Room > 6 ? x : y;

    private static int Overloaded(int x) => x + 1;

    private static long Overloaded(long x) => x * 2;

    private static int Overloaded(float x) => (int)(x * 4);

    private static int Overloaded(ArrayView<int> x) => x[3];

    private static Pair Swapped(Pair pair, int number) => new(number - pair.Number, !pair.IsGood);

    private static Pair Replace(Pair pair, ref int x)
    {
        x += pair.Number;
        pair = new(x ^ 5, pair.IsGood);
        return pair;
    }

    private static void Add(ref float sum, ref float error, float x)
    {
        float total = sum + x, part = total - sum;
        error += (sum - (total - part)) + (x - part);
        sum = total;
    }
}

public interface IOperation
{
    static abstract int Neutral { get; }

    static abstract int Room { get; }

    static abstract float Scale { get; }

    static abstract int Apply(int x, int y);
}

public readonly struct Plus : IOperation
{
    public static int Neutral => 0;

    public static int Room => 5;

    public static float Scale => 2.5f;

    public static int Apply(int x, int y) => x + y;
}

public readonly struct Times : IOperation
{
    public static int Neutral => 1;

    public static int Room => 8;

    public static float Scale => -0.125f;

    public static int Apply(int x, int y) => x * y;
}

public readonly record struct Pair(int Number, bool IsGood);

public readonly record struct Nested(Pair First, Pair Second, double Weight);
