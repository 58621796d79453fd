using System.Collections.Immutable;
using System.Reflection;
using KsLottery.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using NUnit.Framework.Constraints;

namespace KsLottery.KernelCompiler.Tests;

/// <summary>Bounds that NaN meets do not build: the analyzer and the lists that every project is built with, on texts that hold
/// one.</summary>
[TestFixture]
internal sealed class BannedSymbolsTests
{
    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(p => Path.GetFileName(p) is string name
            && (name.StartsWith("System.", StringComparison.Ordinal) || name is "nunit.framework.dll"))
        .Select(p => MetadataReference.CreateFromFile(p))];

    [TestCase("Assert.That(x, Is.LessThan(1))")]
    [TestCase("Assert.That(x, Is.AtMost(1.0))")]
    [TestCase("Assert.That(x, Is.Negative)")]
    [TestCase("Assert.That(1.0, Is.GreaterThan(x))")]
    [TestCase("Assert.That(1.0, Is.InRange(x, 2.0))")]
    [TestCase("Assert.That(x, Is.Not.GreaterThan(1))")]
    [TestCase("Assert.That(all, Has.All.LessThan(1))")]
    [TestCase("Assert.That(all, Is.Not.Empty.And.Ordered)")]
    [TestCase("Assert.That(x, new NUnit.Framework.Constraints.LessThanConstraint(1))")]
    [TestCase("all.Max()")]
    [TestCase("all.Select(v => (float?)v).Max()")]
    [TestCase("all.Max(v => v - 1)")]
    [TestCase("all.MaxBy(v => v)")]
    [TestCase("double.MaxNumber(x, 1)")]
    public async Task A_bound_that_NaN_meets_is_refused(string text) => Assert.That(await Refusals(text), Is.EqualTo(1), text);

    [TestCase("Assert.That(x, KsLottery.Tests.Support.Is.LessThan(1) & KsLottery.Tests.Support.Is.Positive)")]
    [TestCase("Assert.That(x, Is.EqualTo(1).Within(0.5))")]
    [TestCase("all.Select(v => (int)v).Max()")]
    [TestCase("Math.Max(x, 1)")]
    public async Task Other_texts_are_not(string text) => Assert.That(await Refusals(text), Is.Zero, text);

    /// <summary>A new release of NUnit may bring another way to compare.</summary>
    [Test]
    public void Every_order_of_NUnit_is_listed()
    {
        string[] listed = [.. File.ReadLines(Path.Combine(SharedData.Root, "tests", "BannedSymbols.txt")).Select(l => l.Split(';')[0])];
        Type[] types = [.. typeof(NUnit.Framework.Is).Assembly.GetExportedTypes()];
        bool IsOrder(Type type) => typeof(ComparisonConstraint).IsAssignableFrom(type)
            || type.Name is "RangeConstraint" or "CollectionOrderedConstraint";
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        string[] orders = [.. types.Where(t => IsOrder(t) && !t.IsAbstract).Select(t => $"T:{t.FullName}"),
            .. types.Where(t => !IsOrder(t)).SelectMany(t => t.GetProperties(Own)).Where(p => IsOrder(p.PropertyType))
                .Select(p => $"P:{p.DeclaringType}.{p.Name}"),
            .. types.Where(t => !IsOrder(t)).SelectMany(t => t.GetMethods(Own)).Where(m => !m.IsSpecialName && IsOrder(m.ReturnType))
                .Select(m => $"M:{m.DeclaringType}.{m.Name}({string.Join(',', m.GetParameters().Select(p => p.ParameterType))})")];
        Assert.That(orders, Has.Length.EqualTo(26).And.SubsetOf(listed));
    }

    private static async Task<int> Refusals(string text)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText($$"""
            using System; using System.Linq; using NUnit.Framework;
            namespace KsLottery.Tests.Support { abstract class Is : NUnit.Framework.Is
            {
                public static new NUnit.Framework.Constraints.Constraint LessThan(object limit) => null;
                public static new NUnit.Framework.Constraints.Constraint Positive => null;
            } }
            class Planted { object Text(double x, double[] all) { {{(text.StartsWith("Assert", StringComparison.Ordinal) ? $"{text}; return null" : $"return {text}")}}; } }
            """);
        CSharpCompilation compilation = CSharpCompilation.Create("Planted", [tree], References, new(OutputKind.DynamicallyLinkedLibrary));
        Assert.That(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error), Is.Empty);
        Assembly analyzers =
            Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, "Analyzers", "Microsoft.CodeAnalysis.CSharp.BannedApiAnalyzers.dll"));
        DiagnosticAnalyzer analyzer =
            (DiagnosticAnalyzer)Activator.CreateInstance(analyzers.GetTypes().Single(t => t.Name == "CSharpSymbolIsBannedAnalyzer"))!;
        AdditionalText[] lists = [new List("BannedSymbols.txt", "tests"), new List("BannedSymbols.Nan.txt")];
        ImmutableArray<Diagnostic> found = await compilation.WithAnalyzers([analyzer], new AnalyzerOptions([.. lists]))
            .GetAnalyzerDiagnosticsAsync();
        Assert.That(found.Select(d => d.Id), Is.All.EqualTo("RS0030"), string.Join('\n', found));
        return found.Length;
    }

    private sealed class List(string name, params string[] folders) : AdditionalText
    {
        public override string Path => name;

        public override SourceText GetText(CancellationToken cancellationToken = default) =>
            SourceText.From(File.ReadAllText(System.IO.Path.Combine([SharedData.Root, .. folders, name])));
    }
}
