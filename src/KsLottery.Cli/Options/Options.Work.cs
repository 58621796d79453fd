using System.CommandLine;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Experiments;

namespace KsLottery.Cli;

/// <content>Where work is done, how it is measured and how it is told.</content>
internal static partial class Options
{
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object to stdout instead of tables.",
        Recursive = true,
    };

    public static readonly Option<bool> Quiet = new("--quiet", "-q")
    {
        Description = "No progress and no remarks on stderr; errors still appear.",
        Recursive = true,
    };

    /// <summary>Whether processes of a launcher work together.</summary>
    public static readonly Option<string> Ranks = AllCommands(OptionKind.Choice("--ranks", "auto",
        "Whether the processes that mpirun or srun started work together: auto where there are several, off, or mpi, which also takes an "
            + "MPI library that this version was not run with.", "auto", "off", "mpi"));

    public static readonly Option<string> Device = new("--device", "-d")
    {
        Description = "Where it is computed: auto, cpu, opencl:N, cuda:N, ilgpu:cuda:N or ilgpu:opencl:N; see the command devices.",
        HelpName = "DEVICE",
        DefaultValueFactory = _ => DeviceCatalog.Auto,
    };

    /// <summary>Threads of the processor; 0 for one each.</summary>
    public static readonly NumberOption<int> Threads = OptionKind.Whole("--threads", "N", 0, "-t");

    public static readonly Option<bool> Measure = OptionKind.Flag("--measure",
        "Measure every usable device at testing rows and at running models first; --device auto goes by it from then on.");

    public static readonly Option<bool> ListSystems = List("Name the systems, with how long each takes.");

    public static readonly Option<bool> Short = OptionKind.Flag("--short",
        "One seed and a small part of the work, in seconds: it shows that all goes, and gives no verdict.");

    public static readonly Option<DirectoryInfo?> KernelTexts = new("--kernels")
    {
        Description = "Writes the kernels' C texts for CUDA into this folder instead.",
        Hidden = true,
    };

    public static readonly Option<string[]> Merge = new("--merge")
    {
        Description = "Test no rows: join the files of all parts, and go on as without them.",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    public static readonly Option<string[]> Collect = new("--collect")
    {
        Description = "Compute nothing: gather the parts in these folders into --out, a new one, and show the whole.",
        HelpName = "DIR",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    private static Option<T> AllCommands<T>(Option<T> option)
    {
        option.Recursive = true;
        return option;
    }

    /// <summary>What there is, instead of any of it.</summary>
    private static Option<bool> List(string description) => OptionKind.Flag("--list", description);

    /// <summary>A part of the work.</summary>
    public static Option<ExperimentPart?> Part(string description) => Parsed<ExperimentPart?>("--part", "I/N", description,
        text => ExperimentPart.TryParse(text, out ExperimentPart part) ? part : throw new FormatException(
            $"it is '{text}'; it must be I/N, whole numbers with I from 1 to N and N from 1 to {int.MaxValue}, such as 2/8."));
}
