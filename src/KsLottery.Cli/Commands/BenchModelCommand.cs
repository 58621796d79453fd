using System.CommandLine;
using System.Globalization;
using KsLottery.Benchmarks;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery bench model</c>: how fast a model runs and learns on this machine.</summary>
internal static class BenchModelCommand
{
    private static readonly Option<int> Width = OptionValue.Count("--width", 1, 288, "C, the width of the model.");
    private static readonly Option<int> Layers = OptionValue.Count("--layers", 1, 6, "L, the number of layers.");
    private static readonly Option<int> Heads = OptionValue.Count("--heads", 1, 6, "H, query heads.");
    private static readonly Option<int> KeyHeads = OptionValue.Count("--key-heads", 0, 0, "G, key and value heads; as many as "
        + "query heads by default.");
    private static readonly Option<int> FeedForward = OptionValue.Count("--feed-forward", 1, 768,
        "F, the width within the feed-forward block.");
    private static readonly Option<int> Vocabulary = OptionValue.Count("--vocabulary", 1, 32_000, "V, rows of the embedding.");
    private static readonly Option<bool> Untied = new("--untied") { Description = "Give the model an output head of its own." };
    private static readonly Option<int> Length = OptionValue.Count("--length", 9, 256, "Tokens of a sequence.");
    private static readonly Option<int> Batch = OptionValue.Count("--batch", 1, 4, "Sequences of a step.");
    private static readonly Option<int> Rows = OptionValue.Count("--rows", 1, 18, "k, rows of the ticket.");
    private static readonly Option<string[]> Works = new Option<string[]>("--work")
    {
        Description = $"What to measure: {string.Join(", ", ModelBench.Works)}. All by default; several may be given.",
        HelpName = "NAME",
    }.AcceptOnlyFromAmong([.. ModelBench.Works]);
    private static readonly Option<double> Seconds = new("--seconds")
    {
        Description = "Time to measure each figure.",
        DefaultValueFactory = _ => 2,
        HelpName = "S",
        CustomParser = result => OptionValue.Real(result, seconds => seconds is > 0 and <= 3600, "it must be a number above 0, to 3600"),
    };

    public static Command Create()
    {
        Command command = new("model", "Measures a LLaMA-type model with random weights: forward, backward, training "
            + "steps by scope, generation.")
        {
            Width, Layers, Heads, KeyHeads, FeedForward, Vocabulary, Untied, Length, Batch, Rows, Works, Seconds,
        };
        DeviceOption.AddTo(command);
        command.SetBody(Run);
        return command;
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        DeviceOption device = DeviceOption.From(arguments);
        ModelBenchPlan plan = Plan(arguments, device);
        List<ModelBenchFigure> figures = [];
        using (ProgressLine progress = ui.StartProgress())
            ModelBench.Run(plan, figures.Add, step => progress.Report(() => step), cancellationToken);
        Write(plan, device, figures, ui);
        return ExitCode.Ok;
    }

    private static ModelBenchPlan Plan(ParseResult arguments, DeviceOption device)
    {
        int width = arguments.GetValue(Width), heads = arguments.GetValue(Heads), keyHeads = arguments.GetValue(KeyHeads);
        int vocabulary = arguments.GetValue(Vocabulary);
        int rows = arguments.GetValue(Rows), length = arguments.GetValue(Length);
        if (keyHeads == 0) keyHeads = heads;
        Require(width % heads == 0 && width / heads % 2 == 0, $"--width {width}: give an even multiple of the {heads} heads");
        Require(keyHeads > 0 && heads % keyHeads == 0, $"--key-heads {keyHeads}: give a divisor of the {heads} heads");
        Require(rows < vocabulary, $"--rows {rows}: give fewer than the {vocabulary} rows of the vocabulary");
        LlamaConfig config = new()
        {
            Width = width,
            FeedForwardWidth = arguments.GetValue(FeedForward),
            LayerCount = arguments.GetValue(Layers),
            Attention = new AttentionShape(heads, keyHeads, width / heads),
            VocabularySize = vocabulary,
            MaxLength = length,
            NormEpsilon = 1e-5,
            IsTied = !arguments.GetValue(Untied),
        };
        return new(config, arguments.GetValue(Batch), length, rows, () => device.Open(DeviceWork.Model),
            TimeSpan.FromSeconds(arguments.GetValue(Seconds)),
            arguments.GetValue(Works) is { Length: > 0 } works ? works : ModelBench.Works);
    }

    private static void Write(ModelBenchPlan plan, DeviceOption option, List<ModelBenchFigure> figures, ConsoleUi ui)
    {
        LlamaConfig config = plan.Config;
        DeviceInfo device = option.Resolve(DeviceWork.Model);
        int threads = option.Threads == 0 ? Environment.ProcessorCount : option.Threads;
        string where = device.Processor is { } processor ? $"{Sizes.Count(threads, "thread")} of {processor.Model}"
            : $"{device.Name}, {device.Description}";
        ui.WriteLine($"model    {Sizes.Count(config.ParameterCount, "parameter")}: {config.LayerCount} layers of width {config.Width}, "
            + $"{config.FeedForwardWidth} within, {config.Attention.Heads} heads, vocabulary {Sizes.Count(config.VocabularySize)}, "
            + $"{(config.IsTied ? "tied" : "untied")}, F32");
        ui.WriteLine($"batch    {plan.Sequences} × {plan.Length} tokens, {where}");
        TextTable table = new("", ">ms", ">spread", ">tokens/s", ">memory");
        foreach (ModelBenchFigure f in figures)
            table.Add(f.Name, Number(f.Seconds * 1e3, "F1"), $"{Percent(f.Min / f.Seconds - 1)}/+{Percent(f.Max / f.Seconds - 1)} %",
                Sizes.Count((long)(f.Tokens / f.Seconds)), Sizes.Bytes(f.Bytes));
        foreach (string line in table.Lines()) ui.WriteLine(line);
        ui.WriteJson(json =>
        {
            json.WriteString("benchmark", "model");
            json.WriteString("device", device.Name);
            json.WriteString("processor", device.Processor?.Model ?? device.Description);
            json.WriteNumber("threads", threads);
            json.WriteNumber("parameters", config.ParameterCount);
            json.WriteStartArray("figures");
            foreach (ModelBenchFigure f in figures)
            {
                json.WriteStartObject();
                json.WriteString("name", f.Name);
                json.WriteNumber("seconds", f.Seconds);
                json.WriteNumber("seconds_min", f.Min);
                json.WriteNumber("seconds_max", f.Max);
                json.WriteNumber("tokens_per_second", f.Tokens / f.Seconds);
                json.WriteNumber("peak_bytes", f.Bytes);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });

        static string Percent(double share) => Number(100 * share, "F0");

        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition) throw new CommandException(ExitCode.Usage, problem);
    }
}
