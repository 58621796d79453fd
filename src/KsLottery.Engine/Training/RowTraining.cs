using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary>How the rows of a ticket are trained.</summary>
public sealed record RowTrainingOptions
{
    /// <summary>Steps, batches and rates.</summary>
    public TrainingPlan Plan { get; init; } = new();

    /// <summary>The form of the prompt.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.Alpaca;

    /// <summary>The English name of the source's language; null where the template needs none.</summary>
    public string? SourceLanguage { get; init; }

    /// <summary>The English name of the target's language; null where the template needs none.</summary>
    public string? TargetLanguage { get; init; }

    /// <summary>The columns or keys of the pairs.</summary>
    public ParallelTextOptions Pairs { get; init; } = new();

    /// <summary>The device; auto takes the one that was measured fastest.</summary>
    public string Device { get; init; } = DeviceCatalog.Auto;

    /// <summary>Whether a run that was cut short goes on.</summary>
    public bool Resume { get; init; }
}

/// <summary>Trains the rows of a ticket from their values in the base, and nothing else: Partial Tuning.</summary>
/// <remarks>KS-Lottery (arXiv 2402.02801). <see cref="TuningRun"/> trains anything else, on samples of any origin.</remarks>
public static class RowTraining
{
    /// <summary>Trains to the end, and writes <c>patch.safetensors</c>.</summary>
    /// <param name="basePath">The base: a model's folder with its tokenizer.</param>
    /// <param name="ticketPath">The <c>ticket.json</c>, or its folder.</param>
    /// <param name="pairsPath">The pairs, as <see cref="ParallelText.Read(string, ParallelTextOptions?)"/> takes them.</param>
    /// <param name="outDirectory">The run's folder: absent or empty, unless a run in it goes on.</param>
    /// <param name="options">How it goes.</param>
    /// <param name="progress">Reports every step.</param>
    /// <param name="cancellationToken">Stops between parts of a step; the state is saved.</param>
    /// <exception cref="InvalidDataException">A pair or the ticket is damaged, a pair is too long, or the run in the folder has other
    /// settings; names the place.</exception>
    /// <exception cref="TicketMismatchException">The ticket is of another tensor.</exception>
    /// <exception cref="ArgumentException">The ticket is empty, or the template needs a language.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not to be had.</exception>
    /// <exception cref="NotSupportedException">The base is no LLaMA-type model that is computed here.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; with <see cref="RowTrainingOptions.Resume"/> it goes on to the same
    /// bytes.</exception>
    /// <example><code>
    /// TrainingSummary trained = RowTraining.Run("base", "ticket", "pairs.tsv", "partial", new()
    /// {
    ///     Plan = new() { Epochs = 3, BatchSize = 16, LearningRate = 1e-2 },
    ///     Template = PromptTemplate.Plain, SourceLanguage = "English", TargetLanguage = "Danish",
    /// });
    /// Console.WriteLine(trained);
    /// </code></example>
    public static TrainingSummary Run(string basePath, string ticketPath, string pairsPath, string outDirectory,
        RowTrainingOptions? options = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        using Checkpoint baseModel = Checkpoint.Open(basePath);
        LlamaConfig config = LlamaConfig.Load(baseModel);
        Tokenizer tokenizer = Tokenizer.Open(basePath);
        Tensor embedding = baseModel.GetInputEmbedding();
        TicketList rows = TicketList.Read(ticketPath, embedding, cancellationToken);
        SampleSet samples = new SampleEncoder(tokenizer, config.VocabularySize, Math.Min(SampleEncoder.AuthorsLength, config.MaxLength))
            .Encode(ParallelText.Read(pairsPath, options.Pairs), options.Template, options.SourceLanguage, options.TargetLanguage);
        using ComputeDevice device = ComputeDevice.Open(options.Device, DeviceWork.Model);
        using TuningRun run = new(baseModel, TrainingScope.Mask(rows.ToMask(embedding)), samples.Sequences, [], device.Operations, new()
        {
            Plan = options.Plan,
            Out = outDirectory,
            Resume = options.Resume,
            Ticket = ticketPath,
            Signature = rows.Signature,
        }, cancellationToken);
        return run.Run(progress, cancellationToken);
    }

    /// <summary>The same on a thread of its own.</summary>
    /// <inheritdoc cref="Run" path="/param"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static Task<TrainingSummary> RunAsync(string basePath, string ticketPath, string pairsPath, string outDirectory,
        RowTrainingOptions? options = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Factory.StartNew(() => Run(basePath, ticketPath, pairsPath, outDirectory, options, progress, cancellationToken),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
