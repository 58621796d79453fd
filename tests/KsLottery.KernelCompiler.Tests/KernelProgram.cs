using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace KsLottery.KernelCompiler.Tests;

/// <summary>Kernels that a test writes as C#: translated by the generator, and compiled as ordinary .NET code in memory.</summary>
internal sealed class KernelProgram
{
    public const string FileName = "/sources/Test.cs";

    /// <summary>What the library says of a catalog beside the generated part, and a way to its definitions.</summary>
    private const string Catalog = """
        global using System;
        global using System.Numerics;
        global using KsLottery.Kernels;
        global using KsLottery.Kernels.Language;
        namespace KsLottery.Kernels;
        public static partial class KernelCatalog
        {
            private static partial System.Collections.Generic.IEnumerable<KernelDefinition> Definitions();
            public static KernelDefinition[] Made() => [.. Definitions()];
        }
        """;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is string name
                && (name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll"))
            .Select(p => MetadataReference.CreateFromFile(p)),
        MetadataReference.CreateFromFile(typeof(KernelDefinition).Assembly.Location),
    ];

    private readonly Compilation _compilation;

    private KernelProgram(Compilation compilation, GeneratorDriverRunResult result)
    {
        _compilation = compilation;
        Problems = result.Diagnostics;
        Text = result.GeneratedTrees.Single().ToString();
    }

    /// <summary>What the generator finds wrong.</summary>
    public IReadOnlyList<Diagnostic> Problems { get; }

    /// <summary>The generated C#.</summary>
    public string Text { get; }

    /// <summary>Translates a text.</summary>
    /// <param name="code">The text of one C# file.</param>
    /// <param name="more">Texts of other files.</param>
    public static KernelProgram Translate(string code, params string[] more)
    {
        GeneratorDriver driver = Driver(trackSteps: false)
            .RunGeneratorsAndUpdateCompilation(Compile(code, more), out Compilation made, out _);
        return new(made, driver.GetRunResult());
    }

    /// <summary>The definitions of all kernels, once the program is compiled.</summary>
    public IReadOnlyList<KernelDefinition> Load() =>
        (KernelDefinition[])LoadAssembly().GetType(typeof(KernelCatalog).FullName!)!.GetMethod("Made")!.Invoke(null, null)!;

    /// <summary>The program, compiled.</summary>
    public Assembly LoadAssembly()
    {
        using MemoryStream image = new();
        Assert.That(_compilation.Emit(image).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        Assert.That(Problems, Is.Empty);
        image.Position = 0;
        return new AssemblyLoadContext("test kernels").LoadFromStream(image);
    }

    public static CSharpCompilation Compile(string code, params string[] more)
    {
        CSharpParseOptions options = new(LanguageVersion.Latest);
        IEnumerable<SyntaxTree> trees = more.Prepend(Catalog)
            .Select((text, i) => CSharpSyntaxTree.ParseText(text, options, $"/sources/More{i}.cs"));
        return CSharpCompilation.Create("TestKernels", trees.Prepend(CSharpSyntaxTree.ParseText(SourceText.From(code), options, FileName)),
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release));
    }

    public static GeneratorDriver Driver(bool trackSteps) => CSharpGeneratorDriver.Create([new KernelGenerator().AsSourceGenerator()],
        parseOptions: new CSharpParseOptions(LanguageVersion.Latest), driverOptions: new(IncrementalGeneratorOutputKind.None, trackSteps));
}
