using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>How the commands read checkpoints.</summary>
internal static class Reading
{
    /// <summary>What the arguments say.</summary>
    public static CheckpointOptions Of(ParseResult arguments) => new()
    {
        UseMemoryMap = !arguments.GetValue(Options.NoMemoryMap),
        IgnoresChecksum = arguments.GetValue(Options.IgnoreChecksum),
    };

    /// <summary>Opens a checkpoint, and says what there is to know of how it was read.</summary>
    public static Checkpoint Open(string path, CheckpointOptions options, ConsoleUi ui)
    {
        Checkpoint checkpoint = Checkpoint.Open(path, options);
        Remark(ui, checkpoint.Notes);
        return checkpoint;
    }

    /// <summary>Says what there is to know of how a checkpoint and its configuration were read.</summary>
    public static void Remark(ConsoleUi ui, IEnumerable<string> notes)
    {
        foreach (string note in notes) ui.Remark($"note: {note}");
    }
}
