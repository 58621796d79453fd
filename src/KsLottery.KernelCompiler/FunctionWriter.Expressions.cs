using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

internal sealed partial class FunctionWriter
{
    /// <summary>An expression in the type that C# converts it to where it stands.</summary>
    private Value ExpressionAs(ExpressionSyntax expression) =>
        ExpressionAs(expression, model.GetTypeInfo(expression).ConvertedType is { } type ? Close(type) : TypeOf(expression));

    private Value ExpressionAs(ExpressionSyntax expression, ITypeSymbol type) =>
        model.GetConstantValue(expression) is { HasValue: true, Value: { } constant }
        && Literals.TryConvert(constant, type.SpecialType) is { } converted
            ? new(Literals.Of(converted), type)
            : Convert(expression, Expression(expression), type);

    private ITypeSymbol TypeOf(ExpressionSyntax expression)
    {
        TypeInfo info = model.GetTypeInfo(expression);
        return Close(info.Type ?? info.ConvertedType ?? throw new KernelError(expression, $"the expression `{FirstWords(expression)}`",
            "Write it with numbers and views"));
    }

    private Value Expression(ExpressionSyntax expression)
    {
        if (model.GetConstantValue(expression) is { HasValue: true, Value: { } constant } && CTypes.Scalar(TypeOf(expression)) is not null)
        {
            if (constant is double) translator.TypeName(expression, TypeOf(expression));
            return new(Literals.Of(constant), TypeOf(expression));
        }
        switch (expression)
        {
            case ParenthesizedExpressionSyntax inner:
                return Expression(inner.Expression);
            case IdentifierNameSyntax or MemberAccessExpressionSyntax:
                return Member(expression);
            case ElementAccessExpressionSyntax element:
                return Element(element);
            case InvocationExpressionSyntax call:
                return Call(call);
            case BaseObjectCreationExpressionSyntax creation:
                return Creation(creation);
            case BinaryExpressionSyntax binary:
                return Binary(binary);
            case PrefixUnaryExpressionSyntax unary when unary.IsKind(SyntaxKind.UnaryMinusExpression)
                || unary.IsKind(SyntaxKind.BitwiseNotExpression)
                || unary.IsKind(SyntaxKind.LogicalNotExpression) || unary.IsKind(SyntaxKind.UnaryPlusExpression):
                return Unary(unary);
            case PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax or AssignmentExpressionSyntax:
                return ValueOfAssignment(expression);
            case CastExpressionSyntax cast:
                return Convert(cast, Expression(cast.Expression), TypeOf(cast));
            case ConditionalExpressionSyntax choice:
                return Conditional(choice);
            case CheckedExpressionSyntax block when block.IsKind(SyntaxKind.UncheckedExpression):
                return Expression(block.Expression);
            case CheckedExpressionSyntax:
                throw new KernelError(expression, "checked arithmetic", "Compare before you compute: devices do not throw");
            case DefaultExpressionSyntax or LiteralExpressionSyntax { RawKind: (int)SyntaxKind.DefaultLiteralExpression }
                when CTypes.Scalar(TypeOf(expression)) is not null:
                return Convert(expression, new("0", IntType), TypeOf(expression));
            default:
                throw new KernelError(expression, $"the expression `{FirstWords(expression)}`",
                    "Use arithmetic, comparisons, casts, ?:, views, functions and constants");
        }
    }

    private ITypeSymbol IntType => model.Compilation.GetSpecialType(SpecialType.System_Int32);

    private ITypeSymbol BoolType => model.Compilation.GetSpecialType(SpecialType.System_Boolean);

