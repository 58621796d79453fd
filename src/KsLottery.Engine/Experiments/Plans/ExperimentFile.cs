using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>Reads and writes an experiment's file: a JSON object, <c>base</c> and <c>tasks</c> at least.</summary>
/// <remarks>
/// Paths in it are relative to the file. What is not known is refused, so that no misspelt budget passes for the default; comments and
/// trailing commas are allowed.
/// </remarks>
public static class ExperimentFile
{
    /// <summary>The default name.</summary>
    public const string FileName = "experiment.json";

    private enum RootKey
    {
        Base, Tokenizer, Template, SourceLanguage, TargetLanguage, Tasks, Seeds, Alpha, Training, LearningRates,
        MaxLength, SkipOverlong, Evaluation, Arms,
    }

    private enum TaskKey
    {
        Name, Train, Test, SourceLanguage, TargetLanguage, SourceColumn, TargetColumn, SourceKey, TargetKey, SkipIncomplete,
    }

    private enum TrainingKey
    {
        Epochs, Steps, Batch, Schedule, FinalRate, Warmup, WeightDecay, Clip, ClipPerTensor, MicroBatch, Optimizer,
    }

    private enum RateKey { Full, Embedding, Rows, Lora }

    private enum EvaluationKey { MaxNewTokens, Beams, Batch, Stop, StopIds }

    private enum ArmKey { Method, Name, Alpha, Rows, Text, Only, Without, LearningRate }

    private const int MaxShownLength = 60;

    /// <summary>What files that people write may hold.</summary>
    internal static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private static readonly Dictionary<string, OptimizerKind> Optimizers = new()
    {
        ["adamw"] = OptimizerKind.AdamW,
        ["rmsprop"] = OptimizerKind.RmsProp,
    };

    private static readonly Dictionary<string, TokenGroup> Groups = Enum.GetValues<TokenGroup>().ToDictionary(TokenGroups.NameOf);

    /// <summary>Reads a file; the paths in what comes back are good from here.</summary>
    /// <exception cref="InvalidDataException">It is not valid JSON, or says something that cannot be; names the place, the value and the
    /// rule.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static ExperimentPlan Read(string path)
    {
        path = FileInFolder.Resolve(path, FileName, _ => "Give the file that declares the experiment");
        using JsonDocument document = Parse(path);
        return ReadPlan(path, RootOf(path, document.RootElement), Path.GetDirectoryName(path) ?? "");
    }

    /// <summary>The root of a file, whose errors are worded as an experiment's.</summary>
    internal static JsonPlace RootOf(string path, JsonElement root) =>
        new(root, (place, value, rule) => Wrong(path, place, value, rule));

