using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>The pairs of a task in tokens.</summary>
/// <param name="Task">The task.</param>
/// <param name="Training">What is trained on.</param>
/// <param name="Test">What is scored on.</param>
/// <param name="TestFingerprint">The test pairs' fingerprint.</param>
/// <param name="Repeated">The number of test pairs whose source is also trained on.</param>
/// <param name="Groups">The groups of tokens, the prompt's among them.</param>
internal sealed record TaskData(
    ExperimentTask Task, TokenSequence[] Training, IReadOnlyList<TrainingSample> Test, string TestFingerprint, int Repeated,
        TokenGroups Groups)
{
    /// <summary>Reads and encodes both.</summary>
    public static TaskData Read(ExperimentTask task, ExperimentPlan plan, Tokenizer tokenizer, LlamaConfig config)
    {
        OverlongSamples overlong = plan.SkipOverlong ? OverlongSamples.Skip : OverlongSamples.Fail;
        int longest = plan.MaxLength ?? Math.Min(SampleEncoder.AuthorsLength, config.MaxLength);
        SampleEncoder trained = new(tokenizer, config.VocabularySize, longest, overlong);
        SampleSet training = Encode(trained, task.Train);
        SampleSet test = Encode(new(tokenizer, config.VocabularySize, config.MaxLength, overlong), task.Test)
            .LeaveRoom(plan.MaxNewTokens, config.MaxLength, plan.SkipOverlong);
        if (training.Samples.Count == 0 || test.Samples.Count == 0)
            throw new InvalidDataException(
                $"{(training.Samples.Count == 0 ? task.Train : task.Test)}: the base has room for none of its pairs. "
                + "Choose a shorter template, or ask for fewer new tokens (\"max_new_tokens\").");
        string bare = plan.Template.Format(new SentencePair("", "", "", 0), task.SourceLanguage, task.TargetLanguage);
        HashSet<string> sources = [.. training.Samples.Select(SourceOf)];
        return new(task, training.Sequences, test.Samples, TrainingSession.FingerprintOf(test.Sequences),
            test.Samples.Count(s => sources.Contains(SourceOf(s))), new(tokenizer.Names, trained.EncodePrompt(bare)));

        SampleSet Encode(SampleEncoder encoder, string path) =>
            encoder.Encode(ParallelText.Read(path, task.Pairs), plan.Template, task.SourceLanguage, task.TargetLanguage);
    }

    private static string SourceOf(TrainingSample sample) => sample.Pair.Question;
}
