using System.Diagnostics;
using KsLottery.Engine;

namespace KsLottery.Cli;

/// <summary>One line on stderr that says how far some work has come.</summary>
/// <remarks>On a terminal it is rewritten in place and erased at the end; elsewhere, in a log, it is a new line after 5 s and then every
/// 30 s.</remarks>
internal sealed class ProgressLine : IDisposable
{
    private const string EraseLine = "\r\e[2K";
    private static readonly TimeSpan PauseOnTerminal = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan FirstElsewhere = TimeSpan.FromSeconds(5), PauseElsewhere = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly TextWriter _writer;
    private readonly bool _isTerminal;
    private TimeSpan _pause;
    private bool _isOn;
    private bool _isShown;
    private long _last = Stopwatch.GetTimestamp();

    /// <param name="writer">Writes to stderr.</param>
    /// <param name="isOn">Whether anything is shown.</param>
    /// <param name="mayRewrite">Whether a terminal's line is rewritten.</param>
    public ProgressLine(TextWriter writer, bool isOn, bool mayRewrite)
    {
        (_writer, _isOn) = (writer, isOn);
        _isTerminal = mayRewrite && !Terminal.IsErrorRedirected && !Terminal.IsDumb;
        _pause = _isTerminal ? PauseOnTerminal : FirstElsewhere;
    }

    /// <summary>Shows a state of the work, if the last one was shown long enough; from any thread.</summary>
    /// <param name="describe">Makes the text, which is asked for only when it is shown.</param>
    public void Report(Func<string> describe)
    {
        lock (_gate)
        {
            if (!_isOn || Stopwatch.GetElapsedTime(_last) < _pause) return;
            _last = Stopwatch.GetTimestamp();
            if (_isTerminal) _writer.Write(EraseLine + describe());
            else
            {
                _writer.WriteLine(describe());
                _pause = PauseElsewhere;
            }
            _isShown = true;
        }
    }

    /// <summary>Shows the states of some work; <paramref name="describe"/> words one, and is asked only for those that are shown.</summary>
    public IProgress<T> Of<T>(Func<T, string> describe) => new ProgressRelay<T>(value => Report(() => describe(value)));

    /// <summary>Takes the line from a terminal, so that other text can stand there.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (_isShown && _isTerminal) _writer.Write(EraseLine);
            _isShown = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        _isOn = false;
    }
}
