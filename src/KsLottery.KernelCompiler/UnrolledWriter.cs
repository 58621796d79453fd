using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace KsLottery.KernelCompiler;

/// <summary>Writes a kernel's instance as C# without <c>LocalMemory</c>, for ILGPU, which unrolls no loop: each element of a lane's memory
/// is a variable, loops over them are unrolled, and what is called with that memory stands in the place of the call.</summary>
/// <remarks>Nodes are looked up in the semantic model, so that only the original text is ever visited, a loop's body once a
/// step.</remarks>
internal sealed class UnrolledWriter : CSharpSyntaxRewriter
{
    /// <summary>Steps of a loop that is unrolled though nothing asks for it.</summary>
    private const int MaxSteps = 64;

    private readonly Compilation _compilation;
    private readonly INamedTypeSymbol _kernel;

    /// <summary>Each memory of a lane, by the variables and parameters that stand for it: what its elements are called, up to their
    /// number, and how many there are.</summary>
    private readonly Dictionary<ISymbol, (string Name, long Length)> _memory = new(SymbolEqualityComparer.Default);

    /// <summary>What variables of functions that were taken in are called.</summary>
    private readonly Dictionary<ISymbol, string> _names = new(SymbolEqualityComparer.Default);

    /// <summary>Where a <c>continue</c> of each loop around leads; null for one that stays a loop.</summary>
    private readonly Stack<string?> _continues = [];

    private SemanticModel _model;
    private MethodInstance _instance;
    private int _count;

    private UnrolledWriter(Compilation compilation, IMethodSymbol kernel, MethodDeclarationSyntax declaration)
    {
        (_compilation, _kernel, _model) = (compilation, kernel.ContainingType, compilation.GetSemanticModel(declaration.SyntaxTree));
        _instance = new(_model, MethodInstance.TypesOf(kernel));
    }

    /// <summary>Whether a kernel has memory of a lane.</summary>
    public static bool IsNeeded(IMethodSymbol method) =>
        DeclarationOf(method).DescendantNodes().OfType<InvocationExpressionSyntax>().Any(IsAllocation);

    /// <summary>The instance as a part of the class that declares the kernel.</summary>
    /// <param name="compilation">The kernels, and ILGPU.</param>
    /// <param name="method">The kernel, closed over types.</param>
    /// <param name="name">What the instance is called.</param>
    public static string Write(Compilation compilation, IMethodSymbol method, string name)
    {
        MethodDeclarationSyntax declaration = DeclarationOf(method);
        if (declaration.Parent is not ClassDeclarationSyntax { Modifiers: { } modifiers, Parent: BaseNamespaceDeclarationSyntax }
            || !modifiers.Any(SyntaxKind.PartialKeyword))
            throw new KernelError(method.Locations[0], $"The kernel {method.Name} has memory of a lane, and its class takes no instance "
                + "without it. Declare the class in a namespace, as partial.");
        string parameters = string.Join(", ", method.Parameters.Select(p => $"{Full(p.Type)} {p.Name}"));
        SyntaxNode body = new UnrolledWriter(compilation, method, declaration).Visit(declaration.Body
            ?? throw new KernelError(declaration, "memory of a lane in an expression", "Write a block"))!;
        return $"""
            namespace {method.ContainingNamespace.ToDisplayString()}
            {"{"}
                partial class {method.ContainingType.Name}
                {"{"}
                    internal static void {name}({parameters})
                    {body.NormalizeWhitespace().ToFullString()}
                {"}"}
            {"}"}

            """;
    }

