using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every kernel of attention has the bits of the products that define it.</summary>
[Category("instructions")]
internal sealed class PackedAttentionTests
{
    private static readonly AttentionShape[] Shapes = [new(1, 1, 48), new(4, 2, 8), new(2, 1, 20), new(3, 3, 5), new(1, 1, 300)];

    private static readonly int[][] Sequences = [[1], [31, 1, 64], [65, 2, 130], [310]];

    [Test]
    public void Kernels_have_the_bits_of_products_of_whole_tiles([Range(0, 4)] int shape, [Range(0, 3)] int sequences)
    {
        using CpuOperations operations = new(threads: 1);
        AttentionCase expected = new AttentionCase(operations, Shapes[shape], Sequences[sequences]).Define();
        foreach (AttentionKernel kernel in GemmAlgorithms.OwnAttention)
        {
            if (kernel == GemmAlgorithms.OwnAttention[^1] && !Fma.IsSupported && !AdvSimd.IsSupported) continue;
            AttentionCase actual = new AttentionCase(operations, Shapes[shape], Sequences[sequences]).Run(kernel);
            for (int i = 0; i < actual.Results.Count; i++)
                Assert.That(TestDevices.Download(operations, actual.Results[i].Memory).AsSpan()
                    .SequenceEqual(TestDevices.Download(operations, expected.Results[i].Memory)), $"{kernel} {actual.Results[i].Name}");
        }
    }
}
