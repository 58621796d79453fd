using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery overlap</c>.</summary>
internal sealed record OverlapOptions(string[] Tickets, CheckpointOptions Reading)
{
    private static readonly Argument<string[]> TicketsArgument = new("TICKET")
    {
        Description = "The tickets, two or more: folders that find --out, tune or graft wrote, or their patches.",
        Arity = new ArgumentArity(2, 100_000),
    };

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(TicketsArgument);
        command.Add(Options.NoMemoryMap, Options.IgnoreChecksum);
    }

    /// <summary>Reads the arguments.</summary>
    public static OverlapOptions From(ParseResult arguments) =>
        new(arguments.GetRequiredValue(TicketsArgument), Cli.Reading.Of(arguments));
}
