using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KsLottery.KernelCompiler;

/// <summary>A translated function: its name, and what its callers must know.</summary>
internal sealed class TranslatedFunction(string name)
{
    public string Name { get; } = name;

    /// <summary>Whether it shuffles, for which OpenCL needs room in shared memory.</summary>
    public bool UsesWarp { get; set; }
}

/// <summary>Translates one kernel with all that it calls: structures first, then functions, each behind those that it calls.</summary>
internal sealed class KernelTranslator(Compilation compilation, int groupSize)
{
    private readonly Dictionary<string, TranslatedFunction> _functions = [];
    private readonly HashSet<string> _open = [], _names = [];
    private readonly Dictionary<string, string> _structures = [];
    private readonly StringBuilder _structureText = new(), _functionText = new();

    /// <summary>Bytes of shared memory that the kernel declares.</summary>
    public int SharedBytes { get; set; }

    /// <summary>Whether double precision occurs.</summary>
    public bool UsesDouble { get; private set; }

    /// <summary>The text of a kernel.</summary>
    /// <param name="method">Its method, closed over types.</param>
    /// <param name="name">Its name.</param>
    public string Translate(IMethodSymbol method, string name)
    {
        _names.Add(name);
        FunctionWriter writer = new(this, Model(method, out MethodDeclarationSyntax declaration), MethodInstance.TypesOf(method),
            isKernel: true);
        string text = writer.Write(declaration, method, name, []);
        if (writer.Function.UsesWarp) SharedBytes += sizeof(ulong) * groupSize;
        return $"#define GROUP_DIM {groupSize.ToString(CultureInfo.InvariantCulture)}\n{_structureText}{_functionText}\n{text}";
    }

    /// <summary>Translates a function that something calls, unless that was done.</summary>
    /// <param name="caller">The call, for errors.</param>
    /// <param name="method">The method, closed over types.</param>
    /// <param name="spaces">The space of each parameter that is a view or a reference.</param>
    public TranslatedFunction Function(SyntaxNode caller, IMethodSymbol method, Space?[] spaces)
    {
        string letters = string.Concat(spaces.Where(s => s is not null).Select(s => CTypes.Letter(s!.Value))),
            key = $"{method.ToDisplayString()} {letters}";
        if (_functions.TryGetValue(key, out TranslatedFunction? known)) return known;
        if (!_open.Add(key)) throw new KernelError(caller, $"the recursion of {method.Name}", "Write a loop");
        FunctionWriter writer = new(this, Model(method, out MethodDeclarationSyntax declaration, caller), MethodInstance.TypesOf(method),
            isKernel: false);
        string text = writer.Write(declaration, method, Unique(NameOf(method, letters)), spaces);
        _functionText.Append('\n').Append(text);
        _open.Remove(key);
        _functions.Add(key, writer.Function);
        return writer.Function;
    }

    /// <summary>How a scalar or a structure of scalars is called in C.</summary>
    public string TypeName(SyntaxNode node, ITypeSymbol type)
    {
        if (type.SpecialType == SpecialType.System_Double) UsesDouble = true;
        if (CTypes.Scalar(type) is { } scalar) return scalar;
        if (type is not INamedTypeSymbol { IsValueType: true, IsGenericType: false, TypeKind: TypeKind.Struct } structure
            || type.SpecialType != SpecialType.None)
            throw new KernelError(node, $"the type {type.ToDisplayString()}", "Use numbers, bool, ArrayView<T> or a readonly "
                + "record struct of numbers");
        string key = type.ToDisplayString();
        if (_structures.TryGetValue(key, out string? name)) return name;
        (string Type, string Name)[] fields = [.. FieldsOf(structure).Select(f => (TypeName(node, f.Type), CTypes.Identifier(f.Name)))];
        if (fields.Length == 0)
            throw new KernelError(node, $"the empty structure {structure.Name} as a value", "Use it as a type argument only");
        _structures.Add(key, name = Unique(CTypes.Identifier(structure.Name)));
        _structureText.Append($"\ntypedef struct {{ {string.Concat(fields.Select(f => $"{f.Type} {f.Name}; "))}}} {name};\n");
        _structureText.Append(
            $"FUNCTION {name} new_{name}({string.Join(", ", fields.Select(f => $"{f.Type} {f.Name}"))})\n{{\n    {name} made;\n");
        foreach ((_, string field) in fields) _structureText.Append($"    made.{field} = {field};\n");
        _structureText.Append("    return made;\n}\n");
        return name;
    }

    /// <summary>How the elements of a view are called in C.</summary>
    public string ElementName(SyntaxNode node, ITypeSymbol element) => CTypes.Scalar(element) is null
        ? throw new KernelError(node, $"a view of {element.ToDisplayString()}", "Use one view for each field, of numbers")
        : TypeName(node, element);

    /// <summary>The fields of a structure in order; a record's are its properties.</summary>
    public static IEnumerable<(string Name, ITypeSymbol Type)> FieldsOf(INamedTypeSymbol structure) =>
        structure.GetMembers().OfType<IFieldSymbol>()
        .Where(f => !f.IsStatic && !f.IsConst).Select(f => (f.AssociatedSymbol?.Name ?? f.Name, f.Type));

    /// <summary>The meaning of the text that declares a method.</summary>
    public SemanticModel Model(IMethodSymbol method, out MethodDeclarationSyntax declaration, SyntaxNode? caller = null)
    {
        declaration = method.OriginalDefinition.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() as MethodDeclarationSyntax
            ?? throw new KernelError(caller!, $"a call of {method.ToDisplayString()}",
                "Call methods of the kernel language, or static methods that stand beside the kernel");
        return compilation.GetSemanticModel(declaration.SyntaxTree);
    }

    /// <summary>The meaning of a text.</summary>
    public SemanticModel Model(SyntaxTree tree) => compilation.GetSemanticModel(tree);

    /// <summary>Type, method, then type arguments, parameter types where the method has overloads, and the spaces of views and
    /// references.</summary>
    private static string NameOf(IMethodSymbol method, string letters)
    {
        StringBuilder name = new($"{method.ContainingType.Name}_{method.Name}");
        foreach (ITypeSymbol argument in method.TypeArguments)
            if (argument.SpecialType == SpecialType.None) name.Append('_').Append(argument.Name);
            else if (method.TypeArguments.All(a => a.SpecialType != SpecialType.None)) name.Append('_').Append(CTypes.Scalar(argument));
        if (method.ContainingType.GetMembers(method.Name).Length > 1)
            name.Append('_').Append(string.Concat(method.Parameters.Select(p => TypeLetters(p.Type))));
        return letters.Length > 0 ? $"{name}_{letters}" : name.ToString();
    }

    private static string TypeLetters(ITypeSymbol type) => CTypes.IsView(type) ? "V" + CTypes.Prefix(CTypes.ElementOf(type).SpecialType)
        : CTypes.Scalar(type) is null ? type.Name : CTypes.Prefix(type.SpecialType);

    /// <summary>A name that nothing has yet: primitive type arguments are left out of names, and namespaces.</summary>
    private string Unique(string name)
    {
        string unique = name;
        for (int i = 2; !_names.Add(unique); i++) unique = $"{name}_{i.ToString(CultureInfo.InvariantCulture)}";
        return unique;
    }
}
