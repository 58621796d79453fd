using System.Globalization;
using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Words what is wrong with a JSON text, and where as editors count: lines and columns from 1, a column a byte of UTF-8.</summary>
internal static class JsonDefect
{
    private const string Trailer = "LineNumber: ", PathTrailer = "Path: ";

    /// <summary>Place and cause, without a full stop.</summary>
    /// <param name="fault">A <see cref="JsonException"/>, or what .NET throws where a string is taken that is not Unicode.</param>
    public static string Describe(Exception fault) =>
        fault is JsonException { LineNumber: not null } json ? $"{Place(json)}: {Cause(fault)}" : Cause(fault);

    /// <summary>The line and the column, such as <c>line 2, column 1</c>.</summary>
    public static string Place(JsonException fault) => $"line {Number(fault.LineNumber)}, {Column(fault)}";

    /// <summary>The column, for those who know the line.</summary>
    public static string Column(JsonException fault) => $"column {Number(fault.BytePositionInLine)}";

    /// <summary>The cause alone, without the place that .NET counts from zero, and without a full stop.</summary>
    public static string Cause(Exception fault)
    {
        if (fault is InvalidOperationException) return "a string that is not Unicode";
        string message = fault.Message;
        foreach (string trailer in (string[])[Trailer, PathTrailer])
            if (message.LastIndexOf(trailer, StringComparison.Ordinal) is > 0 and int end)
                message = message[..end];
        return message.TrimEnd('.', ' ');
    }

    private static string Number(long? fromZero) => ((fromZero ?? 0) + 1).ToString(CultureInfo.InvariantCulture);
}