    private Value Member(ExpressionSyntax expression)
    {
        ISymbol symbol = model.GetSymbolInfo(expression).Symbol
            ?? throw new KernelError(expression, $"`{FirstWords(expression)}`", "Write it with numbers and views");
        if (expression is MemberAccessExpressionSyntax access)
        {
            if (symbol is IPropertySymbol { Name: "Length" or "IntLength" } && CTypes.IsView(TypeOf(access.Expression)))
            {
                View view = ViewOf(access.Expression);
                return symbol.Name == "Length" ? new(view.Length, TypeOf(expression))
                    : new($"(int){view.Length}", TypeOf(expression), IsAtom: false);
            }
            if (symbol is IPropertySymbol { IsStatic: false } or IFieldSymbol { IsStatic: false }
                && IsFieldOf(TypeOf(access.Expression), symbol.Name))
                return new($"{Expression(access.Expression).Operand}.{CTypes.Identifier(symbol.Name)}", TypeOf(expression));
        }
        switch (symbol)
        {
            case ILocalSymbol or IParameterSymbol when !CTypes.IsView(TypeOf(expression)):
                return new(_references.Contains(symbol) ? $"(*{Name(symbol)})" : Name(symbol), TypeOf(expression));
            case ILocalSymbol or IParameterSymbol:
                throw new KernelError(expression, "a view as a value", "Pass it on, take a part of it with SubView, or use its elements");
            case IPropertySymbol { IsStatic: true } property:
                return StaticProperty(expression, property);
            case IFieldSymbol { IsStatic: true, IsConst: false }:
                throw new KernelError(expression, $"the static field {symbol.Name}", "Make it a const, or pass its value to the kernel");
            default:
                throw new KernelError(expression, $"`{FirstWords(expression)}`", "Use locals, parameters, constants and "
                    + "properties of type arguments");
        }
    }

    private static bool IsFieldOf(ITypeSymbol type, string name) => type is INamedTypeSymbol structure
        && KernelTranslator.FieldsOf(structure).Any(f => f.Name == name);

    /// <summary>A static property: the language's own, or one that returns a constant, also of a type argument.</summary>
    private Value StaticProperty(ExpressionSyntax expression, IPropertySymbol property)
    {
        if (CTypes.IsLanguage(property.ContainingType) && Intrinsics.Property(property) is { } text) return new(text, TypeOf(expression));
        if (ConstantOf(Implementation(expression, property) as IPropertySymbol) is not { } constant)
            throw new KernelError(expression, $"the property {property.Name}", "Let it return a constant, or write a static method");
        return Convert(expression, new(Literals.Of(Literals.TryConvert(constant, TypeOf(expression).SpecialType) ?? constant),
            TypeOf(expression)), TypeOf(expression));
    }

    private Value Element(ElementAccessExpressionSyntax element)
    {
        if (!CTypes.IsView(TypeOf(element.Expression)))
            throw new KernelError(element, $"an index into {TypeOf(element.Expression).ToDisplayString()}",
                "Use ArrayView<T>, SharedMemory or LocalMemory");
        View view = ViewOf(element.Expression);
        return new($"{view.Pointer}[{ExpressionAs(element.ArgumentList.Arguments[0].Expression).Text}]", view.Element);
    }

