using System.Collections;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace KsLottery.KernelCompiler;

/// <summary>An error of a kernel by its value, without the syntax that it was found in.</summary>
internal sealed record Problem(bool IsDeclaration, string Message, string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static Problem Of(KernelError error) => new(error.IsDeclaration, error.Message, error.Location.SourceTree?.FilePath ?? "",
        error.Location.SourceSpan, error.Location.GetLineSpan().Span);

    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(IsDeclaration ? KernelError.Declaration : KernelError.Construct, Location.Create(Path, Span, Lines), Message);
}

/// <summary>A list that is equal to another with equal elements.</summary>
internal sealed class ValueList<T>(IEnumerable<T> items) : IEquatable<ValueList<T>>, IEnumerable<T>
{
    private readonly T[] _items = [.. items];

    public bool Equals(ValueList<T>? other) => other is not null && _items.SequenceEqual(other._items);

    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    public override int GetHashCode() => _items.Aggregate(17, (hash, item) => (hash * 31) + (item?.GetHashCode() ?? 0));

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
