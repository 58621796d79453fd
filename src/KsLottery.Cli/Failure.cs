using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The one place that turns an exception into a message and an exit code.</summary>
internal static class Failure
{
    /// <summary>The environment variable that adds the stack trace to every error.</summary>
    private const string DebugVariable = "KSLOTTERY_DEBUG";

    private static readonly TimeSpan SecondToSpeak = TimeSpan.FromSeconds(1);

    /// <summary>Writes the message to stderr and returns the exit code.</summary>
    public static int Report(Exception exception, ConsoleUi ui)
    {
        (int code, string message) = Describe(exception);
        return Report(code, message, exception, ui);
    }

    /// <summary>Ends all ranks with the exit code of the one that failed: rank 0 says why, or that one where rank 0 does not.</summary>
    public static int Report(Exception exception, RankGroup ranks, ConsoleUi ui)
    {
        if (ranks.Size == 1) return Report(exception, ui);
        (int code, string message) = Describe(exception);
        RankFailure failure = ranks.Failure ?? new(ranks.Rank, code, message);
        if (failure.Rank == ranks.Rank || ranks.Rank != 0) ranks.Fail(failure);
        bool isOwn = failure.Rank == ranks.Rank;
        Report(failure.ExitCode, isOwn && ranks.Rank == 0 ? message : $"{ranks.NameOf(failure.Rank)}: {failure.Message}",
            isOwn ? exception : null, ui);
        ui.Dispose();
        ranks.Abort(failure.ExitCode);
        return failure.ExitCode;
    }

    /// <summary>Says why this process could not join the others, of which each finds that out by itself.</summary>
    public static int ReportUnjoined(Exception exception, ConsoleUi ui)
    {
        (int code, string message) = Describe(exception);
        if (Launcher.Find() is not { Rank: > 0 and var rank }) return Report(code, message, exception, ui);
        // What is wrong with the command itself, the first says for all; and mostly it has ended all before others say what they found.
        if (exception is CommandException) return LeaveToFirst(code);
        Thread.Sleep(SecondToSpeak);
        return Report(code, $"rank {rank} ({Environment.MachineName}): {message}", exception, ui);
    }

    /// <summary>Ends a process for which the first of those that a launcher started says what is wrong: not before that can have said it,
    /// as launchers end all where one fails.</summary>
    public static int LeaveToFirst(int code)
    {
        Thread.Sleep(SecondToSpeak);
        return code;
    }

    private static int Report(int code, string message, Exception? exception, ConsoleUi ui)
    {
        ui.WriteError(code, message);
        if (code == ExitCode.Internal && exception is not OutOfMemoryException)
            ui.Error($"This is a fault of kslottery itself. Run it again with {DebugVariable}=1 and report what it prints.");
        if (Environment.GetEnvironmentVariable(DebugVariable) == "1" && exception is not null) ui.ErrorText(exception.ToString());
        return code;
    }

    /// <summary>Writes what is wrong with the arguments to stderr and returns the exit code.</summary>
    public static int Report(IReadOnlyList<string> problems, string nextStep, ConsoleUi ui)
    {
        if (ui.IsJson) ui.WriteError(ExitCode.Usage, string.Join(' ', [.. problems, nextStep]));
        else
        {
            foreach (string problem in problems) ui.WriteError(ExitCode.Usage, problem);
            ui.ErrorText(nextStep);
        }
        return ExitCode.Usage;
    }

    private static (int Code, string Message) Describe(Exception exception) => exception switch
    {
        CommandException e => (e.ExitCode, e.Message),
        DeviceUnavailableException or DeviceFailureException => (ExitCode.DeviceUnavailable, exception.Message),
        PatchMismatchException or TicketMismatchException or FrozenWeightsChangedException or CertificateMismatchException
            or NotFiniteNumberException =>
            (ExitCode.VerificationFailed, exception.Message),
        OperationCanceledException => (ExitCode.Cancelled, "cancelled; nothing partial was left behind"),
        ArgumentException e => (ExitCode.BadInput, WithoutParameter(e)),
        FileNotFoundException or DirectoryNotFoundException when AbsentPath(exception.Message) is { } path =>
            (ExitCode.BadInput, $"{AsTyped(path)}: no such file or folder. Look at the spelling."),
        RanksDifferException => (ExitCode.BadInput, exception.Message),
        CheckpointFormatException or IOException or InvalidDataException or KeyNotFoundException or UnauthorizedAccessException
            or NotSupportedException => (ExitCode.BadInput, exception.Message),
        OutOfMemoryException => (ExitCode.Internal, "out of memory: the machine has too little for what was asked. Ask for less at a "
            + "time: a smaller --batch, fewer --beams or --threads, shorter texts."),
        _ => (ExitCode.Internal, $"{exception.GetType().Name}: {exception.Message}"),
    };

    /// <summary>The path in a message of .NET's own about one that is absent; null of other messages.</summary>
    private static string? AbsentPath(string message)
    {
        foreach (string start in (string[])["Could not find file '", "Could not find a part of the path '"])
            if (message.StartsWith(start, StringComparison.Ordinal) && message.EndsWith("'.", StringComparison.Ordinal))
                return message[start.Length..^2];
        return null;
    }

    /// <summary>A path as it stands on the command line, behind an equals sign or alone; as it is where it does not.</summary>
    private static string AsTyped(string path) => Environment.GetCommandLineArgs().Skip(1)
        .SelectMany(word => (string[])[word, word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..]])
        .FirstOrDefault(word => word.Length > 0 && Path.GetFullPath(word) == path) ?? path;

    /// <summary>The names of parameters say nothing to whoever typed a command.</summary>
    private static string WithoutParameter(ArgumentException exception)
    {
        int end = exception.ParamName is null
            ? -1
            : exception.Message.LastIndexOf($" (Parameter '{exception.ParamName}')", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end];
    }
}
