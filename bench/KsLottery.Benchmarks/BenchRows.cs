using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Benchmarks;

/// <summary>Two matrices of generated rows, larger than the caches, whose rows are alike in a way that a regime names.</summary>
/// <remarks>
/// Values are normal with sigma 0.02, as in an embedding, but where the regime says otherwise. Each row depends on the seed, the regime
/// and its number alone, so threads do not change it. Both matrices begin on a cache line, so that runs do not differ by where memory lay.
/// </remarks>
public sealed class BenchRows
{
    /// <summary>What a matrix takes by default: twice a common third-level cache, so that rows come from memory.</summary>
    public const long DefaultMatrixBytes = 64L << 20;

    /// <summary>The most that a matrix may take.</summary>
    public const long MaxMatrixBytes = 192L << 20;

    private const float Sigma = 0.02f;
    private const int CacheLine = 64;

    /// <summary>The regimes: how the rows before and after are alike.</summary>
    /// <remarks>
    /// Unrelated rows are both drawn anew. Noise is normal, of so many sigma. Of ninety-percent-identical rows, one in ten is unrelated.
    /// Few values are 16 distinct ones. Logarithms of lognormal values have sigma 3. Cauchy values are ratios of two normal ones.
    /// </remarks>
    public static readonly IReadOnlyList<string> Regimes =
    [
        "unrelated", "noise-1e-3", "noise-1e-4", "noise-1e-6", "ninety-percent-identical", "identical", "few-values", "lognormal", "cauchy",
    ];

    /// <summary>Those and more, in which a sort might win.</summary>
    /// <remarks>
    /// Shifts and scales change unrelated rows, shifts by so many sigma. Of zeros and of moved elements, one in ten is another value.
    /// Two modes lie 2.5 sigma off zero and are a hundredth of sigma wide. Laplace's distribution has its scale at sigma. Half of a peak's
    /// values are 160 times as small, and each moves by 5e-5 of itself. Permuted rows have 227 modes and each value in another place.
    /// </remarks>
    public static readonly IReadOnlyList<string> AllRegimes =
    [
        .. Regimes, "shift-0.5", "shift-1", "scale-2", "scale-0.5", "scale-1.3", "256-values", "zeros", "two-modes", "laplace", "moved",
        "sorted", "peak", "permuted",
    ];

    private readonly byte[] _before, _after;
    private readonly int _startBefore, _startAfter;

    /// <summary>Takes the memory; <see cref="Fill"/> makes the rows.</summary>
    public BenchRows(ElementType type, int rows, int width)
    {
        (ElementType, RowCount, Width) = (type, rows, width);
        (_before, _startBefore) = Allocate(rows * RowBytes);
        (_after, _startAfter) = Allocate(rows * RowBytes);
    }

    /// <summary>The regime of the rows that are there now.</summary>
    public string Regime { get; private set; } = "";

    /// <summary>F32, F16 or BF16.</summary>
    public ElementType ElementType { get; }

    /// <summary>R.</summary>
    public int RowCount { get; }

    /// <summary>d.</summary>
    public int Width { get; }

    /// <summary>The bytes of a row.</summary>
    public int RowBytes => Width * ElementType.ByteSize();

    /// <summary>The bytes of a row pair: what a test of it must read.</summary>
    public int PairBytes => 2 * RowBytes;

    /// <summary>The rows of the first matrix, R × d, row by row.</summary>
    public ReadOnlyMemory<byte> Before => _before.AsMemory(_startBefore, RowCount * RowBytes);

    /// <summary>The rows of the second matrix.</summary>
    public ReadOnlyMemory<byte> After => _after.AsMemory(_startAfter, RowCount * RowBytes);

    /// <summary>The first rows of <see cref="Before"/>, for a scan.</summary>
    public RowMatrix BeforeMatrix(int rows) => RowMatrix.FromMemory(Before[..(rows * RowBytes)], ElementType, rows, Width);

    /// <summary>The first rows of <see cref="After"/>, for a scan.</summary>
    public RowMatrix AfterMatrix(int rows) => RowMatrix.FromMemory(After[..(rows * RowBytes)], ElementType, rows, Width);

    /// <summary>Makes the rows of one regime, on all processors.</summary>
    public void Fill(string regime, ulong seed)
    {
        Regime = regime;
        ElementCodec codec = ElementCodec.Of(ElementType);
        ulong regimeSeed = regime.Aggregate(seed, (hash, c) => SplitMix64.Mix(hash ^ c));
        Parallel.For(0, RowCount, () => new RowMaker(Width), (row, _, maker) =>
        {
            maker.Make(regime, SplitMix64.Mix(regimeSeed + (ulong)row));
            codec.Narrow(maker.Before, RowBytesOf(_before, _startBefore, row));
            codec.Narrow(maker.After, RowBytesOf(_after, _startAfter, row));
            return maker;
        }, _ => { });
    }

    private Span<byte> RowBytesOf(byte[] matrix, int start, int row) => matrix.AsSpan(start + row * RowBytes, RowBytes);

