using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Models;

/// <summary>What a ticket's rows are trained with may be computed in parts: bits are those of the whole, which the whole embedding's
/// training computes.</summary>
internal sealed class TicketPartsTests
{
    private static readonly int[] Ticket = [3, 10];

    /// <summary>Many sequences and few, short and long, with the ticket's tokens anywhere or nowhere; rows that are few enough for products
    /// of another order; and targets that are cut into pieces (vocabulary 40,000, of which 838 rows make 128 MiB).</summary>
    private static readonly object[] Cases =
        [new[] { 11, 1, 12, 40, 0 }, new[] { 11, 2, 6, 40, 0 }, new[] { 11, 9, 14, 8, 0 }, new[] { 11, 12, 30, 2, 1 },
            new[] { 40_000, 40, 30, 3, 0 }, new[] { 40_000, 60, 20, 20, 1 }];

    [TestCaseSource(nameof(Cases))]
    public void Losses_and_gradients_have_the_bits_of_the_whole_embeddings(int[] shape)
    {
        using CpuOperations operations = new(threads: 2);
        LlamaConfig config = TinyModels.Config() with { VocabularySize = shape[0] };
        using LlamaWeights all = TinyModels.Weights(config, operations, TrainingScope.Embedding),
            some = TinyModels.Weights(config, operations, Rows(config));
        using LlamaModel whole = new(all, operations, recompute: shape[4] == 1), part = new(some, operations, recompute: shape[4] == 1);
        foreach (TokenBatch batch in Batches(shape))
        {
            all.ClearGradients();
            some.ClearGradients();
            double expected = whole.LossAndGradients(batch, 0.25);
            Assert.That(part.LossAndGradients(batch, 0.25), Is.EqualTo(expected));
            float[] table = TestDevices.Download(operations, all.Trainable[0].Gradient);
            Assert.That(TestDevices.Download(operations, some.Trainable[0].Gradient),
                Is.EqualTo(Ticket.SelectMany(row => table.Skip(row * config.Width).Take(config.Width))));
        }
    }

    /// <summary>A teacher that counts nothing takes the way through all logits at once.</summary>
    [TestCaseSource(nameof(Cases))]
    public void Of_a_tied_head_they_have_those_of_all_logits_at_once(int[] shape)
    {
        using CpuOperations operations = new(threads: 2);
        LlamaConfig config = TinyModels.Config(isTied: true) with { VocabularySize = shape[0] };
        using LlamaWeights weights = TinyModels.Weights(config, operations, Rows(config)),
            other = TinyModels.Weights(config, operations, null);
        using LlamaModel model = new(weights, operations, recompute: shape[4] == 1), teacher = new(other, operations);
        foreach (TokenBatch batch in Batches(shape))
        {
            weights.ClearGradients();
            double expected = model.LossAndGradients(batch, new TargetTerms(0.25) { Teacher = teacher });
            float[] gradient = TestDevices.Download(operations, weights.Trainable[0].Gradient);
            weights.ClearGradients();
            Assert.That(model.LossAndGradients(batch, new TargetTerms(0.25)), Is.EqualTo(expected));
            Assert.That(TestDevices.Download(operations, weights.Trainable[0].Gradient), Is.EqualTo(gradient));
        }
    }

    [Test]
    public void Sequences_are_told_apart_by_tokens_and_targets_and_no_more_losses_are_kept_than_asked_for()
    {
        FrozenLosses losses = new(capacity: 3);
        TokenBatch batch = new([1, 2, 1, 2, 2, 1], [2, 3, 2, 4, 2, 3], [0, 2, 4, 6]);
        losses.Add(batch, 0, [0.5f, 0.25f]);
        losses.Add(batch, 1, [0.5f, 0.75f]);
        losses.Add(batch, 2, [1f]);
        Assert.That(losses.Find(batch, 0), Is.EqualTo((float[])[0.5f, 0.25f]));
        Assert.That((losses.Find(batch, 1), losses.Find(new([1, 2], [2, 3], [0, 2]), 0)?.Length), Is.EqualTo(((float[]?)null, 2)));
        Assert.That(losses.Find(batch, 2), Has.Length.EqualTo(1));
    }

    private static TrainingScope Rows(LlamaConfig config) =>
        TrainingScope.Mask(TicketMask.OfRows("model.embed_tokens.weight", config.VocabularySize, config.Width, Ticket));

    /// <summary>Each twice, and all together: the second time sequences without the ticket's tokens are known, beside others as
    /// well.</summary>
    private static TokenBatch[] Batches(int[] shape)
    {
        SplitMix64 random = new(5);
        TokenBatch[] batches = [.. Enumerable.Range(0, shape[0] > 11 ? 2 : 12)
            .Select(_ => Draw(random, shape[1], shape[2], shape[3], shape[0]))];
        return [.. batches, .. batches, Joined(batches)];
    }

    private static TokenBatch Draw(SplitMix64 random, int sequences, int length, int rarity, int vocabulary)
    {
        List<int> tokens = [], targets = [], starts = [0];
        for (int s = 0; s < sequences; s++)
        {
            int own = 1 + (int)(random.Next() % (ulong)length);
            for (int i = 0; i < own; i++)
            {
                int token = (int)(random.Next() % (ulong)vocabulary);
                tokens.Add(random.Next() % (ulong)rarity == 0 ? Ticket[token % 2] : Array.IndexOf(Ticket, token) < 0 ? token : 1);
                targets.Add(random.Next() % 5 == 0 ? TokenBatch.NoTarget : token);
            }
            starts.Add(tokens.Count);
        }
        return new([.. tokens], [.. targets], [.. starts]);
    }

    private static TokenBatch Joined(TokenBatch[] batches)
    {
        List<int> starts = [0];
        foreach (TokenBatch batch in batches) starts.AddRange(batch.Starts.Skip(1).Select(start => start + Offset(batch)));
        return new([.. batches.SelectMany(b => b.Tokens)], [.. batches.SelectMany(b => b.Targets)], [.. starts]);
        int Offset(TokenBatch batch) => batches.TakeWhile(b => b != batch).Sum(b => b.RowCount);
    }
}