    /// <summary>Reads a plan that stands in a file.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="place">The plan.</param>
    /// <param name="folder">What paths are relative to.</param>
    internal static ExperimentPlan ReadPlan(string path, JsonPlace place, string folder)
    {
        PlanSection<RootKey> root = new(path, place);
        ExperimentPlan usual = new() { Base = "", Tasks = [] };
        PlanSection<EvaluationKey>? evaluation = root.Find(RootKey.Evaluation) is { } scoring ? new(path, scoring) : null;
        ExperimentPlan plan = new()
        {
            Base = Path.Combine(folder, root.Required(RootKey.Base)),
            Tokenizer = root.Text(RootKey.Tokenizer) is { } tokenizer ? Path.Combine(folder, tokenizer) : null,
            Template = root.Text(RootKey.Template) is { } template ? TemplateOf(root, RootKey.Template, template) : usual.Template,
            Tasks = [.. (root.List(RootKey.Tasks) ?? throw root.Wrong(RootKey.Tasks, "Give an array with one task or more"))
                .Select(t => ReadTask(path, t, folder, root.Text(RootKey.SourceLanguage), root.Text(RootKey.TargetLanguage)))],
            Seeds = root.List(RootKey.Seeds)?.Select(ReadSeed).ToArray() ?? usual.Seeds,
            Alpha = root.Number(RootKey.Alpha, IsLevel, LevelRule) ?? usual.Alpha,
            Training = root.Find(RootKey.Training) is { } training
                ? ReadTraining(path, training)
                : usual.Training,
            Rates = root.Find(RootKey.LearningRates) is { } section && new PlanSection<RateKey>(path, section) is var rates ? new()
            {
                Full = rates.Number(RateKey.Full, IsRate, RateRule) ?? usual.Rates.Full,
                Embedding = rates.Number(RateKey.Embedding, IsRate, RateRule) ?? usual.Rates.Embedding,
                Rows = rates.Number(RateKey.Rows, IsRate, RateRule) ?? usual.Rates.Rows,
                LowRank = rates.Number(RateKey.Lora, IsRate, RateRule) ?? usual.Rates.LowRank,
            } : usual.Rates,
            MaxLength = root.Count(RootKey.MaxLength),
            SkipOverlong = root.Flag(RootKey.SkipOverlong) ?? false,
            MaxNewTokens = evaluation?.Count(EvaluationKey.MaxNewTokens) ?? usual.MaxNewTokens,
            Beams = evaluation?.Count(EvaluationKey.Beams) ?? usual.Beams,
            Slots = evaluation?.Count(EvaluationKey.Batch) ?? usual.Slots,
            StopIds = evaluation?.List(EvaluationKey.StopIds)?.Select(s =>
                s.Value.ValueKind == JsonValueKind.Number && s.Value.TryGetInt32(out int id) && id >= 0 ? id
                : throw s.Wrong("a token is a whole number from 0")).ToArray() ?? usual.StopIds,
            StopTexts = evaluation?.List(EvaluationKey.Stop)?.Select(s =>
                s.Value.ValueKind == JsonValueKind.String && s.Value.GetString() is { Length: > 0 } text
                ? text : throw s.Wrong("it must be a text of one character or more")).ToArray()
                ?? usual.StopTexts,
            Arms = root.List(RootKey.Arms)?.Select(a => ReadArm(path, a)).ToArray() ?? usual.Arms,
        };
        ThrowIfAlike(path, "tasks", plan.Tasks.Select(t => (t.Name, t.Slug)));
        ThrowIfAlike(path, "arms", plan.WithControls().Arms.Select(a => (a.Name, a.Slug)));
        if (plan.Seeds.GroupBy(s => s).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InvalidDataException($"{path}: seeds holds {twice.Key} more than once. Give every run a seed of its own.");
        IReadOnlyList<ExperimentArm> all = plan.WithControls().Arms;
        foreach ((int i, ExperimentArm arm) in plan.Arms.Index())
            if (arm.Method == ArmMethod.RandomDelta && !(all.Contains(arm)
                ? all.TakeWhile(a => a != arm).Any(a => a.Method == ArmMethod.Ticket && a.HasRowsOf(arm))
                : all.Any(a => a.Method == ArmMethod.RandomDelta)))
                throw new InvalidDataException(
                    $"{path}: arms[{i}] ({arm.Name}) moves the rows as far as the arm of method ticket with the same rows "
                    + "did, and there is none before it. Put one before it.");
        return plan;
    }

    /// <summary>Writes a plan, whole or not at all; paths below or beside the file's folder are written relative to it.</summary>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public static void Write(string path, ExperimentPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        byte[] bytes = ToBytes(path, plan);
        AtomicFile.Write(path, stream => stream.Write(bytes), cancellationToken);
    }

    /// <summary>Whether a file says what a plan does, in whatever words.</summary>
    /// <exception cref="InvalidDataException">The file is none of an experiment.</exception>
    internal static bool Says(string path, ExperimentPlan plan) =>
        ToBytes(path, Read(path).WithControls()).AsSpan().SequenceEqual(ToBytes(path, plan.WithControls()));

    /// <summary>Makes sure that a part's file says what a plan does; where base and pairs lie is no part of that: they are known by their
    /// fingerprints.</summary>
    /// <exception cref="InvalidDataException">The file is none of an experiment, or says something else; names the first property and both
    /// values.</exception>
    internal static void ThrowIfOther(string path, ExperimentPlan plan)
    {
        using JsonDocument part = JsonDocument.Parse(ToBytes(path, Placeless(Read(path)), isIndented: false));
        using JsonDocument whole = JsonDocument.Parse(ToBytes(path, Placeless(plan), isIndented: false));
        if (FirstDifference("", part.RootElement, whole.RootElement) is { } found)
            throw new InvalidDataException($"{path}: {found.Place} is {found.Part}, in the experiment that collects it {found.Whole}. "
                + "Parts are collected by the file that they were run with.");
    }

    private static ExperimentPlan Placeless(ExperimentPlan plan) => plan.WithControls() with
    {
        Base = "base",
        Tokenizer = plan.Tokenizer is null ? null : "tokenizer",
        Tasks = [.. plan.Tasks.Select(t => t with { Train = "train", Test = "test" })],
    };

