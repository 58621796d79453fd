using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

internal sealed partial class FunctionWriter
{
    private Value Call(InvocationExpressionSyntax call)
    {
        IMethodSymbol method = model.GetSymbolInfo(call).Symbol as IMethodSymbol
            ?? throw new KernelError(call, $"the call `{FirstWords(call)}`", "Call a static method by its name");
        ArgumentSyntax[] arguments = [.. call.ArgumentList.Arguments];
        if (arguments.FirstOrDefault(a => a.NameColon is not null) is { } named) throw new KernelError(named, "a named argument", "Give arguments in order");
        ITypeSymbol result = method.ReturnsVoid ? IntType : TypeOf(call);
        if (Intrinsics.IsKnown(method.ContainingType)) return Intrinsic(call, method, arguments, result);
        if (method.MethodKind is MethodKind.LocalFunction or MethodKind.DelegateInvoke) throw new KernelError(call, "a local function or a delegate", "Write a static method");
        if (!method.IsStatic) throw new KernelError(call, $"the method {method.Name} of an object", "Write a static method that takes it");

        IMethodSymbol target = (IMethodSymbol)Implementation(call.Expression, method.OriginalDefinition.TypeParameters.Length == 0 ? method : method.OriginalDefinition);
        if (target.TypeParameters.Length > 0) target = target.OriginalDefinition.Construct([.. method.TypeArguments.Select(Close)]);
        Space?[] spaces = new Space?[arguments.Length];
        List<string> given = [];
        // Views and references are evaluated where they stand; numbers before them only where effects ask for it.
        ExpressionSyntax[] numbers = [.. arguments.Where(a => a.RefKindKeyword.RawKind == 0 && !CTypes.IsView(TypeOf(a.Expression))).Select(a => a.Expression)];
        Queue<Value> values = new(Operands(numbers));
        if (arguments.Length != target.Parameters.Length) throw new KernelError(call, "a call that leaves optional parameters out", "Give every argument");
        for (int i = 0; i < arguments.Length; i++)
        {
            ArgumentSyntax argument = arguments[i];
            if (!argument.RefKindKeyword.IsKind(SyntaxKind.None))
            {
                (string pointer, Space space) = Reference(argument);
                spaces[i] = space;
                given.Add(pointer);
            }
            else if (CTypes.IsView(TypeOf(argument.Expression)))
            {
                View view = ViewOf(argument.Expression);
                spaces[i] = view.Space;
                given.Add($"{Bare(view.Pointer)}, {Bare(view.Length)}");
            }
            else given.Add(Convert(argument, values.Dequeue(), Close(target.Parameters[i].Type)).Text);
        }
        TranslatedFunction function = translator.Function(call, target, spaces);
        if (function.UsesWarp)
        {
            Function.UsesWarp = true;
            given.Add("warp_room");
        }
        return new($"{function.Name}({string.Join(", ", given)})", result);
    }

    private Value Intrinsic(InvocationExpressionSyntax call, IMethodSymbol method, ArgumentSyntax[] arguments, ITypeSymbol result)
    {
        if (!method.ReturnsVoid) translator.TypeName(call, result);
        string type = method.ContainingType.Name;
        if (type == "Atomic")
        {
            (string pointer, Space space) = Reference(arguments[0]);
            if (space == Space.Private) throw new KernelError(arguments[0], "an atomic operation on a lane's own memory", "Use an ordinary assignment");
            Value[] values = Operands([.. arguments.Skip(1).Select(a => a.Expression)]);
            string name = method.Name switch { "Exchange" => "xchg", "CompareExchange" => "cmpxchg", string other => other.ToLowerInvariant() };
            return new($"atomic_{name}({pointer}, {string.Join(", ", values.Select((v, i) => Convert(call, v, method.Parameters[i + 1].Type).Text))})", result);
        }
        if (type == "Warp")
        {
            Function.UsesWarp = true;
            Value[] values = Operands([.. arguments.Select(a => a.Expression)]);
            string name = method.Name switch { "Shuffle" => "shuffle", "ShuffleDown" => "shuffle_down", "ShuffleUp" => "shuffle_up", "ShuffleXor" => "shuffle_xor", _ => throw Unknown(call) };
            return new($"warp_{name}_{CTypes.Prefix(result.SpecialType)}({values[0].Text}, {values[1].Text}, warp_room)", result);
        }
        ITypeSymbol[] parameters = [.. method.Parameters.Select(p => Close(p.Type))];
        Value[] operands = [.. Operands([.. arguments.Select(a => a.Expression)]).Zip(parameters, (v, p) => Convert(call, v, p))];
        return new($"{Intrinsics.Function(method, parameters) ?? throw Unknown(call)}({string.Join(", ", operands.Select(o => o.Text))})", result);
    }

    private static KernelError Unknown(InvocationExpressionSyntax call) =>
        new(call, $"`{FirstWords(call)}`", "See kernels/README.md for the functions there are, or write one in the kernel language");

    /// <summary>The address of what is passed by reference, and its space.</summary>
    private (string Pointer, Space Space) Reference(ArgumentSyntax argument)
    {
        ExpressionSyntax target = argument.Expression;
        while (target is ParenthesizedExpressionSyntax inner) target = inner.Expression;
        if (target is ElementAccessExpressionSyntax element && CTypes.IsView(TypeOf(element.Expression)))
            return ($"&{Place(target, isReadToo: false).Text}", ViewOf(element.Expression).Space);
        ISymbol? symbol = model.GetSymbolInfo(target).Symbol;
        if (symbol is ILocalSymbol) return ($"&{Name(symbol)}", Space.Private);
        if (symbol is IParameterSymbol parameter)
            return _references.Contains(parameter) ? (Name(parameter), ReferenceSpace(parameter)) : ($"&{Name(parameter)}", Space.Private);
        throw new KernelError(argument, $"a reference to `{FirstWords(target)}`", "Refer to a local, a ref parameter or an element of a view");
    }

    private readonly Dictionary<ISymbol, Space> _referenceSpaces = new(SymbolEqualityComparer.Default);

    private Space ReferenceSpace(ISymbol parameter) => _referenceSpaces.TryGetValue(parameter, out Space space) ? space : Space.Private;
}
