using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Tests.Text.Corpora;

internal sealed class BatchScheduleTests
{
    /// <summary>Sequence i begins with token i; lengths from 3 to 9.</summary>
    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 50).Select(i => new TokenSequence(Enumerable.Repeat(i, 3 + (i % 7)).ToArray(), 1 + (i % 2)))];

    [Test]
    public void An_epoch_sees_every_sequence_once_in_an_order_of_its_own()
    {
        BatchSchedule schedule = new(Sequences, batchSize: 8, microBatchRows: 20, seed: 42);
        Assert.That(schedule.StepsPerEpoch, Is.EqualTo(7));
        int[][] epochs =
            [.. Enumerable.Range(0, 3)
                .Select(epoch => Enumerable.Range(7 * epoch, 7).SelectMany(step => FirstTokens(schedule, step)).ToArray())];
        foreach (int[] epoch in epochs) Assert.That(epoch.Order(), Is.EqualTo(Enumerable.Range(0, 50)));
        Assert.That(epochs[0], Is.Not.EqualTo(epochs[1]).And.Not.EqualTo(Enumerable.Range(0, 50)));
        Assert.That(epochs[1], Is.Not.EqualTo(epochs[2]));
        Assert.That(FirstTokens(schedule, 6), Has.Count.EqualTo(2), "the last step takes what is left");
        Assert.That(FirstTokens(new BatchSchedule(Sequences, 8, 20, seed: 43), 0), Is.Not.EqualTo(FirstTokens(schedule, 0)));
    }

    [Test]
    public void A_step_is_the_same_whatever_was_asked_for_before()
    {
        BatchSchedule forward = new(Sequences, 8, 20, 7);
        List<int>[] steps = [.. Enumerable.Range(0, 30).Select(step => FirstTokens(forward, step))];
        foreach (int step in (int[])[29, 3, 15, 14, 0])
            Assert.That(FirstTokens(new BatchSchedule(Sequences, 8, 20, 7), step), Is.EqualTo(steps[step]));
        foreach (int step in (int[])[29, 3, 15, 14, 0]) Assert.That(FirstTokens(forward, step), Is.EqualTo(steps[step]));
    }

    [TestCase(1), TestCase(8), TestCase(20), TestCase(1000)]
    public void Micro_batches_hold_whole_sequences_within_the_limit(int limit)
    {
        IReadOnlyList<TokenBatch> batches = new BatchSchedule(Sequences, 16, limit, 1).GetStep(0);
        Assert.That(batches, Has.All.Matches<TokenBatch>(batch => batch!.RowCount <= limit || batch.SequenceCount == 1));
        Assert.That(batches.Sum(batch => batch.SequenceCount), Is.EqualTo(16));
        for (int i = 1; i < batches.Count; i++)
            Assert.That(batches[i - 1].RowCount + batches[i].Starts[1], Is.GreaterThan(limit), "a micro-batch takes what fits");
    }

    [Test]
    public void Targets_are_the_next_tokens_behind_the_prompt()
    {
        TokenBatch batch = BatchSchedule.Pack([new(new[] { 1, 5, 6, 7, 2 }, 3), new(new[] { 1, 8 }, 1)], 100)[0];
        Assert.That(batch.Tokens, Is.EqualTo(new[] { 1, 5, 6, 7, 1 }));
        Assert.That(batch.Targets, Is.EqualTo(new[] { -1, -1, 7, 2, 8 }));
        Assert.That(batch.Starts, Is.EqualTo(new[] { 0, 4, 5 }));
    }

    [Test]
    public void What_cannot_be_trained_on_is_refused()
    {
        Assert.That(() => new BatchSchedule([], 1, 1, 1), Throws.ArgumentException.With.Message.Contains("no sequences"));
        Assert.That(() => BatchSchedule.Pack([new(new[] { 1, 2 }, 2)], 1),
            Throws.ArgumentException.With.Message.Contains("sequence 0 has 2 tokens"));
        Assert.That(() => BatchSchedule.Pack([new(new[] { 1, 2 }, 0)], 1), Throws.ArgumentException.With.Message.Contains("prompt of 0"));
        Assert.That(() => new BatchSchedule(Sequences, 0, 1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new BatchSchedule(Sequences, 1, 1, 1).GetStep(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static List<int> FirstTokens(BatchSchedule schedule, long step) =>
        [.. schedule.GetStep(step).SelectMany(batch => batch.Starts[..^1].Select(start => batch.Tokens[start]))];
}
