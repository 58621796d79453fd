using System.Text;

namespace KsLottery.KernelCompiler.Tests.Semantics;

/// <summary>Writes random kernels in C#: expressions of all types with effects in them, statements of all kinds. Each ends, and divides by
/// no zero.</summary>
internal sealed class RandomProgram
{
    private const int Deepest = 4;

    /// <summary>Variables of every type; <c>int</c> and <c>uint</c> have more, so that effects meet.</summary>
    private static readonly (string Name, string Type)[] Variables =
    [
        ("a", "int"), ("b", "int"), ("c", "int"), ("u", "uint"), ("v", "uint"), ("l", "long"), ("m", "long"), ("w", "ulong"),
            ("f", "float"), ("g", "float"),
        ("s", "short"), ("t", "byte"), ("p", "double"),
    ];

    private static readonly string[] Types = ["int", "uint", "long", "ulong", "float", "short", "byte", "sbyte", "ushort", "double"];

    private readonly Random _random;
    private readonly StringBuilder _text = new();
    private int _loops;

    private RandomProgram(int seed) => _random = new(seed);

    /// <summary>The names of a program's variables, which are its results.</summary>
    public static int Results => Variables.Length + 1;

    /// <summary>A kernel <c>Random{seed}</c>.</summary>
    public static string Write(int seed)
    {
        RandomProgram program = new(seed);
        program.Kernel(seed);
        return program._text.ToString();
    }

    private void Kernel(int seed)
    {
        _text.Append($$"""
            [Kernel(32)]
            public static void Random{{seed}}(ArrayView<ulong> results, ArrayView<int> ints, ArrayView<float> floats, ArrayView<long> longs)
            {
                ArrayView<int> room = LocalMemory.Allocate<int>(8);
                ArrayView<uint> shared = SharedMemory.Allocate<uint>(128);
                int lane = Group.IdxX, at = Grid.IdxX * Group.DimX + lane;
                ArrayView<uint> part = shared.SubView(lane * 4, 4);
                for (int i = 0; i < 8; i++) room[i] = ints[at] * i;
                for (int i = 0; i < 4; i++) part[i] = (uint)longs[at] + (uint)i;
                int a = ints[at], b = ints[at] >> 7, c = lane;
                uint u = (uint)ints[at], v = (uint)longs[at];
                long l = longs[at], m = ints[at];
                ulong w = (ulong)longs[at];
                float f = floats[at], g = floats[at] * 0.5f;
                short s = (short)ints[at];
                byte t = (byte)longs[at];
                double p = floats[at];
                unchecked
                {

            """);
        for (int i = 0; i < 14; i++) Statement(2);
        _text.Append("    }\n");
        for (int i = 0; i < Variables.Length; i++) _text.Append($"    results[at * {Results} + {i}] = Bits({Variables[i].Name});\n");
        _text.Append(
            $"    ulong all = 0;\n    for (int i = 0; i < 8; i++) all = all * 31 + (ulong)room[i] + part[i & 3];\n    results[at * "
                + $"{Results} + {Variables.Length}] = all;\n}}\n\n");
    }

    private void Statement(int depth)
    {
        string indent = new(' ', 4 * depth);
        int kind = depth > 4 ? _random.Next(8) : _random.Next(15);
        switch (kind)
        {
            case < 5:
                (string name, string type) = Pick(Variables);
                _text.Append($"{indent}{name} = {As(type, 0)};\n");
                break;
            case < 7:
                _text.Append($"{indent}{Effect(Pick(Variables), 1)};\n");
                break;
            case 7:
                _text.Append(
                    $"{indent}{Element(1)} {Pick("=", "+=", "^=", "*=", "-=", "|=")} {(_random.Next(2) == 0 ? As("int", 1) : "a++")};\n");
                break;
            case 8:
                _text.Append(
                    $"{indent}{{\n{indent}    int a{++_loops} = {As("int", 1)}, b{_loops} = a{_loops} - {As("int", 2)};\n{indent}    c = "
                        + $"a{_loops} ^ b{_loops};\n{indent}}}\n");
                break;
            case < 11:
                _text.Append($"{indent}if ({Bool(1)})\n");
                Block(depth);
                if (_random.Next(2) == 0) break;
                _text.Append($"{indent}else\n");
                Block(depth);
                break;
            case 11:
                string i = $"i{++_loops}";
                _text.Append(
                    $"{indent}for (int {i} = 0; {i} < {_random.Next(1, 6)}{(_random.Next(3) == 0 ? " && " + Bool(2) : "")}; "
                        + $"{i}++)\n{indent}{{\n");
                if (_random.Next(2) == 0) _text.Append($"{indent}    if ({Bool(2)}) {Pick("continue", "break")};\n");
                Statement(depth + 1);
                _text.Append($"{indent}    a += {i};\n{indent}}}\n");
                break;
            case 12:
                string n = $"n{++_loops}";
                bool isDo = _random.Next(2) == 0;
                string condition = $"{n}++ < {_random.Next(1, 5)} && {Bool(2)}";
                _text.Append($"{indent}int {n} = 0;\n{indent}{(isDo ? "do" : $"while ({condition})")}\n");
                Block(depth);
                if (isDo) _text.Append($"{indent}while ({condition});\n");
                break;
            case 13:
                _text.Append($"{indent}switch ({As("int", 1)} & 3)\n{indent}{{\n");
                for (int label = 0; label < 3; label++)
                {
                    _text.Append($"{indent}    case {label}:\n");
                    Statement(depth + 2);
                    _text.Append($"{indent}        break;\n");
                }
                _text.Append($"{indent}    default:\n");
                Statement(depth + 2);
                _text.Append($"{indent}        break;\n{indent}}}\n");
                break;
            default:
                _text.Append(
                    $"{indent}{Pick("Stir(ref a, b++)", "Stir(ref room[c++ & 7], c)", "Stir(ref b, Stir(ref b, a--))", "Mix(part, u++, "
                        + "(int)u & 3)", "Stir(ref room[a & 7], a++)")};\n");
                break;
        }
    }

