using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>A low-rank addition to a frozen matrix, LoRA (Hu et al. 2021, arXiv 2106.09685): output += up · (down · input), scaled by
/// 1.</summary>
internal sealed class LowRankAdapter : IDisposable
{
    internal LowRankAdapter(Weight weight, int rank, IOperations operations, SplitMix64 random)
    {
        Down = Make($"{weight.Name}.lora_A", rank, weight.Columns);
        Up = Make($"{weight.Name}.lora_B", weight.Rows, rank);
        // Uniform below 1/√inputs in size, as PyTorch fills a linear layer; up stays zero, so that the model begins as it was.
        double bound = 1 / Math.Sqrt(weight.Columns);
        float[] values = new float[(long)rank * weight.Columns];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(bound * ((2 * random.NextDouble()) - 1));
        operations.Upload(Down.Value, values);

        Weight Make(string name, int rows, int columns) =>
            new(name, rows, columns, operations.Allocate((long)rows * columns), operations.Allocate((long)rows * columns));
    }

    /// <summary>(rank, inputs).</summary>
    public Weight Down { get; }

    /// <summary>(outputs, rank).</summary>
    public Weight Up { get; }

    /// <summary>Gives both back.</summary>
    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
    }
}
