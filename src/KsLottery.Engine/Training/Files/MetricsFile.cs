using System.Text.Json;

namespace KsLottery.Engine.Training;

/// <summary>Reads <c>metrics.jsonl</c>, as <see cref="MetricsWriter"/> writes it.</summary>
internal static class MetricsFile
{
    /// <summary>Reads all lines, in their order.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static IReadOnlyList<StepMetrics> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Parse(path, File.ReadLines(path));
    }

    /// <summary>The same of lines that were read.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<StepMetrics> Parse(string path, IEnumerable<string> lines)
    {
        List<StepMetrics> steps = [];
        foreach (string line in lines)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement root = document.RootElement;
                steps.Add(new(root.GetProperty("step").GetInt64(), root.GetProperty("epoch").GetDouble())
                {
                    Loss = Real(root, "loss"),
                    EvalLoss = Real(root, "eval_loss"),
                    GradientNorm = Real(root, "grad_norm"),
                    LearningRate = Real(root, "learning_rate"),
                    TokensPerSecond = Real(root, "tokens_per_second"),
                });
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new InvalidDataException($"{path}: line {steps.Count + 1} is no step of a training. Run the training again.", fault);
            }
        }
        return steps;
    }

    private static double? Real(JsonElement root, string name) =>
        root.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;
}
