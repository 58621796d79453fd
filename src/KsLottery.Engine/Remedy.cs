namespace KsLottery.Engine;

/// <summary>What whoever reads a message can do, in the library's words: the members that help.</summary>
/// <remarks>
/// Messages of exceptions, notes and <c>NextStep</c>s hold these words. A program that offers the same by other names, as a command line
/// does, puts its own in their place with <see cref="Reword"/>.
/// </remarks>
public sealed class Remedy
{
    private const string Argument = "{0}";

    private static readonly List<Remedy> Known = [];

    private readonly string _words;

    private Remedy(string words)
    {
        _words = words;
        Known.Add(this);
    }

    /// <summary>All there are.</summary>
    public static IReadOnlyList<Remedy> All => Known;

    /// <summary>Computes on another device; takes its name.</summary>
    public static Remedy UseDevice { get; } = new("the device \"{0}\"");

    /// <summary>Lists the devices.</summary>
    public static Remedy ListDevices { get; } = new("List those that there are (DeviceCatalog.Probe)");

    /// <summary>Shows what a device has.</summary>
    public static Remedy ShowDevice { get; } = new("Look at DeviceInfo.Facts for its memory and limits");

    /// <summary>Measures the devices.</summary>
    public static Remedy MeasureDevices { get; } = new("DeviceMeasurements.Keep takes what DeviceSpeed.Measure finds");

    /// <summary>Replaces an earlier result.</summary>
    public static Remedy Replace { get; } = new("Allow it to be replaced (replace: true)");

    /// <summary>Goes on with a run.</summary>
    public static Remedy Resume { get; } = new("Go on with it (Resume = true)");

    /// <summary>Goes on with a run whose result is not there yet; takes its folder.</summary>
    public static Remedy ResumeRun { get; } = new("Go on with it: make the run in {0} again, with Resume = true");

    /// <summary>Goes on with parts of an experiment.</summary>
    public static Remedy ResumeParts { get; } = new("go on with those that have not ended");

    /// <summary>Runs an experiment by several processes.</summary>
    public static Remedy ShareRun { get; } = new("let several processes run the whole in one folder");

    /// <summary>Scans a part of the rows again.</summary>
    public static Remedy ScanPart { get; } = new("Scan the part again with RowScan.RunPart and write it");

    /// <summary>Says which part of an experiment is run.</summary>
    public static Remedy NamePart { get; } = new("Name the part (ExperimentRun.Part)");

    /// <summary>Takes an MPI library that was not run with.</summary>
    public static Remedy TakeUntriedMpi { get; } = new("MpiOptions.AllowsUntried takes it all the same");

    /// <summary>Lets each of several processes work by itself.</summary>
    public static Remedy WorkAlone { get; } = new("RankGroup.Alone lets each process work by itself");

    /// <summary>Names parts of an experiment.</summary>
    public static Remedy NameParts { get; } = new("Name folders that runs with an ExperimentRun.Part wrote");

    /// <summary>Names the language of the sources.</summary>
    public static Remedy NameSourceLanguage { get; } = new("Give the source's language (sourceLanguage)");

    /// <summary>Names the language of the targets.</summary>
    public static Remedy NameTargetLanguage { get; } = new("Give the target's language (targetLanguage)");

    /// <summary>Finds the ticket again.</summary>
    public static Remedy FindAgain { get; } = new("Find the ticket again and write it with TicketFolder");

    /// <summary>Finds the ticket of two checkpoints.</summary>
    public static Remedy FindTicket { get; } = new("find the ticket of these");

    /// <summary>Finds a ticket with rows of every kind.</summary>
    public static Remedy FindWithAll { get; } = new("Find the ticket without TicketFinderOptions.Exclude");

    /// <summary>Selects other rows.</summary>
    public static Remedy SelectOther { get; } = new("another TicketSelection");

    /// <summary>Writes what a ticket's patch holds.</summary>
    public static Remedy WriteTicket { get; } = new("write ticket and patch with TicketFolder");

    /// <summary>Names a ticket.</summary>
    public static Remedy NameTicket { get; } = new("Give the ticket, or the folder that TicketFolder wrote");

    /// <summary>Names a patch.</summary>
    public static Remedy NamePatch { get; } = new("Give the patch, or the folder that TicketFolder or a TuningRun wrote");

