namespace KsLottery.Cli;

/// <summary>A command cannot go on; its message is the whole explanation, and its exit code is chosen.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>One of <see cref="Cli.ExitCode"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Ends a command with an error of usage where something does not hold of its arguments.</summary>
    public static void Require(bool condition, string problem)
    {
        if (!condition) throw new CommandException(Cli.ExitCode.Usage, problem);
    }
}