    private static (byte[] Array, int Start) Allocate(int length)
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(length + CacheLine, pinned: true);
        return (array, (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(array, 0) & (CacheLine - 1)));
    }

    /// <summary>Makes one row pair at a time in scratch memory.</summary>
    private sealed class RowMaker(int width)
    {
        private readonly float[] _radius = new float[width], _angle = new float[width];
        private ulong _state;

        public float[] Before { get; } = new float[width];

        public float[] After { get; } = new float[width];

        public void Make(string regime, ulong seed)
        {
            _state = seed;
            if (regime is "few-values" or "256-values")
            {
                FillValues(Before, regime == "few-values" ? 4 : 8);
                FillValues(After, regime == "few-values" ? 4 : 8);
                return;
            }
            FillNormal(Before);
            FillNormal(After);
            switch (regime)
            {
                case "noise-1e-3": AddNoise(1e-3f); break;
                case "noise-1e-4": AddNoise(1e-4f); break;
                case "noise-1e-6": AddNoise(1e-6f); break;
                case "ninety-percent-identical" when Next() % 10 != 0:
                case "identical": Before.CopyTo(After, 0); break;
                case "lognormal": Exponentiate(Before); Exponentiate(After); break;
                case "cauchy": DivideByNormal(Before); DivideByNormal(After); break;
                case "shift-0.5": TensorPrimitives.Add(After, 0.5f * Sigma, After); break;
                case "shift-1": TensorPrimitives.Add(After, Sigma, After); break;
                case "scale-2": TensorPrimitives.Multiply(After, 2, After); break;
                case "scale-0.5": TensorPrimitives.Multiply(After, 0.5f, After); break;
                case "scale-1.3": TensorPrimitives.Multiply(After, 1.3f, After); break;
                case "zeros": ClearMany(Before); ClearMany(After); break;
                case "two-modes": Part(Before); Part(After); break;
                case "laplace": TakeLaplace(Before); TakeLaplace(After); break;
                case "moved": KeepMany(); break;
                case "sorted": Before.AsSpan().Sort(); After.AsSpan().Sort(); break;
                case "peak": MakePeak(); break;
                case "permuted": Permute(); break;
            }
        }

        private void ClearMany(float[] row)
        {
            foreach (ref float value in row.AsSpan())
                if (Next() % 10 != 0) value = 0;
        }

        private void Part(float[] row)
        {
            foreach (ref float value in row.AsSpan()) value = value * 0.01f + ((long)Next() < 0 ? -2.5f : 2.5f) * Sigma;
        }

        private void MakePeak()
        {
            for (int i = 0; i < Before.Length; i++)
            {
                if ((long)Next() < 0) Before[i] /= 160;
                After[i] = Before[i] * (1 + 5e-5f / Sigma * After[i]);
            }
        }

        private void Permute()
        {
            const int Modes = 227;
            foreach (ref float value in Before.AsSpan()) value = value * 0.01f + Next() % Modes * (5 * Sigma);
            Before.CopyTo(After, 0);
            After.AsSpan().Reverse();
        }

        private void TakeLaplace(float[] row)
        {
            foreach (ref float value in row.AsSpan())
                value = Sigma * MathF.CopySign(MathF.Log(((Next() >> 40) + 1) * (1f / (1 << 24))), (long)Next());
        }

        private void KeepMany()
        {
            for (int i = 0; i < After.Length; i++)
                if (Next() % 10 != 0) After[i] = Before[i];
        }

        private void AddNoise(float relative)
        {
            TensorPrimitives.Multiply(After, relative, After);
            TensorPrimitives.Add(After, Before, After);
        }

        private static void Exponentiate(float[] row)
        {
            const float LogSigma = 3;
            TensorPrimitives.Multiply(row, LogSigma / Sigma, row);
            TensorPrimitives.Exp(row, row);
            TensorPrimitives.Multiply(row, Sigma, row);
        }

        private void DivideByNormal(float[] row)
        {
            float[] numerators = (float[])row.Clone();
            FillNormal(row);
            TensorPrimitives.Divide(numerators, row, row);
            TensorPrimitives.Multiply(row, Sigma, row);
        }

        private void FillValues(float[] row, int bits)
        {
            for (int i = 0; i < row.Length; i++) row[i] = Sigma * (Next() >> 64 - bits);
        }

        /// <summary>Box and Muller's way, over whole rows at once.</summary>
        private void FillNormal(float[] row)
        {
            const float Step = 1f / (1 << 24);
            for (int i = 0; i < row.Length; i++)
            {
                ulong bits = Next();
                _radius[i] = ((bits >> 40) + 1) * Step;
                _angle[i] = (bits & 0xFF_FFFF) * (2 * MathF.PI * Step);
            }
            TensorPrimitives.Log(_radius, _radius);
            TensorPrimitives.Multiply(_radius, -2 * Sigma * Sigma, _radius);
            TensorPrimitives.Sqrt(_radius, _radius);
            TensorPrimitives.Cos(_angle, _angle);
            TensorPrimitives.Multiply(_radius, _angle, row);
        }

        private ulong Next() => SplitMix64.Mix(_state += 0xD1B5_4A32_D192_ED03);
    }
}
