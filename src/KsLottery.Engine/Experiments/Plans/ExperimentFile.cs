using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>Reads and writes an experiment's file: a JSON object, <c>base</c> and <c>tasks</c> at least.</summary>
/// <remarks>
/// Paths in it are relative to the file. What is not known is refused, so that no misspelt budget passes for the default; comments and
/// trailing commas are allowed.
/// </remarks>
public static class ExperimentFile
{
    /// <summary>The usual name.</summary>
    public const string FileName = "experiment.json";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private static readonly Dictionary<string, TokenGroup> Groups = Enum.GetValues<TokenGroup>().ToDictionary(TokenGroups.NameOf);

    /// <summary>Reads a file; the paths in what comes back are good from here.</summary>
    /// <exception cref="InvalidDataException">It is no sound JSON, or says something that cannot be; names the place, the value and the rule.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static ExperimentPlan Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using JsonDocument document = Parse(path);
        PlanSection root = new(path, "", document.RootElement,
            "base", "tokenizer", "template", "source_language", "target_language", "tasks", "seeds", "alpha", "training", "learning_rates", "max_length", "skip_overlong", "evaluation", "arms");
        string folder = Path.GetDirectoryName(path) ?? "";
        ExperimentPlan usual = new() { Base = "", Tasks = [] };
        PlanSection? evaluation = root.Section("evaluation", "max_new_tokens", "beams", "batch", "stop", "stop_ids");
        ExperimentPlan plan = new()
        {
            Base = Path.Combine(folder, root.Required("base")),
            Tokenizer = root.Text("tokenizer") is { } tokenizer ? Path.Combine(folder, tokenizer) : null,
            Template = root.Text("template") is { } template ? TemplateOf(root, template) : usual.Template,
            Tasks = [.. (root.List("tasks") ?? throw new InvalidDataException($"{path}: tasks is missing. Give an array with one task or more."))
                .Select(t => ReadTask(path, t.Place, t.Item, folder, root.Text("source_language"), root.Text("target_language")))],
            Seeds = root.List("seeds")?.Select(s => s.Item.ValueKind == JsonValueKind.Number && s.Item.TryGetUInt64(out ulong seed) ? seed
                : throw PlanSection.Refuse(path, s.Place, s.Item, "a seed is a whole number from 0")).ToArray() ?? usual.Seeds,
            Alpha = root.Number("alpha", IsLevel, LevelRule) ?? usual.Alpha,
            Training = root.Section("training",
                "epochs", "steps", "batch", "schedule", "final_rate", "warmup", "weight_decay", "clip", "micro_batch") is { } training
                ? ReadTraining(training)
                : usual.Training,
            Rates = root.Section("learning_rates", "full", "embedding", "rows", "lora") is { } rates ? new()
            {
                Full = rates.Number("full", IsRate, RateRule) ?? usual.Rates.Full,
                Embedding = rates.Number("embedding", IsRate, RateRule) ?? usual.Rates.Embedding,
                Rows = rates.Number("rows", IsRate, RateRule) ?? usual.Rates.Rows,
                LowRank = rates.Number("lora", IsRate, RateRule) ?? usual.Rates.LowRank,
            } : usual.Rates,
            MaxLength = root.Count("max_length"),
            SkipOverlong = root.Flag("skip_overlong") ?? false,
            MaxNewTokens = evaluation?.Count("max_new_tokens") ?? usual.MaxNewTokens,
            Beams = evaluation?.Count("beams") ?? usual.Beams,
            Slots = evaluation?.Count("batch") ?? usual.Slots,
            StopIds = evaluation?.List("stop_ids")?.Select(s => s.Item.ValueKind == JsonValueKind.Number && s.Item.TryGetInt32(out int id) && id >= 0 ? id
                : throw PlanSection.Refuse(path, s.Place, s.Item, "a token is a whole number from 0")).ToArray() ?? usual.StopIds,
            StopTexts = evaluation?.List("stop")?.Select(s => s.Item.ValueKind == JsonValueKind.String && s.Item.GetString() is { Length: > 0 } text
                ? text : throw PlanSection.Refuse(path, s.Place, s.Item, "it must be a text of one character or more")).ToArray()
                ?? usual.StopTexts,
            Arms = root.List("arms")?.Select(a => ReadArm(path, a.Place, a.Item)).ToArray() ?? usual.Arms,
        };
        ThrowIfAlike(path, "tasks", plan.Tasks.Select(t => (t.Name, t.Slug)));
        ThrowIfAlike(path, "arms", plan.WithControls().Arms.Select(a => (a.Name, a.Slug)));
        ThrowIfAlike(path, "seeds", plan.Seeds.Select(s => (s.ToString(null, CultureInfo.InvariantCulture), $"{s}")));
        IReadOnlyList<ExperimentArm> all = plan.WithControls().Arms;
        foreach ((int i, ExperimentArm arm) in plan.Arms.Index())
            if (arm.Method == ArmMethod.RandomDelta && !(all.Contains(arm)
                ? all.TakeWhile(a => a != arm).Any(a => a.Method == ArmMethod.Ticket && a.HasRowsOf(arm))
                : all.Any(a => a.Method == ArmMethod.RandomDelta)))
                throw new InvalidDataException($"{path}: arms[{i}] ({arm.Name}) moves the rows as far as the arm of method ticket with the same rows "
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

    /// <summary>Makes sure that a part's file says what a plan does; where base and pairs lie is no part of that: they are known by their fingerprints.</summary>
    /// <exception cref="InvalidDataException">The file is none of an experiment, or says something else; names the first property and both values.</exception>
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
        if (part.ValueKind == JsonValueKind.Array && whole.ValueKind == JsonValueKind.Array && part.GetArrayLength() == whole.GetArrayLength())
            foreach ((int i, (JsonElement one, JsonElement other)) in part.EnumerateArray().Zip(whole.EnumerateArray()).Index())
                if (FirstDifference($"{place}[{i}]", one, other) is { } found)
                    return found;
        return (place, Shown(part), Shown(whole));

        static JsonElement Property(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value : default;

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
    private const string NameRule = "it names folders: it must hold a letter a to z or a digit, no control character";

    private static bool IsLevel(double value) => value is > 0 and < 1;

    private static bool IsRate(double value) => value > 0;

    /// <summary>Whether a name gives a folder, and stands in a table as it is.</summary>
    private static bool IsName(string name) => ExperimentArm.SlugOf(name).Length > 0 && !name.Any(c => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonFile.Parse(path, Lenient);
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path}: no sound JSON ({fault.Message.TrimEnd('.')}). Correct it.", fault);
        }
    }

