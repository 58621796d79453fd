using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Each range of each operation, one element too short.</summary>
internal sealed class OperandTests
{
    private static readonly int[] Two = [0, 3], Columns = [0, 2], Positions = [0, 1], Starts = [0, 2], Slots = [0], Lengths = [2];

    private static readonly AttentionShape Shape = new(2, 1, 2);

    /// <summary>The lengths that an operation's ranges have together, and its call.</summary>
    private static readonly (string Name, int[] Lengths, Action<IOperations, DeviceSpan[]> Run)[] Operations =
    [
        ("copy", [6, 6], (d, s) => d.Copy(s[0], s[1])),
        ("upload", [6], (d, s) => d.Upload(s[0], new float[6])),
        ("download", [6], (d, s) => d.Download(new float[6], s[0])),
        ("embedding", [6, 12], (d, s) => d.EmbeddingForward(s[0], s[1], Two, 3)),
        ("embedding backward", [12, 6], (d, s) => d.EmbeddingBackward(s[0], s[1], Two, 3)),
        ("scatter rows", [12, 6], (d, s) => d.ScatterRows(s[0], s[1], Two, 3)),
        ("put columns", [8, 4], (d, s) => d.PutColumns(s[0], s[1], Columns, 4)),
        ("take columns", [4, 8], (d, s) => d.TakeColumns(s[0], s[1], Columns, 4)),
        ("norm", [6, 2, 6, 3], (d, s) => d.RmsNormForward(s[0], s[1], s[2], s[3], 3, 1e-6)),
        ("norm backward", [6, 3, 6, 6, 2, 3], (d, s) => d.RmsNormBackward(s[0], s[1], s[2], s[3], s[4], s[5], 3)),
        ("product", [4, 6, 6], (d, s) => d.MatMulForward(s[0], s[1], s[2], 2, 3)),
        ("product backward input", [6, 4, 6], (d, s) => d.MatMulBackwardInput(s[0], s[1], s[2], 2, 3)),
        ("product backward weight", [6, 4, 6], (d, s) => d.MatMulBackwardWeight(s[0], s[1], s[2], 2, 3)),
        ("product backward sampled", [2, 4, 6], (d, s) => d.TryMatMulBackwardSampled(s[0], s[1], s[2], Two, 1, 2, 3)),
        ("rope", [8, 4, 4], (d, s) => d.RopeForward(s[0], s[1], s[2], Positions, 4)),
        ("rope backward", [8, 4, 4], (d, s) => d.RopeBackward(s[0], s[1], s[2], Positions, 4)),
        ("attention", [8, 4, 8, 4, 4], (d, s) => d.AttentionForward(s[0], s[1], s[2], s[3], s[4], Shape, Starts)),
        ("attention backward", [8, 4, 4, 8, 8, 4, 8, 4, 4],
            (d, s) => d.AttentionBackward(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], Shape, Starts)),
        ("cached attention", [4, 4, 6, 6], (d, s) => d.CachedAttentionForward(s[0], s[1], s[2], s[3], Shape, 3, Slots, Lengths)),
        ("swiglu", [6, 6, 6], (d, s) => d.SwiGluForward(s[0], s[1], s[2])),
        ("swiglu backward", [6, 6, 6, 6, 6], (d, s) => d.SwiGluBackward(s[0], s[1], s[2], s[3], s[4])),
        ("loss", [2, 2, 6], (d, s) => d.CrossEntropyForward(s[0], s[1], s[2], Columns, 3)),
        ("loss backward", [6, 2], (d, s) => d.CrossEntropyBackward(s[0], s[1], Columns, 3, 1)),
        ("L1 distance", [6, 6, 6], (d, s) => d.L1Distance(s[0], s[1], s[2], 0.5)),
        ("step", [6, 6, 6, 6], (d, s) => d.AdamWStep(s[0], s[1], s[2], s[3], new(0.1, 0.9, 0.99, 1e-8, 0, 1, 1))),
    ];

    [Test]
    public void An_element_too_few_is_refused_in_every_range([Values] bool isReference)
    {
        using IOperations device = isReference ? new ReferenceOperations() : new CpuOperations(1);
        Assert.Multiple(() =>
        {
            foreach ((string name, int[] lengths, Action<IOperations, DeviceSpan[]> run) in Operations)
            {
                DeviceSpan[] spans = [.. lengths.Select(length => device.Allocate(length).Span)];
                Assert.That(() => run(device, spans), Throws.Nothing, name);
                for (int i = 0; i < spans.Length; i++)
                {
                    DeviceSpan[] shorter = [.. spans];
                    shorter[i] = spans[i].Slice(0, lengths[i] - 1);
                    Assert.That(() => run(device, shorter), Throws.ArgumentException.With.Message.Contains(" elements"), $"{name}: {i}");
                }
            }
        });
    }

    [Test]
    public void Numbers_that_name_no_row_are_refused_and_those_below_0_left_out([Values] bool isReference)
    {
        using IOperations device = isReference ? new ReferenceOperations() : new CpuOperations(1);
        using DeviceMemory six = device.Allocate(6), table = device.Allocate(12);
        foreach (int row in (int[])[4, 100])
        {
            int[] rows = [0, row];
            Assert.That(() => device.ScatterRows(table, six, rows, 3), Throws.TypeOf<ArgumentOutOfRangeException>()
                .With.Message.Contains($"rows[1] must be negative or from 0 to 3.").And.Message.Contains($"{row}"));
            Assert.That(() => device.EmbeddingBackward(table, six, rows, 3), Throws.TypeOf<ArgumentOutOfRangeException>());
        }
        Assert.That(() => device.ScatterRows(table, six, (int[])[3, -1], 3), Throws.Nothing);
    }
}
