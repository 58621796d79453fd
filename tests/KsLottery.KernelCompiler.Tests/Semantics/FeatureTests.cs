using KsLottery.Tests.Support;

namespace KsLottery.KernelCompiler.Tests.Semantics;

/// <summary>Each feature of the language in a kernel of its own (<c>FeatureKernels.cs</c>), against ordinary .NET code.</summary>
public sealed class FeatureTests
{
    private const int Count = 256, Groups = 2;

    private static readonly string Folder = Path.Combine(SharedData.Root, "tests", "KsLottery.KernelCompiler.Tests", "Semantics");

    /// <summary>All kernels of <c>FeatureKernels.cs</c>.</summary>
    internal static readonly Lazy<IReadOnlyList<KernelDefinition>> Kernels = new(() => KernelProgram.Translate(
        File.ReadAllText(Path.Combine(Folder, "FeatureKernels.cs")),
        [.. new[] { "Elements.cs", "KernelMath.cs" }.Select(f =>
            File.ReadAllText(Path.Combine(SharedData.Root, "kernels", "KsLottery.Kernels", f)))]).Load());

    public static IEnumerable<TestCaseData> Integers() => from device in new[] { KernelRun.Reversed, KernelRun.OpenCl }
                                                          from kernel in Named("Int")
                                                          select new TestCaseData(device, kernel);

    public static IEnumerable<TestCaseData> Floats() => from device in new[] { KernelRun.Reversed, KernelRun.OpenCl }
                                                        from kernel in Named("Float")
                                                        select new TestCaseData(device, kernel);

    [TestCaseSource(nameof(Integers))]
    public void A_kernel_on_integers_computes_as_in_dotnet(string device, string kernel) =>
        KernelRun.Same(device, Kernels.Value.Single(k => k.Name == kernel), Groups, 4 * Count * sizeof(int), Numbers.Of("int", Count, 5));

    [TestCaseSource(nameof(Floats))]
    public void A_kernel_on_floats_computes_as_in_dotnet(string device, string kernel) =>
        KernelRun.Same(device, Kernels.Value.Single(k => k.Name == kernel), Groups, 4 * Count * sizeof(uint),
            Numbers.Of("float", Count, 6));

    [TestCase("Load_F16"), TestCase("Load_BF16")]
    public void Every_half_precision_number_is_read_as_in_dotnet(string kernel) =>
        KernelRun.Same(KernelRun.OpenCl, Kernels.Value.Single(k => k.Name == kernel), Groups, 65536 * sizeof(uint),
            (ushort[])[.. Enumerable.Range(0, 65536).Select(i => (ushort)i)]);

    [TestCase("Exponentials"), TestCase("Logarithms")]
    public void Exponentials_and_logarithms_of_the_kernel_library_have_the_same_bits(string kernel)
    {
        float[] numbers =
            [.. Enumerable.Range(0, 1 << 16).Select(i => BitConverter.UInt32BitsToSingle((uint)i << 16 | (uint)(i * 40503) & 0xFFFF))];
        KernelRun.Same(KernelRun.OpenCl, Kernels.Value.Single(k => k.Name == kernel), Groups, numbers.Length * sizeof(uint), numbers);
    }

    /// <summary>A text that adds, shifts or chooses wrongly in one place is told from a right one.</summary>
    [TestCase("int best = i_add(", "int best = i_sub("), TestCase("& 31", "& 15"), TestCase("? 53 : 59", "? 59 : 53")]
    public void A_wrong_translation_is_noticed(string right, string wrong)
    {
        KernelRun.Open(KernelRun.OpenCl).Dispose();
        KernelDefinition kernel = Kernels.Value.Single(k => k.Name == "IntOrder");
        KernelDefinition broken = kernel with { Source = Replaced(kernel.Source, right, wrong) };
        Assert.That(() => KernelRun.Same(KernelRun.OpenCl, broken, Groups, 4 * Count * sizeof(int), Numbers.Of("int", Count, 5)),
            Throws.InstanceOf<AssertionException>());
    }

    private static string Replaced(string text, string right, string wrong)
    {
        int at = text.LastIndexOf(right, StringComparison.Ordinal);
        Assert.That(at, Is.Positive, $"the text holds no {right}");
        return text[..at] + wrong + text[(at + right.Length)..];
    }

    private static IEnumerable<string> Named(string prefix) =>
        from line in File.ReadLines(Path.Combine(Folder, "FeatureKernels.cs"))
        let at = line.IndexOf("public static void " + prefix, StringComparison.Ordinal)
        where at >= 0
        let name = line[(at + "public static void ".Length)..].Split('(', '<')[0]
        from instance in name.EndsWith("Generic", StringComparison.Ordinal) ? new[] { name + "_Plus", name + "_Times" } : [name]
        select instance;
}
