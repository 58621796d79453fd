using System.CommandLine;
using System.Diagnostics;
using KsLottery.Demo;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary><c>kslottery reproduce SYSTEM</c>: a published system from nothing, against every control, with a verdict.</summary>
internal static class ReproduceCommand
{
    public static Command Create()
    {
        Command command = new("reproduce",
            "Reproduces a published system from nothing: its base and data, the system and the controls that could refute it over several "
            + "seeds, a table and a verdict for each claim; can be stopped at any moment and resumed.");
        ReproduceOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => arguments.GetValue(Options.ListSystems) ? List(ui)
            : Run(ReproduceOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int List(ConsoleUi ui)
    {
        ReproductionRecipe[] recipes = [.. RecipeSource.Names.Select(name => RecipeFile.Parse(name, RecipeSource.Find(name).Bytes))];
        TextTable table = new("system", "paper", ">revision", "full run");
        foreach (ReproductionRecipe recipe in recipes) table.Add(recipe.Name, recipe.Paper, $"{recipe.Revision}", recipe.Runtime);
        ui.Write(table);
        ui.WriteJson(json =>
        {
            json.WriteStartArray("systems");
            foreach (ReproductionRecipe recipe in recipes)
            {
                json.WriteStartObject();
                json.WriteString("system", recipe.Name);
                json.WriteString("title", recipe.Title);
                json.WriteString("paper", recipe.Paper);
                json.WriteNumber("revision", recipe.Revision);
                json.WriteString("runtime", recipe.Runtime);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
        return ExitCode.Ok;
    }

    private static int Run(ReproduceOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        string folder = options.Out!;
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a new folder for the output.");
        if (!options.Resume && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"{folder}: the folder is not empty. Name a new one, or go on with the run in it (--resume).");
        RecipeSource source = RecipeSource.Find(options.System!);
        ReproductionRecipe recipe = RecipeFile.Parse(source.Name, source.Bytes, options.Short);
        string logged = source.Path ?? Path.Combine(folder, RecipeFile.FileName);
        VerdictLog.ThrowIfChanged(logged, recipe);
        using ComputeDevice device = options.Device.Open(DeviceWork.Model);
        using ProgressLine line = ui.StartProgress();
        string step = "";
        ISyntheticCorpus? corpus = recipe.Make is { } make ? SyntheticCorpora.Named(make.Corpus) : null;
        ReproductionRun run = new(recipe, source.Bytes, corpus, folder, device)
        {
            Began = (seed, name) =>
            {
                step = ConsoleUi.OneLine($"seed {seed}, {name}");
                line.Report(() => step);
            },
            Training = line.Of<TrainingProgress>(value => $"{step}: {TrainingReport.Describe(value)}"),
            Scoring = line.Of<EvaluationProgress>(value => $"{step}: {EvalCommand.Describe(value)}"),
        };
        try
        {
            run.Run(cancel);
        }
        catch (OperationCanceledException e)
        {
            throw new CommandException(ExitCode.Cancelled,
                $"cancelled; the run stands in {folder} as far as it came. Go on by the same command with --resume.", e);
        }
        line.Clear();
        string? log = null;
        if (!recipe.IsShort)
        {
            VerdictLog.Append(logged, recipe, run.Claims, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime), cancel);
            log = VerdictLog.PathOf(logged);
        }
        new ReproductionReport(recipe, run, ui).Write(
            $"{NumberText.Seconds(Stopwatch.GetElapsedTime(started))}; everything stands in {ConsoleUi.OneLine(folder)}"
            + (log is null ? "" : $", the verdicts in {ConsoleUi.OneLine(log)}"));
        return ExitCode.Ok;
    }
}
