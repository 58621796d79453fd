using System.CommandLine;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary><c>kslottery generate</c>: continues texts.</summary>
internal static class GenerateCommand
{
    private const char ByteOrderMark = '\uFEFF';

    public static Command Create()
    {
        Command command = new("generate", "Continues a text, or begins one: greedily, by drawing, or by beam search. "
            + "Prints what the model adds.");
        GenerateOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(GenerateOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(GenerateOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        using LoadedModel loaded = new(options.Model, ui, cancel);
        int capacity = loaded.Model.Config.MaxLength;
        (string Text, int[] Tokens)[] prompts = [.. ReadPrompts(options).Select(pair => Encode(pair, options, loaded))];
        StopTokens stops = options.Stops.Of(loaded.Model.Config, loaded.Tokenizer);
        GenerationOptions generation = stops.ApplyTo(options.Generation);
        int longest = prompts.Max(prompt => prompt.Tokens.Length);
        capacity = (int)Math.Min(capacity, longest + (long)generation.MaxNewTokens);
        if (capacity - longest < generation.MaxNewTokens)
            ui.Remark($"note: a text ends at {Sizes.Count(capacity)} tokens with its prompt, which is what the model was made for.");

        int slots = Math.Max(generation.Beams, Math.Min(options.Batch, prompts.Length * generation.Beams));
        using LlamaDecoder decoder = new(loaded.Model, loaded.Operations, slots, capacity);
        TimedDecoder timed = new(decoder);
        IReadOnlyList<Generated> results;
        using (ProgressLine line = ui.StartProgress())
            results = Generator.Generate(timed, [.. prompts.Select(prompt => prompt.Tokens)], generation,
                line.Of<GenerationProgress>(Describe), cancel);
        string[] texts = [.. results.Zip(prompts, (result, prompt) =>
            TextOf(loaded.Tokenizer.DecodeContinuation(prompt.Tokens, result.Tokens), stops.Texts))];

        foreach ((int i, string text) in texts.Index())
        {
            if (i > 0) ui.WriteLine();
            ui.WriteText(text);
        }
        LoadedModel.RemarkOnDoubled(prompts[0].Tokens, loaded.Tokenizer, ui);
        StopOptions.Remark(ui, stops, loaded.Tokenizer);
        ui.Remark($"prompt {Sizes.Count(timed.PromptTokens, "token")}, {NumberText.Real(timed.PromptRate)} tokens/s; "
            + $"generated {Sizes.Count(GeneratedCount(results), "token")}, {NumberText.Real(timed.AppendedRate)} tokens/s");
        WriteJson(ui, options, prompts, results, texts, timed, json => StopOptions.WriteJson(json, stops, loaded.Tokenizer));
        return ExitCode.Ok;
    }

    private static string TextOf(byte[] written, StopTexts? stops) => Encoding.UTF8.GetString(stops is null ? written : stops.Cut(written));

    private static IReadOnlyList<SentencePair> ReadPrompts(GenerateOptions options)
    {
        if (options.File is null) return [new(options.Text ?? "", "", Options.Prompt.Name, 1)];
        IReadOnlyList<string> lines = SegmentFile.Read(options.File);
        if (lines.Count == 0) throw new InvalidDataException($"{options.File}: the file is empty. Write a prompt on each line.");
        return [.. lines.Index().Select(line => new SentencePair(line.Item.TrimStart(ByteOrderMark), "", options.File, line.Index + 1))];
    }

    private static (string Text, int[] Tokens) Encode(SentencePair pair, GenerateOptions options, LoadedModel loaded)
    {
        string text = options.Prompt.Template?.Format(pair, options.Prompt.SourceLanguage, options.Prompt.TargetLanguage) ?? pair.Source;
        Tokenizer tokenizer = loaded.Tokenizer;
        int most = loaded.Model.Config.MaxLength - 1;
        int[] tokens = tokenizer.EncodeText(text);
        if (tokens.Length == 0) tokens = [loaded.Model.Config.BosTokenId
            ?? throw new InvalidDataException($"{options.Model.Path}: neither model nor tokenizer names a token that begins "
                + "a text. Give a prompt.")];
        foreach (int token in tokens)
            if (token >= loaded.Model.Config.VocabularySize)
                throw new InvalidDataException($"{pair.Path}: line {pair.Line}: token {token} ({tokenizer.Names.Visible(token)}), but "
                    + "the model's "
                    + $"embedding has rows 0 to {loaded.Model.Config.VocabularySize - 1}. Use the tokenizer that belongs to the model.");
        return tokens.Length <= most ? (text, tokens) : throw new InvalidDataException($"{pair.Path}: line {pair.Line}: the prompt has "
            + $"{Sizes.Count(tokens.Length, "token")}, the model has room for {Sizes.Count(most)} and an answer. Shorten it.");
    }

    private static void WriteJson(ConsoleUi ui, GenerateOptions options, (string Text, int[] Tokens)[] prompts,
        IReadOnlyList<Generated> results,
        string[] texts, TimedDecoder timed, Action<Utf8JsonWriter> writeStops) => ui.WriteJson(json =>
    {
        json.WriteString("model", options.Model.Path);
        writeStops(json);
        json.WriteStartArray("texts");
        for (int i = 0; i < texts.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("prompt", prompts[i].Text);
            json.WriteString("text", texts[i]);
            json.WriteStartArray("tokens");
            foreach (int token in results[i].Tokens) json.WriteNumberValue(token);
            json.WriteEndArray();
            json.WriteBoolean("stopped_at_eos", results[i].StoppedAtEos);
            json.WriteNumber("log_probability", results[i].LogProbability);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("prompt_tokens", timed.PromptTokens);
        json.WriteNumberOrNull("prompt_tokens_per_second", timed.PromptRate);
        json.WriteNumber("generated_tokens", GeneratedCount(results));
        json.WriteNumberOrNull("generated_tokens_per_second", timed.AppendedRate);
    });

    /// <summary>The tokens of the texts. The decoder takes one less of each, since nothing follows the last, and one for each
    /// beam.</summary>
    private static long GeneratedCount(IReadOnlyList<Generated> results) => results.Sum(result => (long)result.Tokens.Length);

    private static string Describe(GenerationProgress value) =>
        $"{Sizes.Count(value.PromptsDone)} of {Sizes.Count(value.PromptCount, "text")}, {Sizes.Count(value.TokensDone)} tokens";
}
