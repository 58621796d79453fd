using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Tickets;

/// <summary>How a ticket is found: which units may be in it, how they are scored, which of them win, and what it then does.</summary>
/// <remarks>The defaults are KS-Lottery's (arXiv 2402.02801): rows of the input embedding whose own p-value is below 0.05.</remarks>
public sealed record TicketRecipe
{
    /// <summary>Which units may be in the ticket.</summary>
    public TicketScope Scope { get; init; } = TicketScope.EmbeddingRows;

    /// <summary>How units are scored.</summary>
    public TicketScore Score { get; init; } = TicketScore.Ks;

    /// <summary>Which of them win.</summary>
    public TicketSelection Selection { get; init; } = new BelowAlpha();

    /// <summary>Units that may not be in the ticket, as in LoTTO's tickets of one task after another (arXiv 2406.16797); null for
    /// none.</summary>
    /// <remarks>A tensor that it does not name is free. Its units may be of another shape: what holds one of its elements is left
    /// out.</remarks>
    public TicketMask? Without { get; init; }

    /// <summary>What the ticket does to a base.</summary>
    public TicketPayload Payload { get; init; }

    /// <summary>How the mask was learned that the other parts only begin; null where they select the ticket.
    /// <see cref="TicketFinder"/> selects and learns nothing.</summary>
    public GraftRecipe? Graft { get; init; }

    /// <summary>Whether these are rows by their Kolmogorov-Smirnov test, which a <see cref="Ticket"/> describes one by one.</summary>
    internal bool IsKsOfRows => Score == TicketScore.Ks && Scope.Unit == TicketUnit.Rows && Without is null
        && Payload == TicketPayload.Replace;

    /// <summary>The recipe in a line, the first part of a ticket's signature.</summary>
    public override string ToString()
    {
        StringBuilder line = new(Score.Name);
        void Add(string key, string value) => line.Append('|').Append(key).Append(':').Append(value);

        Add("unit", Scope.Unit.ToString());
        Add("tensors", Scope.Tensors?.Text ?? "embedding");
        foreach ((string name, string value) in Selection.Terms) Add(name, value);
        if (Score is RandomScore drawn) Add("seed", drawn.RandomSeed.ToString(CultureInfo.InvariantCulture));
        if (Score is CalibratedScore calibrated) Add("data", calibrated.Data);
        if (Score is FlowScore flow) Add("rounds", flow.Rounds.ToString(CultureInfo.InvariantCulture));
        if (Without is { } without) Add("without", without.TakeFingerprint());
        if (Payload != TicketPayload.Replace) Add("payload", Payload.ToName());
        if (Graft is { } graft) Add("graft", graft.ToString());
        return line.ToString();
    }
}

/// <summary>How a graft's mask is learned from its base patch (Panigrahi et al., ICML 2023); the data stand in the run's own
/// file.</summary>
/// <param name="Candidates">The part of all units that have a mask which learns.</param>
/// <param name="LearningRate">The rate.</param>
/// <param name="Bias">b of σ(S − b).</param>
/// <param name="BatchSize">Samples of a step.</param>
/// <param name="Seed">Decides where S begins, and the order of the samples.</param>
public sealed record GraftRecipe(UnitShare Candidates, double LearningRate, double Bias, int BatchSize, ulong Seed)
{
    /// <summary>The numbers, with commas between them.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"candidates={Candidates},rate={LearningRate},bias={Bias},batch={BatchSize},seed={Seed}");
}
