using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

/// <summary>Which expressions do more than give a value, so that their order counts.</summary>
internal static class Effects
{
    /// <summary>Whether evaluating an expression changes something or waits.</summary>
    public static bool Any(KernelTranslator translator, SemanticModel model, SyntaxNode node) =>
        node.DescendantNodesAndSelf().Any(n => n switch
    {
        AssignmentExpressionSyntax => true,
        PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax => n.IsKind(SyntaxKind.PreIncrementExpression)
            || n.IsKind(SyntaxKind.PreDecrementExpression)
            || n.IsKind(SyntaxKind.PostIncrementExpression) || n.IsKind(SyntaxKind.PostDecrementExpression),
        InvocationExpressionSyntax call => OfCall(translator, model, call, depth: 0),
        _ => false,
    });

    /// <summary>Whether a call waits for other lanes.</summary>
    public static bool Waits(KernelTranslator translator, SemanticModel model, InvocationExpressionSyntax call) =>
        Waits(translator, model, call, depth: 0);

    private static bool Waits(KernelTranslator translator, SemanticModel model, InvocationExpressionSyntax call, int depth)
    {
        if (model.GetSymbolInfo(call).Symbol is not IMethodSymbol method || depth > 16) return true;
        if (Intrinsics.IsKnown(method.ContainingType)) return method.ContainingType.Name is "Group" or "Warp";
        return BodyOf(method) is { } body
            && body.DescendantNodes().OfType<InvocationExpressionSyntax>()
            .Any(inner => Waits(translator, translator.Model(body.SyntaxTree), inner, depth + 1));
    }

    private static bool OfCall(KernelTranslator translator, SemanticModel model, InvocationExpressionSyntax call, int depth)
    {
        if (model.GetSymbolInfo(call).Symbol is not IMethodSymbol method || depth > 16) return true;
        if (CTypes.IsView(method.ContainingType)) return false;
        if (Intrinsics.IsKnown(method.ContainingType)) return method.ContainingType.Name is "Atomic" or "Group" or "Warp";
        if (method.Parameters.Any(p => p.RefKind == RefKind.Ref)) return true;
        // An abstract member's body is known only once types are: it can change nothing but what a view gives it.
        if (BodyOf(method) is not { } body) return method.Parameters.Any(p => CTypes.IsView(p.Type));
        SemanticModel inner = translator.Model(body.SyntaxTree);
        return body.DescendantNodes().Any(n => n switch
        {
            AssignmentExpressionSyntax { Left: ElementAccessExpressionSyntax } => true,
            PrefixUnaryExpressionSyntax { Operand: ElementAccessExpressionSyntax }
                or PostfixUnaryExpressionSyntax { Operand: ElementAccessExpressionSyntax } => true,
            InvocationExpressionSyntax deeper => OfCall(translator, inner, deeper, depth + 1),
            _ => false,
        });
    }

    private static MethodDeclarationSyntax? BodyOf(IMethodSymbol method) =>
        method.OriginalDefinition.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is MethodDeclarationSyntax { } declaration
            && (declaration.Body is not null || declaration.ExpressionBody is not null) ? declaration : null;
}
