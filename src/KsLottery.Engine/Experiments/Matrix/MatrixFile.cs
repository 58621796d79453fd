using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>Reads the file of a report card: a JSON object, <c>languages</c>, <c>models</c> and <c>tests</c> at least.</summary>
/// <remarks>Paths in it are relative to the file. What is not known is refused; comments and trailing commas are allowed. Every language
/// that is named must be one of <c>languages</c>. docs/report-card.md shows a whole file.</remarks>
public static class MatrixFile
{
    /// <summary>The default name.</summary>
    public const string FileName = "matrix.json";

    private const string Guide = "docs/report-card.md";

    private enum RootKey
    {
        Base, Tokenizer, Template, Languages, Models, Tests, Baseline, Output, Limit, SkipOverlong, Evaluation,
    }

    private enum LanguageKey { Name, Text }

    private enum ModelKey { Name, Checkpoint, Patches, TrainedOn }

    private enum TestKey
    {
        Name, SourceLanguage, TargetLanguage, Data, References, SourceColumn, TargetColumn, SourceKey, TargetKey, SkipIncomplete,
    }

    private enum EvaluationKey { MaxNewTokens, Beams, Batch, Stop, StopIds }

    private static readonly Dictionary<string, HypothesisForm> Forms = Enum.GetValues<HypothesisForm>().ToDictionary(NameOf);

    /// <summary>Reads a file; the paths in what comes back are good from here.</summary>
    /// <exception cref="InvalidDataException">It is not valid JSON, or says something that cannot be; names the place, the value and the
    /// rule.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static MatrixPlan Read(string path)
    {
        path = FileInFolder.Resolve(path, FileName, _ => "Give the file that declares models and tests");
        using JsonDocument document = ExperimentFile.Parse(path);
        return new Reader(path).Read(document.RootElement);
    }

    /// <summary>What files call a form of output: <c>first_line</c>.</summary>
    internal static string NameOf(HypothesisForm form) => JsonNamingPolicy.SnakeCaseLower.ConvertName(form.ToString());

    private sealed class Reader(string path)
    {
        private readonly string _folder = Path.GetDirectoryName(path) ?? "";
        private readonly List<string> _languages = [];

        public MatrixPlan Read(JsonElement element)
        {
            PlanSection<RootKey> root = Section<RootKey>(new(element, (place, value, rule) =>
                ExperimentFile.Wrong(path, place, value, rule)));
            MatrixPlan usual = new() { Languages = [], Models = [], Tests = [] };
            MatrixLanguage[] languages = [.. Several(root, RootKey.Languages, 2).Select(ReadLanguage)];
            _languages.AddRange(languages.Select(l => l.Name));
            string? @base = root.Text(RootKey.Base);
            PlanSection<EvaluationKey>? evaluation = root.Find(RootKey.Evaluation) is { } place ? Section<EvaluationKey>(place) : null;
            MatrixPlan plan = new()
            {
                Base = @base is null ? null : Of(@base),
                Tokenizer = root.Text(RootKey.Tokenizer) is { } tokenizer ? Of(tokenizer) : null,
                Template = root.Text(RootKey.Template) is { } template ? ExperimentFile.TemplateOf(root, RootKey.Template, template)
                    : usual.Template,
                Languages = languages,
                Models = [.. Several(root, RootKey.Models, 1).Select(m => ReadModel(m, hasBase: @base is not null))],
                Tests = [.. Several(root, RootKey.Tests, 1).Select(ReadTest)],
                Form = root.Choice(RootKey.Output, Forms) ?? usual.Form,
                Limit = root.Count(RootKey.Limit),
                SkipOverlong = root.Flag(RootKey.SkipOverlong) ?? usual.SkipOverlong,
                MaxNewTokens = evaluation?.Count(EvaluationKey.MaxNewTokens) ?? usual.MaxNewTokens,
                Beams = evaluation?.Count(EvaluationKey.Beams) ?? usual.Beams,
                Slots = evaluation?.Count(EvaluationKey.Batch) ?? usual.Slots,
                StopIds = [.. evaluation?.List(EvaluationKey.StopIds)?.Select(s => (int)s.Integer(0, int.MaxValue)) ?? []],
                StopTexts = [.. evaluation?.List(EvaluationKey.Stop)?.Select(Text) ?? []],
            };
            ExperimentFile.ThrowIfAlike(path, "languages", plan.Languages.Select(l => (l.Name, l.Name)));
            ExperimentFile.ThrowIfAlike(path, "models", plan.Models.Select(m => (m.Name, m.Slug)));
            ExperimentFile.ThrowIfAlike(path, "tests", plan.Tests.Select(t => (t.Name, t.Slug)));
            return plan with { Baseline = ReadBaseline(root, plan.Models) };
        }

