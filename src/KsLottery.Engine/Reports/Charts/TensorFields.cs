using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>A tensor's field in a drawing of a whole model.</summary>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Strength">0 to 1.</param>
/// <param name="Color">A class of <see cref="SvgChart"/>.</param>
/// <param name="Tip">What it says when a pointer rests on it.</param>
internal readonly record struct TensorField(string Tensor, double Strength, string Color, string Tip);

/// <summary>The tensors of a model as fields: kinds of tensors down, layers to the right.</summary>
internal static class TensorFields
{
    private const int MaxParts = 40;
    public const double Faint = 0.07;

    public static SvgChart Draw(string title, string description, IReadOnlyList<TensorField> fields)
    {
        (string Part, int? Layer, TensorField Field)[] placed = [.. fields.Select(f => (Part(f.Tensor, out int? layer), layer, f))];
        string[] parts = [.. placed.Select(p => p.Part).Distinct().Take(MaxParts)];
        int?[] layers = [.. placed.Select(p => p.Layer).Distinct().OrderBy(l => l ?? -1)];
        string[] columns = [.. layers.Select(l => l is { } layer ? layer.ToString(CultureInfo.InvariantCulture) : "")];
        SvgChart chart = new(title, description, Axis.Names("layer", columns), Axis.Names("", [.. parts.Reverse()]),
            height: Math.Clamp(20 * parts.Length, 40, 20 * MaxParts));
        foreach ((string part, int? layer, TensorField field) in placed)
        {
            int row = Array.IndexOf(parts, part), column = Array.IndexOf(layers, layer);
            if (row < 0) continue;
            row = parts.Length - 1 - row;
            chart.Cell((column, column + 1), (row, row + 1), Faint + ((1 - Faint) * field.Strength), field.Color, field.Tip);
        }
        return chart;
    }

    /// <summary>A tensor's name without its layer's number: <c>model.layers.3.mlp.up_proj.weight</c> is <c>mlp.up_proj</c> of layer
    /// 3.</summary>
    internal static string Part(string name, out int? layer)
    {
        layer = null;
        string[] parts = name.Split('.');
        int place = Array.FindIndex(parts, p => p.Length is > 0 and < 6 && p.All(char.IsAsciiDigit));
        if (place >= 0)
        {
            layer = PlainNumber.TryDigits(parts[place], out int number) ? number : null;
            parts = parts[(place + 1)..];
        }
        else if (parts is ["model", ..]) parts = parts[1..];
        if (parts is [.., "weight"] && parts.Length > 1) parts = parts[..^1];
        return string.Join('.', parts);
    }
}
