using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler;

/// <summary>A construct that kernels cannot use: what it is, and what to write instead.</summary>
internal sealed class KernelError : Exception
{
    /// <summary>Something in a function's text.</summary>
    public static readonly DiagnosticDescriptor Construct = new("KSK001", "Not part of the kernel language", "{0}", "Kernels",
        DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <summary>Something in a kernel's head: its attributes, name, parameters, result.</summary>
    public static readonly DiagnosticDescriptor Declaration = new("KSK002", "Not possible as a kernel", "{0}", "Kernels",
        DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <summary>A construct.</summary>
    /// <param name="node">Where it stands.</param>
    /// <param name="what">What it is, in words that begin a sentence about it.</param>
    /// <param name="instead">What to write, a sentence without its full stop.</param>
    public KernelError(SyntaxNode node, string what, string instead)
        : base($"{Capital(what)} is not part of the kernel language. {instead}.") =>
        (Location, IsDeclaration) = (node.GetLocation(), false);

    /// <summary>A kernel's head.</summary>
    /// <param name="location">Where it stands.</param>
    /// <param name="message">What is wrong and what to write, in sentences.</param>
    public KernelError(Location location, string message) : base(message) => (Location, IsDeclaration) = (location, true);

    public Location Location { get; }

    public bool IsDeclaration { get; }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text.Substring(1);
}
