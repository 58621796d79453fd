using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

public sealed class FarthestRowTests
{
    private const int Width = 32;

    /// <summary>Row 0 has the larger h and a change of 2 %, row 1 the smaller h and a change of thousands; row 2 was zero.</summary>
    [TestCase(false, "#1"), TestCase(true, "#2")]
    public void The_row_that_moved_most_is_the_one_whose_change_is_largest(bool hasZeroRow, string name)
    {
        using TemporaryFolder folder = new();
        float[] before = [.. Enumerable.Range(0, 3 * Width).Select(i => i < Width ? 100 + (i / 32f) : i < 2 * Width ? MathF.Sin(i) : 0)],
            after = [.. before];
        for (int i = 0; i < Width; i++)
        {
            after[i] += 2;
            if (i % 2 == 0) after[Width + i] += 50;
            if (hasZeroRow) after[(2 * Width) + i] = 1e-3f * i;
        }
        foreach ((string file, float[] values) in new[] { ("a", before), ("b", after) })
            SafetensorsWriter.Write(folder.File(file),
                [TensorSource.FromBytes("e", ElementType.F32, [3, Width], values.SelectMany(BitConverter.GetBytes).ToArray())]);
        using Checkpoint baseModel = Checkpoint.Open(folder.File("a")), tuned = Checkpoint.Open(folder.File("b"));
        Tensor a = baseModel.GetTensor("e"), b = tuned.GetTensor("e");
        ScoredRows rows = new(RowScan.Run(RowMatrix.FromTensor(a), RowMatrix.FromTensor(b)));
        Ticket ticket = Ticket.Select(rows, TicketOrigin.Of(baseModel, a, b, Fingerprint.OfTensor(a), Fingerprint.OfTensor(b)));
        Assert.That(ticket.Entries[0].Id, Is.Zero, "the best by h");
        Assert.That(ticket.Entries, Has.Count.EqualTo(hasZeroRow ? 3 : 2));
        Report.FromTicket("pair", ticket, rows, RowTokens.None, a, b).WritePage(folder.File("page.html"));
        Assert.That(File.ReadAllText(folder.File("page.html")), Does.Contain($"<b><bdi>{name}</bdi></b><span>moved farthest of its rows"));
    }
}
