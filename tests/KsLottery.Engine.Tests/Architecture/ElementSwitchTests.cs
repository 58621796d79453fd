using KsLottery.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.Engine.Tests.Architecture;

/// <summary>A type that comes to the format, or becomes readable, is taken for no other one by default.</summary>
public sealed class ElementSwitchTests
{
    private static readonly string[] Folders = ["src", "kernels", "bench"];

    /// <summary>Where the arm for all other types throws, each because only native types come so far.</summary>
    private static readonly string[] Throwing =
        ["GgufFile.cs", "KsRowKernels.cs", "LlamaConfig.cs", "RowMoments.cs", "RowMoments.cs", "RowMoments.cs"];

    [Test]
    public void No_switch_over_element_types_has_a_value_for_all_others()
    {
        (string File, bool Throws)[] found = [.. Folders.SelectMany(folder => Sources.In(Path.Combine(SharedData.Root, folder)))
            .SelectMany(file => DefaultArms(File.ReadAllText(file)).Select(throws => (Path.GetFileName(file), throws)))];
        Assert.That(found.Where(arm => !arm.Throws).Select(arm => arm.File), Is.Empty);
        Assert.That(found.Select(arm => arm.File).Order(StringComparer.Ordinal), Is.EqualTo(Throwing));
    }

    [TestCase("int x = t switch { ElementType.F32 => 4, _ => 2 };", false)]
    [TestCase("int x = t switch { ElementType.F32 or Numerics.ElementType.I32 => 4, var other => 2 };", false)]
    [TestCase("ElementType x = s switch { \"f16\" => ElementType.F16, _ => ElementType.F32 };", false)]
    [TestCase("switch (t) { case ElementType.F32: F(); break; default: G(); break; }", false)]
    [TestCase("int x = t switch { ElementType.F32 => 4, _ => throw t.NotNative() };", true)]
    [TestCase("switch (t) { case ElementType.F32: F(); break; default: throw t.NotNative(); }", true)]
    [TestCase("int x = t switch { ElementType.F32 => 4, ElementType.F16 => 2 };", null)]
    [TestCase("int x = s switch { \"a\" => 1, _ => 2 };", null)]
    [TestCase("int x = t switch { ElementType.F32 => 4, _ when F() => 2 };", null)]
    public void Such_a_switch_is_found(string text, bool? throws) => Assert.That(DefaultArms($"class C {{ void M() {{ {text} }} }}"),
        Is.EqualTo(throws is { } expected ? new[] { expected } : []));

    /// <summary>Of each switch over element types, or to one of them, that has an arm for all others: whether that arm throws.</summary>
    private static IEnumerable<bool> DefaultArms(string text)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
        foreach (SyntaxNode node in root.DescendantNodes())
            if (node is SwitchExpressionSyntax expression && expression.Arms.Any(arm => Names(arm.Pattern) || arm.Expression is { } value
                && value is not ThrowExpressionSyntax && Names(value)))
            {
                if (expression.Arms.FirstOrDefault(arm => arm is { Pattern: DiscardPatternSyntax or VarPatternSyntax, WhenClause: null })
                    is { } last) yield return last.Expression is ThrowExpressionSyntax;
            }
            else if (node is SwitchStatementSyntax statement && statement.Sections.Any(section => section.Labels.Any(Names))
                && statement.Sections.FirstOrDefault(section => section.Labels.Any(SyntaxKind.DefaultSwitchLabel)) is { } rest)
                yield return rest.Statements is [ThrowStatementSyntax];
    }

    private static bool Names(SyntaxNode node) => node.ToString().Contains("ElementType.", StringComparison.Ordinal);
}
