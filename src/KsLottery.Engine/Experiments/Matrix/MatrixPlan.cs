using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>A report card as it is declared: models with the pairs that each was trained on, and what all are tested on.</summary>
/// <remarks>After the evaluation of TOWER by Richburg and Carpuat (COLM 2024), with chrF in place of COMET.</remarks>
public sealed record MatrixPlan
{
    /// <summary>The checkpoint of models that name none; null where all do.</summary>
    public string? Base { get; init; }

    /// <summary>The tokenizer of all models; null for the one beside each checkpoint.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The form of the prompt.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.Alpaca;

    /// <summary>The languages, two at least, each with a text from which it is told from the others.</summary>
    public required IReadOnlyList<MatrixLanguage> Languages { get; init; }

    /// <summary>The models, one at least.</summary>
    public required IReadOnlyList<MatrixModel> Models { get; init; }

    /// <summary>What they are tested on, one at least.</summary>
    public required IReadOnlyList<MatrixTest> Tests { get; init; }

    /// <summary>The model over which gains are counted; null for none.</summary>
    public string? Baseline { get; init; }

    /// <summary>Which part of an output is scored.</summary>
    public HypothesisForm Form { get; init; } = HypothesisForm.FirstLine;

    /// <summary>The most tokens that are written for a pair.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>The width of the beam search; 1 is greedy.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>Sequences that are written at once.</summary>
    public int Slots { get; init; } = 32;

    /// <summary>Tokens that end what is written, beside those that the model's files name.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Texts that end what is written where they occur in it.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>The most pairs of a test; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether pairs that a model has no room for are left out instead of being an error.</summary>
    public bool SkipOverlong { get; init; }
}

/// <summary>A language, and what it is known by.</summary>
/// <param name="Name">Its English name, which prompts give too.</param>
/// <param name="Text">A file of it, see <see cref="PlainText.Read"/>; best of the kind that is translated.</param>
public sealed record MatrixLanguage(string Name, string Text);

/// <summary>From one language to another.</summary>
/// <param name="Source">The name of the one.</param>
/// <param name="Target">The name of the other.</param>
public sealed record LanguagePair(string Source, string Target)
{
    /// <summary>The other direction.</summary>
    public LanguagePair Reverse => new(Target, Source);

    /// <inheritdoc/>
    public override string ToString() => $"{Source} → {Target}";
}

/// <summary>A model of a report card.</summary>
/// <param name="Name">What tables call it.</param>
public sealed record MatrixModel(string Name)
{
    /// <summary>The checkpoint; null for the plan's base.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Patches of it, which change different tensors.</summary>
    public IReadOnlyList<string> Patches { get; init; } = [];

    /// <summary>The pairs that it was trained on; none for one that was not tuned to translate.</summary>
    public IReadOnlyList<LanguagePair> TrainedOn { get; init; } = [];

    /// <summary>The name as a folder's.</summary>
    public string Slug => ExperimentArm.SlugOf(Name);

    /// <summary>What a pair is to the model.</summary>
    public PairExposure ExposureTo(LanguagePair pair)
    {
        ArgumentNullException.ThrowIfNull(pair);
        return TrainedOn.Count == 0 ? PairExposure.Untrained
            : TrainedOn.Contains(pair) ? PairExposure.Seen
            : Knows(pair.Source) && Knows(pair.Target) ? PairExposure.ZeroShotPair
            : PairExposure.ZeroShotLanguage;

        bool Knows(string language) => TrainedOn.Any(t => t.Source == language || t.Target == language);
    }
}

/// <summary>What a pair of languages is to a model.</summary>
public enum PairExposure
{
    /// <summary>The model was trained on no pairs.</summary>
    Untrained,

    /// <summary>It was trained on this pair, in this direction.</summary>
    Seen,

    /// <summary>It was trained on either language, and not on this pair in this direction.</summary>
    ZeroShotPair,

    /// <summary>One of the languages was in none of its pairs.</summary>
    ZeroShotLanguage,
}

/// <summary>Pairs that models are tested on.</summary>
/// <param name="Name">What tables call them.</param>
/// <param name="Languages">From which language to which.</param>
/// <param name="Data">The pairs, as <see cref="ParallelText.Read(string, ParallelTextOptions?)"/> takes them.</param>
public sealed record MatrixTest(string Name, LanguagePair Languages, string Data)
{
    /// <summary>The columns or keys of the pairs.</summary>
    public ParallelTextOptions Pairs { get; init; } = new();

    /// <summary>Files of further references, each with a line for every pair.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The name as a folder's.</summary>
    public string Slug => ExperimentArm.SlugOf(Name);
}
