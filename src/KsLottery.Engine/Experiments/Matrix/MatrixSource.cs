using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Experiments;

/// <summary>A model of a report card; its weights are made ready when something is to be written.</summary>
internal sealed class MatrixSource : IDisposable
{
    private readonly MatrixPlan _plan;
    private readonly IOperations _operations;
    private readonly Checkpoint _checkpoint;
    private readonly LlamaConfig _config;
    private readonly Tokenizer _tokenizer;
    private readonly SampleEncoder _encoder;
    private readonly List<string> _notes = [];
    private LlamaWeights? _weights;
    private LlamaModel? _model;
    private string? _fingerprint;

    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="NotSupportedException">It is no LLaMA-type model that is computed here.</exception>
    public MatrixSource(MatrixModel model, MatrixPlan plan, ComputeDevice device)
    {
        (Model, _plan, _operations) = (model, plan, device.Operations);
        string path = model.Checkpoint ?? plan.Base
            ?? throw new ArgumentException($"{model.Name}: the model names no checkpoint, and the plan no base. Name one.", nameof(plan));
        _checkpoint = Checkpoint.Open(path);
        try
        {
            _config = LlamaConfig.Load(_checkpoint);
            _tokenizer = plan.Tokenizer is { } file ? Tokenizer.Open(file) : Tokenizer.OpenBeside(path, "Name one (\"tokenizer\").");
            _encoder = new(_tokenizer, _config.VocabularySize, _config.MaxLength,
                plan.SkipOverlong ? OverlongSamples.Skip : OverlongSamples.Fail);
            Pieces = PieceTokenizers.Of(_tokenizer);
            _notes.AddRange([.. _checkpoint.Notes, .. _config.Notes, .. _tokenizer.Remarks]);
        }
        catch
        {
            _checkpoint.Dispose();
            throw;
        }
    }

    public MatrixModel Model { get; }

    public string DeviceName => _operations.Name;

    /// <summary>Cuts text into the pieces of its tokenizer.</summary>
    public ITextTokenizer Pieces { get; }

    /// <summary>What a reader should know of it, a sentence each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The pairs of a test for which the model has room.</summary>
    /// <exception cref="InvalidDataException">A pair is too long, or all are.</exception>
    public SampleSet Encode(MatrixTestData test)
    {
        SampleSet samples = _encoder.Encode(test.Pairs, _plan.Template, test.Test.Languages.Source, test.Test.Languages.Target)
            .LeaveRoom(_plan.MaxNewTokens, _config.MaxLength, _plan.SkipOverlong);
        return samples.Samples.Count > 0 ? samples : throw new InvalidDataException(
            $"{test.Test.Data}: the model {Model.Name} has room for none of its pairs. Choose a shorter template, or ask for fewer new "
            + "tokens (\"max_new_tokens\").");
    }

    /// <summary>One line for all weights and patches.</summary>
    public string TakeFingerprint(CancellationToken cancel) => _fingerprint ??= Fingerprint.OfLines(
        [.. _checkpoint.Tensors.OrderBy(t => t.Name, StringComparer.Ordinal)
            .Select(t => $"{t.Name} {Fingerprint.OfTensor(t, FingerprintKind.Tree, cancel)}"),
            .. Model.Patches.Select(p => Fingerprint.OfFile(TicketPatch.PathOf(p), cancel))]);

    /// <summary>Writes for samples.</summary>
    public EvaluationResult Evaluate(IReadOnlyList<TrainingSample> samples, IProgress<EvaluationProgress>? progress,
        CancellationToken cancel)
    {
        _model ??= new(OpenWeights(cancel), _operations);
        return Evaluator.Run(_model, _operations, _tokenizer, samples, new()
        {
            Generation = StopTokens.Of(_config, _tokenizer, _plan.StopIds, _plan.StopTexts)
                .ApplyTo(new() { MaxNewTokens = _plan.MaxNewTokens, Beams = _plan.Beams }),
            Slots = Math.Max(_plan.Slots, _plan.Beams),
        }, progress, cancel);
    }

    public void Dispose()
    {
        _model?.Dispose();
        _weights?.Dispose();
        _checkpoint.Dispose();
    }

    private LlamaWeights OpenWeights(CancellationToken cancel)
    {
        _weights = LlamaWeights.Open(_checkpoint, _config, _operations);
        List<TicketPatch> patches = [];
        try
        {
            foreach (string path in Model.Patches) patches.Add(TicketPatch.Open(path));
            if (patches.SelectMany(p => p.Tensors).CountBy(t => t.Name).FirstOrDefault(t => t.Value > 1).Key is { } twice)
                throw new NotSupportedException($"{Model.Name}: two of its patches change {CheckpointFormatException.Quote(twice)}. Merge "
                    + "the patches into a checkpoint of their own, and name that.");
            // Rows of the embedding come last: nothing can be put in place behind them.
            foreach (TicketPatch patch in patches.OrderBy(p => p.Rows is not null && p.Tensors[0].Name == _weights.TokenEmbedding.Name))
                _notes.AddRange(PatchOverlay.Apply(patch, _checkpoint, _weights, cancel));
        }
        finally
        {
            foreach (TicketPatch patch in patches) patch.Dispose();
        }
        return _weights;
    }
}
