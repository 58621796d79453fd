using System.CommandLine;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery find</c>.</summary>
internal static class FindCommand
{
    public static Command Create()
    {
        Command command = new("find", "Tests every row of two checkpoints and names the winning ticket.");
        command.SetBody((arguments, ui, cancel) => throw new NotSupportedException("not there yet"));
        return command;
    }
}
