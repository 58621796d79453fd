using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>From C to PTX to a launch: the text that clang made computes what C# computes, bit for bit.</summary>
[NonParallelizable]
public sealed class PtxRunTests
{
    private const int Lanes = 128;

    private const string Prelude = """
        #define KERNEL extern "C" __attribute__((global)) __attribute__((launch_bounds(128)))
        typedef long long i64;
        """;

    private const string Mixed = Prelude + """

        KERNEL void Mixed(float *out, i64 out_start, i64 out_length, const float *in, i64 in_start, i64 in_length, unsigned *total, i64 total_start, i64 total_length, int n)
        {
            __attribute__((shared)) float tile[128];
            int lane = __nvvm_read_ptx_sreg_tid_x();
            i64 i = (i64)__nvvm_read_ptx_sreg_ctaid_x() * __nvvm_read_ptx_sreg_ntid_x() + lane;
            float x = i < in_length ? in[in_start + i] : 0.0f;
            tile[lane] = x;
            __syncthreads();
            float y = tile[127 - lane];
            float r = x * y + x;
            if (lane & 1) r = r / (y + 2.0f);
            else r = __builtin_sqrtf(r * r + 1.0f);
            r = __builtin_fmaf(r, x, y);
            __syncthreads();
            for (int stride = 16; stride > 0; stride >>= 1) r += __nvvm_shfl_sync_bfly_f32(0xffffffff, r, stride, 31);
            tile[lane] = r;
            __syncthreads();
            for (int stride = 64; stride >= 32; stride >>= 1) {
                if (lane < stride) tile[lane] += tile[lane + stride];
                __syncthreads();
            }
            if (i < out_length) out[out_start + i] = tile[lane & 31] + r * (float)(n - lane);
            __nvvm_atom_add_gen_i((int *)(total + total_start), (int)(unsigned)(r > 0.0f));
        }
        """;

    private static readonly KernelDefinition Kernel = TestKernels.Define("Mixed", "",
        new("out", KernelType.F32, true), new("in", KernelType.F32, true), new("total", KernelType.U32, true),
        new("n", KernelType.I32, false)) with
    { GroupSize = Lanes };

    [Test]
    public void Groups_meet_shuffle_and_round_as_the_same_program_in_CSharp()
    {
        const int Count = 300, Groups = 3;
        float[] values = [.. Enumerable.Range(0, Count).Select(i => MathF.Sin(i) * 3)];
        (float[] expected, uint expectedTotal) = Expect(values, Groups, n: 7);

        using CudaDevice device = Open(Mixed);
        using DeviceQueue queue = device.CreateQueue();
        using DeviceBuffer input = device.Allocate((Count + 5) * sizeof(float)), output = device.Allocate(Count * sizeof(float)),
            total = device.Allocate(8);
        using StagingBuffer staging = device.AllocateStaging((Count + 5) * sizeof(float));
        values.CopyTo(MemoryMarshal.Cast<byte, float>(staging.Bytes)[5..]);
        queue.Write(input, 0, staging, 0, staging.ByteLength);
        queue.Clear(total, 0, 8);
        Launch(queue, Groups, KernelArgument.View(output, 0, Count), KernelArgument.View(input, 5, Count), KernelArgument.View(total, 1, 1),
            7);
        queue.Read(staging, 0, output, 0, Count * sizeof(float));
        queue.Finish();
        Assert.That(MemoryMarshal.Cast<byte, uint>(staging.Bytes)[..Count].ToArray(),
            Is.EqualTo(Array.ConvertAll(expected, BitConverter.SingleToUInt32Bits)));
        queue.Read(staging, 0, total, 4, 4);
        queue.Finish();
        Assert.That(MemoryMarshal.Read<uint>(staging.Bytes), Is.EqualTo(expectedTotal));
    }

