using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>Writes a plan as <see cref="ExperimentFile"/> reads it, every default spelt out.</summary>
internal sealed class PlanWriter(Utf8JsonWriter json, string path, ExperimentPlan plan)
{
    private readonly string _folder = Path.GetDirectoryName(Path.GetFullPath(path))!;

    public void Write()
    {
        json.WriteStartObject();
        json.WriteString("base", Relative(plan.Base));
        if (plan.Tokenizer is { } tokenizer) json.WriteString("tokenizer", Relative(tokenizer));
        json.WriteString("template", plan.Template.Name == "custom" ? plan.Template.Text : plan.Template.Name);
        json.WriteStartArray("tasks");
        foreach (ExperimentTask task in plan.Tasks) Write(task);
        json.WriteEndArray();
        json.WriteStartArray("seeds");
        foreach (ulong seed in plan.Seeds) json.WriteNumberValue(seed);
        json.WriteEndArray();
        json.WriteNumber("alpha", plan.Alpha);
        Write(plan.Training);
        json.WriteStartObject("learning_rates");
        json.WriteNumber("full", plan.Rates.Full);
        json.WriteNumber("embedding", plan.Rates.Embedding);
        json.WriteNumber("rows", plan.Rates.Rows);
        json.WriteNumber("lora", plan.Rates.LowRank);
        json.WriteEndObject();
        if (plan.MaxLength is { } length) json.WriteNumber("max_length", length);
        json.WriteBoolean("skip_overlong", plan.SkipOverlong);
        json.WriteStartObject("evaluation");
        json.WriteNumber("max_new_tokens", plan.MaxNewTokens);
        json.WriteNumber("beams", plan.Beams);
        json.WriteNumber("batch", plan.Slots);
        json.WriteStops(plan.StopIds, plan.StopTexts);
        json.WriteEndObject();
        json.WriteStartArray("arms");
        foreach (ExperimentArm arm in plan.Arms) Write(arm);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(ExperimentTask task)
    {
        json.WriteStartObject();
        json.WriteString("name", task.Name);
        json.WriteString("train", RelativePairs(task.Train));
        json.WriteString("test", RelativePairs(task.Test));
        Text("source_language", task.SourceLanguage);
        Text("target_language", task.TargetLanguage);
        if (task.Pairs.SourceColumn != 1) json.WriteNumber("source_column", task.Pairs.SourceColumn);
        if (task.Pairs.TargetColumn != 2) json.WriteNumber("target_column", task.Pairs.TargetColumn);
        Text("source_key", task.Pairs.SourceKey);
        Text("target_key", task.Pairs.TargetKey);
        if (task.Pairs.SkipIncomplete) json.WriteBoolean("skip_incomplete", true);
        json.WriteEndObject();
    }

    private void Write(TrainingPlan training)
    {
        json.WriteStartObject("training");
        if (training.Steps is { } steps) json.WriteNumber("steps", steps);
        else json.WriteNumber("epochs", training.Epochs);
        json.WriteNumber("batch", training.BatchSize);
        json.WriteString("schedule", training.IsCosine ? "cosine" : "constant");
        json.WriteNumber("final_rate", training.FinalRate);
        json.WriteNumber("warmup", training.Warmup);
        json.WriteNumber("weight_decay", training.WeightDecay);
        json.WriteNumber("clip", training.MaxGradientNorm);
        json.WriteNumber("micro_batch", training.MicroBatchRows);
        // Files of before say nothing of these, and a run's folder is known again by its bytes.
        if (training.ClipsPerTensor) json.WriteBoolean("clip_per_tensor", true);
        if (training.Optimizer != OptimizerKind.AdamW) json.WriteString("optimizer", "rmsprop");
        json.WriteEndObject();
    }

    private void Write(ExperimentArm arm)
    {
        json.WriteStartObject();
        json.WriteString("method", arm.MethodName);
        json.WriteString("name", arm.Name);
        if (arm.Alpha is { } alpha) json.WriteNumber("alpha", alpha);
        if (arm.Rows is { } rows) json.WriteNumber("rows", rows);
        Text("text", arm.Text);
        Text("only", arm.Only is { } only ? TokenGroups.NameOf(only) : null);
        Text("without", arm.Without is { } without ? TokenGroups.NameOf(without) : null);
        if (arm.LearningRate is { } rate) json.WriteNumber("learning_rate", rate);
        json.WriteEndObject();
    }

    private void Text(string name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    private string Relative(string other) => Path.GetRelativePath(_folder, Path.GetFullPath(other));

    private string RelativePairs(string pairs) => File.Exists(pairs) || !pairs.Contains(',', StringComparison.Ordinal) ? Relative(pairs)
        : string.Join(',', pairs.Split(',').Select(Relative));
}
