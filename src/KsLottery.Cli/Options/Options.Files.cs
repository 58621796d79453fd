using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>Every option of the command line, once: its name, the kind and range of its value, its default and its description.</summary>
/// <remarks>
/// What is the same for every command is one object that all share. An option that means something else to each takes its description, and
/// where commands differ its default, from the command.
/// </remarks>
internal static partial class Options
{
    public static readonly Option<bool> NoMemoryMap = OptionKind.Flag("--no-mmap",
        "Read files piece by piece instead of mapping them into memory: slower, and safe on network folders.");

    /// <summary>What a command writes, where it need not.</summary>
    public static Option<string?> Out(string description) => OptionKind.Text("--out", "DIR", description, "-o");

    /// <summary>What a command writes.</summary>
    public static Option<string> RequiredOut(string description) => OptionKind.Required(Out(description));

    /// <summary>A folder that a command makes.</summary>
    public static readonly Option<string> NewFolder = RequiredOut("The folder to write: one that does not exist yet, or an empty one.");

    public static Option<bool> Force(string description) => OptionKind.Flag("--force", description);

    public static Option<bool> Resume(string description) => OptionKind.Flag("--resume", description);

    public static readonly Option<string?> Html = OptionKind.Text("--html", "FILE",
        "Also write a page about the result, one file that needs no other; kslottery report gives each chart as a file too.");

    public static Option<string?> Tokenizer(string description, string helpName = "PATH") =>
        OptionKind.Text("--tokenizer", helpName, description);

    public static readonly Option<string?> ModelTokenizer = Tokenizer("The model's tokenizer; without it the one beside MODEL.");

    private const string TicketName = "--ticket";

    public static Option<string?> Ticket(string description) => OptionKind.Text(TicketName, "PATH", description);

    public static Option<string[]> Tickets(string description) => OptionKind.Texts(TicketName, "PATH", description);

    public static Option<string?> Tensor(string description) => OptionKind.Text("--tensor", "NAME", description);

    public static readonly Option<string?> Patch = OptionKind.Text("--patch", "PATH",
        "Run the model with the rows of this patch, a file or its folder, in place of its own, as apply would write it; "
        + "refuses a base that drifted.");

    public static readonly Option<string?> Adapter = OptionKind.Text("--adapter", "DIR",
        "Run the model with this PEFT adapter (LORA, TRAINABLE_TOKENS) merged into it in memory.");

    public static readonly Option<bool> AllowNonFinite = OptionKind.Flag("--allow-non-finite",
        "Write rows that hold a NaN or an infinity as well; such a patch is refused otherwise.");

    public static readonly Option<bool> IgnoreChecksum = OptionKind.Flag("--ignore-checksum",
        "Read a patch whose checksum is wrong as well; it was changed or damaged, and is refused otherwise.");

    public static readonly Option<string?> Resize = OptionKind.Text("--resize", "TUNED",
        "Give the result the vocabulary of the tuned checkpoint that the patch was taken from: embedding, head, vocab_size and tokenizer.");

    /// <summary>The words of <c>--to</c>.</summary>
    public const string Peft = "peft", Sft = "sft";

    public static readonly Option<string> ExportTo = OptionKind.Required(OptionKind.OptionalChoice("--to",
        "peft: a TRAINABLE_TOKENS adapter, as PeftModel.from_pretrained loads it, of whole rows. sft: composable-sft's pytorch_diff.bin, "
        + "of any units.", Peft, Sft));

    public static readonly Option<string?> ConvertBase = OptionKind.Text("--base", "BASE",
        "The base of a sparse fine-tuning of composable-sft, from which a patch is made.");

    public static readonly Option<string?> BaseModel = OptionKind.Text("--base-model", "NAME",
        "Where PEFT loads the base from: a name on the hub or a path.");

    public static Option<bool> Tied(string description) => OptionKind.Flag("--tied", description);

    public static Option<bool> Untied(string description) => OptionKind.Flag("--untied", description);

    private const string DtypeName = "--dtype";

    /// <summary>The type of what is written.</summary>
    public static Option<string> Dtype(string description, params string[] values) =>
        OptionKind.Choice(DtypeName, values[0], description, values);

    /// <summary>The type that one of the values of <c>--dtype</c> names.</summary>
    public static ElementType TypeOf(string value) => ElementTypes.TryParse(value.ToUpperInvariant(), out ElementType type)
        ? type
        : throw new UnreachableException($"{value} is no element type, and no value of {DtypeName}");

    public static readonly Option<bool> Norms = OptionKind.Flag("--norms",
        "Read every F64, F32, F16, BF16, F8, I8 and U8 matrix for the norms of its rows; without it only the input embedding.");

    public static readonly Option<string?> Against = OptionKind.Text("--against", "OTHER",
        "Also compare every tensor with that of this checkpoint: the L2 distance and the angle between both, each by itself and all "
        + "together.");

    public static readonly Option<bool> Fingerprints = OptionKind.Flag("--fingerprints", "Read every tensor for its SHA-256 fingerprint.");

    public static readonly Option<bool> Unfolded = OptionKind.Flag("--unfolded",
        "List every tensor; without it those that layers have alike stand in one line with their bytes together, as layers.{0-21}.");

    public static readonly Option<int?> Row = OptionKind.Whole("--row", "ID", 0).Optional(
        "The row whose values before and after are drawn, one of the ticket's; without it the best.");

    public static readonly Option<bool> TensorBoard = OptionKind.Flag("--tensorboard",
        "Also write the steps of every training as an event file that TensorBoard reads, below tensorboard/.");
}
