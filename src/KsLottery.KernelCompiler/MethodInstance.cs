using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

/// <summary>What a method's text means once its type parameters stand for types.</summary>
/// <param name="model">Of the file that declares it.</param>
/// <param name="types">The types that its parameters stand for.</param>
internal sealed class MethodInstance(SemanticModel model, Dictionary<ITypeSymbol, ITypeSymbol> types)
{
    /// <summary>Variables with a known value.</summary>
    public Dictionary<ISymbol, long> Known { get; } = new(SymbolEqualityComparer.Default);

    /// <summary>The types that a method's type parameters stand for.</summary>
    public static Dictionary<ITypeSymbol, ITypeSymbol> TypesOf(IMethodSymbol method)
    {
        Dictionary<ITypeSymbol, ITypeSymbol> types = new(SymbolEqualityComparer.Default);
        foreach ((ITypeParameterSymbol parameter, ITypeSymbol argument)
            in method.OriginalDefinition.TypeParameters.Zip(method.TypeArguments, (p, a) => (p, a)))
            types.Add(parameter, argument);
        return types;
    }

    /// <summary>A type with type arguments in place of type parameters.</summary>
    public ITypeSymbol Close(ITypeSymbol type)
    {
        if (types.TryGetValue(type, out ITypeSymbol? argument)) return argument;
        return type is INamedTypeSymbol { IsGenericType: true } named && !named.IsUnboundGenericType
            ? named.ConstructedFrom.Construct([.. named.TypeArguments.Select(Close)]) : type;
    }

    /// <summary>The whole number that an expression has wherever it is evaluated; null for others.</summary>
    public long? Constant(ExpressionSyntax expression)
    {
        if (model.GetConstantValue(expression) is { HasValue: true, Value: { } value }) return Whole(value);
        switch (expression)
        {
            case ParenthesizedExpressionSyntax inner:
                return Constant(inner.Expression);
            case CastExpressionSyntax cast
                when model.GetTypeInfo(cast).Type?.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64:
                return Constant(cast.Expression);
            case BinaryExpressionSyntax binary when Constant(binary.Left) is { } left && Constant(binary.Right) is { } right:
                return binary.Kind() switch
                {
                    SyntaxKind.AddExpression => left + right,
                    SyntaxKind.SubtractExpression => left - right,
                    SyntaxKind.MultiplyExpression => left * right,
                    SyntaxKind.DivideExpression when right != 0 => left / right,
                    SyntaxKind.LeftShiftExpression => left << (int)right,
                    _ => null,
                };
            case IdentifierNameSyntax or MemberAccessExpressionSyntax when model.GetSymbolInfo(expression).Symbol is { } symbol:
                if (Known.TryGetValue(symbol, out long known)) return known;
                return symbol is IPropertySymbol { IsStatic: true }
                    && ConstantOf(Implementation(expression, symbol) as IPropertySymbol) is { } constant ? Whole(constant) : null;
            default:
                return null;
        }
    }

    /// <summary>The constant that a property returns.</summary>
    public object? ConstantOf(IPropertySymbol? property)
    {
        PropertyDeclarationSyntax? declaration =
            property?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() as PropertyDeclarationSyntax;
        ExpressionSyntax? value = declaration?.ExpressionBody?.Expression
            ?? declaration?.AccessorList?.Accessors.FirstOrDefault()?.ExpressionBody?.Expression;
        return value is null ? null : model.Compilation.GetSemanticModel(value.SyntaxTree).GetConstantValue(value).Value;
    }

    /// <summary>The member of a type argument that stands behind a static abstract one; other members themselves.</summary>
    public ISymbol Implementation(SyntaxNode node, ISymbol member)
    {
        ExpressionSyntax? owner = node is MemberAccessExpressionSyntax access ? access.Expression : null;
        if (owner is null || model.GetSymbolInfo(owner).Symbol is not ITypeParameterSymbol parameter) return member;
        INamedTypeSymbol type = Close(parameter) as INamedTypeSymbol
            ?? throw new KernelError(node, "a member of an open type parameter", "Close it with KernelInstance");
        ISymbol? closed = Close(member.ContainingType).GetMembers(member.Name)
            .FirstOrDefault(m => SymbolEqualityComparer.Default.Equals(m.OriginalDefinition, member.OriginalDefinition));
        return (closed is null ? null : type.FindImplementationForInterfaceMember(closed))
            ?? throw new KernelError(node, $"{type.Name}.{member.Name}", "Implement the interface's member in the type itself");
    }

    private static long? Whole(object value) =>
        value is int or long or uint or short or ushort or byte or sbyte
            ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
            : null;
}
