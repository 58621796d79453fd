using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using KsLottery.Engine.Mpi;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The processes that a launcher started with this one: <c>--ranks</c>.</summary>
internal static class JoinedRanks
{
    private const string Off = "off", Mpi = "mpi";

    /// <summary>Joins them where there are several and the command can use them; loads nothing where there is one.</summary>
    /// <exception cref="CommandException">The command works in one process alone.</exception>
    /// <exception cref="Engine.Devices.DeviceUnavailableException">They cannot find each other.</exception>
    public static RankGroup Join(ParseResult arguments, RankUse use, CancellationToken cancel)
    {
        string choice = arguments.GetRequiredValue(Options.Ranks);
        int started = Launcher.Find()?.Size ?? 1;
        if (choice == Off || use == RankUse.EachAlone || (started == 1 && (choice != Mpi || use == RankUse.None)))
            return RankGroup.Alone;
        if (use == RankUse.None && started > 1) throw WorksAlone(arguments.CommandResult.Command.Name, started);
        return JoinMpi(choice == Mpi, cancel);
    }

    /// <summary>Refuses ranks for some of what a command does.</summary>
    public static void ThrowIfSeveral(RankGroup ranks, string what)
    {
        if (ranks.Size > 1) throw WorksAlone(what, ranks.Size);
    }

    /// <summary>Refuses ranks that run other versions or were given other arguments, but for devices and threads.</summary>
    /// <exception cref="RanksDifferException">They differ; names both.</exception>
    /// <exception cref="CommandException">Something is to be read from standard input, which the first alone has.</exception>
    public static void ThrowIfDifferent(RankGroup ranks, ParseResult arguments)
    {
        if (ranks.Size == 1) return;
        if (arguments.Tokens.Any(token => token.Value == TextFile.StandardInput))
            throw new CommandException(ExitCode.Usage, $"{TextFile.StandardInput} is standard input, which a launcher gives to rank 0 "
                + "alone. Name a file that all ranks can read.");
        RankAgreement.ThrowIfDifferent(ranks, ("the version of kslottery", LibraryVersion.Current), ("what was typed", Typed(arguments)));
    }

    /// <summary>What a user should know of how the processes were started, a sentence each.</summary>
    public static IEnumerable<string> Remarks(RankGroup ranks, ParseResult arguments)
    {
        if (ranks.Size == 1) yield break;
        yield return $"{Sizes.Count(ranks.Size, "rank")} by {ranks.Description}.";
        if (!DeviceOption.NamesThreads(arguments) && ProcessorBinding.IsBoundToOne())
            yield return "each rank may use one of this machine's processors alone. Let it have more: --bind-to none or --map-by slot:PE=N "
                + "of mpirun, --cpus-per-task=N of srun; or say --threads 1 where that is meant.";
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Performance", "CA1859", Justification = "A caller that knows the type loads its assembly, joined or not.")]
    private static RankGroup JoinMpi(bool allowsUntried, CancellationToken cancel) =>
        MpiGroup.Join(new() { AllowsUntried = allowsUntried }, cancel);

    private static CommandException WorksAlone(string what, int started) => new(ExitCode.DeviceUnavailable,
        $"{what} works in one process, and the launcher started {Sizes.Count(started)}: each would do all of it. "
        + "Start one, or say --ranks off where each is to work by itself.");

    /// <summary>The command and what it was given, but for what may differ: where it computes.</summary>
    private static string Typed(ParseResult arguments)
    {
        List<string> words = [arguments.CommandResult.Command.Name];
        foreach (SymbolResult child in arguments.CommandResult.Children)
        {
            OptionResult? named = child as OptionResult;
            if (named is { Implicit: true } || (named is not null && DeviceOption.Has(named.Option))) continue;
            if (named is not null) words.Add(named.Option.Name);
            words.AddRange(child.Tokens.Select(token => token.Value));
        }
        return ConsoleUi.OneLine(string.Join(' ', words));
    }
}
