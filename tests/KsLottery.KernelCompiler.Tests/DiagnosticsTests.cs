using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler.Tests;

/// <summary>What the language does not have is an error at its line, which says what to write instead.</summary>
public sealed class DiagnosticsTests
{
    [TestCase("var text = \"a\";", "The type string", "Use numbers")]
    [TestCase("int[] list = new int[4];", "The type int[]", "ArrayView<T>")]
    [TestCase("object o = null;", "The type object", "numbers")]
    [TestCase("decimal d = 1;", "The type decimal", "numbers")]
    [TestCase("results[0] = checked(n + 1);", "Checked arithmetic", "Compare before")]
    [TestCase("checked { results[0] = n; }", "Checked arithmetic", "Compare before")]
    [TestCase("throw new System.Exception();", "The statement `throw", "Use declarations")]
    [TestCase("try { n++; } finally { }", "The statement `try", "Use declarations")]
    [TestCase("foreach (char c in \"a\") n++;", "The statement `foreach", "Use declarations")]
    [TestCase("goto end; end: n++;", "The statement `goto", "Use declarations")]
    [TestCase("int Inner(int x) => x; results[0] = Inner(1);", "The statement `int Inner", "Use declarations")]
    [TestCase("System.Func<int, int> f = x => x;", "The type System.Func", "numbers")]
    [TestCase("results[0] = Recursive(n);", "The recursion of Recursive", "Write a loop")]
    [TestCase("results[0] = Environment.ProcessorCount;", "The property ProcessorCount", "Let it return a constant")]
    [TestCase("results[0] = s_count;", "The static field s_count", "Make it a const")]
    [TestCase("results[0] = (int)MathF.Sin(n);", "`MathF.Sin(n)`", "kernels/README.md")]
    [TestCase("results[0] = \"abc\".Length;", "`\"abc\".Length`", "Use locals")]
    [TestCase("Out(out n);", "An argument by in or out", "by ref")]
    [TestCase("ref int x = ref results[0];", "A local reference", "Use an index")]
    [TestCase("results = results.SubView(1);", "An assignment to a view", "Declare another view")]
    [TestCase("ArrayView<int> part = n > 0 ? results : results.SubView(1);", "The view `n > 0", "Use a parameter")]
    [TestCase("if (n > 0) { ArrayView<int> room = SharedMemory.Allocate<int>(4); }", "SharedMemory.Allocate elsewhere",
        "at the start of the kernel")]
    [TestCase("ArrayView<int> room = SharedMemory.Allocate<int>(n);", "Memory whose size is no constant", "Give a constant")]
    [TestCase("Helper(results);", "LocalMemory.Allocate elsewhere", "pass the view on")]
    [TestCase("ArrayView<Pair> pairs = SharedMemory.Allocate<Pair>(4);", "A view of Pair", "one view for each field")]
    [TestCase("Pair p = new(1, 2); p = p with { X = 3 };", "The expression `p with", "Use arithmetic")]
    [TestCase("Pair p = new() { X = 1 };", "An object initializer", "Pass all values")]
    [TestCase("Loose l = new(1);", "This way to make a Loose", "readonly record struct")]
    [TestCase("Pair p = new(1, 2); results[0] = p.Sum;", "`p.Sum`", "Use locals")]
    [TestCase("Pair p = new(1, 2); results[0] = p == p ? 1 : 0;", "An operator that a type declares", "Call a static method")]
    [TestCase("Pair p = new(1, 2); results[0] = p.Total();", "The method Total of an object", "Write a static method")]
    [TestCase("results[0] = n is > 3 and < 5 ? 1 : 0;", "The expression `n is", "Use arithmetic")]
    [TestCase("results[0] = n switch { 0 => 1, _ => 2 };", "The expression `n switch", "Use arithmetic")]
    [TestCase("switch (n) { case > 3: break; }", "A pattern in a switch", "Use constants")]
    [TestCase("results[0] = (int)(1.5f % n);", "The remainder of a floating-point division", "floor")]
    [TestCase("results[0] = Optional();", "A call that leaves optional parameters out", "Give every argument")]
    [TestCase("results[0] = Optional(x: 3);", "A named argument", "in order")]
    [TestCase("Atomic.Add(ref n, 1);", "An atomic operation on a lane's own memory", "ordinary assignment")]
    [TestCase("results[0] = Warp.Shuffle((byte)n, 0);", "A shuffle of byte", "32 or 64 bits")]
    [TestCase("(n, results[0]) = (1, 2);", "The expression `(n, results[0])`", "Use arithmetic")]
    public void A_construct_that_is_not_in_the_language_is_an_error_at_its_line(string statement, string what, string instead)
    {
        KernelProgram program = KernelProgram.Translate($$"""
            public static class Kernels
            {
                private static int s_count = 3;

                [Kernel(32)]
                public static void Wrong(ArrayView<int> results)
                {
                    int n = Group.IdxX;
                    {{statement}}
                }

                private static int Recursive(int n) => n > 0 ? Recursive(n - 1) : 0;
                private static void Out(out int x) => x = 1;
                private static int Optional(int x = 1) => x;
                private static void Helper(ArrayView<int> results)
                {
                    ArrayView<int> own = LocalMemory.Allocate<int>(4);
                    own[0] = results[0];
                }
            }

            public readonly record struct Pair(int X, int Y)
            {
                public int Sum => X + Y;
                public int Total() => X + Y;
            }

            public readonly struct Loose
            {
                public readonly int X;
                public Loose(int x) => X = x + 1;
            }
            """);
        Assert.That(program.Problems, Has.Count.EqualTo(1));
        Diagnostic problem = program.Problems[0];
        Assert.That(problem.Id, Is.EqualTo("KSK001"));
        Assert.That(problem.Severity, Is.EqualTo(DiagnosticSeverity.Error));
        Assert.That(problem.GetMessage(), Does.StartWith(what).And.Contain(" is not part of the kernel language. ").And.Contain(instead).And
            .EndsWith("."));
        FileLinePositionSpan place = problem.Location.GetLineSpan();
        Assert.That(place.Path, Is.EqualTo(KernelProgram.FileName));
        int line = statement.StartsWith("results[0] = Recursive", StringComparison.Ordinal) ? 11
            : statement.StartsWith("Helper", StringComparison.Ordinal) ? 16 : 8;
        Assert.That(place.StartLinePosition.Line, Is.EqualTo(line));
    }