    private static PromptTemplate TemplateOf(PlanSection root, string text)
    {
        try
        {
            return PromptTemplate.From(text);
        }
        catch (ArgumentException fault)
        {
            throw root.Refuse("template", root.Get("template")!.Value, fault.Message.Split(" (Parameter", 2)[0].TrimEnd('.'));
        }
    }

    private static ExperimentTask ReadTask(string path, string place, JsonElement element, string folder, string? source, string? target)
    {
        PlanSection task = new(path, place, element, "name", "train", "test", "source_language", "target_language",
            "source_column", "target_column", "source_key", "target_key", "skip_incomplete");
        ParallelTextOptions usual = new();
        string name = task.Required("name");
        if (!IsName(name)) throw task.Refuse("name", task.Get("name")!.Value, NameRule);
        return new(name, Resolve(folder, task.Required("train")), Resolve(folder, task.Required("test")),
            task.Text("source_language") ?? source, task.Text("target_language") ?? target)
        {
            Pairs = new()
            {
                SourceColumn = task.Count("source_column") ?? usual.SourceColumn,
                TargetColumn = task.Count("target_column") ?? usual.TargetColumn,
                SourceKey = task.Text("source_key"),
                TargetKey = task.Text("target_key"),
                SkipIncomplete = task.Flag("skip_incomplete") ?? usual.SkipIncomplete,
            },
        };
    }

    /// <summary>A file, or the two of <c>SOURCE,TARGET</c>.</summary>
    private static string Resolve(string folder, string path) =>
        Path.Combine(folder, path) is var whole && !File.Exists(whole) && path.Contains(',', StringComparison.Ordinal)
        ? string.Join(',', path.Split(',').Select(part => Path.Combine(folder, part)))
        : whole;

