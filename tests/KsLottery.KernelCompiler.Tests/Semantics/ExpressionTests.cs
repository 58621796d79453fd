using System.Text;

namespace KsLottery.KernelCompiler.Tests.Semantics;

/// <summary>Every operator and conversion on every type, over unusual and random numbers: the same bits as ordinary .NET code.</summary>
public sealed class ExpressionTests
{
    private const int Count = 512, Groups = 2;

    private const string Integer =
        "x + y;x - y;x * y;x & y;x | y;x ^ y;~x;x == y;x != y;x < y;x <= y;x > y;x >= y;x << s;x >> s;x >>> s;x << 3;x >> 31;x / d;x % "
            + "d;Math.Min(x, y);Math.Max(x, y);"
        + "x > y ? x - y : y - x;(x + 1) * (y - 1);x * x / d;(x < y) == (y < x);(x < y) ^ (x == 1);!(x < y) & (y != 1);x + y > x";

    private const string Signed = ";-x;-x - y;x + 1 > x;Math.Abs(x | 1);x >> 3 >>> 2";

    private const string Floating =
        "x + y;x - y;x * y;x / y;-x;x * y + x;x - y * x;x == y;x != y;x < y;x <= y;x > y;x >= y;!(x < y);Math.Min(x, y);Math.Max(x, "
            + "y);Math.Abs(x);"
        + "Math.Floor(x);Math.Ceiling(x);Math.Truncate(x);Math.Round(x);Math.Sqrt(x);1 / Math.Sqrt(x);Fused.MultiplyAdd(x, y, x);x > y ? "
            + "x : y;x += y;x / 3 * 3;x - -y;-(x - y)";

    private static readonly Dictionary<string, string> Operations = new()
    {
        ["int"] = Integer + Signed
            + ";BitOperations.TrailingZeroCount(x);(uint)x < (uint)y;(long)x * y;x + 3000000000u;Interop.IntAsFloat((uint)x & 0x7F7FFFFF)",
        ["uint"] = Integer + ";-x;BitOperations.PopCount(x);BitOperations.LeadingZeroCount(x);"
            + "BitOperations.TrailingZeroCount(x);BitOperations.Log2(x);x + (int)y;x - 1 > x",
        ["long"] = Integer + Signed + ";BitOperations.TrailingZeroCount(x);x + (int)y;x * 3;(int)x * (long)y",
        ["ulong"] = Integer
            + ";BitOperations.PopCount(x);BitOperations.LeadingZeroCount(x);BitOperations.TrailingZeroCount(x);BitOperations.Log2(x);x * "
                + "3;x - 1 > x",
        ["float"] = Floating
            + ";MathF.Sqrt(x);MathF.Max(x, -0f);MathF.Min(x, 0f);float.IsNaN(x);float.IsInfinity(x);float.IsFinite(x);x * 2;x * "
                + "0.1f;(double)x * y;x + 16777217",
        ["double"] = Floating + ";double.IsNaN(x);double.IsInfinity(x);double.IsFinite(x);(float)x * (float)y;x * 0.1;x + 1f",
    };

    private static readonly string[] Targets = ["sbyte", "byte", "short", "ushort", "int", "uint", "long", "ulong", "float", "double"];

    private static readonly Lazy<IReadOnlyList<KernelDefinition>> Kernels = new(() => KernelProgram.Translate(
        $$"""
        using System;
        using System.Numerics;
        public static class Expressions
        {
            {{string.Join("\n\n", Operations.Select(o => Kernel("Operators", o.Key, [.. o.Value.Split(';')])))}}

            {{string.Join("\n\n", Operations.Keys.Select(t => Kernel("Conversions", t, [.. Targets.Select(to => $"({to})x"), .. Small(t)])))}}

            static ulong Bits(bool x) => x ? 1UL : 0UL;
            static ulong Bits(int x) => (uint)x;
            static ulong Bits(uint x) => x;
            static ulong Bits(long x) => (ulong)x;
            static ulong Bits(ulong x) => x;
            static ulong Bits(float x) => float.IsNaN(x) ? 1UL << 40 : Interop.FloatAsInt(x);
            static ulong Bits(double x) => double.IsNaN(x) ? 1UL << 40 : Interop.FloatAsInt(x);
        }
        """).Load());

    public static IEnumerable<TestCaseData> Cases() =>
        from device in new[] { KernelRun.Reversed, KernelRun.OpenCl }
        from kernel in new[] { "Operators", "Conversions" }
        from type in Operations.Keys
        select new TestCaseData(device, kernel, type);

    [TestCaseSource(nameof(Cases))]
    public void Numbers_are_computed_as_in_dotnet(string device, string kernel, string type)
    {
        KernelDefinition definition = Kernels.Value.Single(k => k.Name == CName(kernel, type));
        Assert.That(definition.UsesDouble, Is.EqualTo(definition.Source.Contains("double", StringComparison.Ordinal)));
        int expressions = kernel == "Operators" ? Operations[type].Split(';').Length : Targets.Length + Small(type).Length;
        KernelRun.Same(device, definition, Groups, Count * expressions * sizeof(ulong), Numbers.Of(type, Count, 1),
            Numbers.Of(type, Count, 2), Numbers.Of("int", Count, 3));
    }

    /// <summary>Through types of fewer bits than 32, which compute as int.</summary>
    private static string[] Small(string type) => type is "float" or "double" ? [] :
        ["(byte)x + (byte)y", "(sbyte)x * (sbyte)y", "(short)x - (ushort)y", "(byte)(x + y)", "~(ushort)x", "(sbyte)x >> 1", "(byte)x << s",
            "(ushort)x == (ushort)y",
         "(sbyte)x < (sbyte)y", "(short)((short)x * (short)y)", "-(short)x", "(sbyte)x >>> 4"];

    private static string CName(string kernel, string type) => kernel + char.ToUpperInvariant(type[0]) + type[1..];

    private static string Kernel(string kernel, string type, string[] expressions)
    {
        StringBuilder text = new($$"""
            [Kernel(32)]
            public static void {{CName(kernel, type)}}(ArrayView<ulong> results, ArrayView<{{type}}> left, ArrayView<{{type}}> right, ArrayView<int> shifts)
            {
                for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < left.IntLength; i += Grid.DimX * Group.DimX)
                {
                    {{type}} x = left[i], y = right[i];
                    int s = shifts[i];

            """);
        string divisor = type switch { "int" or "long" => $"(({type})7 + (y & 255))", _ => "((y & 255) + 7)" };
        for (int i = 0; i < expressions.Length; i++)
        {
            string expression = expressions[i].Replace(" d", " " + divisor, StringComparison.Ordinal);
            text.Append(
                $"        results[i * {expressions.Length} + {i}] = "
                    + $"Bits({(expression.StartsWith("x +=", StringComparison.Ordinal) ? $"({expression})" : expression)});\n");
            if (expression.StartsWith("x +=", StringComparison.Ordinal)) text.Append("        x = left[i];\n");
        }
        return text.Append("    }\n}").ToString();
    }
}