    [TestCase("int", "x / y"), TestCase("int", "x % y"), TestCase("int", "x >> (y & 31)"),
        TestCase("int", "(int)((unsigned)x >> (y & 31))")]
    [TestCase("int", "(int)((unsigned)x * (unsigned)y)"), TestCase("int", "(int)(((long long)x * y) >> 32)"),
        TestCase("int", "x < y ? x : y")]
    [TestCase("int", "__builtin_popcount(x ^ y)"), TestCase("int", "x == 0 ? 32 : __builtin_clz(x)"),
        TestCase("int", "(short)x + (signed char)y")]
    [TestCase("int", "(int)((unsigned)x << 13 | (unsigned)x >> 19)"), TestCase("int", "(x >> 7) & 1023"), TestCase("int", "(int)(float)x")]
    public void Integers_are_computed_as_in_CSharp(string type, string expression)
    {
        Func<int, int, int> oracle = expression switch
        {
            "x / y" => (x, y) => x / y,
            "x % y" => (x, y) => x % y,
            "x >> (y & 31)" => (x, y) => x >> (y & 31),
            "(int)((unsigned)x >> (y & 31))" => (x, y) => (int)((uint)x >> (y & 31)),
            "(int)((unsigned)x * (unsigned)y)" => (x, y) => unchecked(x * y),
            "(int)(((long long)x * y) >> 32)" => (x, y) => (int)(((long)x * y) >> 32),
            "x < y ? x : y" => Math.Min,
            "__builtin_popcount(x ^ y)" => (x, y) => System.Numerics.BitOperations.PopCount((uint)(x ^ y)),
            "x == 0 ? 32 : __builtin_clz(x)" => (x, _) => System.Numerics.BitOperations.LeadingZeroCount((uint)x),
            "(short)x + (signed char)y" => (x, y) => unchecked((short)x + (sbyte)y),
            "(int)((unsigned)x << 13 | (unsigned)x >> 19)" => (x, _) => (int)System.Numerics.BitOperations.RotateLeft((uint)x, 13),
            "(x >> 7) & 1023" => (x, _) => (x >> 7) & 1023,
            _ => (x, _) => (int)(float)x,
        };
        System.Random random = new(11);
        int[] left = [0, 1, -1, 5, -7, int.MaxValue - 64,
            .. Enumerable.Range(0, 90).Select(_ => random.Next(int.MinValue, int.MaxValue - 64))];
        int[] right = [.. left.Select((_, i) => i % 5 == 0 ? (i % 2 == 0 ? 3 : -3) : random.Next(1, int.MaxValue) * (i % 2 == 0 ? 1 : -1))];

        using CudaDevice device = Open(Prelude + $$"""

            KERNEL void Mixed({{type}} *out, i64 out_start, i64 out_length, const {{type}} *a, i64 a_start, i64 a_length, const {{type}} *b, i64 b_start, i64 b_length, int n)
            {
                int i = __nvvm_read_ptx_sreg_tid_x();
                if (i >= out_length) return;
                {{type}} x = a[a_start + i], y = b[b_start + i];
                out[out_start + i] = {{expression}};
            }
            """);
        using DeviceQueue queue = device.CreateQueue();
        using DeviceBuffer memory = device.Allocate(3 * 4 * left.Length);
        using StagingBuffer staging = device.AllocateStaging(3 * 4 * left.Length);
        Span<int> numbers = MemoryMarshal.Cast<byte, int>(staging.Bytes);
        left.CopyTo(numbers);
        right.CopyTo(numbers[left.Length..]);
        queue.Write(memory, 0, staging, 0, staging.ByteLength);
        Launch(queue, 1, KernelArgument.View(memory, 2 * left.Length, left.Length), KernelArgument.View(memory, 0, left.Length),
            KernelArgument.View(memory, left.Length, left.Length), 0);
        queue.Read(staging, 0, memory, 2 * 4 * left.Length, 4 * left.Length);
        queue.Finish();
        Assert.That(numbers[..left.Length].ToArray(), Is.EqualTo(left.Zip(right, oracle)));
    }

