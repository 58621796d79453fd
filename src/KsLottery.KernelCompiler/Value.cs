using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler;

/// <summary>An expression in C.</summary>
/// <param name="Text">The text.</param>
/// <param name="Type">Its type in C#.</param>
/// <param name="IsAtom">Whether it stands as an operand without parentheses.</param>
internal readonly record struct Value(string Text, ITypeSymbol Type, bool IsAtom = true)
{
    /// <summary>The text as an operand.</summary>
    public string Operand => IsAtom ? Text : $"({Text})";
}

/// <summary>A view in C: a pointer and a length.</summary>
/// <param name="Pointer">The pointer, as an operand.</param>
/// <param name="Length">The length, a long, as an operand.</param>
/// <param name="Space">Where it points to.</param>
/// <param name="Element">The type of its elements in C#.</param>
internal readonly record struct View(string Pointer, string Length, Space Space, ITypeSymbol Element);
