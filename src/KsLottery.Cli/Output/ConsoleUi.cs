using System.Text;
using System.Text.Json;

namespace KsLottery.Cli;

/// <summary>The terminal: results go to stdout, all else to stderr.</summary>
/// <remarks>Colour only where the stream is a terminal and <c>NO_COLOR</c> is not set; output is UTF-8 everywhere.</remarks>
internal sealed class ConsoleUi : IDisposable
{
    private const string Program = "kslottery: ";
    private const string Bold = "\e[1m";
    private const string Red = "\e[31m";
    private const string Plain = "\e[0m";
    private const int WidthElsewhere = 100, MinWidth = 80;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Stream _stdout = Console.OpenStandardOutput();
    private readonly StreamWriter _out;
    private readonly StreamWriter _error;
    private readonly bool _useColor, _errorHasColor;
    private ProgressLine? _progress;

    public ConsoleUi(bool json, bool quiet)
    {
        (IsJson, IsQuiet) = (json, quiet);
        _out = new(_stdout, Utf8) { AutoFlush = false };
        _error = new(Console.OpenStandardError(), Utf8) { AutoFlush = true };
        bool mayColor = !Terminal.IsDumb && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        (_useColor, _errorHasColor) = (mayColor && !Terminal.IsOutputRedirected, mayColor && !Terminal.IsErrorRedirected);
        if (OperatingSystem.IsWindows()) Console.OutputEncoding = Utf8;
    }

    /// <summary>Whether stdout takes one JSON object and nothing else.</summary>
    public bool IsJson { get; }

    /// <summary>Whether stderr takes errors only.</summary>
    public bool IsQuiet { get; }

    /// <summary>Whether errors alone are written: of several ranks the first speaks for all.</summary>
    public bool IsMute { get; set; }

    /// <summary>Writes a line of the result; nothing with <c>--json</c>.</summary>
    public void WriteLine(string line = "")
    {
        if (!IsJson && !IsMute) _out.WriteLine(line);
    }

    /// <summary>Writes a line of the result in red: what speaks against it.</summary>
    public void WriteAlarm(string line) => WriteLine(_useColor ? Red + line + Plain : line);

    /// <summary>Writes text of any origin as it is, a line end behind it; nothing with <c>--json</c>.</summary>
    /// <remarks>On a terminal its control characters are shown, not obeyed.</remarks>
    public void WriteText(string text) => WriteLine(Terminal.IsOutputRedirected ? text
        : string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? OneLine(c.ToString()) : c.ToString())));

    /// <summary>Writes a table of the result; nothing with <c>--json</c>.</summary>
    /// <remarks>It fits the terminal, or 100 columns elsewhere; there no cell is cut, for other programs read it.</remarks>
    public void Write(TextTable table)
    {
        bool isTitle = true;
        (IEnumerable<string> lines, string[] dropped) = table.Within(Width, mayCut: !Terminal.IsOutputRedirected);
        foreach (string line in lines)
        {
            WriteLine(isTitle && _useColor ? Bold + line + Plain : line);
            isTitle = false;
        }
        if (dropped.Length > 0) WriteLine($"(no space for: {string.Join(", ", dropped)}; --json has them)");
    }

    /// <summary>The columns that a table may have.</summary>
    private static int Width => Terminal.IsOutputRedirected || Console.WindowWidth <= 0 ? WidthElsewhere
        : Math.Max(MinWidth, Console.WindowWidth);

    /// <summary>Writes the one JSON object of the result, on a line of its own; nothing without <c>--json</c>.</summary>
    /// <param name="write">Writes the properties of the object.</param>
    /// <remarks>See <see cref="JsonValues"/> for numbers that JSON has no word for.</remarks>
    public void WriteJson(Action<Utf8JsonWriter> write)
    {
        if (!IsJson || IsMute) return;
        _out.Flush();
        // The default encoder writes ASCII alone: no name from a file can reach a terminal as a control or reordering character.
        using (Utf8JsonWriter json = new(_stdout))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        _out.WriteLine();
    }

    /// <summary>Brings what was written so far to stdout, before long work.</summary>
    public void Flush() => _out.Flush();

    /// <summary>Says something that is not the result, on stderr; nothing with <c>--quiet</c>.</summary>
    public void Remark(string text)
    {
        if (!IsQuiet && !IsMute) Error(text);
    }

    /// <summary>Says what went wrong, on stderr, and what to do in this tool's words.</summary>
    public void Error(string text) => ErrorText(Program + OneLine(RemedyWords.Reword(text)));

    /// <summary>Says on stderr why the command failed; with <c>--json</c> as an object, of which the rest of stderr is no part.</summary>
    public void WriteError(int exitCode, string message)
    {
        if (!IsJson)
        {
            ErrorText($"{Program}{(_errorHasColor ? $"{Red}error:{Plain}" : "error:")} {OneLine(RemedyWords.Reword(message))}");
            return;
        }
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteNumber("exit_code", exitCode);
            json.WriteString("message", RemedyWords.Reword(message));
            json.WriteEndObject();
            json.WriteEndObject();
        }
        ErrorText(Encoding.UTF8.GetString(bytes.ToArray()));
    }

    /// <summary>Writes text to stderr as it is.</summary>
    public void ErrorText(string text)
    {
        _progress?.Clear();
        _out.Flush();
        _error.WriteLine(text);
    }

    /// <summary>Starts to show how far some work has come, on stderr, until disposed.</summary>
    /// <remarks>
    /// With <c>--json</c> nothing is rewritten in place, and where stdout is a terminal too there is no progress: a pseudo-terminal takes
    /// both streams, and the object would not stand alone.
    /// </remarks>
    public ProgressLine StartProgress() =>
        _progress = new(_error, isOn: !IsQuiet && !IsMute && !(IsJson && !Terminal.IsOutputRedirected), mayRewrite: !IsJson);

    /// <inheritdoc/>
    public void Dispose()
    {
        _progress?.Dispose();
        _out.Dispose();
        _error.Dispose();
    }

    /// <summary>A message may quote a path, and a path may hold a line feed or an escape sequence.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        StringBuilder line = new();
        foreach (char c in text)
        {
            if (c == '\n') line.Append(@"\n");
            else if (char.IsControl(c)) line.Append(System.Globalization.CultureInfo.InvariantCulture, $@"\x{(int)c:x2}");
            else line.Append(c);
        }
        return line.ToString();
    }
}
