using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

internal sealed partial class FunctionWriter
{
    /// <summary>Loops of so many steps are unrolled, so that memory of a lane that they index becomes registers.</summary>
    private const int MaxUnrolled = 32;

    private void Statement(StatementSyntax statement)
    {
        switch (statement)
        {
            case BlockSyntax block:
                Line("{");
                Nested(block);
                Line("}");
                break;
            case CheckedStatementSyntax block when block.IsKind(SyntaxKind.UncheckedStatement):
                Statement(block.Block);
                break;
            case CheckedStatementSyntax:
                throw new KernelError(statement, "checked arithmetic", "Compare before you compute: devices do not throw");
            case LocalDeclarationStatementSyntax { UsingKeyword.RawKind: 0 } local:
                Declaration(local.Declaration);
                break;
            case ExpressionStatementSyntax expression:
                ExpressionStatement(expression.Expression);
                break;
            case IfStatementSyntax branch:
                If(branch);
                break;
            case ForStatementSyntax loop:
                For(loop);
                break;
            case WhileStatementSyntax loop:
                While(loop);
                break;
            case DoStatementSyntax loop:
                Do(loop);
                break;
            case ReturnStatementSyntax { Expression: null }:
                Line("return;");
                break;
            case ReturnStatementSyntax { Expression: { } value }:
                Line($"return {ExpressionAs(value, Close(_method.OriginalDefinition.ReturnType)).Text};");
                break;
            case BreakStatementSyntax:
                Line("break;");
                break;
            case ContinueStatementSyntax:
                Line("continue;");
                break;
            case SwitchStatementSyntax choice:
                Switch(choice);
                break;
            case EmptyStatementSyntax:
                Line(";");
                break;
            default:
                throw new KernelError(statement, $"the statement `{FirstWords(statement)}`",
                    "Use declarations, assignments, calls, if, switch, for, while, do, break, continue and return");
        }
    }

    private void Nested(StatementSyntax statement)
    {
        _depth++;
        if (statement is BlockSyntax block)
            foreach (StatementSyntax inner in block.Statements) Statement(inner);
        else Statement(statement);
        _depth--;
    }

    private void Declaration(VariableDeclarationSyntax declaration)
    {
        foreach (VariableDeclaratorSyntax variable in declaration.Variables)
        {
            ILocalSymbol symbol = (ILocalSymbol)model.GetDeclaredSymbol(variable)!;
            if (symbol.IsConst) continue;
            if (symbol.RefKind != RefKind.None)
                throw new KernelError(variable, "a local reference", "Use an index into the view, or a ref parameter");
            ITypeSymbol type = Close(symbol.Type);
            if (CTypes.IsView(type)) ViewDeclaration(variable, symbol, Name(symbol));
            else Line(Declared(variable) + ";");
        }
    }

    /// <summary>The declaration of a number or a structure, without its semicolon.</summary>
    private string Declared(VariableDeclaratorSyntax variable)
    {
        ILocalSymbol symbol = (ILocalSymbol)model.GetDeclaredSymbol(variable)!;
        ITypeSymbol type = Close(symbol.Type);
        string name = $"{translator.TypeName(variable, type)} {Name(symbol)}";
        return variable.Initializer is { } initial ? $"{name} = {ExpressionAs(initial.Value, type).Text}" : name;
    }

