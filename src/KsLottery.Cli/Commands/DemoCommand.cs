using System.CommandLine;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery demo</c>.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        Command command = new("demo", "Shows find, patch, apply, verify, revert and export on a small pair that it makes itself.");
        command.SetBody((arguments, ui, cancel) => throw new NotSupportedException("not there yet"));
        return command;
    }
}
