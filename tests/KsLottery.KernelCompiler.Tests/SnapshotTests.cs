namespace KsLottery.KernelCompiler.Tests;

/// <summary>C# and the whole text that is made of it, side by side.</summary>
public sealed class SnapshotTests
{
    [Test]
    public void Views_are_base_start_and_length_and_helpers_are_cloned_for_each_space() => Check(
        """
        public static class Copies
        {
            [Kernel(64)]
            public static void Reverse(ArrayView<float> destination, ArrayView<float> source, int count)
            {
                ArrayView<float> room = SharedMemory.Allocate<float>(64);
                int lane = Group.IdxX;
                room[lane] = lane < count ? source[Grid.IdxX * 64 + lane] : 0f;
                Group.Barrier();
                ArrayView<float> part = source.SubView(3, 5);
                destination[lane] = Last(room) + Last(part) + room[63 - lane];
            }

            private static float Last(ArrayView<float> values) => values[values.Length - 1];
        }
        """,
        """
        #define GROUP_DIM 64

        /* Test.cs:14 */
        FUNCTION float Copies_Last_s(SHARED float* values, long values_length)
        {
            return values[l_sub(values_length, 1L)];
        }

        /* Test.cs:14 */
        FUNCTION float Copies_Last_g(GLOBAL float* values, long values_length)
        {
            return values[l_sub(values_length, 1L)];
        }

        /* Test.cs:3-12 */
        KERNEL(GROUP_DIM) void Reverse(
            GLOBAL float* destination_base, long destination_start, long destination_length,
            GLOBAL float* source_base, long source_start, long source_length,
            int count)
        {
            GLOBAL float* destination = destination_base + destination_start;
            GLOBAL float* source = source_base + source_start;
            SHARED_MEMORY float room[64];
            int lane = GROUP_IDX;
            room[lane] = (lane < count) ? source[i_add(i_mul(GRID_IDX, 64), lane)] : 0.0f;
            BARRIER();
            GLOBAL float* part = source + 3;
            long part_length = (long)5;
            destination[lane] = (Copies_Last_s(room, 64L) + Copies_Last_g(part, part_length)) + room[i_sub(63, lane)];
        }
        """);

    [Test]
    public void Effects_are_in_the_order_of_CSharp_and_integers_wrap_around() => Check(
        """
        public static class Order
        {
            [Kernel(32)]
            public static void Mix(ArrayView<int> results, uint seed)
            {
                int i = Group.IdxX, sum = i;
                results[i++] = i + Next(ref i) * i;
                while (sum-- > 3 && Next(ref sum) < 100)
                {
                    sum = (sum << i) - (int)(seed >>> 5) + -i;
                }
                results[i] += i > 5 ? i++ : (int)(0.5f * seed);
            }

            private static int Next(ref int x) => x += 3;
        }
        """,
        """
        #define GROUP_DIM 32

        /* Test.cs:15 */
        FUNCTION int Order_Next_p(int* x)
        {
            (*x) = i_add((*x), 3);
            int value1_ = (*x);
            return value1_;
        }

        /* Test.cs:3-13 */
        KERNEL(GROUP_DIM) void Mix(GLOBAL int* results_base, long results_start, long results_length, uint seed)
        {
            GLOBAL int* results = results_base + results_start;
            int i = GROUP_IDX;
            int sum = i;
            int value1_ = i;
            i = i_add(value1_, 1);
            int value2_ = value1_;
            int value3_ = i;
            int value4_ = Order_Next_p(&i);
            results[value2_] = i_add(value3_, i_mul(value4_, i));
            while (true)
            {
                int value9_ = sum;
                sum = i_sub(value9_, 1);
                int value10_ = value9_;
                bool value11_ = value10_ > 3;
                if (value11_)
                {
                    int value12_ = Order_Next_p(&sum);
                    value11_ = value12_ < 100;
                }
                if (!(value11_)) break;
                sum = i_add(i_sub(i_shl(sum, i & 31), (int)(seed >> 5)), i_sub(0, i));
            }
            int value13_ = i;
            int value14_ = results[value13_];
            int value15_;
            if (i > 5)
            {
                int value16_ = i;
                i = i_add(value16_, 1);
                value15_ = value16_;
            }
            else
            {
                value15_ = f_to_i(0.5f * ((float)seed));
            }
            results[value13_] = i_add(value14_, value15_);
        }
        """);

