using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Evaluation;

/// <summary>What a model wrote for each pair, in files: <c>hypotheses.txt</c> and <c>samples.jsonl</c>.</summary>
/// <remarks>
/// <c>hypotheses.txt</c> has a line a pair, for other programs that score: the raw output with its line ends as spaces.
/// <c>samples.jsonl</c> has a JSON object a pair, with everything.
/// </remarks>
internal sealed class EvaluationFiles
{
    private const string HypothesesName = "hypotheses.txt", SamplesName = "samples.jsonl";

    private readonly string _folder;

    /// <summary>Looks before any work whether the files can be written.</summary>
    /// <param name="folder">The folder; it is made where it does not exist.</param>
    /// <exception cref="IOException">One of the files exists.</exception>
    public EvaluationFiles(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = folder;
        foreach (string name in (string[])[HypothesesName, SamplesName])
            if (Path.Exists(Path.Combine(folder, name)))
                throw new IOException($"{Path.Combine(folder, name)}: it exists already. Name another folder for the output.");
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a folder for the output.");
    }

    /// <summary>Writes both; returns their names.</summary>
    /// <param name="result">An evaluation that generated texts.</param>
    /// <param name="cancellationToken">Stops before a file gets its name.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public IReadOnlyList<string> Write(EvaluationResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        Directory.CreateDirectory(_folder);
        AtomicFile.WriteText(Path.Combine(_folder, HypothesesName),
            string.Concat(result.Samples.Select(sample => sample.Output!.Value.Text.ReplaceLineEndings(" ") + "\n")), cancellationToken);
        AtomicFile.Write(Path.Combine(_folder, SamplesName), stream =>
        {
            foreach (EvaluatedSample sample in result.Samples)
            {
                using (Utf8JsonWriter json = new(stream)) Write(json, sample);
                stream.Write("\n"u8);
            }
        }, cancellationToken);
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
        double loss = sample.Loss / sample.TargetCount;
        if (double.IsFinite(loss)) json.WriteNumber("loss", loss);
        else json.WriteNull("loss");
        json.WriteNumber("target_tokens", sample.TargetCount);
        json.WriteEndObject();
    }
}
