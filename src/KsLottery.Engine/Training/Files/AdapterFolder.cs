using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>The low-rank adapters of a training, kept beside the merged model as PEFT loads them.</summary>
internal static class AdapterFolder
{
    /// <summary>The folder's name in the result's.</summary>
    public const string Name = "adapter";

    /// <summary>Writes the adapters, before they are merged.</summary>
    /// <param name="weights">The weights that have them.</param>
    /// <param name="operations">Their device.</param>
    /// <param name="folder">The result's folder; what an earlier try left in the adapter's is removed.</param>
    /// <param name="baseModelName">What the adapter calls its base.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(LlamaWeights weights, IOperations operations, string folder, string baseModelName,
        CancellationToken cancellationToken)
    {
        string target = Path.Combine(folder, Name);
        if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
        Directory.CreateDirectory(target);
        DeviceValues values = new(operations);
        TensorSource Source(Weight factor) => values.Source(factor.Name, [factor.Rows, factor.Columns], factor.Value);
        PeftLoraWriter.Write(target, baseModelName, weights.Scope!.Rank, weights.Scope.Layers,
            [.. weights.All.Where(w => w.Adapter is not null)
                .Select(w => (TensorNames.Plain(w.Name), Source(w.Adapter!.Down), Source(w.Adapter.Up)))], cancellationToken);
    }
}