        /// <summary>The model that is named, or else the first that was trained on nothing.</summary>
        private static string? ReadBaseline(PlanSection<RootKey> root, IReadOnlyList<MatrixModel> models)
        {
            if (root.Text(RootKey.Baseline) is not { } name) return models.FirstOrDefault(m => m.TrainedOn.Count == 0)?.Name;
            return models.Any(m => m.Name == name) ? name
                : throw root.Wrong(RootKey.Baseline, $"it must be one of the models: {string.Join(", ", models.Select(m => m.Name))}");
        }

        private MatrixLanguage ReadLanguage(JsonPlace place)
        {
            PlanSection<LanguageKey> section = Section<LanguageKey>(place);
            return new(Name(section, LanguageKey.Name, section.Required(LanguageKey.Name)), Of(section.Required(LanguageKey.Text)));
        }

        private MatrixModel ReadModel(JsonPlace place, bool hasBase)
        {
            PlanSection<ModelKey> section = Section<ModelKey>(place);
            string? checkpoint = hasBase ? section.Text(ModelKey.Checkpoint) : section.Required(ModelKey.Checkpoint);
            return new(Name(section, ModelKey.Name, section.Required(ModelKey.Name)))
            {
                Checkpoint = checkpoint is null ? null : Of(checkpoint),
                Patches = [.. section.List(ModelKey.Patches)?.Select(p => Of(Text(p))) ?? []],
                TrainedOn = [.. section.List(ModelKey.TrainedOn)?.Select(ReadPair) ?? []],
            };
        }

        private LanguagePair ReadPair(JsonPlace place) =>
            place.Value.ValueKind == JsonValueKind.Array && place.Items().ToArray() is [var source, var target]
                ? new(Language(source), Language(target))
                : throw place.Wrong("it must be two languages, as [\"English\", \"German\"]");

        private MatrixTest ReadTest(JsonPlace place)
        {
            PlanSection<TestKey> section = Section<TestKey>(place);
            ParallelTextOptions usual = new();
            LanguagePair pair = new(Language(section, TestKey.SourceLanguage), Language(section, TestKey.TargetLanguage));
            return new(Name(section, TestKey.Name, section.Text(TestKey.Name) ?? pair.ToString()), pair,
                ExperimentFile.Resolve(_folder, section.Required(TestKey.Data)))
            {
                References = [.. section.List(TestKey.References)?.Select(r => Of(Text(r))) ?? []],
                Pairs = new()
                {
                    SourceColumn = section.Count(TestKey.SourceColumn) ?? usual.SourceColumn,
                    TargetColumn = section.Count(TestKey.TargetColumn) ?? usual.TargetColumn,
                    SourceKey = section.Text(TestKey.SourceKey),
                    TargetKey = section.Text(TestKey.TargetKey),
                    SkipIncomplete = section.Flag(TestKey.SkipIncomplete) ?? usual.SkipIncomplete,
                },
            };
        }

        private string Language(PlanSection<TestKey> section, TestKey key)
        {
            section.Required(key);
            return Language(section.Find(key)!.Value);
        }

        private string Language(JsonPlace place) => Text(place) is var name && _languages.Contains(name) ? name
            : throw place.Wrong($"it must be one of the languages: {string.Join(", ", _languages)}");

        private static string Text(JsonPlace place) => PlanSection<RootKey>.TextOf(place);

        private static string Name<TKey>(PlanSection<TKey> section, TKey key, string name) where TKey : struct, Enum =>
            ExperimentFile.IsName(name) ? name : throw section.Wrong(key, ExperimentFile.NameRule);

        private static IReadOnlyList<JsonPlace> Several<TKey>(PlanSection<TKey> section, TKey key, int min) where TKey : struct, Enum =>
            section.List(key) is { } items && items.Count >= min ? items
                : throw section.Wrong(key, $"Give an array with {min} or more; {Guide} shows a whole file");

        private PlanSection<TKey> Section<TKey>(JsonPlace place) where TKey : struct, Enum => new(path, place, Guide);

        private string Of(string file) => Path.Combine(_folder, file);
    }
}
