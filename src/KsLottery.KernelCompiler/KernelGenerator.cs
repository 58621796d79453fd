using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace KsLottery.KernelCompiler;

/// <summary>Finds every method with <c>[Kernel]</c>, translates it, and supplies <c>KernelCatalog.Definitions</c>.</summary>
[Generator]
public sealed class KernelGenerator : IIncrementalGenerator
{
    /// <summary>The step whose outputs tell whether anything changed.</summary>
    internal const string TranslationStep = "Translation";

    private const string Language = "KsLottery.Kernels.Language.";

    private const string KernelAttribute = Language + "KernelAttribute", InstanceAttribute = Language + "KernelInstanceAttribute";

    private const int MaxLanes = 256;

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // A kernel may call what stands in any file, so that all kernels depend on the whole compilation; what comes out is text, compared
        // by its value.
        IncrementalValuesProvider<string> methods = context.SyntaxProvider.ForAttributeWithMetadataName(
            KernelAttribute, (node, _) => node is MethodDeclarationSyntax, (found, _) => found.TargetSymbol.GetDocumentationCommentId()!);
        IncrementalValueProvider<Output> output = methods.Collect().Combine(context.CompilationProvider)
            .Select((input, cancel) => Translate(input.Right, input.Left, cancel)).WithTrackingName(TranslationStep);
        context.RegisterSourceOutput(output, static (production, result) =>
        {
            foreach (Problem problem in result.Problems) production.ReportDiagnostic(problem.ToDiagnostic());
            production.AddSource("KernelCatalog.Definitions.g.cs", SourceText.From(result.Text, Encoding.UTF8));
        });
    }

    private static Output Translate(Compilation compilation, ImmutableArray<string> ids, CancellationToken cancel)
    {
        List<Problem> problems = [];
        HashSet<string> names = [];
        StringBuilder text = new(DefinitionText.Head);
        foreach (string id in ids.OrderBy(i => i, StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            if (DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation) is not IMethodSymbol method) continue;
            try
            {
                int groupSize = GroupSize(method);
                foreach (IMethodSymbol instance in Instances(method))
                {
                    string name = NameOf(instance);
                    if (!names.Add(name))
                        throw Impossible(method, "has the name of another kernel or instance",
                            "Names leave primitive types out: give it another");
                    KernelTranslator translator = new(compilation, groupSize);
                    string source = translator.Translate(instance, name);
                    text.Append(DefinitionText.Of(instance, name, groupSize, translator.SharedBytes, translator.UsesDouble, source));
                }
            }
            catch (KernelError error)
            {
                problems.Add(Problem.Of(error));
            }
        }
        return new(text.Append(DefinitionText.Tail).ToString(), new(problems.Distinct()));
    }

    private static int GroupSize(IMethodSymbol method)
    {
        AttributeData attribute = method.GetAttributes().First(a => a.AttributeClass?.ToDisplayString() == KernelAttribute);
        int size = attribute.ConstructorArguments[0].Value is int value ? value : 0;
        if (size is < 1 or > MaxLanes || (size & (size - 1)) != 0)
            throw Impossible(method, $"asks for groups of {size} lanes, which not every device has",
                $"Give a power of two from 1 to {MaxLanes}");
        for (ISymbol symbol = method; symbol is not null; symbol = symbol.ContainingType)
            if (symbol.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal))
                throw Impossible(method, "cannot be called from the catalog", "Make it and its type public or internal");
        return size;
    }

    private static IEnumerable<IMethodSymbol> Instances(IMethodSymbol method)
    {
        AttributeData[] attributes = [.. method.GetAttributes().Where(a => a.AttributeClass?.ToDisplayString() == InstanceAttribute)];
        if (method.TypeParameters.Length == 0)
            return attributes.Length == 0 ? [method] : throw Impossible(method, "has no type parameters, yet an instance gives types",
                "Take KernelInstance away");
        if (attributes.Length == 0)
            throw Impossible(method, "is generic and does not say for which types", "Add [KernelInstance(typeof(…), …)] for each instance");
        return attributes.Select(attribute =>
        {
            ITypeSymbol[] types = [.. attribute.ConstructorArguments[0].Values.Select(v => v.Value).OfType<ITypeSymbol>()];
            return types.Length == method.TypeParameters.Length ? method.Construct(types) : throw Impossible(method,
                $"has {method.TypeParameters.Length} type parameters, an instance gives {types.Length} types", "Give one type for each");
        });
    }

    private static KernelError Impossible(IMethodSymbol method, string what, string instead) =>
        new(method.Locations[0], $"The kernel {method.Name} {what}. {instead}.");

    /// <summary>The method's name with its type arguments, primitive ones left out.</summary>
    private static string NameOf(IMethodSymbol method) =>
        string.Join("_", method.TypeArguments.Where(t => t.SpecialType == SpecialType.None).Select(t => t.Name).Prepend(method.Name));

    /// <summary>What the generator made of the kernels.</summary>
    private sealed record Output(string Text, ValueList<Problem> Problems);
}
