using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Experiments;

/// <summary>What all arms of an experiment begin from: the base, opened once, and where it is computed.</summary>
internal sealed class ExperimentBase : IDisposable
{
    /// <summary>Opens the base of a plan.</summary>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="KeyNotFoundException">The base has no input embedding.</exception>
    /// <exception cref="NotSupportedException">The base is no LLaMA-type model that is computed here.</exception>
    public ExperimentBase(ExperimentPlan plan, ComputeDevice device)
    {
        (Plan, Device) = (plan, device);
        Checkpoint = Checkpoint.Open(plan.Base);
        try
        {
            Embedding = Checkpoint.GetInputEmbedding();
            Config = LlamaConfig.Load(Checkpoint);
            Tokenizer = plan.Tokenizer is { } path ? Tokenizer.Open(path) : Tokenizer.OpenBeside(plan.Base, "Name one (\"tokenizer\").");
        }
        catch
        {
            Checkpoint.Dispose();
            throw;
        }
    }

    public ExperimentPlan Plan { get; }

    public ComputeDevice Device { get; }

    public Checkpoint Checkpoint { get; }

    public Tensor Embedding { get; }

    public LlamaConfig Config { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The embedding's fingerprint, which is taken before the first arm.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>The arm that tickets come from.</summary>
    public ExperimentArm EmbeddingArm => Plan.Arms.FirstOrDefault(a => a.Method == ArmMethod.Embedding) ?? new(ArmMethod.Embedding);

    /// <summary>The rank that gives adapters as many parameters as rows have, or as near as can be.</summary>
    public int RankFor(int rows) => RankFor(Config, (long)rows * Config.Width);

    /// <summary>The rank that gives adapters so many parameters, or as near as can be.</summary>
    public static int RankFor(LlamaConfig config, long parameters) =>
        (int)Math.Max(1, Math.Round((double)parameters / ParametersOfRank(config)));

    /// <summary>The parameters of adapters of rank 1: of a rank there are as many more.</summary>
    public static long ParametersOfRank(LlamaConfig config) =>
        config.LayerCount * ((2L * config.Width) + config.Attention.QueryWidth + config.Attention.KeyWidth);

    public void Dispose() => Checkpoint.Dispose();
}
