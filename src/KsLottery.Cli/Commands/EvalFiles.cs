using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Cli.Commands;

/// <summary>What a model wrote for each pair, in files.</summary>
internal sealed class EvalFiles
{
    /// <summary>A line a pair, for other programs that score: the raw output with its line ends as spaces.</summary>
    private const string HypothesesName = "hypotheses.txt";

    /// <summary>A JSON object a pair, with everything.</summary>
    private const string SamplesName = "samples.jsonl";

    private readonly string _folder;

    /// <summary>Looks before any work whether the files can be written.</summary>
    /// <param name="folder">The folder; it is made where it does not exist.</param>
    /// <exception cref="IOException">One of the files exists.</exception>
    public EvalFiles(string folder)
    {
        _folder = folder;
        foreach (string name in (string[])[HypothesesName, SamplesName])
            if (Path.Exists(Path.Combine(folder, name)))
                throw new IOException($"{Path.Combine(folder, name)}: it exists already. Name another folder for the output.");
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a folder for the output.");
    }

    /// <summary>Writes both; returns their names.</summary>
    public IReadOnlyList<string> Write(EvaluationResult result, CancellationToken cancel)
    {
        Directory.CreateDirectory(_folder);
        AtomicFile.WriteText(Path.Combine(_folder, HypothesesName),
            string.Concat(result.Samples.Select(sample => sample.Output!.Value.Text.ReplaceLineEndings(" ") + "\n")), cancel);
        AtomicFile.Write(Path.Combine(_folder, SamplesName), stream =>
        {
            foreach (EvaluatedSample sample in result.Samples)
            {
                using (Utf8JsonWriter json = new(stream)) Write(json, sample);
                stream.Write("\n"u8);
            }
        }, cancel);
        return [HypothesesName, SamplesName];
    }

    private static void Write(Utf8JsonWriter json, EvaluatedSample sample)
    {
        GeneratedText output = sample.Output!.Value;
        json.WriteStartObject();
        json.WriteString("path", sample.Pair.Path);
        json.WriteNumber("line", sample.Pair.Line);
        json.WriteString("source", sample.Pair.Question);
        json.WriteString("reference", sample.Pair.Target);
        json.WriteString("raw", output.Text);
        json.WriteString("first_line", Hypothesis.FirstLine(output.Text));
        json.WriteString("response", Hypothesis.Response(output.Text));
        json.WriteBoolean("stopped_at_eos", output.EndedByEos);
        json.WriteNumber("new_tokens", sample.Tokens.Count);
        json.WriteNumberOrNull("loss", sample.Loss / sample.TargetCount);
        json.WriteNumber("target_tokens", sample.TargetCount);
        json.WriteEndObject();
    }
}
