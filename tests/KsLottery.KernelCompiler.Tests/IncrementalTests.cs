using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KsLottery.KernelCompiler.Tests;

/// <summary>The generator gives the compiler nothing new where nothing changed in what it makes.</summary>
public sealed class IncrementalTests
{
    private const string Kernel = """
        public static class Kernels
        {
            [Kernel(32)]
            public static void Put(ArrayView<int> results) => results[Group.IdxX] = Helper.Of(Grid.IdxX);
        }
        """;

    [TestCase("public static class Other { public const int X = 1; }", IncrementalStepRunReason.Unchanged)]
    [TestCase("public static class Helper { public static int Of(int x) => x + 2; }", IncrementalStepRunReason.Modified)]
    public void Only_what_a_kernel_calls_gives_another_text(string changed, IncrementalStepRunReason expected)
    {
        const string Helper = "public static class Helper { public static int Of(int x) => x + 1; }",
            Other = "public static class Other { }";
        CSharpCompilation before = KernelProgram.Compile(Kernel, Helper, Other);
        GeneratorDriver driver = KernelProgram.Driver(trackSteps: true).RunGenerators(before);
        SyntaxTree old = before.SyntaxTrees
            .Single(t => t.ToString() == (changed.Contains("Helper", StringComparison.Ordinal) ? Helper : Other));
        Compilation after = before.ReplaceSyntaxTree(old,
            CSharpSyntaxTree.ParseText(changed, (CSharpParseOptions)old.Options, old.FilePath));
        GeneratorRunResult result = driver.RunGenerators(after).GetRunResult().Results.Single();
        IncrementalGeneratorRunStep step = result.TrackedSteps[KernelGenerator.TranslationStep].Single();
        Assert.That(step.Outputs.Single().Reason, Is.EqualTo(expected));
        Assert.That(result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason),
            Is.All.EqualTo(expected == IncrementalStepRunReason.Unchanged ? IncrementalStepRunReason.Cached : expected));
    }

    [Test]
    public void The_text_depends_on_no_folder_and_no_order_of_files()
    {
        string Made(string folder, bool isReversed)
        {
            CSharpCompilation compilation = KernelProgram.Compile(Kernel,
                "public static class Helper { public static int Of(int x) => x * 3; }");
            SyntaxTree[] trees = [.. compilation.SyntaxTrees.Select(t => t.WithFilePath(folder + Path.GetFileName(t.FilePath)))];
            if (isReversed) Array.Reverse(trees);
            compilation = compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(trees);
            return KernelProgram.Driver(trackSteps: false).RunGenerators(compilation).GetRunResult().GeneratedTrees.Single().ToString();
        }
        string text = Made("/home/a/", isReversed: false);
        Assert.That(text, Does.Contain("/* Test.cs:4 */").Or.Contain("/* Test.cs:3-4 */").And.Not.Contain("/home"));
        Assert.That(Made("C:\\b\\", isReversed: true).ReplaceLineEndings(), Is.EqualTo(text));
    }
}
