using System.Globalization;
using System.Text.RegularExpressions;
using KsLottery.Kernels;

namespace KsLottery.Cuda.Tests;

/// <summary>What can be told of a PTX text without NVIDIA's assembler.</summary>
internal sealed partial class PtxModule
{
    private readonly string[] _lines;

    public PtxModule(string text)
    {
        Text = text;
        _lines = [.. text.Split('\n').Select(line => line.Split("//")[0].Trim()).Where(line => line.Length > 0)];
        Entries = [.. EntryName().Matches(text).Select(m => m.Groups[1].Value)];
        Parameters = [.. ParameterType().Matches(text).Select(m => m.Groups[1].Value)];
        SharedBytes = SharedSize().Matches(text).Sum(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        Instructions = [.. _lines.Select(line => Opcode().Match(line)).Where(m => m.Success).Select(m => m.Groups[1].Value)];
    }

    public string Text { get; }

    /// <summary>The kernels.</summary>
    public string[] Entries { get; }

    /// <summary>The types of its parameters, in order.</summary>
    public string[] Parameters { get; }

    /// <summary>Shared memory that it declares.</summary>
    public int SharedBytes { get; }

    /// <summary>The instructions with their suffixes, as in <c>fma.rn.f32</c>.</summary>
    public string[] Instructions { get; }

    /// <summary>The C text that it was made from, by its hash.</summary>
    public string? SourceHash => HashLine().Match(Text) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The parameter types that a kernel's C function has.</summary>
    public static string[] Expected(KernelDefinition kernel) =>
        [.. kernel.Parameters.SelectMany(p => p.IsView ? ["u64", "u64", "u64"] : new[] { p.Type switch
        {
            KernelType.I32 or KernelType.U32 => "u32",
            KernelType.F32 => "f32",
            KernelType.F64 => "f64",
            _ => "u64",
        } })];

    /// <summary>What a driver would refuse, or what would not compute what the C# says.</summary>
    public IEnumerable<string> Defects()
    {
        if (!_lines.Contains(".version 6.0")) yield return "is not PTX 6.0";
        if (!_lines.Contains(".target sm_70")) yield return "is not for sm_70";
        if (!_lines.Contains(".address_size 64")) yield return "has no 64-bit addresses";
        if (Entries.Length != 1) yield return $"has {Entries.Length} entries";
        if (_lines.Any(l => l.StartsWith(".local", StringComparison.Ordinal)))
            yield return "keeps a lane's values in memory, not in registers";
        if (_lines.Any(l => l.StartsWith(".extern", StringComparison.Ordinal))) yield return "needs what it does not define";

        foreach (string instruction in Instructions.Distinct())
        {
            string[] parts = instruction.Split('.');
            bool isFloat = parts[^1] is "f32" or "f64";
            if (parts[0] == "call") yield return "calls a function that was not taken in";
            if (parts.Contains("approx") || parts.Contains("ftz") || parts.Contains("full")) yield return $"{instruction} is not exact";
            // Without a rounding the assembler may make one fused operation of two.
            if (isFloat && parts[0] is "add" or "sub" or "mul" or "fma" or "div" or "sqrt" or "rcp" && isFloat && !parts.Contains("rn"))
                yield return $"{instruction} names no rounding";
        }

        Dictionary<string, int> declared = RegisterCount().Matches(Text)
            .ToDictionary(m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
        foreach (Match register in Register()
            .Matches(string.Join('\n', _lines.Where(l => !l.StartsWith(".reg", StringComparison.Ordinal)))))
            if (!declared.TryGetValue(register.Groups[1].Value, out int count)
                || int.Parse(register.Groups[2].Value, CultureInfo.InvariantCulture) >= count)
                yield return $"{register.Value} is not declared";

        HashSet<string> labels = [.. _lines.Where(l => l.EndsWith(':')).Select(l => l[..^1])];
        foreach (Match branch in Branch().Matches(string.Join('\n', _lines)))
            if (!labels.Contains(branch.Groups[1].Value)) yield return $"{branch.Groups[1].Value} is no label";
    }

    [GeneratedRegex(@"\.entry\s+(\w+)\(")]
    private static partial Regex EntryName();

    [GeneratedRegex(@"^\s*\.param \.(\w+) \w+_param_\d+", RegexOptions.Multiline)]
    private static partial Regex ParameterType();

    [GeneratedRegex(@"^\s*\.shared \.align \d+ \.b8 \w+\[(\d+)\];", RegexOptions.Multiline)]
    private static partial Regex SharedSize();

    [GeneratedRegex(@"^(?:@!?%p\d+\s+)?([a-z]\w*(?:\.\w+)*)\b[^:]*;$")]
    private static partial Regex Opcode();

    [GeneratedRegex(@"^// SHA-256 of the C text: ([0-9a-f]{64})$", RegexOptions.Multiline)]
    private static partial Regex HashLine();

    [GeneratedRegex(@"\.reg \.\w+\s+%([a-z]+)<(\d+)>;")]
    private static partial Regex RegisterCount();

    [GeneratedRegex(@"%(p|r|rd|rs|f|fd|rc|h|hh)(\d+)\b")]
    private static partial Regex Register();

    [GeneratedRegex(@"\bbra(?:\.uni)?\s+(\S+);")]
    private static partial Regex Branch();
}