    private static (string Place, string Part, string Whole)? FirstDifference(string place, JsonElement part, JsonElement whole)
    {
        if (JsonElement.DeepEquals(part, whole)) return null;
        if (part.ValueKind == JsonValueKind.Object && whole.ValueKind == JsonValueKind.Object)
        {
            string within = place.Length == 0 ? "" : place + ".";
            foreach (string name in part.EnumerateObject().Concat(whole.EnumerateObject()).Select(p => p.Name).Distinct())
                if (FirstDifference(within + name, Property(part, name), Property(whole, name)) is { } found)
                    return found;
        }
        if (part.ValueKind == JsonValueKind.Array && whole.ValueKind == JsonValueKind.Array
            && part.GetArrayLength() == whole.GetArrayLength())
            foreach ((int i, (JsonElement one, JsonElement other)) in part.EnumerateArray().Zip(whole.EnumerateArray()).Index())
                if (FirstDifference($"{place}[{i}]", one, other) is { } found)
                    return found;
        return (place, Shown(part), Shown(whole));

        static JsonElement Property(JsonElement element, string name) =>
            element.TryGetProperty(name, out JsonElement value) ? value : default;

        static string Shown(JsonElement element) => element.ValueKind == JsonValueKind.Undefined ? "absent" : element.GetRawText();
    }

