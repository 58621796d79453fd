namespace KsLottery.KernelCompiler.Tests.Semantics;

/// <summary>Inputs: each type's unusual numbers, then random bits.</summary>
internal static class Numbers
{
    private static readonly Dictionary<string, Array> Unusual = new()
    {
        ["int"] = new int[] { 0, 1, -1, 2, -2, 31, 32, 33, 63, 64, 65, -31, int.MaxValue, int.MinValue, int.MinValue + 1, 46341, -46341,
            0x55555555 },
        ["uint"] = new uint[] { 0u, 1, 2, 31, 32, 33, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 65535, 65536,
            0xAAAAAAAA },
        ["long"] = new long[] { 0L, 1, -1, 63, 64, 65, int.MaxValue, int.MinValue, 1L << 31, 1L << 32, (1L << 53) + 1, long.MaxValue,
            long.MinValue },
        ["ulong"] = new ulong[] { 0UL, 1, 2, 0xFFFFFFFF, 0x100000000, 1UL << 63, (1UL << 63) + 1, (1UL << 53) + 1, ulong.MaxValue,
            ulong.MaxValue - 1 },
        ["float"] = new float[]
        {
            0f, -0f, 1f, -1f, 0.5f, 1.5f, 2.5f, -2.5f, 0.49999997f, 8388609f, 16777217f, 1e-45f, -1e-45f, 1.1754944e-38f, 1e-39f,
                3.4028235e38f, -3.4028235e38f,
            2147483647f, 2147483648f, -2147483648f, -2147483904f, 4294967295f, 4294967296f, 9.223372e18f, -9.223372e18f, 1.8446744e19f,
                255f, 256f, -129f,
            65535.9f, 65536f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 3.1415927f,
        },
        ["double"] = new double[]
        {
            0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 2147483647.5, 2147483648, -2147483648.9, -2147483649, 4294967295.5, 4294967296,
                9.2233720368547748e18,
            9.2233720368547758e18, -9.2233720368547758e18, 1.8446744073709552e19, 5e-324, -5e-324, 1e-310, 1.7976931348623157e308,
                3.4028235677973366e38, 1e-46,
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, 255.9, 65536.5, 9007199254740993,
        },
    };

    /// <summary>Numbers of a type.</summary>
    public static Array Of(string type, int count, int seed)
    {
        Random random = new(seed);
        Array unusual = Unusual[type], numbers = Array.CreateInstance(unusual.GetType().GetElementType()!, count);
        byte[] bytes = new byte[Buffer.ByteLength(numbers)];
        random.NextBytes(bytes);
        Buffer.BlockCopy(bytes, 0, numbers, 0, bytes.Length);
        // Half of them unusual, in all combinations with another list of another seed; a quarter of them of moderate size.
        for (int i = 0; i < count; i++)
        {
            if (i % 2 == 0) numbers.SetValue(unusual.GetValue(random.Next(unusual.Length)), i);
            else if (i % 4 == 1)
                numbers.SetValue(type switch
                {
                    "int" => random.Next(-1000, 1000),
                    "uint" => (uint)random.Next(1000),
                    "long" => (long)random.Next(-100000, 100000),
                    "ulong" => (ulong)random.Next(100000),
                    "float" => (float)((random.NextDouble() - 0.5) * 1000),
                    _ => (object)((random.NextDouble() - 0.5) * 1e6),
                }, i);
        }
        return numbers;
    }
}