    [TestCase("[Kernel(48)] public static void Wrong(ArrayView<int> results) { }", "asks for groups of 48 lanes", "power of two")]
    [TestCase("[Kernel(512)] public static void Wrong(ArrayView<int> results) { }", "asks for groups of 512 lanes", "from 1 to 256")]
    [TestCase("[Kernel(32)] private static void Wrong(ArrayView<int> results) { }", "cannot be called from the catalog",
        "public or internal")]
    [TestCase("[Kernel(32)] public static void Wrong<T>(ArrayView<T> results) where T : unmanaged { }", "does not say for which types",
        "[KernelInstance")]
    [TestCase("[Kernel(32), KernelInstance(typeof(int))] public static void Wrong(ArrayView<int> results) { }", "has no type parameters",
        "Take KernelInstance away")]
    [TestCase("[Kernel(32), KernelInstance(typeof(int), typeof(int))] public static void Wrong<T>(ArrayView<T> r) where T : unmanaged { }",
        "has 1 type parameters", "one type")]
    [TestCase("[Kernel(32), KernelInstance(typeof(int)), KernelInstance(typeof(uint))] public static void Wrong<T>(ArrayView<T> r) where "
        + "T : unmanaged { }",
        "has the name of another kernel", "another")]
    [TestCase("[Kernel(32)] public static void Wrong(ArrayView<int> results, bool flag) { }", "parameter flag is of type bool", "Take int")]
    [TestCase("[Kernel(32)] public static void Wrong(ArrayView<int> results, byte small) { }", "parameter small is of type byte",
        "Take int")]
    [TestCase("[Kernel(32)] public static void Wrong(ArrayView<short> results) { }", "parameter results is of type", "ArrayView of these")]
    public void A_kernel_that_no_device_can_take_is_an_error_at_its_head(string kernel, string what, string instead)
    {
        KernelProgram program = KernelProgram.Translate($$"""
            public static class Kernels
            {
                {{kernel}}
            }
            """);
        Assert.That(program.Problems.Select(p => p.Id), Is.EqualTo(new[] { "KSK002" }));
        Assert.That(program.Problems[0].GetMessage(), Does.Contain(what).And.Contain(instead));
        Assert.That(program.Problems[0].Location.GetLineSpan().StartLinePosition.Line, Is.EqualTo(2));
    }

    [Test]
    public void One_wrong_kernel_leaves_the_others()
    {
        KernelProgram program = KernelProgram.Translate("""
            public static class Kernels
            {
                [Kernel(32)] public static void Wrong(ArrayView<int> results) => throw null;
                [Kernel(32)] public static int Value(ArrayView<int> results) => 3;
                [Kernel(32)] public static void Right(ArrayView<int> results) => results[0] = 1;
            }
            """);
        Assert.That(program.Problems, Has.Count.EqualTo(2));
        Assert.That(program.Text, Does.Contain("\"Right\"").And.Not.Contain("\"Wrong\""));
    }
}