    /// <summary>The prelude's functions on all kinds of numbers; every result is stored as its bits.</summary>
    [Test]
    public void The_prelude_computes_as_CSharp()
    {
        (string C, Func<float, float, ulong> Oracle)[] cases =
        [
            ("(uint)f_to_i(x)", (x, _) => (uint)(int)x), ("f_to_u(x)", (x, _) => (uint)x), ("(ulong)f_to_l(x)", (x, _) => (ulong)(long)x),
            ("f_to_ul(x)", (x, _) => (ulong)x), ("f_bits(f_floor(x))", (x, _) => Bits(MathF.Floor(x))),
                ("f_bits(f_ceil(x))", (x, _) => Bits(MathF.Ceiling(x))),
            ("f_bits(f_trunc(x))", (x, _) => Bits(MathF.Truncate(x))), ("f_bits(f_abs(x))", (x, _) => Bits(MathF.Abs(x))),
            ("f_bits(f_min(x, y))", (x, y) => Bits(MathF.Min(x, y))), ("f_bits(f_max(x, y))", (x, y) => Bits(MathF.Max(x, y))),
            ("f_bits(f_sqrt(x))", (x, _) => Bits(MathF.Sqrt(x))),
                ("f_bits(f_fma(x, y, x))", (x, y) => Bits(MathF.FusedMultiplyAdd(x, y, x))),
            ("f_bits(x / y)", (x, y) => Bits(x / y)), ("f_bits(x * y - x)", (x, y) => Bits((x * y) - x)),
            ("(uint)u_clz(f_bits(x))", (x, _) => (uint)System.Numerics.BitOperations.LeadingZeroCount(BitConverter.SingleToUInt32Bits(x))),
            ("(uint)u_ctz(f_bits(x))", (x, _) => (uint)System.Numerics.BitOperations.TrailingZeroCount(BitConverter.SingleToUInt32Bits(x))),
            ("(uint)u_popcount(f_bits(x))", (x, _) => (uint)System.Numerics.BitOperations.PopCount(BitConverter.SingleToUInt32Bits(x))),
            ("(uint)u_log2(f_bits(x))", (x, _) => (uint)System.Numerics.BitOperations.Log2(BitConverter.SingleToUInt32Bits(x))),
            ("(ulong)(f_isnan(x) + 2 * f_isinf(x) + 4 * f_isfinite(x))", (x, _) => float.IsNaN(x) ? 1UL : float.IsInfinity(x) ? 2UL : 4UL),
            ("d_bits(d_fma((double)x, (double)y, 1.0))", (x, y) => Bits(Math.FusedMultiplyAdd(x, y, 1))),
                ("d_bits(d_sqrt((double)y))", (_, y) => Bits(Math.Sqrt(y))),
            ("(uint)d_to_i((double)x * y)", (x, y) => (uint)(int)((double)x * y)),
                ("(ulong)d_to_l((double)x * y)", (x, y) => (ulong)(long)((double)x * y)),
            ("(ulong)l_mul((long)f_bits(x), (long)f_bits(y))",
                (x, y) => (ulong)BitConverter.SingleToUInt32Bits(x) * BitConverter.SingleToUInt32Bits(y)),
            ("(uint)i_abs(f_to_i(x))", (x, _) => (uint)((int)x == int.MinValue ? int.MinValue : Math.Abs((int)x))),
        ];
        float[] numbers = [0, -0f, 1, -1, 0.5f, -2.5f, 3.75f, 1e-40f, -1e-40f, 2147483647f, -2147483648f, 4294967296f, 9.3e18f, -9.3e18f,
            1.9e19f, 3e38f, -3e38f,
            float.Epsilon, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        float[] left = [.. numbers.SelectMany(x => numbers.Select(_ => x))], right = [.. numbers.SelectMany(_ => numbers)];
        KernelDefinition kernel = TestKernels.Define("Mixed", "", new("results", KernelType.U64, true), new("left", KernelType.F32, true),
            new("right", KernelType.F32, true)) with
        {
            GroupSize = Lanes,
            Source = $$"""
                #define GROUP_DIM {{Lanes}}
                KERNEL(GROUP_DIM) void Mixed(GLOBAL ulong* r, long r_start, long r_length, GLOBAL float* a, long a_start, long a_length, GLOBAL float* b, long b_start, long b_length)
                {
                    long i = (long)GRID_IDX * GROUP_DIM + GROUP_IDX;
                    if (i >= a_length) return;
                    float x = a[a_start + i], y = b[b_start + i];
                    {{string.Join('\n', cases.Select((c, j) => $"r[r_start + i * {cases.Length} + {j}] = {c.C};"))}}
                }
                """,
        };
        using CudaDevice device = Open(PtxSources.SourceOf(kernel));
        using DeviceQueue queue = device.CreateQueue();
        int resultBytes = 8 * left.Length * cases.Length, bytes = resultBytes + (8 * left.Length);
        using DeviceBuffer memory = device.Allocate(bytes);
        using StagingBuffer staging = device.AllocateStaging(bytes);
        left.CopyTo(MemoryMarshal.Cast<byte, float>(staging.Bytes[resultBytes..]));
        right.CopyTo(MemoryMarshal.Cast<byte, float>(staging.Bytes[resultBytes..])[left.Length..]);
        queue.Write(memory, 0, staging, 0, bytes);
        Launch(queue, kernel, (left.Length + Lanes - 1) / Lanes, KernelArgument.View(memory, 0, resultBytes / 8),
            KernelArgument.View(memory, resultBytes / 4, left.Length),
                KernelArgument.View(memory, (resultBytes / 4) + left.Length, left.Length));
        queue.Read(staging, 0, memory, 0, resultBytes);
        queue.Finish();
        ReadOnlySpan<ulong> results = MemoryMarshal.Cast<byte, ulong>(staging.Bytes[..resultBytes]);
        for (int i = 0; i < left.Length; i++)
            for (int j = 0; j < cases.Length; j++)
            {
                ulong expected = cases[j].Oracle(left[i], right[i]), actual = results[(i * cases.Length) + j];
                // Which NaN comes out is not specified.
                if (cases[j].C.StartsWith("f_bits", StringComparison.Ordinal)
                    && float.IsNaN(BitConverter.UInt32BitsToSingle((uint)expected)))
                    Assert.That(BitConverter.UInt32BitsToSingle((uint)actual), Is.NaN, $"{cases[j].C} for {left[i]:r}, {right[i]:r}");
                else if (cases[j].C.StartsWith("d_bits", StringComparison.Ordinal)
                    && double.IsNaN(BitConverter.UInt64BitsToDouble(expected)))
                    Assert.That(BitConverter.UInt64BitsToDouble(actual), Is.NaN, $"{cases[j].C} for {left[i]:r}, {right[i]:r}");
                else Assert.That(actual, Is.EqualTo(expected), $"{cases[j].C} for {left[i]:r}, {right[i]:r}");
            }

        static ulong Bits<T>(T value) => value is float f ? BitConverter.SingleToUInt32Bits(f)
            : BitConverter.DoubleToUInt64Bits((double)(object)value!);
    }

    [Test]
    public void A_kernel_that_leaves_its_buffer_or_waits_in_some_lanes_alone_is_caught()
    {
        const string Signature =
            "KERNEL void Mixed(float *out, i64 s0, i64 l0, const float *in, i64 s1, i64 l1, unsigned *total, i64 s2, i64 l2, int n)";
        Assert.That(Fail("{ out[s0 + l0 + __nvvm_read_ptx_sreg_tid_x()] = 1.0f; }"), Does.Contain("in no buffer"));
        Assert.That(
            Fail("{ __attribute__((shared)) int t[4]; t[n + __nvvm_read_ptx_sreg_tid_x()] = n; __syncthreads(); total[s2] = t[n & 3]; }"),
                Does.Contain("shared memory"));

        string Fail(string body)
        {
            using CudaDevice device = Open($"{Prelude}\n{Signature}\n{body}\n");
            using DeviceQueue queue = device.CreateQueue();
            using DeviceBuffer buffer = device.Allocate(64);
            Assert.Throws<DeviceFailureException>(() =>
                queue.Launch(Kernel, 1, KernelArgument.View(buffer, 0, 16), KernelArgument.View(null, 0, 0),
                    KernelArgument.View(buffer, 0, 1), 0));
            return Assert.Throws<InvalidOperationException>(FakeCuda.ThrowIfKernelFailed)!.Message;
        }
    }

    [Test]
    public void What_one_lane_wrote_is_read_by_the_others_after_the_barrier()
    {
        KernelDefinition kernel = TestKernels.Define("Spread", "", new("to", KernelType.F32, true), new("from", KernelType.F32, true)) with
        {
            Source = """
                KERNEL(128) void Spread(GLOBAL float *to, long to_start, long to_length, GLOBAL float *from, long from_start, long from_length)
                {
                    SHARED_MEMORY float room[128];
                    if (to_length == 1) room[GROUP_IDX] = 0;
                    if (GROUP_IDX == 0) room[0] = from[from_start] * 2.0f;
                    BARRIER();
                    to[to_start + GROUP_IDX] = room[0];
                }
                """,
            GroupSize = Lanes,
        };
        using CudaDevice device = Open(KernelSource.Of(kernel, KernelDialect.Cuda));
        using DeviceQueue queue = device.CreateQueue();
        using DeviceBuffer from = device.Allocate(4), to = device.Allocate(4 * Lanes);
        using StagingBuffer staging = device.AllocateStaging(4 * Lanes);
        MemoryMarshal.Write(staging.Bytes, 1.5f);
        queue.Write(from, 0, staging, 0, 4);
        Launch(queue, kernel, 1, KernelArgument.View(to, 0, Lanes), KernelArgument.View(from, 0, 1));
        queue.Read(staging, 0, to, 0, 4 * Lanes);
        queue.Finish();
        Assert.That(MemoryMarshal.Cast<byte, float>(staging.Bytes).ToArray(), Is.All.EqualTo(3));
    }

    private static void Launch(DeviceQueue queue, int groups, params ReadOnlySpan<KernelArgument> arguments) =>
        Launch(queue, Kernel, groups, arguments);

    private static void Launch(DeviceQueue queue, KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        try
        {
            queue.Launch(kernel, groups, arguments);
        }
        catch (DeviceFailureException)
        {
            FakeCuda.ThrowIfKernelFailed();
            throw;
        }
    }

    private static CudaDevice Open(string text)
    {
        PtxModule module = new(PtxScript.Translate(text));
        Assert.That(module.Defects(), Is.Empty);
        CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0, _ => module.Text);
        FakeCuda.RunPtx();
        return device;
    }

