namespace KsLottery.Engine.Devices;

/// <summary>What <c>KSLOTTERY_GEMM</c> asks of a device's matrix products.</summary>
internal static class DeviceGemmChoice
{
    /// <summary>The environment variable that chooses, for the processor as well.</summary>
    public const string Variable = "KSLOTTERY_GEMM";

    /// <summary>Our own kernels, even where a native library is there.</summary>
    public const string Own = "own";

    /// <summary>CLBlast.</summary>
    public const string Clblast = "clblast";

    /// <summary>cuBLAS, about as exact as F32.</summary>
    public const string Cublas = "cublas";

    /// <summary>cuBLAS with activations rounded to BF16 where the weights are BF16: about 2⁻⁸ relative instead of 2⁻²⁴.</summary>
    public const string CublasBFloat16 = "cublas-bf16";

    /// <summary>The names of a device's choices, which the processor's own choice passes over.</summary>
    public static bool IsDeviceChoice(string name) => name is Clblast or Cublas or CublasBFloat16;

    /// <summary>Whether a library is wanted: it is named, or nothing of a device's is.</summary>
    /// <exception cref="ArgumentException">The choice is none that there is.</exception>
    public static bool Wants(string? choice, string library) => choice switch
    {
        null or "" or "auto" or "openblas" or "reference" => true,
        Own or Clblast or Cublas or CublasBFloat16 => choice == library,
        _ => throw new ArgumentException($"{Variable}={choice}: expected {Own}, {Clblast}, {Cublas}, {CublasBFloat16} or auto"),
    };
}
