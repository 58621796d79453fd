using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>Makes the base, the pairs and the texts of a seed from nothing: text, a vocabulary, a pre-training.</summary>
/// <param name="make">What is made.</param>
/// <param name="corpus">Gives the text.</param>
/// <param name="plan">Names the files of pairs.</param>
/// <param name="texts">Name those of texts.</param>
/// <param name="folder">The seed's folder, in which they stand.</param>
internal sealed class BaseMaker(
    MadeBase make, ISyntheticCorpus corpus, ExperimentPlan plan, IReadOnlyList<RecipeText> texts, string folder)
{
    /// <summary>Makes what is not there yet.</summary>
    public void Run(ulong seed, IOperations operations, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        foreach (MadePairs pairs in make.Pairs)
        {
            ExperimentTask task = plan.Tasks.First(t => t.Name == pairs.Task);
            Write(task.Train, corpus.Pairs(seed, pairs.Task, pairs.Train, isTest: false), cancel);
            Write(task.Test, corpus.Pairs(seed, pairs.Task, pairs.Test, isTest: true), cancel);
        }
        foreach (MadeText made in make.Texts)
            Write(texts.First(t => t.Name == made.Text).File, corpus.TextOf(seed, made.Text, made.Characters), cancel);
        IReadOnlyList<string> documents = corpus.Text(seed, make.Characters);
        string tokenizerPath = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(tokenizerPath)) BpeTrainer.Train(documents, make.Vocabulary, BpePattern.Gpt2).Write(folder);
        Tokenizer tokenizer = Tokenizer.Open(tokenizerPath);
        LlamaConfig config = make.Shape with
        {
            VocabularySize = tokenizer.Count,
            BosTokenId = tokenizer.BosId,
            EosTokenIds = [tokenizer.EosId!.Value],
        };
        using PretrainingRun run = new(config, TextSequences.Encode(documents, tokenizer, tokenizer.Count, make.Length), operations, new()
        {
            Plan = make.Training with { Seed = seed },
            Out = plan.Base,
            Resume = true,
            KeepFinished = true,
            Tokenizer = tokenizerPath,
        });
        run.Run(progress, cancel);
    }

    /// <summary>As JSON lines, as a document may have several lines.</summary>
    private void Write(string file, IReadOnlyList<string> documents, CancellationToken cancel)
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
            AtomicFile.WriteText(path, string.Concat(documents.Select(d => $"{{\"text\":\"{JsonEncodedText.Encode(d)}\"}}\n")), cancel);
    }

    private static void Write(string path, IReadOnlyList<(string Source, string Target)> pairs, CancellationToken cancel)
    {
        if (!File.Exists(path)) AtomicFile.WriteText(path, string.Concat(pairs.Select(p => $"{p.Source}\t{p.Target}\n")), cancel);
    }
}
