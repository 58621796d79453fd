using System.CommandLine;
using KsLottery.Benchmarks;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery bench model</c>.</summary>
/// <param name="Plan">What is measured.</param>
/// <param name="Device">Where it is computed.</param>
internal sealed record BenchModelOptions(ModelBenchPlan Plan, DeviceOption Device)
{
    private static readonly Option<int> WidthOption = Options.Width(1).Default(288, "C, the width of the model.");
    private static readonly Option<int> LayersOption = Options.Layers.Default(6, "L, the number of layers.");
    private static readonly Option<int> HeadsOption = Options.Heads.Default(6, "H, query heads.");
    private static readonly Option<int> KeyHeadsOption = Options.KeyHeads(0).Default(0,
        "G, key and value heads; as many as query heads by default.");
    private static readonly Option<int> FeedForwardOption = Options.FeedForward.Default(768, "F, the width within the feed-forward block.");
    private static readonly Option<int> VocabularyOption = Options.Vocabulary(1).Default(32_000, "V, rows of the embedding.");
    private static readonly Option<bool> UntiedOption = Options.Untied("Give the model an output head of its own.");
    private static readonly Option<int> LengthOption = Options.Length(9);
    private static readonly Option<int> BatchOption = Options.Batch.Default(4, "Sequences of a step.");
    private static readonly Option<int> RowsOption = Options.Rows.Default(18, "k, rows of the ticket.");
    private static readonly Option<double> SecondsOption = Options.Seconds.Default(2, "Time to measure each figure.");

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(WidthOption, LayersOption, HeadsOption, KeyHeadsOption, FeedForwardOption, VocabularyOption, UntiedOption, LengthOption,
            BatchOption, RowsOption, Options.TokenIds, Options.Works, SecondsOption);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="CommandException">They give no model.</exception>
    public static BenchModelOptions From(ParseResult arguments)
    {
        int width = arguments.GetValue(WidthOption), heads = arguments.GetValue(HeadsOption), keyHeads = arguments.GetValue(KeyHeadsOption);
        int vocabulary = arguments.GetValue(VocabularyOption);
        int rows = arguments.GetValue(RowsOption), length = arguments.GetValue(LengthOption);
        if (keyHeads == 0) keyHeads = heads;
        CommandException.Require(width % heads == 0 && width / heads % 2 == 0, $"--width {width}: give an even multiple of the "
            + $"{heads} heads");
        CommandException.Require(heads % keyHeads == 0, $"--key-heads {keyHeads}: give a divisor of the {heads} heads");
        CommandException.Require(rows < vocabulary, $"--rows {rows}: give fewer than the {vocabulary} rows of the vocabulary");
        LlamaConfig config = new()
        {
            Width = width,
            FeedForwardWidth = arguments.GetValue(FeedForwardOption),
            LayerCount = arguments.GetValue(LayersOption),
            Attention = new AttentionShape(heads, keyHeads, width / heads),
            VocabularySize = vocabulary,
            MaxLength = length,
            NormEpsilon = 1e-5,
            IsTied = !arguments.GetValue(UntiedOption),
        };
        DeviceOption device = DeviceOption.From(arguments);
        int batch = arguments.GetValue(BatchOption);
        ModelBenchPlan plan = new(config, batch, length, rows, () => device.Open(DeviceWork.Model),
            TimeSpan.FromSeconds(arguments.GetValue(SecondsOption)),
            arguments.GetValue(Options.Works) is { Length: > 0 } works ? works : ModelBench.Works,
            arguments.GetValue(Options.TokenIds) is { } tokens ? BenchText.Read(tokens, vocabulary, batch, length) : null);
        return new(plan, device);
    }
}
