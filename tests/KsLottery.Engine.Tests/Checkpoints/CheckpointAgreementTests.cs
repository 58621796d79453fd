using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Tests.Ranks;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Copies of a checkpoint on each node, one of which may be stale by a row in the middle.</summary>
public sealed class CheckpointAgreementTests
{
    private static readonly DateTime Noon = new(2024, 2, 29, 12, 0, 0, DateTimeKind.Utc);

    [TestCase(0f, 0, true, TestName = "Copies that keep times")]
    [TestCase(0f, 1, true, TestName = "Copies that were made a second later")]
    [TestCase(1f, 1, false, TestName = "A file that differs in the middle of a tensor and in its time")]
    public void Copies_of_one_content_are_told_from_others(float difference, int seconds, bool isOne)
    {
        using TemporaryFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 4096).Select(i => i / 7f)];
        Write(folder.File("a"), values, Noon);
        values[2048] += difference;
        Write(folder.File("b"), values, Noon.AddSeconds(seconds));
        string[] found = ThreadRanks.Run(3, ranks =>
        {
            using Checkpoint checkpoint = Checkpoint.Open(folder.File(ranks.Rank == 2 ? "b" : "a"));
            try
            {
                CheckpointAgreement.ThrowIfDifferent(ranks, [checkpoint]);
                return "";
            }
            catch (RanksDifferException e)
            {
                return e.Message;
            }
        });
        if (isOne) Assert.That(found, Is.All.Empty);
        else Assert.That(found, Is.All.Contains("tensor x differs between ranks: rank 0").And.All.Contains("rank 2"));
    }

    private static void Write(string path, float[] values, DateTime time)
    {
        File.WriteAllBytes(path, SafetensorsBytes.File(SafetensorsBytes.Json(("x", "F32", "[64,64]", 0, 4 * values.Length)),
            MemoryMarshal.AsBytes<float>(values).ToArray()));
        File.SetLastWriteTimeUtc(path, time);
    }
}
