using System.Text.Json;
using System.Text.Json.Nodes;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reproduction;

/// <summary>Reads a recipe: a JSON object that docs/reproduce.md describes.</summary>
/// <remarks>What is not known is refused; comments and trailing commas are allowed. The property <c>short</c> is laid over the rest as
/// a merge patch (RFC 7396) where the short form is asked for.</remarks>
public static class RecipeFile
{
    /// <summary>The name of the copy in a run's folder.</summary>
    public const string FileName = "recipe.json";

    private enum RootKey
    {
        System, Revision, Title, Paper, Runtime, Deviations, TunedOn, Short, Make, Network, Plan, Steps, Controls, Claims, Texts,
    }

    private enum MakeKey
    {
        Corpus, Characters, Vocabulary, Width, FeedForward, Layers, Heads, Length, MaxLength, LearningRate, Training, Pairs,
        Texts,
    }

    private enum PairsKey { Task, Train, Test }

    private enum TextKey { Name, File, Length }

    private enum MadeTextKey { Text, Characters }

    private enum ControlsKey { Of, Row }

    private enum NetworkKey { Modulus, Train, Hidden, Scale, Every, RightShare }

    private const int MaxModulus = 1000;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isShort">Whether the short form is meant.</param>
    /// <exception cref="InvalidDataException">It is no sound recipe; names the place, the value and the rule.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static ReproductionRecipe Read(string path, bool isShort = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Parse(path, File.ReadAllBytes(path), isShort);
    }

    /// <summary>Reads the bytes of a file.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="bytes">UTF-8.</param>
    /// <param name="isShort">Whether the short form is meant.</param>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static ReproductionRecipe Parse(string name, byte[] bytes, bool isShort = false)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        using JsonDocument document = ParseJson(name, JsonFile.WithoutMark(bytes), isShort);
        PlanSection<RootKey> root = new(name, ExperimentFile.RootOf(name, document.RootElement));
        ExperimentPlan plan = ExperimentFile.ReadPlan(name, root.Find(RootKey.Plan)
            ?? throw root.Wrong(RootKey.Plan, "Give tasks, seeds and budget as an experiment's file does"), "");
        ReproductionRecipe recipe = new()
        {
            Name = root.Required(RootKey.System),
            Revision = root.Count(RootKey.Revision) ?? throw root.Wrong(RootKey.Revision, "Count the recipe's changes, from 1"),
            Title = root.Required(RootKey.Title),
            Paper = root.Required(RootKey.Paper),
            Runtime = root.Required(RootKey.Runtime),
            Deviations = [.. (root.List(RootKey.Deviations)
                ?? throw root.Wrong(RootKey.Deviations, "Say what is other than in the paper: model, data, sizes")).Select(d => d.Text())],
            TunedOn = [.. (root.List(RootKey.TunedOn) ?? throw root.Wrong(RootKey.TunedOn,
                "Name the seeds that sizes and rates were chosen with")).Select(ExperimentFile.ReadSeed)],
            Make = root.Find(RootKey.Make) is { } make ? ReadMake(name, new(name, make)) : null,
            Network = root.Find(RootKey.Network) is { } network ? ReadNetwork(new(name, network)) : null,
            Plan = plan,
            Texts = [.. (root.List(RootKey.Texts) ?? []).Select(t => ReadText(new(name, t)))],
            Steps = WithControls(name, [.. (root.List(RootKey.Steps) ?? throw root.Wrong(RootKey.Steps, "Give one step or more"))
                .Select(s => StepFile.ReadStep(name, s, plan.Alpha))], root.List(RootKey.Controls) ?? []),
            Claims = [.. (root.List(RootKey.Claims) ?? throw root.Wrong(RootKey.Claims, "Give one claim or more"))
                .Select(c => StepFile.ReadClaim(name, c))],
            IsShort = isShort,
            Fingerprint = $"sha256:{Convert.ToHexStringLower(ContentHash.Of(bytes))}",
        };
        RecipeCheck.ThrowIfUnsound(name, recipe);
        NetworkCheck.ThrowIfUnsound(name, recipe);
        return recipe;
    }

    /// <summary>Puts the standard controls of some steps behind them.</summary>
    private static RecipeStep[] WithControls(string path, RecipeStep[] steps, IReadOnlyList<JsonPlace> controls)
    {
        Dictionary<string, IEnumerable<RecipeStep>> byStep = [];
        foreach (JsonPlace place in controls)
        {
            PlanSection<ControlsKey> control = new(path, place);
            string of = control.Required(ControlsKey.Of);
            if (steps.OfType<TrainStep>().FirstOrDefault(s => s.Name == of) is not { Part: TrainedPart.Ticket } trained
                || steps.OfType<FindStep>().FirstOrDefault(s => s.Name == trained.Ticket) is not { } ticket)
                throw control.Wrong(ControlsKey.Of, "name a step that trains a ticket which a step finds");
            byStep[of] = StandardControls.Of(trained, ticket, control.Text(ControlsKey.Row));
        }
        return [.. steps.SelectMany(s => byStep.GetValueOrDefault(s.Name, []).Prepend(s))];
    }

    private static JsonDocument ParseJson(string name, ReadOnlyMemory<byte> bytes, bool isShort)
    {
        try
        {
            if (!isShort) return JsonDocument.Parse(bytes, ExperimentFile.Lenient);
            JsonNode? whole = JsonNode.Parse(bytes.Span, documentOptions: ExperimentFile.Lenient);
            if (whole is JsonObject root && root["short"] is JsonObject patch) Merge(root, patch);
            return JsonDocument.Parse(whole?.ToJsonString() ?? "null");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{name}: invalid JSON in {JsonDefect.Describe(fault)}. Correct it.", fault);
        }
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach ((string key, JsonNode? value) in patch.ToArray())
        {
            if (value is null) target.Remove(key);
            else if (value is JsonObject deeper && target[key] is JsonObject own) Merge(own, deeper);
            else target[key] = value.DeepClone();
        }
    }

    private static MadeBase ReadMake(string path, PlanSection<MakeKey> make)
    {
        int heads = Count(MakeKey.Heads), width = Count(MakeKey.Width);
        if (width % heads != 0) throw make.Wrong(MakeKey.Heads, $"it must divide the width, {width}");
        return new()
        {
            Corpus = make.Required(MakeKey.Corpus),
            Characters = Count(MakeKey.Characters),
            Vocabulary = Count(MakeKey.Vocabulary),
            Length = Count(MakeKey.Length),
            Shape = new()
            {
                Width = width,
                FeedForwardWidth = Count(MakeKey.FeedForward),
                LayerCount = Count(MakeKey.Layers),
                Attention = new(heads, heads, width / heads),
                VocabularySize = Count(MakeKey.Vocabulary),
                MaxLength = Count(MakeKey.MaxLength),
                NormEpsilon = 1e-5,
            },
            Training = ExperimentFile.ReadTraining(path, make.Find(MakeKey.Training)
                ?? throw make.Wrong(MakeKey.Training, "Give the pre-training's budget")) with
            {
                LearningRate = make.Number(MakeKey.LearningRate, n => n > 0, "it must be a number above 0")
                    ?? throw make.Wrong(MakeKey.LearningRate, "Give the pre-training's largest rate"),
                Beta2 = 0.95,
            },
            Pairs = [.. (make.List(MakeKey.Pairs) ?? throw make.Wrong(MakeKey.Pairs, "Say how many pairs of each task are made"))
                .Select(p => ReadPairs(new(path, p)))],
            Texts = [.. (make.List(MakeKey.Texts) ?? []).Select(t => ReadMadeText(new(path, t)))],
        };

        int Count(MakeKey key) => make.Count(key) ?? throw make.Wrong(key, "it is missing");
    }

    private static MadeNetwork ReadNetwork(PlanSection<NetworkKey> network)
    {
        MadeNetwork made = new()
        {
            Modulus = Count(NetworkKey.Modulus),
            Train = Count(NetworkKey.Train),
            Hidden = Count(NetworkKey.Hidden),
            Scale = network.Number(NetworkKey.Scale, n => n > 0, "it must be a number above 0") ?? 1,
            Every = Count(NetworkKey.Every),
            RightShare = network.Number(NetworkKey.RightShare, n => n is > 0 and <= 1, "it must be a share above 0, at most 1")
                ?? throw network.Wrong(NetworkKey.RightShare, "Say how much must be right, 0.95 for instance"),
        };
        if (made.Modulus > MaxModulus) throw network.Wrong(NetworkKey.Modulus, $"it must be at most {MaxModulus}");
        return made.Train < made.PairCount ? made
            : throw network.Wrong(NetworkKey.Train, $"of {made.PairCount} pairs one at least must be left to test");

        int Count(NetworkKey key) => network.Count(key) ?? throw network.Wrong(key, "it is missing");
    }

    private static MadePairs ReadPairs(PlanSection<PairsKey> pairs) => new(pairs.Required(PairsKey.Task),
        pairs.Count(PairsKey.Train) ?? throw pairs.Wrong(PairsKey.Train, "it is missing"),
        pairs.Count(PairsKey.Test) ?? throw pairs.Wrong(PairsKey.Test, "it is missing"));

    private static RecipeText ReadText(PlanSection<TextKey> text) => new(text.Required(TextKey.Name), text.Required(TextKey.File),
        text.Count(TextKey.Length) ?? throw text.Wrong(TextKey.Length, "it is missing"));

    private static MadeText ReadMadeText(PlanSection<MadeTextKey> text) => new(text.Required(MadeTextKey.Text),
        text.Count(MadeTextKey.Characters) ?? throw text.Wrong(MadeTextKey.Characters, "it is missing"));
}
