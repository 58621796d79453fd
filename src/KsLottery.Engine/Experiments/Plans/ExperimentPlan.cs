using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>An experiment as it is declared: one base, tasks, arms and seeds, and one budget for all arms.</summary>
/// <remarks>
/// All arms of a task take the same number of steps over the same batches in the order that the seed decides; they differ in what learns
/// and in its learning rate. A seed also draws random rows and an adapter's first values. The base is one for all.
/// </remarks>
public sealed record ExperimentPlan
{
    /// <summary>The base: a Hugging Face folder, or a file with <c>config.json</c> beside it.</summary>
    public required string Base { get; init; }

    /// <summary>The tokenizer; null for the one beside the base.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The form of the prompt.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.Alpaca;

    /// <summary>What the base is tuned to, one at least.</summary>
    public required IReadOnlyList<ExperimentTask> Tasks { get; init; }

    /// <summary>The seeds, one at least; three or more show a spread.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [1, 2, 3];

    /// <summary>The level of the ticket that the controls are matched with.</summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>How long all arms are trained; its seed and learning rate are not looked at.</summary>
    public TrainingPlan Training { get; init; } = new();

    /// <summary>The learning rates.</summary>
    public LearningRates Rates { get; init; } = new();

    /// <summary>The most tokens of a pair with its prompt; null for what the model was made for, 1024 at most.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whether pairs that the model has no room for are left out instead of being an error.</summary>
    public bool SkipOverlong { get; init; }

    /// <summary>The most tokens that are written for a test pair.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>The width of the beam search; 1 is greedy.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>Tokens that end what is written, beside those that the model's files name.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Texts that end what is written where they occur in it.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>Sequences that are written at once.</summary>
    public int Slots { get; init; } = 32;

    /// <summary>The arms, in the order of the tables.</summary>
    public IReadOnlyList<ExperimentArm> Arms { get; init; } = ExperimentArm.Default;

    /// <summary>The plan with controls of each ticket's size.</summary>
    /// <remarks>
    /// A control that names no ticket is run for each that the arms of methods ticket and transfer take, and for that of the plan's alpha
    /// where one of them takes it or there are none. That one stays in its place, others come after the last arm that takes their ticket.
    /// </remarks>
    public ExperimentPlan WithControls()
    {
        ExperimentArm[] tickets = [.. Arms.Where(a => a.Method is ArmMethod.Ticket or ArmMethod.Transfer)];
        ExperimentArm[] open = [.. Arms.Where(a => a.IsControl && a.NamesNoTicket)];
        bool takesOwn = tickets.Length == 0 || tickets.Any(t => t.NamesNoTicket);
        List<ExperimentArm> arms = [];
        foreach ((int i, ExperimentArm arm) in Arms.Index())
        {
            if (takesOwn || !open.Contains(arm)) arms.Add(arm);
            if (!tickets.Contains(arm) || arm.NamesNoTicket || Arms.Skip(i + 1).Any(a => tickets.Contains(a) && a.HasRowsOf(arm))) continue;
            bool isTrained = tickets.Any(t => t.Method == ArmMethod.Ticket && t.HasRowsOf(arm));
            arms.AddRange(open.Where(c => c.Method != ArmMethod.RandomDelta || isTrained).Select(c => c.MatchedWith(arm))
                .Where(c => !Arms.Any(a => a.Method == c.Method && a.HasRowsOf(c) && a.LearningRate == c.LearningRate)));
        }
        return this with { Arms = arms };
    }

    /// <summary>The arms whose ticket a control has the size of; none for other arms, and where no arm takes such a ticket.</summary>
    public IEnumerable<ExperimentArm> ControlledBy(ExperimentArm control)
    {
        ArgumentNullException.ThrowIfNull(control);
        return Arms.Where(a => control.IsControl && a.Method is ArmMethod.Ticket or ArmMethod.Transfer && a.HasRowsOf(control));
    }
}

/// <summary>What a base is tuned to in an experiment: a language, say, with its pairs to learn from and to be scored on.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Train">The pairs to learn from, as <see cref="ParallelText.Read(string, ParallelTextOptions?)"/> takes them.</param>
/// <param name="Test">The pairs to be scored on.</param>
/// <param name="SourceLanguage">The English name of the source's language, for the prompt; null where the template needs none.</param>
/// <param name="TargetLanguage">The English name of the target's language.</param>
public sealed record ExperimentTask(string Name, string Train, string Test, string? SourceLanguage = null, string? TargetLanguage = null)
{
    /// <summary>The columns or keys of the pairs.</summary>
    public ParallelTextOptions Pairs { get; init; } = new();

    /// <summary>The name as a part of a folder's.</summary>
    public string Slug => ExperimentArm.SlugOf(Name);
}
