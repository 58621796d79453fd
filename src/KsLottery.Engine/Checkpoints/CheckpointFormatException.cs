using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A checkpoint cannot be used because of its content.</summary>
/// <remarks>The message names the file, the tensor and the byte where they are known, what is wrong, and the next step.</remarks>
public sealed class CheckpointFormatException : Exception
{
    private const int MaxNameLength = 120;

    /// <summary>Describes one defect.</summary>
    /// <param name="kind">The stable name of the defect.</param>
    /// <param name="path">The file or folder.</param>
    /// <param name="problem">What is wrong: the offending value and the allowed range, without a final full stop.</param>
    /// <param name="nextStep">What the reader can do, without a final full stop.</param>
    /// <param name="tensor">The tensor, where there is one.</param>
    /// <param name="byteOffset">The byte of the file, where it is known.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public CheckpointFormatException(CheckpointDefect kind, string path, string problem, string nextStep, string? tensor = null,
        long? byteOffset = null, Exception? innerException = null)
        : base(Compose(path, problem, nextStep, tensor, byteOffset), innerException) =>
        (Kind, Path, Tensor, ByteOffset) = (kind, path, tensor, byteOffset);

    /// <summary>The stable name of the defect.</summary>
    public CheckpointDefect Kind { get; }

    /// <summary>The file or folder that has the defect.</summary>
    public string Path { get; }

    /// <summary>The tensor that has the defect, or null where it is not about one tensor.</summary>
    public string? Tensor { get; }

    /// <summary>The byte of the file at which the defect shows, counted from 0, or null where it is not known.</summary>
    public long? ByteOffset { get; }

    /// <summary>Quotes a name from a file for a message: one line, no control or invisible characters, of bounded length.</summary>
    internal static string Quote(string name)
    {
        StringBuilder text = new("\"");
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MaxNameLength)))
        {
            bool isVisible =
                char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned);
            if (isVisible) text.Append(c);
            else text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        if (name.Length > MaxNameLength) text.Append(CultureInfo.InvariantCulture, $"… ({name.Length} characters)");
        return text.Append('"').ToString();
    }

    private static string Compose(string path, string problem, string nextStep, string? tensor, long? byteOffset)
    {
        StringBuilder message = new(path);
        if (tensor is not null) message.Append(", tensor ").Append(Quote(tensor));
        if (byteOffset is { } offset) message.Append(CultureInfo.InvariantCulture, $", byte {offset}");
        return message.Append(": ").Append(problem).Append(". ").Append(nextStep).Append('.').ToString();
    }
}