    /// <summary>The same program, group by group, its sums in the same order.</summary>
    private static (float[] Values, uint Total) Expect(float[] values, int groups, int n)
    {
        float[] result = new float[values.Length];
        uint total = 0;
        for (int group = 0; group < groups; group++)
        {
            float[] x = [.. Enumerable.Range(group * Lanes, Lanes).Select(i => i < values.Length ? values[i] : 0)], r = new float[Lanes];
            for (int lane = 0; lane < Lanes; lane++)
            {
                float y = x[Lanes - 1 - lane], product = x[lane] * y, sum = product + x[lane];
                float square = sum * sum;
                r[lane] = MathF.FusedMultiplyAdd((lane & 1) == 1 ? sum / (y + 2) : MathF.Sqrt(square + 1), x[lane], y);
            }
            for (int stride = 16; stride > 0; stride >>= 1) r = [.. r.Select((v, lane) => v + r[lane ^ stride])];
            float[] tile = [.. r];
            for (int stride = 64; stride >= 32; stride >>= 1)
                for (int lane = 0; lane < stride; lane++) tile[lane] += tile[lane + stride];
            for (int lane = 0; lane < Lanes; lane++)
            {
                if (r[lane] > 0) total++;
                int i = (group * Lanes) + lane;
                if (i >= result.Length) continue;
                float product = r[lane] * (n - lane);
                result[i] = tile[lane & 31] + product;
            }
        }
        return (result, total);
    }
}
