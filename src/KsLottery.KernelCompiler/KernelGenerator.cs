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
    private const string KernelAttribute = "KsLottery.Kernels.Language.KernelAttribute", InstanceAttribute = "KsLottery.Kernels.Language.KernelInstanceAttribute";

    private const int MostLanes = 256;

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // A kernel may call what stands in any file, so that all kernels depend on the whole compilation; what comes out is text, compared by its value.
        IncrementalValuesProvider<string> methods = context.SyntaxProvider.ForAttributeWithMetadataName(
            KernelAttribute, (node, _) => node is MethodDeclarationSyntax, (found, _) => found.TargetSymbol.GetDocumentationCommentId()!);
        IncrementalValueProvider<Output> output = methods.Collect().Combine(context.CompilationProvider).Select((input, cancel) => Translate(input.Right, input.Left, cancel));
        context.RegisterSourceOutput(output, static (production, result) =>
        {
            foreach (Problem problem in result.Problems) production.ReportDiagnostic(problem.ToDiagnostic());
            production.AddSource("KernelCatalog.Definitions.g.cs", SourceText.From(result.Text, Encoding.UTF8));
        });
    }

    private static Output Translate(Compilation compilation, ImmutableArray<string> ids, CancellationToken cancel)
    {
        List<Problem> problems = [];
        StringBuilder text = new(DefinitionText.Head);
        foreach (string id in ids.OrderBy(i => i, StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            if (DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation) is not IMethodSymbol method) continue;
            try
            {
                foreach (IMethodSymbol instance in Instances(method))
                {
                    int groupSize = GroupSize(method);
                    KernelTranslator translator = new(compilation, groupSize);
                    string name = NameOf(instance), source = translator.Translate(instance, name);
                    text.Append(DefinitionText.Of(instance, name, groupSize, translator.SharedBytes, translator.UsesDouble, source));
                }
            }
            catch (KernelError error)
            {
                problems.Add(Problem.Of(error));
            }
        }
        return new(text.Append(DefinitionText.Tail).ToString(), new([.. problems]));
    }

    private static int GroupSize(IMethodSymbol method)
    {
        AttributeData attribute = method.GetAttributes().First(a => a.AttributeClass?.ToDisplayString() == KernelAttribute);
        int size = attribute.ConstructorArguments[0].Value is int value ? value : 0;
        return size is >= 1 and <= MostLanes && (size & (size - 1)) == 0 ? size
            : throw new KernelError(method.Locations[0], $"kernel {method.Name}: a group of {size} lanes is not possible everywhere. Give a power of two from 1 to {MostLanes}.");
    }

    private static IEnumerable<IMethodSymbol> Instances(IMethodSymbol method)
    {
        if (method.TypeParameters.Length == 0) return [method];
        AttributeData[] attributes = [.. method.GetAttributes().Where(a => a.AttributeClass?.ToDisplayString() == InstanceAttribute)];
        if (attributes.Length == 0)
            throw new KernelError(method.Locations[0], $"kernel {method.Name} is generic and says not for which types. Add [KernelInstance(typeof(…), …)] for each instance.");
        return attributes.Select(attribute =>
        {
            ITypeSymbol[] types = [.. attribute.ConstructorArguments[0].Values.Select(v => v.Value).OfType<ITypeSymbol>()];
            return types.Length == method.TypeParameters.Length ? method.Construct(types)
                : throw new KernelError(method.Locations[0], $"kernel {method.Name} has {method.TypeParameters.Length} type parameters, an instance gives {types.Length}. Give one type for each.");
        });
    }

    /// <summary>The method's name with its type arguments, primitive ones left out.</summary>
    private static string NameOf(IMethodSymbol method) =>
        string.Join("_", method.TypeArguments.Where(t => t.SpecialType == SpecialType.None).Select(t => t.Name).Prepend(method.Name));

    /// <summary>What the generator made of the kernels.</summary>
    private sealed record Output(string Text, ValueList<Problem> Problems);
}