    public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node)
    {
        ISymbol? symbol = _model.GetSymbolInfo(node).Symbol;
        if (symbol is ITypeParameterSymbol parameter) return ParseTypeName(Full(_instance.Close(parameter))).WithTriviaFrom(node);
        if (symbol is not (ILocalSymbol or IParameterSymbol)) return node;
        if (_memory.ContainsKey(symbol))
            throw new KernelError(node, "the memory of a lane as a whole", "Use its elements, or pass it on to a generic function of "
                + "the same class in a statement");
        if (IsUnrolled(symbol)) return Number(_instance.Known[symbol]);
        return _names.TryGetValue(symbol, out string? name) ? IdentifierName(name).WithTriviaFrom(node) : node;
    }

    public override SyntaxNode? VisitMemberAccessExpression(MemberAccessExpressionSyntax node) =>
        _model.GetTypeInfo(node).Type?.SpecialType == SpecialType.System_Int32 && _instance.Constant(node) is { } constant
            ? Number(constant) : node.WithExpression((ExpressionSyntax)Visit(node.Expression)!);

    public override SyntaxNode? VisitElementAccessExpression(ElementAccessExpressionSyntax node)
    {
        if (MemoryOf(node.Expression) is not { } memory) return base.VisitElementAccessExpression(node);
        long index = _instance.Constant(node.ArgumentList.Arguments[0].Expression)
            ?? throw new KernelError(node, "an index into a lane's memory that is not known", "Use constants and variables of loops with "
                + "constant bounds");
        if (index < 0 || index >= memory.Length)
            throw new KernelError(node, $"the index {index} into a lane's memory of {memory.Length} elements", "Keep it within, also where "
                + "a condition skips it");
        return IdentifierName($"{memory.Name}_{index}").WithTriviaFrom(node);
    }

    public override SyntaxNode? VisitVariableDeclarator(VariableDeclaratorSyntax node)
    {
        var made = (VariableDeclaratorSyntax)base.VisitVariableDeclarator(node)!;
        return _names.TryGetValue(_model.GetDeclaredSymbol(node)!, out string? name) ? made.WithIdentifier(Identifier(name)) : made;
    }

    public override SyntaxNode? VisitLocalDeclarationStatement(LocalDeclarationStatementSyntax node)
    {
        foreach (VariableDeclaratorSyntax variable in node.Declaration.Variables)
        {
            if (_model.GetDeclaredSymbol(variable) is not ILocalSymbol symbol) continue;
            if (variable.Initializer?.Value is InvocationExpressionSyntax call && IsAllocation(call))
            {
                if (node.Declaration.Variables.Count > 1)
                    throw new KernelError(node, "memory of a lane among other declarations", "Declare it alone");
                long length = _instance.Constant(call.ArgumentList.Arguments[0].Expression)
                    ?? throw new KernelError(call, "memory whose size is no constant", "Give a constant");
                _memory[symbol] = (symbol.Name, length);
                string element = Full(_instance.Close(((INamedTypeSymbol)symbol.Type).TypeArguments[0]));
                IEnumerable<string> elements = Enumerable.Range(0, (int)length).Select(i => $"{symbol.Name}_{i} = 0");
                return ParseStatement($"{element} {string.Join(", ", elements)};\n");
            }
            if (variable.Initializer?.Value is { } value && symbol.Type.SpecialType == SpecialType.System_Int32
                && !IsAssigned(_model, symbol, node.Parent!)
                && _instance.Constant(value) is { } constant)
                _instance.Known[symbol] = constant;
        }
        return base.VisitLocalDeclarationStatement(node);
    }

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node) =>
        node.Expression is InvocationExpressionSyntax call
            && _model.GetSymbolInfo(call).Symbol is IMethodSymbol { IsGenericMethod: true } method
            && SymbolEqualityComparer.Default.Equals(method.ContainingType, _kernel) ? TakenIn(call, method)
            : base.VisitExpressionStatement(node);

    public override SyntaxNode? VisitContinueStatement(ContinueStatementSyntax node) =>
        _continues.Peek() is { } label ? ParseStatement($"goto {label};\n") : node;

    public override SyntaxNode? VisitWhileStatement(WhileStatementSyntax node) => Kept(() => base.VisitWhileStatement(node));

    public override SyntaxNode? VisitDoStatement(DoStatementSyntax node) => Kept(() => base.VisitDoStatement(node));

    public override SyntaxNode? VisitForStatement(ForStatementSyntax node) => Steps(node) is { } steps
        ? Unrolled(node, steps) : Kept(() => base.VisitForStatement(node));

    private SyntaxNode? Kept(Func<SyntaxNode?> visit)
    {
        _continues.Push(null);
        SyntaxNode? made = visit();
        _continues.Pop();
        return made;
    }

    private BlockSyntax Unrolled(ForStatementSyntax loop, IEnumerable<long> steps)
    {
        ISymbol variable = _model.GetDeclaredSymbol(loop.Declaration!.Variables[0])!;
        List<StatementSyntax> made = [];
        foreach (long step in steps)
        {
            string label = $"after_{++_count}";
            _continues.Push(label);
            _instance.Known[variable] = step;
            made.Add(Visit(loop.Statement) as BlockSyntax ?? Block((StatementSyntax)Visit(loop.Statement)!));
            if (loop.Statement.DescendantNodesAndSelf().Any(n => n.IsKind(SyntaxKind.ContinueStatement)))
                made.Add(ParseStatement($"{label}: ;\n"));
            _continues.Pop();
        }
        _instance.Known.Remove(variable);
        return Block(made);
    }

    /// <summary>The values of a loop's variable, where it has constant bounds and uses memory of a lane, or is short and does
    /// nothing but assign; null for others.</summary>
    private IEnumerable<long>? Steps(ForStatementSyntax loop)
    {
        if (loop.Declaration is not { Variables: { Count: 1 } variables } || loop.Incrementors.Count != 1
            || variables[0].Initializer?.Value is not { } first || _instance.Constant(first) is not { } from
            || loop.Condition is not BinaryExpressionSyntax
            {
                RawKind: (int)SyntaxKind.LessThanExpression or (int)SyntaxKind.LessThanOrEqualExpression, Right: { } last
            } condition
            || _instance.Constant(last) is not { } end) return null;
        if (condition.IsKind(SyntaxKind.LessThanOrEqualExpression)) end++;
        long? by = loop.Incrementors[0] switch
        {
            PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostIncrementExpression } => 1,
            AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.AddAssignmentExpression, Right: { } step } => _instance.Constant(step),
            _ => null,
        };
        if (by is not > 0 || loop.Statement.DescendantNodes().Any(n => n.IsKind(SyntaxKind.BreakStatement))) return null;
        long steps = Math.Max(0, (end - from + by.Value - 1) / by.Value);
        bool isNeeded = loop.Statement.DescendantNodes().OfType<IdentifierNameSyntax>().Any(n => MemoryOf(n) is not null),
            isShort = steps <= MaxSteps && loop.Statement.DescendantNodes().All(n => n is not StatementSyntax
                or LocalDeclarationStatementSyntax or ExpressionStatementSyntax { Expression: AssignmentExpressionSyntax });
        return isNeeded || isShort ? Enumerable.Range(0, (int)steps).Select(i => from + (i * by.Value)) : null;
    }

    /// <summary>The body of a function in the place of its call.</summary>
    private BlockSyntax TakenIn(InvocationExpressionSyntax call, IMethodSymbol method)
    {
        MethodDeclarationSyntax declaration = DeclarationOf(method);
        if (declaration.Body is not { } body || body.DescendantNodes().Any(n => n.IsKind(SyntaxKind.ReturnStatement)))
            throw new KernelError(call, $"a call of {method.Name}, which returns early or is an expression, beside memory of a lane",
                "Write a block without a return");
        IMethodSymbol closed = method.TypeArguments.Length == 0 ? method
            : method.OriginalDefinition.Construct([.. method.TypeArguments.Select(_instance.Close)]);
        SemanticModel inner = _compilation.GetSemanticModel(declaration.SyntaxTree);
        MethodInstance instance = new(inner, MethodInstance.TypesOf(closed));
        string suffix = $"_{++_count}";
        List<StatementSyntax> made = [];
        for (int i = 0; i < closed.Parameters.Length; i++)
        {
            (ISymbol parameter, ExpressionSyntax argument) = (method.OriginalDefinition.Parameters[i],
                call.ArgumentList.Arguments[i].Expression);
            if (MemoryOf(argument) is { } memory)
            {
                _memory[parameter] = memory;
                continue;
            }
            _names[parameter] = parameter.Name + suffix;
            if (!IsAssigned(inner, parameter, body) && _instance.Constant(argument) is { } constant) instance.Known[parameter] = constant;
            made.Add(ParseStatement($"{Full(closed.Parameters[i].Type)} {parameter.Name}{suffix} = {Visit(argument)!.ToFullString()};\n"));
        }
        foreach (VariableDeclaratorSyntax variable in body.DescendantNodes().OfType<VariableDeclaratorSyntax>())
            _names[inner.GetDeclaredSymbol(variable)!] = variable.Identifier.ValueText + suffix;
        (SemanticModel outerModel, MethodInstance outerInstance) = (_model, _instance);
        (_model, _instance) = (inner, instance);
        made.AddRange(body.Statements.Select(s => (StatementSyntax)Visit(s)!));
        (_model, _instance) = (outerModel, outerInstance);
        return Block(made);
    }

    private (string Name, long Length)? MemoryOf(ExpressionSyntax expression) =>
        expression is IdentifierNameSyntax && _model.GetSymbolInfo(expression).Symbol is { } symbol
            && _memory.TryGetValue(symbol, out (string, long) memory) ? memory : null;

    /// <summary>Whether a variable is that of an unrolled loop: others with a known value stay variables.</summary>
    private bool IsUnrolled(ISymbol symbol) => _instance.Known.ContainsKey(symbol)
        && symbol.DeclaringSyntaxReferences[0].GetSyntax().Parent?.Parent is ForStatementSyntax;

    private static bool IsAssigned(SemanticModel model, ISymbol symbol, SyntaxNode scope) => scope.DescendantNodes().Any(node =>
        node switch
        {
            AssignmentExpressionSyntax assignment => assignment.Left,
            PrefixUnaryExpressionSyntax prefix => prefix.Operand,
            PostfixUnaryExpressionSyntax postfix => postfix.Operand,
            ArgumentSyntax { RefKindKeyword.RawKind: not 0 } argument => argument.Expression,
            _ => null,
        } is IdentifierNameSyntax name && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(name).Symbol, symbol));

    private static bool IsAllocation(InvocationExpressionSyntax call) => call.Expression is MemberAccessExpressionSyntax
    {
        Name.Identifier.ValueText: "Allocate",
        Expression: IdentifierNameSyntax { Identifier.ValueText: "LocalMemory" },
    };

    private static MethodDeclarationSyntax DeclarationOf(IMethodSymbol method) =>
        (MethodDeclarationSyntax)method.OriginalDefinition.DeclaringSyntaxReferences[0].GetSyntax();

    private static LiteralExpressionSyntax Number(long value) =>
        LiteralExpression(SyntaxKind.NumericLiteralExpression, Literal((int)value));

    private static string Full(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
}
