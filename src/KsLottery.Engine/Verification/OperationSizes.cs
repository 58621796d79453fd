using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>The shapes that every operation is put to.</summary>
internal sealed record OperationSizes
{
    /// <summary>Awkward shapes: one row, odd widths, no multiples of a vector or a tile, shared key heads, several sequences, vocabularies
    /// of real models.</summary>
    public static OperationSizes Awkward { get; } = new()
    {
        Widths = [1, 3, 16, 17, 31, 48, 100, 288, 1027],
        Lengths = [1, 15, 16, 33, 1000, 100_003],
        NormRows = [1, 5, 300],
        TableRows = 900,
        Products = [[1, 1, 1], [1, 33, 48], [3, 17, 100], [65, 70, 31], [130, 96, 257], [5, 33, 4099], [2, 3, 33_000]],
        LargeProducts = [3003],
        Rotations = [[1, 1, 2], [1, 3, 6], [7, 2, 48], [40, 6, 48], [33, 1, 128], [9, 2, 34]],
        Heads = [new(1, 1, 2), new(6, 6, 48), new(4, 2, 34), new(8, 1, 16), new(6, 2, 128)],
        Starts = [[0, 1], [0, 5], [0, 1, 4, 5], [0, 64, 191], [0, 130, 130, 131, 200]],
        CachedLengths = [[1], [5, 1, 17], [300], [64, 65, 299]],
        Losses = [[1, 2], [70, 17], [70, 512], [4, 3001], [33, 32_000], [2, 128_256]],
    };

    /// <summary>A few small shapes that still take every path of every kernel, for devices that are simulated or watched.</summary>
    public static OperationSizes Small { get; } = new()
    {
        Widths = [3, 300],
        Lengths = [33, 600],
        NormRows = [5],
        TableRows = 60,
        Products = [[3, 17, 40], [33, 70, 18]],
        LargeProducts = [65],
        Rotations = [[7, 2, 34]],
        Heads = [new(2, 1, 18)],
        Starts = [[0, 1, 4, 37]],
        CachedLengths = [[5, 260]],
        Losses = [[3, 17], [2, 300]],
    };

    /// <summary>Elements of a row.</summary>
    public required int[] Widths { get; init; }

    /// <summary>Elements of a range.</summary>
    public required int[] Lengths { get; init; }

    /// <summary>Rows that are normed.</summary>
    public required int[] NormRows { get; init; }

    /// <summary>Rows whose gradients go to a table.</summary>
    public required int TableRows { get; init; }

    /// <summary>M, N, K.</summary>
    public required int[][] Products { get; init; }

    /// <summary>Rows and columns of products in large tiles: 3,003 are enough for devices of up to 576 compute units.</summary>
    public required int[] LargeProducts { get; init; }

    /// <summary>Rows, heads and their width.</summary>
    public required int[][] Rotations { get; init; }

    /// <summary>Heads of attentions.</summary>
    public required AttentionShape[] Heads { get; init; }

    /// <summary>Packed sequences.</summary>
    public required int[][] Starts { get; init; }

    /// <summary>Rows of caches that are attended to.</summary>
    public required int[][] CachedLengths { get; init; }

    /// <summary>Rows and vocabularies.</summary>
    public required int[][] Losses { get; init; }
}