    private void Block(int depth)
    {
        string indent = new(' ', 4 * depth);
        _text.Append($"{indent}{{\n");
        Statement(depth + 1);
        if (_random.Next(2) == 0) Statement(depth + 1);
        _text.Append($"{indent}}}\n");
    }

    /// <summary>An expression of a type.</summary>
    private string As(string type, int depth)
    {
        (string text, string actual) = Number(depth);
        return actual == type ? text : $"({type})({text})";
    }

    /// <summary>An expression of any number type, and that type.</summary>
    private (string Text, string Type) Number(int depth)
    {
        if (depth >= Deepest || _random.Next(8) == 0) return Leaf();
        switch (_random.Next(17))
        {
            case < 7:
                return Arithmetic(depth);
            case 7:
                string shifted = Pick("int", "uint", "long", "ulong");
                return ($"({As(shifted, depth + 1)} {Pick("<<", ">>", ">>>")} {As("int", depth + 2)})", shifted);
            case 8:
                (string inner, string innerType) = Number(depth + 1);
                bool isNegated = innerType is not ("uint" or "ulong") && (innerType is "float" or "double" || _random.Next(2) == 0);
                return ($"({(isNegated ? "-" : "~")}({inner}))", Promoted(innerType, innerType));
            case 9 or 10:
                string type = Pick(Types);
                return ($"(({type})({Number(depth + 1).Text}))", type);
            case 11 or 12:
                string chosen = Pick("int", "uint", "long", "float");
                return ($"({Bool(depth + 1)} ? {As(chosen, depth + 1)} : {As(chosen, depth + 1)})", chosen);
            case 13:
                (string name, string variableType) = Pick(Variables);
                return ($"({Effect((name, variableType), depth + 1)})", variableType);
            case 14:
                return Pick(($"Stir(ref {Pick("a", "b", "c")}, {As("int", depth + 1)})", "int"),
                    ($"Stir(ref {Element(depth + 1)}, {As("int", depth + 2)})", "int"),
                    ($"Mix(part, {As("uint", depth + 2)}, {As("int", depth + 2)} & 3)", "uint"));
            case 15:
                return (Element(depth + 1), "int");
            default:
                string function = Pick("Math.Min", "Math.Max"), of = Pick("int", "uint", "long", "float", "double");
                return ($"{function}({As(of, depth + 1)}, {As(of, depth + 1)})", of);
        }
    }

    private (string Text, string Type) Arithmetic(int depth)
    {
        (string left, string leftType) = Number(depth + 1);
        (string right, string rightType) = Number(depth + 1);
        bool hasUlong = leftType == "ulong" || rightType == "ulong";
        if (hasUlong && (leftType is not ("ulong" or "float" or "double") || rightType is not ("ulong" or "float" or "double")))
            (left, right, leftType, rightType) = ($"(ulong)({left})", $"(ulong)({right})", "ulong", "ulong");
        string type = Promoted(leftType, rightType);
        bool isFloating = type is "float" or "double";
        string sign = isFloating ? Pick("+", "-", "*", "/") : Pick("+", "-", "*", "&", "|", "^", "/", "%");
        if (!isFloating && sign is "/" or "%") right = $"(({type})7 + ((({type})({right})) & 63))";
        return ($"({left} {sign} {right})", type);
    }

    private (string, string) Leaf() => _random.Next(4) switch
    {
        0 => Pick(("1", "int"), ("-7", "int"), ("123456789", "int"), ("0xFFFFFFF0u", "uint"), ("5L", "long"), ("1.5f", "float"),
            ("-3e10f", "float"), ("0.1", "double")),
        _ => Pick(Variables),
    };

    /// <summary>An assignment or a step.</summary>
    private string Effect((string Name, string Type) target, int depth)
    {
        if (_random.Next(3) == 0) return _random.Next(2) == 0 ? target.Name + Pick("++", "--") : Pick("++", "--") + target.Name;
        if (_random.Next(3) == 0) return $"{target.Name} = {As(target.Type, depth)}";
        bool isFloating = target.Type is "float" or "double";
        return $"{target.Name} {(isFloating ? Pick("+=", "-=", "*=") : Pick("+=", "-=", "*=", "&=", "|=", "^="))} {As(target.Type, depth)}";
    }

    private string Element(int depth) => $"room[{As("int", depth + 1)} & 7]";

    private string Bool(int depth)
    {
        if (depth < Deepest && _random.Next(3) == 0)
            return _random.Next(4) == 0 ? $"!({Bool(depth + 1)})"
                : $"(({Bool(depth + 1)}) {Pick("&&", "||", "&", "|", "^", "==", "!=")} ({Bool(depth + 1)}))";
        string type = Pick("int", "uint", "long", "ulong", "float", "double");
        return $"{As(type, depth + 1)} {Pick("<", "<=", ">", ">=", "==", "!=")} {As(type, depth + 1)}";
    }

    /// <summary>The type in which C# computes with two numbers.</summary>
    private static string Promoted(string left, string right)
    {
        bool Either(string type) => left == type || right == type;
        bool isSigned = left is "int" or "short" or "sbyte" || right is "int" or "short" or "sbyte";
        return Either("double") ? "double" : Either("float") ? "float" : Either("ulong") ? "ulong" : Either("long") ? "long"
            : Either("uint") ? (isSigned ? "long" : "uint") : "int";
    }

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