    /// <summary>Names a certificate; takes the name of the file.</summary>
    public static Remedy NameCertificate { get; } = new("Give the {0} that CertificateFolder wrote");

    /// <summary>Names the result of commands that a report shows.</summary>
    public static Remedy NameResult { get; } = new("Give the folder of a ticket, a training, a certificate or an experiment");

    /// <summary>Names a tensor.</summary>
    public static Remedy NameTensor { get; } = new("Take the one that is meant with Checkpoint.GetTensor");

    /// <summary>Pairs rows by the text of their tokens.</summary>
    public static Remedy PairByText { get; } = new("RowPairingMode.Text");

    /// <summary>Pairs rows by their ids.</summary>
    public static Remedy PairById { get; } = new("RowPairingMode.Id");

    /// <summary>Counts with another tokenizer.</summary>
    public static Remedy UseModelTokenizer { get; } = new("Count with the model's own");

    /// <summary>Certifies with another tokenizer.</summary>
    public static Remedy UseTunedTokenizer { get; } = new("give the tuned checkpoint's tokenizer");

    /// <summary>Uses a PEFT adapter.</summary>
    public static Remedy OpenAdapter { get; } = new("give its base, and the adapter to AdaptedCheckpoint.Open");

    /// <summary>Merges a PEFT adapter or makes a patch of it.</summary>
    public static Remedy MergeAdapter { get; } =
        new("which AdapterApplication.Apply merges; the ticket of an AdaptedCheckpoint makes a patch of its rows");

    /// <summary>Applies a patch; takes its path.</summary>
    public static Remedy ApplyPatch { get; } = new("Put {0} into its base with PatchApplication.Apply, and open what that writes");

    /// <summary>Converts a model of llama2.c; takes its path.</summary>
    public static Remedy ConvertModel { get; } = new("Convert {0} with Llama2cConversion.Convert");

    /// <summary>Makes a patch of composable-sft's form; takes its path.</summary>
    public static Remedy ConvertSparseFineTuning { get; } = new("Make a patch of {0} and its base with SparseFineTuning.ToPatch");

    /// <summary>Writes values that are not finite.</summary>
    public static Remedy AllowNonFinite { get; } = new("PatchOptions.AllowsNonFinite");

    /// <summary>Reads a patch whose checksum is wrong.</summary>
    public static Remedy IgnoreChecksum { get; } = new("set CheckpointOptions.IgnoresChecksum");

    /// <summary>Takes the tuned checkpoint's vocabulary.</summary>
    public static Remedy Resize { get; } = new("To resize it (ResizeAs) takes those");

    /// <summary>Keeps the base's vocabulary.</summary>
    public static Remedy KeepSize { get; } = new("without PatchOptions.ResizeAs");

    /// <summary>Trains the input embedding.</summary>
    public static Remedy TuneEmbedding { get; } = new("Tune with TrainingScope.Embedding");

    /// <summary>Trains every row of a ticket.</summary>
    public static Remedy TuneTicket { get; } = new("Train with all rows of this ticket");

    /// <summary>Looks for values that are not finite.</summary>
    public static Remedy ShowNorms { get; } = new("Check the base for values that are not finite");

    /// <summary>Allows a certificate's probabilities to differ.</summary>
    public static Remedy AllowDifference { get; } = new("allow a tolerance such as 1e-5");

    /// <summary>The words, for a remedy that takes an argument.</summary>
    public string For(string argument) => _words.Replace(Argument, argument, StringComparison.Ordinal);

    /// <summary>The words; for one that takes an argument, with <c>{0}</c> in its place.</summary>
    public override string ToString() => _words;

    /// <summary>Puts other words in the place of these wherever a text holds them.</summary>
    /// <param name="text">A message.</param>
    /// <param name="words">The other words, with <c>{0}</c> where the argument goes.</param>
    public string Reword(string text, string words)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(words);
        if (_words.Split(Argument) is not [var before, var after]) return text.Replace(_words, words, StringComparison.Ordinal);
        for (int start = 0; (start = text.IndexOf(before, start, StringComparison.Ordinal)) >= 0;)
        {
            int argument = start + before.Length, end = text.IndexOf(after, argument, StringComparison.Ordinal);
            if (end < 0) break;
            string own = words.Replace(Argument, text[argument..end], StringComparison.Ordinal);
            text = text[..start] + own + text[(end + after.Length)..];
            start += own.Length;
        }
        return text;
    }
}
