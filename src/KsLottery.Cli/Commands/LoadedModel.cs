using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>A model that is open and can be run, with its tokenizer, and with a patch in place where one is asked for.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly List<IDisposable> _open = [];

    /// <summary>Opens it.</summary>
    /// <exception cref="PatchMismatchException">The model is not the base of the patch.</exception>
    public LoadedModel(ModelOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        try
        {
            Checkpoint checkpoint = Keep(Reading.Open(options.Path, options.Reading, ui));
            LlamaConfig config = LlamaConfig.Load(checkpoint);
            Reading.Remark(ui, config.Notes);
            Tokenizer = OpenTokenizer(options.Tokenizer, options.Path, ui);
            if (options.Adapter is not null)
            {
                AdaptedCheckpoint adapted = Keep(AdaptedCheckpoint.Open(checkpoint, options.Adapter, options.Reading));
                Adapter = adapted.TakeOrigin(cancel);
                checkpoint = adapted.Checkpoint;
                config = config with
                {
                    IsTied = config.IsTied && checkpoint.IsTied != false,
                    VocabularySize = (int?)checkpoint.Config?.VocabularySize ?? config.VocabularySize,
                };
            }
            IOperations operations = Keep(options.Device.Open(DeviceWork.Model)).Operations;
            LlamaWeights weights = Keep(LlamaWeights.Open(checkpoint, config, operations));
            if (options.Patch is not null)
            {
                using TicketPatch patch = TicketPatch.Open(options.Patch, options.Reading);
                using ProgressLine line = ui.StartProgress();
                line.Report(() => "comparing the model with the patch's base");
                foreach (string note in PatchOverlay.Apply(patch, checkpoint, weights, cancel)) ui.Remark($"note: {note}");
                Patched = PatchReport.Units(patch.Tensors.Select(t => (t.Mask, t.Payload)));
            }
            (Checkpoint, Operations) = (checkpoint, operations);
            Model = Keep(new LlamaModel(weights, operations));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>What the model was opened from, an adapter merged.</summary>
    public Checkpoint Checkpoint { get; }

    public IOperations Operations { get; }

    public LlamaModel Model { get; }

    /// <summary>What of a patch is in place of the model's own, in words; null without a patch.</summary>
    public string? Patched { get; }

    /// <summary>The adapter that is merged into the model; null without one.</summary>
    public TicketAdapter? Adapter { get; }

    /// <summary>Opens the tokenizer that is named, or the one beside a model, and passes on what it remarks.</summary>
    public static Tokenizer OpenTokenizer(string? path, string model, ConsoleUi ui)
    {
        Tokenizer tokenizer = path is null ? Tokenizer.OpenBeside(model, "Name one with --tokenizer.") : Tokenizer.Open(path);
        foreach (string remark in tokenizer.Remarks) ui.Remark($"note: {remark}");
        return tokenizer;
    }

    /// <summary>Says where a prompt begins with the token that its tokenizer puts before it.</summary>
    public static void RemarkOnDoubled(ReadOnlySpan<int> prompt, Tokenizer tokenizer, ConsoleUi ui)
    {
        if (tokenizer.Prefix is not [.., int begin] || prompt.Length <= tokenizer.Prefix.Count || prompt[tokenizer.Prefix.Count] != begin)
            return;
        ui.Remark($"note: the prompt begins with {tokenizer.Names.Visible(begin)} and the tokenizer puts one before every text: the "
            + "model reads it "
            + "twice, as with Hugging Face's library. Leave it out of the prompt to have one.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _open.Count - 1; i >= 0; i--) _open[i].Dispose();
        _open.Clear();
    }

    private T Keep<T>(T opened) where T : IDisposable
    {
        _open.Add(opened);
        return opened;
    }
}
