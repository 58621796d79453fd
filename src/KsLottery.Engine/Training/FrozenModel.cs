using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Training;

/// <summary>A checkpoint as a model of which nothing learns, beside the one that does.</summary>
internal sealed class FrozenModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly LlamaWeights _weights;

    /// <param name="checkpoint">The checkpoint, which must outlive the model.</param>
    /// <param name="operations">The device.</param>
    /// <exception cref="CheckpointFormatException">The checkpoint is not what its configuration says.</exception>
    /// <exception cref="NotSupportedException">It is no LLaMA-type model that is computed here.</exception>
    public FrozenModel(Checkpoint checkpoint, IOperations operations)
    {
        _checkpoint = checkpoint;
        _weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        Model = new(_weights, operations);
    }

    /// <summary>The model.</summary>
    public LlamaModel Model { get; }

    /// <summary>Demands that it names its tokens as another model does, where tokenizers lie beside both.</summary>
    /// <exception cref="ArgumentException">A token is another; names the first.</exception>
    public void ThrowIfOtherTokens(TokenTable? tokens)
    {
        if (tokens is null || TokenTable.FindBeside(_checkpoint.Path) is not { } own) return;
        for (int id = 0; id < Math.Min(own.Count, tokens.Count); id++)
            if (own.Visible(id) != tokens.Visible(id))
                throw new ArgumentException($"{_checkpoint.Path}: the teacher's token {id} is {own.Visible(id)}, the model's "
                    + $"{tokens.Visible(id)}, and what one predicts says nothing to the other. Take a teacher with the same tokens.");
    }

    /// <summary>One fingerprint of all that the model reads.</summary>
    public string TakeFingerprint(CancellationToken cancellationToken) => Fingerprint.OfLines(
        [Fingerprint.OfFile(TrainedCheckpoint.ConfigPath(_checkpoint), cancellationToken), .. _weights.All.Select(w =>
            $"{w.Name} {Fingerprint.OfTensor(_checkpoint.GetTensor(w.Name), FingerprintKind.Tree, cancellationToken)}")]);

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        Model.Dispose();
        _weights.Dispose();
    }
}