    private static byte[] ToBytes(string path, ExperimentPlan plan, bool isIndented = true)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new() { Indented = isIndented, NewLine = "\n" })) new PlanWriter(json, path, plan).Write();
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private const string LevelRule = "it must lie between 0 and 1, for instance 0.05";
    private const string TicketRule = "it belongs to the methods ticket and transfer, and to controls, which have as many rows";
    private const string RateRule = "it must be a number above 0";
    internal const string NameRule = "it names folders: it must hold a letter a to z or a digit, no control character";

    private static bool IsLevel(double value) => value is > 0 and < 1;

    private static bool IsRate(double value) => value > 0;

    /// <summary>Whether a name gives a folder, and stands in a table as it is.</summary>
    internal static bool IsName(string name) => ExperimentArm.SlugOf(name).Length > 0 && !name.Any(c => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    internal static JsonDocument Parse(string path)
    {
        try
        {
            return JsonFile.Parse(path, Lenient);
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path}: invalid JSON in {JsonDefect.Describe(fault)}. Correct it.", fault);
        }
    }

    internal static InvalidDataException Wrong(string path, string place, JsonElement? value, string rule)
    {
        if (value is not { } found) return new($"{path}: {place} is missing. {rule}.");
        string text = VisibleText.Escape(TokenizerStep.Raw(found)), shown = text.Length > MaxShownLength ? text[..MaxShownLength] + "…"
            : text;
        return new($"{path}: {(place.Length == 0 ? "the file" : place)} is {shown}; {rule}. Correct it.");
    }

    internal static PromptTemplate TemplateOf<TKey>(PlanSection<TKey> root, TKey key, string text) where TKey : struct, Enum
    {
        try
        {
            return PromptTemplate.From(text);
        }
        catch (ArgumentException fault)
        {
            throw root.Wrong(key, fault.Message.Split(" (Parameter", 2)[0].TrimEnd('.'));
        }
    }

    private static ExperimentTask ReadTask(string path, JsonPlace place, string folder, string? source, string? target)
    {
        PlanSection<TaskKey> task = new(path, place);
        ParallelTextOptions usual = new();
        string name = task.Required(TaskKey.Name);
        if (!IsName(name)) throw task.Wrong(TaskKey.Name, NameRule);
        return new(name, Resolve(folder, task.Required(TaskKey.Train)), Resolve(folder, task.Required(TaskKey.Test)),
            task.Text(TaskKey.SourceLanguage) ?? source, task.Text(TaskKey.TargetLanguage) ?? target)
        {
            Pairs = new()
            {
                SourceColumn = task.Count(TaskKey.SourceColumn) ?? usual.SourceColumn,
                TargetColumn = task.Count(TaskKey.TargetColumn) ?? usual.TargetColumn,
                SourceKey = task.Text(TaskKey.SourceKey),
                TargetKey = task.Text(TaskKey.TargetKey),
                SkipIncomplete = task.Flag(TaskKey.SkipIncomplete) ?? usual.SkipIncomplete,
            },
        };
    }

    /// <summary>A file, or the two of <c>SOURCE,TARGET</c>.</summary>
    internal static string Resolve(string folder, string path) =>
        Path.Combine(folder, path) is var whole && !File.Exists(whole) && path.Contains(',', StringComparison.Ordinal)
        ? string.Join(',', path.Split(',').Select(part => Path.Combine(folder, part)))
        : whole;

    internal static ulong ReadSeed(JsonPlace place) => place.Value.ValueKind == JsonValueKind.Number
        && place.Value.TryGetUInt64(out ulong seed) ? seed : throw place.Wrong("a seed is a whole number from 0");

    internal static TrainingPlan ReadTraining(string path, JsonPlace place)
    {
        PlanSection<TrainingKey> section = new(path, place);
        TrainingPlan usual = new();
        return usual with
        {
            Epochs = section.Number(TrainingKey.Epochs, n => n > 0, "it must be a number above 0") ?? usual.Epochs,
            Steps = section.Count(TrainingKey.Steps),
            BatchSize = section.Count(TrainingKey.Batch) ?? usual.BatchSize,
            MicroBatchRows = section.Count(TrainingKey.MicroBatch) ?? usual.MicroBatchRows,
            IsCosine = section.Choice(TrainingKey.Schedule, new Dictionary<string, bool> { ["cosine"] = true, ["constant"] = false })
                ?? usual.IsCosine,
            FinalRate = section.Number(TrainingKey.FinalRate, n => n is >= 0 and <= 1,
                "it must lie from 0 to 1, a share of the largest rate")
                ?? usual.FinalRate,
            Warmup = section.Number(TrainingKey.Warmup, n => n is >= 0 and < 1 || n == Math.Floor(n) && n > 0,
                "it must be a share below 1 or a whole number of steps") ?? usual.Warmup,
            WeightDecay = section.Number(TrainingKey.WeightDecay, n => n >= 0, "it must be a number from 0") ?? usual.WeightDecay,
            MaxGradientNorm = section.Number(TrainingKey.Clip, n => n >= 0, "it must be a number from 0; 0 never clips")
                ?? usual.MaxGradientNorm,
            ClipsPerTensor = section.Flag(TrainingKey.ClipPerTensor) ?? usual.ClipsPerTensor,
            Optimizer = section.Choice(TrainingKey.Optimizer, Optimizers) ?? usual.Optimizer,
        };
    }

    private static ExperimentArm ReadArm(string path, JsonPlace place)
    {
        string rule = $"it must be one of {string.Join(", ", ExperimentArm.MethodNames)}, or an object with such a \"method\"";
        if (place.Value.ValueKind == JsonValueKind.String)
            return ExperimentArm.TryParse(place.Value.GetString()!, out ArmMethod named)
                && !ArmPreset.Of(named).TakesText ? new(named)
                : throw place.Wrong(rule + (place.Value.ValueEquals("token") ? " and, for token, a \"text\"" : ""));
        PlanSection<ArmKey> section = new(path, place);
        if (!ExperimentArm.TryParse(section.Required(ArmKey.Method), out ArmMethod method))
            throw section.Wrong(ArmKey.Method, rule);
        ExperimentArm arm = new(method)
        {
            Alpha = section.Number(ArmKey.Alpha, IsLevel, LevelRule),
            Rows = section.Count(ArmKey.Rows),
            Text = section.Text(ArmKey.Text),
            Only = section.Choice(ArmKey.Only, Groups),
            Without = section.Choice(ArmKey.Without, Groups),
            LearningRate = section.Number(ArmKey.LearningRate, IsRate, RateRule),
        };
        Demand(ArmKey.Rows, arm.Rows is null || arm.Alpha is null, "alpha and rows exclude each other");
        Demand(ArmKey.Without, arm.Without is null || arm.Only is null, "only and without exclude each other");
        bool hasText = arm.Preset.TakesText;
        if (hasText && arm.Text is null) section.Required(ArmKey.Text);
        Demand(ArmKey.Text, arm.Text is null || hasText, "it belongs to the method token");
        Demand(ArmKey.Alpha, arm.Alpha is null || arm.TakesTicket || arm.IsControl, TicketRule);
        Demand(ArmKey.Only, arm.Only is null || arm.TakesTicket || arm.IsControl, TicketRule);
        Demand(ArmKey.Without, arm.Without is null || arm.TakesTicket || arm.IsControl, TicketRule);
        Demand(ArmKey.Rows, arm.Rows is null || arm.Preset.HasCount, "this method has no number of rows");
        Demand(ArmKey.LearningRate, arm.LearningRate is null || arm.Preset.Trains, "this method trains nothing");
        if (section.Text(ArmKey.Name) is { } name) arm = arm with { Name = name };
        return IsName(arm.Name) && arm.Slug != ArmFolders.TicketName ? arm
            : throw place.Fault($"{place.Place}.name", section.Find(ArmKey.Name)?.Value ?? place.Value,
                $"{NameRule}, and not be {ArmFolders.TicketName}");

        void Demand(ArmKey key, bool holds, string what)
        {
            if (!holds) throw section.Wrong(key, what);
        }
    }

    internal static void ThrowIfAlike(string path, string what, IEnumerable<(string Name, string Slug)> items)
    {
        if (items.GroupBy(i => i.Slug).FirstOrDefault(g => g.Count() > 1) is not { } alike) return;
        string names = string.Join(" and ", alike.Take(2).Select(a => $"\"{a.Name}\""));
        throw new InvalidDataException($"{path}: {what}: {names} would have one folder, {alike.Key}. Give each its own (\"name\").");
    }
}