    private void ViewDeclaration(VariableDeclaratorSyntax variable, ILocalSymbol symbol, string name)
    {
        ITypeSymbol element = CTypes.ElementOf(Close(symbol.Type));
        string type = translator.ElementName(variable, element);
        if (variable.Initializer?.Value is InvocationExpressionSyntax call
            && model.GetSymbolInfo(call).Symbol is IMethodSymbol { Name: "Allocate" } allocate
            && CTypes.IsLanguage(allocate.ContainingType))
        {
            bool isShared = allocate.ContainingType.Name == "SharedMemory";
            if (!isKernel || variable.Ancestors().OfType<BlockSyntax>().Count() > 1)
                throw new KernelError(variable, $"{allocate.ContainingType.Name}.Allocate elsewhere than in a kernel's own body",
                    "Declare it at the start of the kernel and pass the view on");
            long extent = Constant(call.ArgumentList.Arguments[0].Expression)
                ?? throw new KernelError(call.ArgumentList, "memory whose size is no constant",
                    "Give a constant, or a static property of a type argument that returns one");
            _views[symbol] = new(name, $"{extent}L", isShared ? Space.Shared : Space.Private, element);
            if (isShared) translator.SharedBytes += (int)extent * CTypes.Size(element);
            Line($"{(isShared ? "SHARED_MEMORY " : "")}{type} {name}[{extent}];");
            return;
        }
        View view = ViewOf(variable.Initializer?.Value ?? throw new KernelError(variable, "a view without a value",
            "Declare it with the view that it stands for"));
        Line($"{CTypes.Qualifier(view.Space)}{type}* {name} = {Bare(view.Pointer)};");
        string length = view.Length;
        if (NeedsLength(symbol, variable))
        {
            length = $"{name}_length";
            Line($"long {length} = {Bare(view.Length)};");
        }
        _views[symbol] = view with { Pointer = name, Length = length };
    }

    /// <summary>Whether a view is used for more than its elements, so that its length must be kept.</summary>
    private static bool NeedsLength(ILocalSymbol symbol, SyntaxNode variable) =>
        variable.Ancestors().OfType<MethodDeclarationSyntax>().First()
            .DescendantNodes().OfType<IdentifierNameSyntax>().Any(n => n.Identifier.ValueText == symbol.Name
                && !(n.Parent is ElementAccessExpressionSyntax access && access.Expression == n)
                && !IsPartOfKnownLength(n));

    /// <summary>Whether a name is that of a view of which a part with a length of its own is taken.</summary>
    private static bool IsPartOfKnownLength(IdentifierNameSyntax name) => name.Parent is MemberAccessExpressionSyntax
    {
        Name.Identifier.ValueText: "SubView",
        Parent: InvocationExpressionSyntax { ArgumentList.Arguments.Count: 2 },
    };

    private void If(IfStatementSyntax branch)
    {
        Line($"if ({ExpressionAs(branch.Condition).Text})");
        Line("{");
        Nested(branch.Statement);
        Line("}");
        if (branch.Else is not { } other) return;
        Line("else");
        Line("{");
        Nested(other.Statement);
        Line("}");
    }

    private void For(ForStatementSyntax loop)
    {
        string first = loop.Declaration is { Variables.Count: 1 } single && !CTypes.IsView(TypeOf(single.Type))
            && loop.Initializers.Count == 0
            ? Inline(single, () => Declared(single.Variables[0])) ?? "" : "";
        bool isScoped = first.Length == 0 && (loop.Declaration is not null || loop.Initializers.Count > 0);
        if (isScoped)
        {
            Line("{");
            _depth++;
            if (loop.Declaration is { } declaration) Declaration(declaration);
            foreach (ExpressionSyntax initializer in loop.Initializers) ExpressionStatement(initializer);
        }
        string steps = string.Join(", ", loop.Incrementors.Select(step => Inline(step, () => SideEffect(step))
            ?? throw new KernelError(step, "a step of a loop with several effects", "Write it at the end of the body")));
        string? condition = loop.Condition is null ? "" : Inline(loop.Condition, () => ExpressionAs(loop.Condition).Text);
        if (Unrolls(loop)) Line("#pragma unroll");
        Line($"for ({first}; {condition ?? ""}; {steps})");
        Body(condition is null ? loop.Condition : null, loop.Statement);
        if (!isScoped) return;
        _depth--;
        Line("}");
    }

    private void While(WhileStatementSyntax loop)
    {
        string? condition = Inline(loop.Condition, () => ExpressionAs(loop.Condition).Text);
        Line($"while ({condition ?? "true"})");
        Body(condition is null ? loop.Condition : null, loop.Statement);
    }

