using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler;

/// <summary>A construct that kernels cannot use: what it is, and what to write instead.</summary>
internal sealed class KernelError : Exception
{
    public static readonly DiagnosticDescriptor Unsupported = new("KSK001", "Not part of the kernel language", "{0}", "Kernels",
        DiagnosticSeverity.Error, isEnabledByDefault: true);

    public KernelError(SyntaxNode node, string what, string instead) : this(node.GetLocation(), what, instead)
    {
    }

    public KernelError(Location location, string what, string instead) : base($"{what} is not part of the kernel language. {instead}.") => Location = location;

    public KernelError(Location location, string message) : base(message) => Location = location;

    public Location Location { get; }
}
