using Tile128 = KsLottery.Engine.Operations.GemmTile6<KsLottery.Engine.Operations.GemmLanes128,
    System.Runtime.Intrinsics.Vector128<float>>;
using Tile256 = KsLottery.Engine.Operations.GemmTile6<KsLottery.Engine.Operations.GemmLanes256,
    System.Runtime.Intrinsics.Vector256<float>>;
using Tile512 = KsLottery.Engine.Operations.GemmTile14<KsLottery.Engine.Operations.GemmLanes512,
    System.Runtime.Intrinsics.Vector512<float>>;

namespace KsLottery.Engine.Operations;

/// <summary>Knows every <see cref="GemmAlgorithm"/>, which of them can run here, and which is fastest.</summary>
/// <remarks>
/// The only place that asks what the processor can do. The order is measured, but for <c>vector512</c>, see <c>bench/results</c>; it is
/// fixed, so that the same machine computes the same bytes from run to run.
/// </remarks>
internal static class GemmAlgorithms
{
    /// <summary>The environment variable that chooses: <c>own</c>, <c>openblas</c>, <c>reference</c> or <c>auto</c>.</summary>
    public const string Variable = Devices.DeviceGemmChoice.Variable;

    private static readonly Lazy<GemmAlgorithm> Chosen = new(() => Choose(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>What the environment asks for, read once.</summary>
    /// <exception cref="ArgumentException"><c>KSLOTTERY_GEMM</c> asks for what is not there.</exception>
    public static GemmAlgorithm Default => Chosen.Value;

    /// <summary>Our own kernels, widest first, with whether this processor has their instructions; without them they compute the same,
    /// slowly.</summary>
    public static IReadOnlyList<(GemmAlgorithm Algorithm, bool IsSupported)> Own { get; } =
    [
        (new PackedGemm<Tile512>("vector512"), GemmLanes512.IsSupported),
        (new PackedGemm<Tile256>("vector256"), GemmLanes256.IsSupported),
        (new PackedGemm<Tile128>("vector128"), true),
    ];

    /// <summary>Attention by the tiles of each of our own kernels, in that order.</summary>
    public static IReadOnlyList<AttentionKernel> OwnAttention { get; } =
        [new PackedAttention<Tile512>(), new PackedAttention<Tile256>(), new PackedAttention<Tile128>()];

    /// <summary>Attention by the widest tiles that this processor has, whatever multiplies matrices.</summary>
    public static AttentionKernel Attention => OwnAttention[Own.Index().First(k => k.Item.IsSupported).Index];

    /// <summary>Makes the choice that <c>KSLOTTERY_GEMM</c> describes; null, empty and names of a device's libraries are <c>auto</c>: our
    /// own with AVX2 and FMA or more, else OpenBLAS where it is installed.</summary>
    /// <exception cref="ArgumentException">There is no such choice, or no OpenBLAS.</exception>
    public static GemmAlgorithm Choose(string? name) => name switch
    {
        null or "" or "auto" => Fastest != Own[^1].Algorithm || !OpenBlasInterop.Instance.IsAvailable ? Fastest : new OpenBlasGemm(),
        "own" => Fastest,
        "openblas" => OpenBlasInterop.Instance.IsAvailable ? new OpenBlasGemm()
            : throw new ArgumentException(
                $"{Variable}=openblas: {string.Join("; ", OpenBlasInterop.Instance.Attempts)}. Install OpenBLAS, or unset {Variable}."),
        "reference" => new GemmReference(),
        _ when Devices.DeviceGemmChoice.IsDeviceChoice(name) => Choose(null),
        _ => throw new ArgumentException(
            $"{Variable}={name}: expected own, openblas, reference or auto; of a device clblast, cublas or cublas-bf16"),
    };

    private static GemmAlgorithm Fastest => Own.First(k => k.IsSupported).Algorithm;
}