    private static TrainingPlan ReadTraining(PlanSection section)
    {
        TrainingPlan usual = new();
        return usual with
        {
            Epochs = section.Number("epochs", n => n > 0, "it must be a number above 0") ?? usual.Epochs,
            Steps = section.Count("steps"),
            BatchSize = section.Count("batch") ?? usual.BatchSize,
            MicroBatchRows = section.Count("micro_batch") ?? usual.MicroBatchRows,
            IsCosine = section.Choice("schedule", new Dictionary<string, bool> { ["cosine"] = true, ["constant"] = false }) ?? usual.IsCosine,
            FinalRate = section.Number("final_rate", n => n is >= 0 and <= 1, "it must lie from 0 to 1, a share of the largest rate") ?? usual.FinalRate,
            Warmup = section.Number("warmup", n => n is >= 0 and < 1 || n == Math.Floor(n) && n > 0,
                "it must be a share below 1 or a whole number of steps") ?? usual.Warmup,
            WeightDecay = section.Number("weight_decay", n => n >= 0, "it must be a number from 0") ?? usual.WeightDecay,
            MaxGradientNorm = section.Number("clip", n => n >= 0, "it must be a number from 0; 0 never clips") ?? usual.MaxGradientNorm,
        };
    }

    private static ExperimentArm ReadArm(string path, string place, JsonElement element)
    {
        string rule = $"it must be one of {string.Join(", ", ExperimentArm.MethodNames)}, or an object with such a \"method\"";
        if (element.ValueKind == JsonValueKind.String)
            return ExperimentArm.TryParse(element.GetString()!, out ArmMethod named) && named != ArmMethod.Token ? new(named)
                : throw PlanSection.Refuse(path, place, element, rule + (element.ValueEquals("token") ? " and, for token, a \"text\"" : ""));
        PlanSection section = new(path, place, element, "method", "name", "alpha", "rows", "text", "only", "without", "learning_rate");
        if (!ExperimentArm.TryParse(section.Required("method"), out ArmMethod method))
            throw section.Refuse("method", section.Get("method")!.Value, rule);
        ExperimentArm arm = new(method)
        {
            Alpha = section.Number("alpha", IsLevel, LevelRule),
            Rows = section.Count("rows"),
            Text = section.Text("text"),
            Only = section.Choice("only", Groups),
            Without = section.Choice("without", Groups),
            LearningRate = section.Number("learning_rate", IsRate, RateRule),
        };
        Demand("rows", arm.Rows is null || arm.Alpha is null, "alpha and rows exclude each other");
        Demand("without", arm.Without is null || arm.Only is null, "only and without exclude each other");
        if (method == ArmMethod.Token && arm.Text is null) section.Required("text");
        Demand("text", arm.Text is null || method == ArmMethod.Token, "it belongs to the method token");
        Demand("alpha", arm.Alpha is null || arm.TakesTicket || arm.IsControl, TicketRule);
        Demand("only", arm.Only is null || arm.TakesTicket || arm.IsControl, TicketRule);
        Demand("without", arm.Without is null || arm.TakesTicket || arm.IsControl, TicketRule);
        bool hasNoRows = method is ArmMethod.Base or ArmMethod.Full or ArmMethod.Embedding or ArmMethod.Token;
        Demand("rows", arm.Rows is null || !hasNoRows, "this method has no number of rows");
        bool isUntrained = method is ArmMethod.Base or ArmMethod.Transfer or ArmMethod.RandomDelta;
        Demand("learning_rate", arm.LearningRate is null || !isUntrained, "this method trains nothing");
        if (section.Text("name") is { } name) arm = arm with { Name = name };
        return IsName(arm.Name) && arm.Slug != ArmFolders.TicketName ? arm
            : throw section.Refuse("name", section.Get("name") ?? element, $"{NameRule}, and not be {ArmFolders.TicketName}");

        void Demand(string name, bool holds, string what)
        {
            if (!holds) throw section.Refuse(name, section.Get(name)!.Value, what);
        }
    }

    private static void ThrowIfAlike(string path, string what, IEnumerable<(string Name, string Slug)> items)
    {
        if (items.GroupBy(i => i.Slug).FirstOrDefault(g => g.Count() > 1) is not { } alike) return;
        string names = string.Join(" and ", alike.Take(2).Select(a => $"\"{a.Name}\""));
        throw new InvalidDataException($"{path}: {what}: {names} would have one folder, {alike.Key}. Give each its own (\"name\").");
    }
}
