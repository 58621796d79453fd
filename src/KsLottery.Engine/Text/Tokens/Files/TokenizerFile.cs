using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Reads tokenizer files and words what is wrong with them.</summary>
internal static class TokenizerFile
{
    /// <summary>The largest file that is read; the largest vocabularies in use take 40 MB.</summary>
    private const long MaxLength = 256L << 20;

    private const int MaxQuotedLength = 40;

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">The file is larger than any tokenizer.</exception>
    public static byte[] Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length > MaxLength)
            throw Damaged(path, MaxLength, $"the file has {file.Length} bytes and a tokenizer at most {MaxLength}; give a tokenizer file");
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Words the error of a damaged file: file, byte, what is there, what is allowed, what to do.</summary>
    public static InvalidDataException Damaged(string path, long offset, string what, Exception? inner = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}: byte {offset}: {what}"), inner);

    /// <summary>Words the refusal of a file that is sound but needs what is not here: file, setting, what is supported.</summary>
    public static InvalidDataException Unsupported(string path, string setting, string value, string supported) =>
        new($"{path}: {setting} {Quote(Encoding.UTF8.GetBytes(value))} is not supported when encoding, only {supported}; " +
            "give a tokenizer of that form, such as the other file of the same model");

    /// <summary>Shows the start of hostile text within an error.</summary>
    public static string Quote(ReadOnlySpan<byte> utf8) =>
        utf8.Length <= MaxQuotedLength ? VisibleText.Escape(utf8) : VisibleText.Escape(utf8[..MaxQuotedLength]) + "…";
}
