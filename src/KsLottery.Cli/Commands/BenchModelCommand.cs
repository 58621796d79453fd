using System.CommandLine;
using System.Globalization;
using KsLottery.Benchmarks;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;

namespace KsLottery.Cli;

/// <summary><c>kslottery bench model</c>: how fast a model runs and learns on this machine.</summary>
internal static class BenchModelCommand
{
    public static Command Create()
    {
        Command command = new("model", "Measures a LLaMA-type model with random weights: forward, backward, training "
            + "steps by scope, generation.");
        BenchModelOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(BenchModelOptions.From(arguments), ui, cancel), RankUse.EachAlone);
        return command;
    }

    private static int Run(BenchModelOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        List<ModelBenchFigure> figures = [];
        using (ProgressLine progress = ui.StartProgress())
            ModelBench.Run(options.Plan, figures.Add, step => progress.Report(() => step), cancel);
        Write(options.Plan, options.Device, figures, ui);
        return ExitCode.Ok;
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
        TextTable table = new("", ">ms", ">spread", ">CPU ms", ">tokens/s", ">memory");
        foreach (ModelBenchFigure f in figures)
            table.Add(f.Name, Number(f.Seconds * 1e3, "F1"), $"{Percent(f.Min / f.Seconds - 1)}/+{Percent(f.Max / f.Seconds - 1)} %",
                Number(f.CpuSeconds * 1e3, "F1"), Sizes.Count((long)(f.Tokens / f.Seconds)), Sizes.Bytes(f.Bytes));
        foreach (string line in table.Lines()) ui.WriteLine(line);
        ModelBenchFigure? full = figures.Find(f => f.Name == ModelBench.FullStep), mask = figures.Find(f => f.Name == ModelBench.MaskStep);
        if (full is not null && mask is not null)
            ui.WriteLine($"{mask.Name} / {full.Name}: {Number(mask.Seconds / full.Seconds, "F2")} of the time, "
                + $"{Number(mask.CpuSeconds / full.CpuSeconds, "F2")} of the CPU time, {Number((double)mask.Bytes / full.Bytes, "F2")} of "
                + "the memory");
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
                json.WriteNumber("cpu_seconds", f.CpuSeconds);
                json.WriteNumber("tokens_per_second", f.Tokens / f.Seconds);
                json.WriteNumber("peak_bytes", f.Bytes);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });

        static string Percent(double share) => Number(100 * share, "F0");

        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