    [Test]
    public void Generic_code_is_written_out_for_its_types_and_structures_are_values() => Check(
        """
        public interface IScale
        {
            static abstract int Factor { get; }
            static abstract float Of(ushort bits);
        }

        public readonly struct Twice : IScale
        {
            public static int Factor => 2;
            public static float Of(ushort bits) => Interop.IntAsFloat((uint)bits << 16);
        }

        public readonly record struct Range(float Low, float High);

        public static class Ranges
        {
            [Kernel(16)]
            [KernelInstance(typeof(Twice))]
            public static void Widest<TScale>(ArrayView<float> results, ArrayView<ushort> values) where TScale : IScale
            {
                ArrayView<float> own = LocalMemory.Allocate<float>(TScale.Factor * 2);
                for (int i = 0; i < TScale.Factor * 2; i++) own[i] = TScale.Of(values[i]);
                Range range = new(float.PositiveInfinity, float.NegativeInfinity);
                for (int i = 0; i < own.IntLength; i++) range = Joined(range, own[i]);
                results[Grid.IdxX] = Fused.MultiplyAdd(range.High, TScale.Factor, -range.Low);
            }

            private static Range Joined(Range range, float x) => new(Math.Min(range.Low, x), Math.Max(range.High, x));
        }
        """,
        """
        #define GROUP_DIM 16

        typedef struct { float Low; float High; } Range;
        FUNCTION Range new_Range(float Low, float High)
        {
            Range made;
            made.Low = Low;
            made.High = High;
            return made;
        }

        /* Test.cs:10 */
        FUNCTION float Twice_Of(ushort bits)
        {
            return f_from_bits(((uint)bits) << 16);
        }

        /* Test.cs:28 */
        FUNCTION Range Ranges_Joined(Range range, float x)
        {
            return new_Range(f_min(range.Low, x), f_max(range.High, x));
        }

        /* Test.cs:17-26 */
        KERNEL(GROUP_DIM) void Widest_Twice(
            GLOBAL float* results_base, long results_start, long results_length,
            GLOBAL ushort* values_base, long values_start, long values_length)
        {
            GLOBAL float* results = results_base + results_start;
            GLOBAL ushort* values = values_base + values_start;
            float own[4];
            #pragma unroll
            for (int i = 0; i < i_mul(2, 2); i = i_add(i, 1))
            {
                own[i] = Twice_Of(values[i]);
            }
            Range range = new_Range(F_INFINITY, (-F_INFINITY));
            for (int i = 0; i < ((int)4L); i = i_add(i, 1))
            {
                range = Ranges_Joined(range, own[i]);
            }
            results[GRID_IDX] = f_fma(range.High, (float)2, -range.Low);
        }
        """);

    [Test]
    public void Shuffles_take_room_in_shared_memory_and_doubles_are_told() => Check(
        """
        public static class Sums
        {
            [Kernel(64)]
            public static void Total(ArrayView<double> results, ArrayView<float> values, ArrayView<int> count)
            {
                double sum = SumOfWarp(values[Group.IdxX]);
                if (Warp.LaneIdx == 0)
                {
                    results[Warp.WarpIdx] = sum;
                    Atomic.Add(ref count[0], (byte)sum);
                }
            }

            private static double SumOfWarp(double x)
            {
                for (int step = Warp.WarpSize / 2; step > 0; step /= 2) x += Warp.ShuffleDown(x, step);
                return x;
            }
        }
        """,
        """
        #define GROUP_DIM 64

        /* Test.cs:14-18 */
        FUNCTION double Sums_SumOfWarp(double x, SHARED ulong* warp_room)
        {
            for (int step = WARP_SIZE / 2; step > 0; step = step / 2)
            {
                double value1_ = x;
                x = value1_ + warp_shuffle_down_d(x, step, warp_room);
            }
            return x;
        }

        /* Test.cs:3-12 */
        KERNEL(GROUP_DIM) void Total(
            GLOBAL double* results_base, long results_start, long results_length,
            GLOBAL float* values_base, long values_start, long values_length,
            GLOBAL int* count_base, long count_start, long count_length)
        {
            SHARED_MEMORY ulong warp_room[GROUP_DIM];
            GLOBAL double* results = results_base + results_start;
            GLOBAL float* values = values_base + values_start;
            GLOBAL int* count = count_base + count_start;
            double sum = Sums_SumOfWarp((double)values[GROUP_IDX], warp_room);
            if ((GROUP_IDX & (WARP_SIZE - 1)) == 0)
            {
                results[(GROUP_IDX / WARP_SIZE)] = sum;
                atomic_add(&count[0], (int)((uchar)d_to_i(sum)));
            }
        }
        """);

    private static void Check(string code, string expected)
    {
        string text = string.Join("\n", KernelProgram.Translate(code).Load().Select(k => k.Source.TrimEnd()));
        Assert.That(text, Is.EqualTo(expected.TrimEnd()));
    }
}