    /// <summary>A view; the numbers of a part of it are evaluated before what comes after where it is kept.</summary>
    private View ViewOf(ExpressionSyntax expression, bool isKept = false)
    {
        switch (expression)
        {
            case ParenthesizedExpressionSyntax inner:
                return ViewOf(inner.Expression, isKept);
            case IdentifierNameSyntax when model.GetSymbolInfo(expression).Symbol is { } symbol
                && _views.TryGetValue(symbol, out View view):
                return view;
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "SubView" } access }
                call when CTypes.IsView(TypeOf(access.Expression)):
                ExpressionSyntax[] arguments = [.. call.ArgumentList.Arguments.Select(a => a.Expression)];
                View whole = ViewOf(access.Expression, isKept || LastWithEffects(arguments) >= 0);
                Value[] numbers = Operands(arguments);
                if (isKept || numbers.Length == 1)
                    for (int i = 0; i < numbers.Length; i++)
                        if (!IsConstant(arguments[i]) && (isKept || !IsSimple(numbers[i]))) numbers[i] = Kept(call, numbers[i]);
                string length = numbers.Length > 1
                    ? Convert(call, numbers[1], model.Compilation.GetSpecialType(SpecialType.System_Int64)).Operand
                    : $"({whole.Length} - {numbers[0].Operand})";
                return whole with { Pointer = $"({whole.Pointer} + {numbers[0].Operand})", Length = length };
            default:
                throw new KernelError(expression, $"the view `{FirstWords(expression)}`", "Use a parameter, a local view, or SubView; "
                    + "declare shared memory at the start of the kernel");
        }
    }

    private static bool IsSimple(Value value) => value.Text.All(c => char.IsLetterOrDigit(c) || c == '_');

    private Value Creation(BaseObjectCreationExpressionSyntax creation)
    {
        ITypeSymbol type = TypeOf(creation);
        string name = translator.TypeName(creation, type);
        if (creation.Initializer is not null)
            throw new KernelError(creation.Initializer, "an object initializer", "Pass all values to the constructor");
        (string Name, ITypeSymbol Type)[] fields = [.. KernelTranslator.FieldsOf((INamedTypeSymbol)type)];
        ArgumentSyntax[] arguments = [.. creation.ArgumentList?.Arguments ?? []];
        bool isPositional =
            model.GetSymbolInfo(creation).Symbol?.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() is RecordDeclarationSyntax record
            && record.ParameterList!.Parameters.Select(p => p.Identifier.ValueText).SequenceEqual(fields.Select(f => f.Name));
        if (!isPositional || arguments.Length != fields.Length || arguments.Any(a => a.NameColon is not null))
            throw new KernelError(creation, $"this way to make a {type.Name}", "Declare it as a readonly record struct with positional "
                + "fields, and give them in order");
        Value[] values = Operands([.. arguments.Select(a => a.Expression)]);
        return new($"new_{name}({string.Join(", ", values.Zip(fields, (v, f) => Convert(creation, v, f.Type).Text))})", type);
    }

    private Value Conditional(ConditionalExpressionSyntax choice)
    {
        ITypeSymbol type = TypeOf(choice);
        Value condition = ExpressionAs(choice.Condition);
        if (!Effects.Any(translator, model, choice.WhenTrue) && !Effects.Any(translator, model, choice.WhenFalse))
            return new($"{condition.Operand} ? {ExpressionAs(choice.WhenTrue, type).Operand} : "
                + $"{ExpressionAs(choice.WhenFalse, type).Operand}", type, IsAtom: false);
        string result = Temporary();
        Line($"{translator.TypeName(choice, type)} {result};");
        Line($"if ({condition.Text})");
        Branch(choice.WhenTrue);
        Line("else");
        Branch(choice.WhenFalse);
        return new(result, type);

        void Branch(ExpressionSyntax value)
        {
            Line("{");
            _depth++;
            Line($"{result} = {ExpressionAs(value, type).Text};");
            _depth--;
            Line("}");
        }
    }

    /// <summary>Operands that C evaluates in any order, evaluated from left to right where one has effects.</summary>
    private Value[] Operands(params ExpressionSyntax[] operands)
    {
        int last = LastWithEffects(operands);
        Value[] values = new Value[operands.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            Value value = ExpressionAs(operands[i]);
            bool isKept = (i < last || (i == last && i < operands.Length - 1)) && !IsConstant(operands[i]);
            values[i] = isKept ? Kept(operands[i], value) : value;
        }
        return values;
    }

    private int LastWithEffects(ExpressionSyntax[] expressions) => Array.FindLastIndex(expressions, e => Effects.Any(translator, model, e));

    private bool IsConstant(ExpressionSyntax expression) => model.GetConstantValue(expression).HasValue;

    /// <summary>A value in a temporary.</summary>
    private Value Kept(SyntaxNode node, Value value)
    {
        string name = Temporary();
        Line($"{translator.TypeName(node, value.Type)} {name} = {value.Text};");
        return new(name, value.Type);
    }

    private long? Constant(ExpressionSyntax expression) => _instance.Constant(expression);

    private object? ConstantOf(IPropertySymbol? property) => _instance.ConstantOf(property);

    private ISymbol Implementation(SyntaxNode node, ISymbol member) => _instance.Implementation(node, member);
}