    private void Do(DoStatementSyntax loop)
    {
        if (Inline(loop.Condition, () => ExpressionAs(loop.Condition).Text) is { } condition)
        {
            Line("do");
            Line("{");
            Nested(loop.Statement);
            Line($"}} while ({condition});");
            return;
        }
        // Also a continue leads to the condition, which takes statements: it stands at the start of every pass but the first.
        string isFirst = Temporary();
        Line($"bool {isFirst} = true;");
        Line("while (true)");
        Line("{");
        _depth++;
        Line($"if (!{isFirst})");
        Line("{");
        _depth++;
        Line($"if (!({ExpressionAs(loop.Condition).Text})) break;");
        _depth--;
        Line("}");
        Line($"{isFirst} = false;");
        _depth--;
        Nested(loop.Statement);
        Line("}");
    }

    /// <summary>A loop's body, behind a condition that has effects of its own.</summary>
    private void Body(ExpressionSyntax? condition, StatementSyntax statement)
    {
        Line("{");
        if (condition is not null)
        {
            _depth++;
            Line($"if (!({ExpressionAs(condition).Text})) break;");
            _depth--;
        }
        Nested(statement);
        Line("}");
    }

    private void Switch(SwitchStatementSyntax choice)
    {
        Line($"switch ({ExpressionAs(choice.Expression).Text})");
        Line("{");
        _depth++;
        foreach (SwitchSectionSyntax section in choice.Sections)
        {
            foreach (SwitchLabelSyntax label in section.Labels)
                Line(label switch
                {
                    CaseSwitchLabelSyntax { Value: { } value } when model.GetConstantValue(value).HasValue =>
                        $"case {Literals.Of(model.GetConstantValue(value).Value)}:",
                    DefaultSwitchLabelSyntax => "default:",
                    _ => throw new KernelError(label, "a pattern in a switch", "Use constants, or if"),
                });
            Line("{");
            _depth++;
            foreach (StatementSyntax statement in section.Statements) Statement(statement);
            _depth--;
            Line("}");
        }
        _depth--;
        Line("}");
    }

    /// <summary>Whether a loop counts by one from 0 to a small constant and waits for nobody.</summary>
    private bool Unrolls(ForStatementSyntax loop) =>
        loop.Declaration is { Variables.Count: 1 } declaration
        && declaration.Variables[0].Initializer?.Value is { } first && Constant(first) == 0
        && loop.Condition is BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LessThanExpression, Right: { } end }
        && Constant(end) is > 1 and <= MaxUnrolled
        && loop.Incrementors.Count == 1 && loop.Incrementors[0].IsKind(SyntaxKind.PostIncrementExpression)
        && !loop.Statement.DescendantNodes().OfType<InvocationExpressionSyntax>().Any(call => Effects.Waits(translator, model, call));

    /// <summary>What a translation gives where it needs no statement before it; null, and nothing written, where it does.</summary>
    private string? Inline(SyntaxNode node, Func<string> translate)
    {
        StringBuilder before = _text;
        _text = new();
        try
        {
            string text = translate();
            return _text.Length == 0 ? text : null;
        }
        finally
        {
            _text = before;
        }
    }

    private void ExpressionStatement(ExpressionSyntax expression) => Line(SideEffect(expression) + ";");

    private static string FirstWords(SyntaxNode node)
    {
        string text = node.ToString().Split('\n')[0].Trim();
        return text.Length <= 40 ? text : text.Substring(0, 40) + "…";
    }

    /// <summary>A text without parentheses around all of it.</summary>
    private static string Bare(string operand)
    {
        if (operand.Length < 2 || operand[0] != '(' || operand[operand.Length - 1] != ')') return operand;
        int depth = 0;
        for (int i = 0; i < operand.Length - 1; i++)
            if ((depth += operand[i] == '(' ? 1 : operand[i] == ')' ? -1 : 0) == 0) return operand;
        return operand.Substring(1, operand.Length - 2);
    }
}
