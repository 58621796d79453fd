using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

internal sealed partial class FunctionWriter
{
    private Value Unary(PrefixUnaryExpressionSyntax unary)
    {
        Value operand = ExpressionAs(unary.Operand);
        ITypeSymbol type = TypeOf(unary);
        operand = unary.IsKind(SyntaxKind.LogicalNotExpression) ? operand : Convert(unary, operand, type);
        return unary.Kind() switch
        {
            SyntaxKind.UnaryPlusExpression => operand,
            SyntaxKind.UnaryMinusExpression when CTypes.IsSigned(type.SpecialType) =>
                new($"{CTypes.Prefix(type.SpecialType)}_sub(0, {operand.Text})", type),
            SyntaxKind.UnaryMinusExpression => new($"-{operand.Operand}", type, IsAtom: false),
            SyntaxKind.BitwiseNotExpression => new($"~{operand.Operand}", type, IsAtom: false),
            _ => new($"!{operand.Operand}", type, IsAtom: false),
        };
    }

    private Value Binary(BinaryExpressionSyntax binary)
    {
        if (binary.IsKind(SyntaxKind.LogicalAndExpression) || binary.IsKind(SyntaxKind.LogicalOrExpression)) return Logical(binary);
        if (model.GetSymbolInfo(binary).Symbol is IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator })
            throw new KernelError(binary, "an operator that a type declares", "Call a static method");
        Value[] operands = Operands(binary.Left, binary.Right);
        return Operation(binary, binary.Kind(), operands[0], operands[1]);
    }

    private Value Logical(BinaryExpressionSyntax binary)
    {
        string sign = binary.IsKind(SyntaxKind.LogicalAndExpression) ? "&&" : "||";
        if (!Effects.Any(translator, model, binary.Right))
            return new($"{ExpressionAs(binary.Left).Operand} {sign} {ExpressionAs(binary.Right).Operand}", BoolType, IsAtom: false);
        Value result = Kept(binary, ExpressionAs(binary.Left));
        Line($"if ({(sign == "&&" ? "" : "!")}{result.Text})");
        Line("{");
        _depth++;
        Line($"{result.Text} = {ExpressionAs(binary.Right).Text};");
        _depth--;
        Line("}");
        return result;
    }

    /// <summary>An operator on two numbers, with C#'s promotions, wrap-around and shifts.</summary>
    private Value Operation(SyntaxNode node, SyntaxKind kind, Value left, Value right)
    {
        bool isShift = kind is SyntaxKind.LeftShiftExpression or SyntaxKind.RightShiftExpression or SyntaxKind.UnsignedRightShiftExpression;
        if (left.Type.SpecialType == SpecialType.System_Boolean)
            return new($"{left.Operand} {Sign(node, kind)} {right.Operand}", BoolType, IsAtom: false);
        if (CTypes.Scalar(left.Type) is null || CTypes.Scalar(right.Type) is null)
            throw new KernelError(node, $"an operator on {left.Type.ToDisplayString()}", "Compare or compute with its fields");
        ITypeSymbol type = isShift ? Promoted(left.Type, left.Type) : Promoted(left.Type, right.Type);
        SpecialType special = type.SpecialType;
        translator.TypeName(node, type);
        left = Convert(node, left, type);
        string prefix = CTypes.Prefix(special);
        if (isShift)
        {
            string count = right.Text;
            int bits = CTypes.Size(type) * 8;
            if (!(int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int constant) && constant >= 0
                && constant < bits)) count = $"({right.Operand} & {bits - 1})";
            if (kind == SyntaxKind.LeftShiftExpression && CTypes.IsSigned(special))
                return new($"{prefix}_shl({left.Text}, {Bare(count)})", type);
            if (kind == SyntaxKind.UnsignedRightShiftExpression && CTypes.IsSigned(special))
                return new($"{prefix}_shru({left.Text}, {Bare(count)})", type);
            return new($"{left.Operand} {(kind == SyntaxKind.LeftShiftExpression ? "<<" : ">>")} {count}", type, IsAtom: false);
        }
        right = Convert(node, right, type);
        bool isComparison = kind is SyntaxKind.EqualsExpression or SyntaxKind.NotEqualsExpression or SyntaxKind.LessThanExpression
            or SyntaxKind.LessThanOrEqualExpression or SyntaxKind.GreaterThanExpression or SyntaxKind.GreaterThanOrEqualExpression;
        if (CTypes.IsSigned(special) && kind is SyntaxKind.AddExpression or SyntaxKind.SubtractExpression or SyntaxKind.MultiplyExpression)
        {
            string name = kind == SyntaxKind.AddExpression ? "add" : kind == SyntaxKind.SubtractExpression ? "sub" : "mul";
            return new($"{prefix}_{name}({left.Text}, {right.Text})", type);
        }
        if (kind == SyntaxKind.ModuloExpression && CTypes.IsFloating(special))
            throw new KernelError(node, "the remainder of a floating-point division", "Use x - y * floor(x / y), or integers");
        return new($"{left.Operand} {Sign(node, kind)} {right.Operand}", isComparison ? BoolType : type, IsAtom: false);
    }

    private static string Sign(SyntaxNode node, SyntaxKind kind) => kind switch
    {
        SyntaxKind.AddExpression => "+",
        SyntaxKind.SubtractExpression => "-",
        SyntaxKind.MultiplyExpression => "*",
        SyntaxKind.DivideExpression => "/",
        SyntaxKind.ModuloExpression => "%",
        SyntaxKind.BitwiseAndExpression => "&",
        SyntaxKind.BitwiseOrExpression => "|",
        SyntaxKind.ExclusiveOrExpression => "^",
        SyntaxKind.EqualsExpression => "==",
        SyntaxKind.NotEqualsExpression => "!=",
        SyntaxKind.LessThanExpression => "<",
        SyntaxKind.LessThanOrEqualExpression => "<=",
        SyntaxKind.GreaterThanExpression => ">",
        SyntaxKind.GreaterThanOrEqualExpression => ">=",
        _ => throw new KernelError(node, $"the operator in `{FirstWords(node)}`", "Use arithmetic, comparisons, &, |, ^, && and ||"),
    };

    /// <summary>The type in which C# computes with two numbers (C# specification, binary numeric promotions).</summary>
    private ITypeSymbol Promoted(ITypeSymbol left, ITypeSymbol right)
    {
        SpecialType l = left.SpecialType, r = right.SpecialType;
        bool Either(SpecialType type) => l == type || r == type;
        SpecialType result = Either(SpecialType.System_Double) ? SpecialType.System_Double
            : Either(SpecialType.System_Single) ? SpecialType.System_Single
            : Either(SpecialType.System_UInt64) ? SpecialType.System_UInt64
            : Either(SpecialType.System_Int64) ? SpecialType.System_Int64
            : Either(SpecialType.System_UInt32)
                ? (CTypes.IsSigned(l) || CTypes.IsSigned(r) ? SpecialType.System_Int64 : SpecialType.System_UInt32)
            : SpecialType.System_Int32;
        return model.Compilation.GetSpecialType(result);
    }

    /// <summary>A conversion as C# defines it: floating-point numbers become the nearest whole one towards zero, saturating, NaN
    /// 0.</summary>
    private Value Convert(SyntaxNode node, Value value, ITypeSymbol to)
    {
        if (SymbolEqualityComparer.Default.Equals(value.Type, to)) return value;
        string? from = CTypes.Scalar(value.Type);
        string name = translator.TypeName(node, to);
        if (from is null || CTypes.Scalar(to) is null || from == "bool" || name == "bool")
            throw new KernelError(node, $"a conversion from {value.Type.ToDisplayString()} to {to.ToDisplayString()}",
                "Use ?: to make a number of a bool, and a comparison the other way");
        if (CTypes.IsFloating(value.Type.SpecialType) && !CTypes.IsFloating(to.SpecialType))
            return CTypes.Size(to) < 4
                ? new($"({name}){CTypes.Prefix(value.Type.SpecialType)}_to_i({value.Text})", to, IsAtom: false)
                : new($"{CTypes.Prefix(value.Type.SpecialType)}_to_{CTypes.Prefix(to.SpecialType)}({value.Text})", to);
        return new($"({name}){value.Operand}", to, IsAtom: false);
    }

    /// <summary>An assignment, a step or a call as a statement, without its semicolon.</summary>
    private string SideEffect(ExpressionSyntax expression)
    {
        switch (expression)
        {
            case ParenthesizedExpressionSyntax inner:
                return SideEffect(inner.Expression);
            case AssignmentExpressionSyntax assignment:
                return Assignment(assignment);
            case PrefixUnaryExpressionSyntax step when step.IsKind(SyntaxKind.PreIncrementExpression)
                || step.IsKind(SyntaxKind.PreDecrementExpression):
                return Step(step.Operand, step.IsKind(SyntaxKind.PreIncrementExpression));
            case PostfixUnaryExpressionSyntax step when step.IsKind(SyntaxKind.PostIncrementExpression)
                || step.IsKind(SyntaxKind.PostDecrementExpression):
                return Step(step.Operand, step.IsKind(SyntaxKind.PostIncrementExpression));
            case InvocationExpressionSyntax call:
                return Call(call).Text;
            default:
                throw new KernelError(expression, $"the statement `{FirstWords(expression)}`", "Assign, step or call");
        }
    }

    private string Step(ExpressionSyntax target, bool isUp)
    {
        Value place = Place(target, isReadToo: true);
        return $"{place.Text} = {Stepped(target, place, isUp).Text}";
    }

    private Value Stepped(SyntaxNode node, Value value, bool isUp) =>
        Convert(node, Operation(node, isUp ? SyntaxKind.AddExpression : SyntaxKind.SubtractExpression, value,
            new("1", IntType)), value.Type);

    private string Assignment(AssignmentExpressionSyntax assignment)
    {
        if (CTypes.IsView(TypeOf(assignment.Left)))
            throw new KernelError(assignment, "an assignment to a view", "Declare another view, or compute an index");
        if (assignment.IsKind(SyntaxKind.SimpleAssignmentExpression))
        {
            Value target = Place(assignment.Left, isReadToo: false, isKept: Effects.Any(translator, model, assignment.Right));
            return $"{target.Text} = {ExpressionAs(assignment.Right, target.Type).Text}";
        }
        SyntaxKind kind = assignment.Kind() switch
        {
            SyntaxKind.AddAssignmentExpression => SyntaxKind.AddExpression,
            SyntaxKind.SubtractAssignmentExpression => SyntaxKind.SubtractExpression,
            SyntaxKind.MultiplyAssignmentExpression => SyntaxKind.MultiplyExpression,
            SyntaxKind.DivideAssignmentExpression => SyntaxKind.DivideExpression,
            SyntaxKind.ModuloAssignmentExpression => SyntaxKind.ModuloExpression,
            SyntaxKind.AndAssignmentExpression => SyntaxKind.BitwiseAndExpression,
            SyntaxKind.OrAssignmentExpression => SyntaxKind.BitwiseOrExpression,
            SyntaxKind.ExclusiveOrAssignmentExpression => SyntaxKind.ExclusiveOrExpression,
            SyntaxKind.LeftShiftAssignmentExpression => SyntaxKind.LeftShiftExpression,
            SyntaxKind.RightShiftAssignmentExpression => SyntaxKind.RightShiftExpression,
            SyntaxKind.UnsignedRightShiftAssignmentExpression => SyntaxKind.UnsignedRightShiftExpression,
            _ => throw new KernelError(assignment, $"the assignment `{FirstWords(assignment)}`", "Use = or an arithmetic assignment"),
        };
        // The target is read before the right side has its effects.
        bool isKept = Effects.Any(translator, model, assignment.Right);
        Value place = Place(assignment.Left, isReadToo: true, isKept), before = isKept ? Kept(assignment, place) : place;
        Value result = Operation(assignment, kind, before, Expression(assignment.Right));
        return $"{place.Text} = {Convert(assignment, result, place.Type).Text}";
    }

    /// <summary>Something to assign to.</summary>
    /// <param name="target">The expression.</param>
    /// <param name="isReadToo">Whether the text stands twice, so that an index that is not simple is evaluated once before.</param>
    /// <param name="isKept">Whether an index must be evaluated before what comes after it.</param>
    private Value Place(ExpressionSyntax target, bool isReadToo, bool isKept = false)
    {
        while (target is ParenthesizedExpressionSyntax inner) target = inner.Expression;
        if (target is ElementAccessExpressionSyntax element && CTypes.IsView(TypeOf(element.Expression)))
        {
            bool isUsedTwice = isReadToo && element.ArgumentList.Arguments[0].Expression is not IdentifierNameSyntax;
            return ElementPlace(element, isKept || isUsedTwice).Place;
        }
        Value place = Expression(target);
        return target is IdentifierNameSyntax && model.GetSymbolInfo(target).Symbol is ILocalSymbol or IParameterSymbol ? place
            : throw new KernelError(target,
            $"an assignment to `{FirstWords(target)}`", "Assign to a local, a parameter or an element of a view; make structures anew");
    }

    /// <summary>An element of a view, by an index in a temporary where it is kept or has effects.</summary>
    private (Value Place, Space Space) ElementPlace(ElementAccessExpressionSyntax element, bool isKept)
    {
        ExpressionSyntax index = element.ArgumentList.Arguments[0].Expression;
        bool hasEffects = Effects.Any(translator, model, index);
        View view = ViewOf(element.Expression, isKept || hasEffects);
        Value at = ExpressionAs(index);
        if ((isKept || hasEffects) && !IsConstant(index)) at = Kept(index, at);
        return (new($"{view.Pointer}[{at.Text}]", view.Element), view.Space);
    }

    /// <summary>The value of an assignment or a step within an expression.</summary>
    private Value ValueOfAssignment(ExpressionSyntax expression)
    {
        if (expression is PostfixUnaryExpressionSyntax step)
        {
            Value place = Place(step.Operand, isReadToo: true), before = Kept(step, place);
            Line($"{place.Text} = {Stepped(step, before, step.IsKind(SyntaxKind.PostIncrementExpression)).Text};");
            return before;
        }
        ExpressionSyntax target = expression is AssignmentExpressionSyntax assignment ? assignment.Left
            : ((PrefixUnaryExpressionSyntax)expression).Operand;
        string text = SideEffect(expression);
        Line(text + ";");
        return Kept(expression, new(text.Substring(0, text.IndexOf(" = ", System.StringComparison.Ordinal)), TypeOf(target)));
    }
}
