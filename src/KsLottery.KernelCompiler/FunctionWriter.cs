using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

/// <summary>Writes one function: a kernel, or a helper closed over types and spaces.</summary>
internal sealed partial class FunctionWriter(
    KernelTranslator translator, SemanticModel model, Dictionary<ITypeSymbol, ITypeSymbol> types, bool isKernel)
{
    private readonly MethodInstance _instance = new(model, types);
    private readonly Dictionary<ISymbol, View> _views = new(SymbolEqualityComparer.Default);
    private readonly HashSet<ISymbol> _references = new(SymbolEqualityComparer.Default);
    private int _temporaries;
    private StringBuilder _text = new();
    private int _depth = 1;
    private IMethodSymbol _method = null!;

    /// <summary>What callers must know of the function.</summary>
    public TranslatedFunction Function { get; private set; } = null!;

    /// <summary>The function's text.</summary>
    public string Write(MethodDeclarationSyntax declaration, IMethodSymbol method, string name, Space?[] spaces)
    {
        if (!method.IsStatic) throw new KernelError(declaration, "a method that is not static", "Make it static and pass what it needs");
        _method = method;
        Function = new(name);
        List<string> parameters = [], prologue = [];
        for (int i = 0; i < method.Parameters.Length; i++)
            AddParameter(declaration.ParameterList.Parameters[i], method.Parameters[i], method.OriginalDefinition.Parameters[i],
                isKernel ? null : spaces[i], parameters, prologue);
        foreach (string line in prologue) Line(line);
        WriteBody(declaration);
        string body = _text.ToString();

        if (Function.UsesWarp)
        {
            if (isKernel) body = "    SHARED_MEMORY ulong warp_room[GROUP_DIM];\n" + body;
            else parameters.Add("SHARED ulong* warp_room");
        }
        FileLinePositionSpan place = declaration.GetLocation().GetLineSpan();
        string file = place.Path.Substring(place.Path.LastIndexOfAny(['/', '\\']) + 1);
        string result = isKernel ? "void" : declaration.ReturnType.ToString() == "void" ? "void"
            : translator.TypeName(declaration.ReturnType, Close(method.OriginalDefinition.ReturnType));
        if (isKernel && !method.ReturnsVoid)
            throw new KernelError(declaration.ReturnType, "a kernel that returns a value", "Write it to a view");
        string head = isKernel ? $"KERNEL(GROUP_DIM) void {name}({Joined(parameters)})" : $"FUNCTION {result} {name}({Joined(parameters)})";
        int first = place.StartLinePosition.Line + 1, last = place.EndLinePosition.Line + 1;
        return $"/* {file}:{(first == last ? $"{first}" : $"{first}-{last}")} */\n{head}\n{{\n{body}}}\n";
    }

    private static string Joined(List<string> parameters)
    {
        const int Default = 130;
        string line = string.Join(", ", parameters);
        return line.Length <= Default ? line.Length == 0 ? "void" : line : "\n    " + string.Join(",\n    ", parameters);
    }

    private void AddParameter(ParameterSyntax syntax, IParameterSymbol closed, IParameterSymbol symbol, Space? space,
        List<string> parameters, List<string> prologue)
    {
        string name = Name(symbol);
        ITypeSymbol type = Close(symbol.Type);
        if (CTypes.IsView(type))
        {
            ITypeSymbol element = CTypes.ElementOf(type);
            string pointer = $"{CTypes.Qualifier(space ?? Space.Global)}{translator.ElementName(syntax, element)}* ";
            _views[symbol] = new(name, $"{name}_length", space ?? Space.Global, element);
            if (isKernel)
            {
                parameters.Add($"{pointer}{name}_base, long {name}_start, long {name}_length");
                if (IsRead(symbol)) prologue.Add($"{pointer}{name} = {name}_base + {name}_start;");
            }
            else parameters.Add($"{pointer}{name}, long {name}_length");
        }
        else if (closed.RefKind == RefKind.Ref)
        {
            if (isKernel) throw new KernelError(syntax, "a kernel's parameter by reference", "Pass a view");
            _references.Add(symbol);
            _referenceSpaces[symbol] = space!.Value;
            parameters.Add($"{CTypes.Qualifier(space!.Value)}{translator.TypeName(syntax, type)}* {name}");
        }
        else if (closed.RefKind != RefKind.None) throw new KernelError(syntax, "a parameter by in or out", "Pass it by value, or by ref");
        else parameters.Add($"{translator.TypeName(syntax, type)} {name}");
    }

    /// <summary>Whether the function's text names a parameter.</summary>
    private bool IsRead(ISymbol symbol) => symbol.DeclaringSyntaxReferences[0].GetSyntax().Ancestors()
        .OfType<MethodDeclarationSyntax>().First()
        .DescendantNodes().OfType<IdentifierNameSyntax>().Any(n => n.Identifier.ValueText == symbol.Name && !IsLengthOnly(n)
            && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(n).Symbol, symbol));

    private static bool IsLengthOnly(IdentifierNameSyntax name) =>
        name.Parent is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Length" or "IntLength" } access
        && access.Expression == name;

    private void WriteBody(MethodDeclarationSyntax declaration)
    {
        if (declaration.Body is { } block)
            foreach (StatementSyntax statement in block.Statements) Statement(statement);
        else if (declaration.ExpressionBody is { } body)
        {
            if (_method.ReturnsVoid) ExpressionStatement(body.Expression);
            else Line($"return {ExpressionAs(body.Expression, Close(_method.OriginalDefinition.ReturnType)).Text};");
        }
    }

    private ITypeSymbol Close(ITypeSymbol type) => _instance.Close(type);

    /// <summary>The C name of a local or a parameter: C has the same scopes.</summary>
    private static string Name(ISymbol symbol) => CTypes.Identifier(symbol.Name);

    private string Temporary() => $"value{++_temporaries}_";

    private void Line(string text) => _text.Append(' ', 4 * _depth).Append(text).Append('\n');
}
