using System.Text;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>Trains a small model from the beginning to a Hugging Face folder.</summary>
/// <remarks>The folder is one of a run, as <see cref="TuningRun"/>'s.</remarks>
public sealed class PretrainingRun : IDisposable
{
    private readonly LlamaWeights _weights;
    private readonly IOperations _operations;
    private readonly RunOptions _options;
    private readonly TrainingSession _session;

    /// <summary>Prepares a run; nothing is written yet.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="data">What to train on, and what to evaluate on.</param>
    /// <param name="operations">The device.</param>
    /// <param name="options">How it goes; the seed decides the first weights as well.</param>
    /// <exception cref="InvalidDataException">The folder's run, which is to go on, has other settings; names the first.</exception>
    /// <exception cref="IOException">The folder holds another run or other files.</exception>
    /// <exception cref="ArgumentException">There is no text, a number is out of its range, a mask is not of the model's tensors, or a state
    /// of no step of the training.</exception>
    public PretrainingRun(LlamaConfig config, TextSequences data, IOperations operations, RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(options);
        (_operations, _options) = (operations, options);
        RunFolder folder = new(options.Out, options.Resume, options.KeepFinished);
        _weights = LlamaWeights.Random(config, operations, options.Plan.Seed);
        _weights.MakeTrainable(TrainingScope.Full);
        using MemoryStream shape = new();
        config.WriteTo(shape, ElementType.F32);
        _session = new(folder, _weights, operations, data.Training, data.HeldOut, options,
            [new("config", Encoding.UTF8.GetString(shape.ToArray()).ReplaceLineEndings(""))], (path, cancel) => Write(path, cancel));
    }

    /// <summary>The number of weights.</summary>
    public long ParameterCount => _session.ParameterCount;

    /// <summary>Steps of the whole training.</summary>
    public long StepCount => _session.StepCount;

    /// <summary>Lines of metrics of a run that is to go on but was cut off before its first saved state; it begins again, and they are
    /// written anew.</summary>
    public int LostSteps => _session.Folder.LostSteps;

    /// <summary>In what the training differs from that whose state it begins with, a sentence each.</summary>
    public IReadOnlyList<string> Notes => _session.Notes;

    /// <summary>Steps that see every sequence once.</summary>
    public int StepsPerEpoch => _session.Batches.StepsPerEpoch;

    /// <summary>About what the device will give out, in bytes.</summary>
    public long EstimatedBytes => _session.EstimatedBytes;

    /// <summary>Trains to the end, from the saved state where there is one, and writes the model.</summary>
    /// <param name="progress">Reports every step.</param>
    /// <param name="cancellationToken">Stops between parts of a step and between chunks of a file; the state is saved.</param>
    /// <inheritdoc cref="TuningRun.Run" path="/exception[not(contains(@cref,'Frozen'))]"/>
    public TrainingSummary Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _session.Run(() => Write(_options.Out, cancellationToken), frozen: null, progress, cancellationToken);

    /// <summary>Gives the device's memory back.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _weights.Dispose();
    }

    private TrainedFiles Write(string folder, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> tokenizer = _options.Tokenizer is { } path ? TokenizerFiles.Copy(path, folder) : [];
        return new([.. tokenizer, .. TrainedCheckpoint.WriteWhole(_weights, _operations, folder, cancellationToken).Names]);
    }
}
