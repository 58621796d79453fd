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
        if (arguments.FirstOrDefault(a => a.NameColon is not null) is { } named)
            throw new KernelError(named, "a named argument", "Give arguments in order");
        ITypeSymbol result = method.ReturnsVoid ? IntType : TypeOf(call);
        if (Intrinsics.IsKnown(method.ContainingType)) return Intrinsic(call, method, arguments, result);
        if (method.MethodKind is MethodKind.LocalFunction or MethodKind.DelegateInvoke)
            throw new KernelError(call, "a local function or a delegate", "Write a static method");
        if (!method.IsStatic) throw new KernelError(call, $"the method {method.Name} of an object", "Write a static method that takes it");

        IMethodSymbol target = (IMethodSymbol)Implementation(call.Expression, method.OriginalDefinition.TypeParameters.Length == 0 ? method
            : method.OriginalDefinition);
        if (target.TypeParameters.Length > 0) target = target.OriginalDefinition.Construct([.. method.TypeArguments.Select(Close)]);
        if (arguments.Length != target.Parameters.Length)
            throw new KernelError(call, "a call that leaves optional parameters out", "Give every argument");
        Space?[] spaces = new Space?[arguments.Length];
        List<string> given = [];
        int last = LastWithEffects([.. arguments.Select(a => a.Expression)]);
        for (int i = 0; i < arguments.Length; i++)
        {
            ArgumentSyntax argument = arguments[i];
            bool isKept = i < last || (i == last && i < arguments.Length - 1);
            if (!argument.RefKindKeyword.IsKind(SyntaxKind.None))
            {
                (string pointer, Space space) = Reference(argument, isKept);
                spaces[i] = space;
                given.Add(pointer);
            }
            else if (CTypes.IsView(TypeOf(argument.Expression)))
            {
                View view = ViewOf(argument.Expression, isKept);
                spaces[i] = view.Space;
                given.Add($"{Bare(view.Pointer)}, {Bare(view.Length)}");
            }
            else
            {
                Value value = Convert(argument, ExpressionAs(argument.Expression), Close(target.Parameters[i].Type));
                given.Add((isKept && !IsConstant(argument.Expression) ? Kept(argument, value) : value).Text);
            }
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
            ExpressionSyntax[] numbers = [.. arguments.Skip(1).Select(a => a.Expression)];
            (string pointer, Space space) = Reference(arguments[0], isKept: LastWithEffects(numbers) >= 0);
            if (space == Space.Private)
                throw new KernelError(arguments[0], "an atomic operation on a lane's own memory", "Use an ordinary assignment");
            Value[] values = Operands(numbers);
            string name = method.Name switch
            {
                "Exchange" => "xchg",
                "CompareExchange" => "cmpxchg",
                string other => other.ToLowerInvariant(),
            };
            IEnumerable<string> given = values.Select((v, i) => Convert(call, v, method.Parameters[i + 1].Type).Text).Prepend(pointer);
            return new($"atomic_{name}({string.Join(", ", given)})", result);
        }
        if (type == "Warp")
        {
            Function.UsesWarp = true;
            Value[] values = Operands([.. arguments.Select(a => a.Expression)]);
            if (CTypes.Scalar(result) is null || result.SpecialType == SpecialType.System_Boolean || CTypes.Size(result) < 4)
                throw new KernelError(call, $"a shuffle of {result.ToDisplayString()}", "Shuffle numbers of 32 or 64 bits");
            string name = method.Name switch
            {
                "Shuffle" => "shuffle",
                "ShuffleDown" => "shuffle_down",
                "ShuffleUp" => "shuffle_up",
                "ShuffleXor" => "shuffle_xor",
                _ => throw Unknown(call),
            };
            return new($"warp_{name}_{CTypes.Prefix(result.SpecialType)}({values[0].Text}, {values[1].Text}, warp_room)", result);
        }
        ITypeSymbol[] parameters = [.. method.Parameters.Select(p => Close(p.Type))];
        Value[] operands = [.. Operands([.. arguments.Select(a => a.Expression)]).Zip(parameters, (v, p) => Convert(call, v, p))];
        return new($"{Intrinsics.Function(method, parameters) ?? throw Unknown(call)}({string.Join(", ", operands.Select(o => o.Text))})",
            result);
    }

    private static KernelError Unknown(InvocationExpressionSyntax call) =>
        new(call, $"`{FirstWords(call)}`", "See kernels/README.md for the functions there are, or write one in the kernel language");

    /// <summary>The address of what is passed by reference, and its space; an index that is kept is evaluated before what comes after
    /// it.</summary>
    private (string Pointer, Space Space) Reference(ArgumentSyntax argument, bool isKept)
    {
        if (!argument.RefKindKeyword.IsKind(SyntaxKind.RefKeyword))
            throw new KernelError(argument, "an argument by in or out", "Pass it by value, or by ref");
        ExpressionSyntax target = argument.Expression;
        while (target is ParenthesizedExpressionSyntax inner) target = inner.Expression;
        if (target is ElementAccessExpressionSyntax element && CTypes.IsView(TypeOf(element.Expression)))
        {
            (Value place, Space space) = ElementPlace(element, isKept);
            return ($"&{place.Text}", space);
        }
        ISymbol? symbol = model.GetSymbolInfo(target).Symbol;
        if (symbol is ILocalSymbol) return ($"&{Name(symbol)}", Space.Private);
        if (symbol is IParameterSymbol parameter)
            return _references.Contains(parameter) ? (Name(parameter), ReferenceSpace(parameter)) : ($"&{Name(parameter)}", Space.Private);
        throw new KernelError(argument, $"a reference to `{FirstWords(target)}`", "Refer to a local, a ref parameter "
            + "or an element of a view");
    }

    private readonly Dictionary<ISymbol, Space> _referenceSpaces = new(SymbolEqualityComparer.Default);

    private Space ReferenceSpace(ISymbol parameter) => _referenceSpaces.TryGetValue(parameter, out Space space) ? space : Space.Private;
}
