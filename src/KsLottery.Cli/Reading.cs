using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>How the commands read checkpoints.</summary>
internal static class Reading
{
    /// <summary>Reads files piece by piece instead of mapping them.</summary>
    public static readonly Option<bool> NoMemoryMap = new("--no-mmap")
    {
        Description = "Read files piece by piece instead of mapping them into memory: slower, and safe on network folders.",
    };

    /// <summary>What the arguments say.</summary>
    public static CheckpointOptions Of(ParseResult arguments) => new() { UseMemoryMap = !arguments.GetValue(NoMemoryMap) };
}
