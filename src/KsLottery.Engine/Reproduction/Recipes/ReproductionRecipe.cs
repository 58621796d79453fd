using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>A system that is reproduced: its base and data, its steps with their controls, and what is claimed of them.</summary>
/// <remarks>Read by <see cref="RecipeFile"/>; docs/reproduce.md describes the file and the rule of verdicts.</remarks>
public sealed record ReproductionRecipe
{
    /// <summary>The system's name, which is also the file's.</summary>
    public required string Name { get; init; }

    /// <summary>Counts the changes of the recipe, from 1; a verdict is of one revision.</summary>
    public required int Revision { get; init; }

    /// <summary>What the system says, in a sentence.</summary>
    public required string Title { get; init; }

    /// <summary>Where that stands.</summary>
    public required string Paper { get; init; }

    /// <summary>How long a full run takes.</summary>
    public required string Runtime { get; init; }

    /// <summary>What is other than in the paper: model, data, sizes.</summary>
    public required IReadOnlyList<string> Deviations { get; init; }

    /// <summary>The seeds that sizes and rates were chosen with; none of them gives a verdict.</summary>
    public required IReadOnlyList<ulong> TunedOn { get; init; }

    /// <summary>How base and pairs are made; null where the plan names some that are there.</summary>
    public MadeBase? Make { get; init; }

    /// <summary>The small network that is trained in place of a LLaMA; null for a LLaMA.</summary>
    public MadeNetwork? Network { get; init; }

    /// <summary>Tasks, seeds, budget and scoring; its paths are relative to the folder of a seed.</summary>
    public required ExperimentPlan Plan { get; init; }

    /// <summary>Plain texts that steps train on; their paths are relative to the folder of a seed too.</summary>
    public IReadOnlyList<RecipeText> Texts { get; init; } = [];

    /// <summary>The steps, in their order.</summary>
    public required IReadOnlyList<RecipeStep> Steps { get; init; }

    /// <summary>What is claimed.</summary>
    public required IReadOnlyList<RecipeClaim> Claims { get; init; }

    /// <summary>Whether this is the short form, which shows that all goes, and nothing else.</summary>
    public bool IsShort { get; init; }

    /// <summary>SHA-256 of the file's bytes.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Whether any step's model is scored, the base's with it.</summary>
    internal bool IsScored => Steps.Any(s => s.IsModel && s.IsScored);

    /// <summary>Whether a claim needs calibration errors.</summary>
    internal bool IsCalibrated => Claims.OfType<MeasuredClaim>().Any(c => c.Card is null && c.Measure == StepResult.CalibrationErrorName);

    /// <summary>The plan with paths that are good for a seed's folder.</summary>
    internal ExperimentPlan PlanIn(string folder) => Plan with
    {
        Base = Path.Combine(folder, Plan.Base),
        Tokenizer = Plan.Tokenizer is { } tokenizer ? Path.Combine(folder, tokenizer) : null,
        Tasks = [.. Plan.Tasks.Select(t => t with { Train = Path.Combine(folder, t.Train), Test = Path.Combine(folder, t.Test) })],
    };
}

/// <summary>A plain text that steps can train on.</summary>
/// <param name="Name">What steps call it; where it is made, a language of the corpus.</param>
/// <param name="File">The file, as <see cref="Text.Corpora.PlainText.Read"/> takes it.</param>
/// <param name="Length">Tokens of a sequence.</param>
public sealed record RecipeText(string Name, string File, int Length);

/// <summary>A base that is pre-trained on generated text, and the pairs and texts that go with it.</summary>
public sealed record MadeBase
{
    /// <summary>The corpus: <see cref="ISyntheticCorpus.Name"/>.</summary>
    public required string Corpus { get; init; }

    /// <summary>Characters of the text, about.</summary>
    public required int Characters { get; init; }

    /// <summary>Tokens of the vocabulary that is learned from it.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The base's shape; its vocabulary is not known yet.</summary>
    public required LlamaConfig Shape { get; init; }

    /// <summary>Tokens of a sequence in pre-training.</summary>
    public required int Length { get; init; }

    /// <summary>The pre-training; the seed of the run decides its first weights.</summary>
    public required TrainingPlan Training { get; init; }

    /// <summary>How many pairs of each task are made.</summary>
    public required IReadOnlyList<MadePairs> Pairs { get; init; }

    /// <summary>How much is made of each text.</summary>
    public IReadOnlyList<MadeText> Texts { get; init; } = [];
}

/// <summary>How many pairs are made of a task of the plan, into the files that it names.</summary>
/// <param name="Task">The task's name, which the corpus knows.</param>
/// <param name="Train">Pairs to learn from.</param>
/// <param name="Test">Pairs to be scored on; none of them is among those.</param>
public sealed record MadePairs(string Task, int Train, int Test);

/// <summary>How much is made of a text of the recipe, into the file that it names.</summary>
/// <param name="Text">The text's name, a language that the corpus knows.</param>
/// <param name="Characters">About how many characters.</param>
public sealed record MadeText(string Text, int Characters);

/// <summary>Text and pairs from nothing, the same for the same seed.</summary>
public interface ISyntheticCorpus
{
    /// <summary>What recipes call it.</summary>
    string Name { get; }

    /// <summary>Documents for a base to learn from.</summary>
    /// <param name="seed">Decides them.</param>
    /// <param name="characters">About how many characters in all.</param>
    IReadOnlyList<string> Text(ulong seed, int characters);

    /// <summary>Documents of one language alone, other ones than a base learns from.</summary>
    /// <param name="seed">Decides them.</param>
    /// <param name="language">The language's name.</param>
    /// <param name="characters">About how many characters in all.</param>
    /// <exception cref="ArgumentException">There is no such language.</exception>
    IReadOnlyList<string> TextOf(ulong seed, string language, int characters) => throw new ArgumentException(
        $"the corpus {Name} has no text of a language, such as '{language}'. Name another corpus.", nameof(language));

    /// <summary>Pairs of a task, each once.</summary>
    /// <param name="seed">Decides them.</param>
    /// <param name="task">The task's name.</param>
    /// <param name="count">How many.</param>
    /// <param name="isTest">Whether they are for scoring; such are in no other part.</param>
    /// <exception cref="ArgumentException">There is no such task, or it has fewer pairs.</exception>
    IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest);
}
