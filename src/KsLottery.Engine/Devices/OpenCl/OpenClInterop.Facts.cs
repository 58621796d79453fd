namespace KsLottery.Engine.Devices;

/// <summary>What a device is: <c>cl_device_type</c>.</summary>
[Flags]
internal enum OpenClDeviceType
{
    /// <summary>The platform's first choice.</summary>
    Default = 1,

    /// <summary>A processor.</summary>
    Cpu = 2,

    /// <summary>A graphics processor.</summary>
    Gpu = 4,

    /// <summary>Another computing device.</summary>
    Accelerator = 8,

    /// <summary>A device with fixed functions.</summary>
    Custom = 16,
}

/// <summary>How a device computes: <c>cl_device_fp_config</c>.</summary>
[Flags]
internal enum OpenClArithmetic
{
    /// <summary>Numbers below the least normal one are kept.</summary>
    Subnormals = 1,

    /// <summary>Infinities and NaN are kept.</summary>
    InfinityAndNaN = 2,

    /// <summary>Results are rounded to nearest.</summary>
    RoundsToNearest = 4,

    /// <summary>A product and sum is rounded once.</summary>
    Fused = 32,

    /// <summary>Quotients and square roots can be rounded correctly.</summary>
    ExactDivision = 128,
}

/// <summary>A driver with its devices.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version, which begins with that of OpenCL.</param>
/// <param name="Devices">Its devices.</param>
/// <param name="Status">Why its devices could not be listed; 0 where they were.</param>
internal sealed record OpenClPlatform(string Name, string Version, IReadOnlyList<OpenClDeviceFacts> Devices, int Status);

/// <summary>What a driver tells about a device; texts are empty and numbers 0 where it does not.</summary>
internal sealed record OpenClDeviceFacts
{
    /// <summary>The platform, for the driver.</summary>
    public required nint Platform { get; init; }

    /// <summary>The device, for the driver.</summary>
    public required nint Device { get; init; }

    /// <summary>The platform's name.</summary>
    public required string PlatformName { get; init; }

    /// <summary>The platform's version.</summary>
    public required string PlatformVersion { get; init; }

    /// <summary>The product's name.</summary>
    public required string Name { get; init; }

    /// <summary>The driver's version.</summary>
    public required string DriverVersion { get; init; }

    /// <summary><c>OpenCL MAJOR.MINOR</c> and what the maker adds.</summary>
    public required string Version { get; init; }

    /// <summary><c>OpenCL C MAJOR.MINOR</c> and what the maker adds.</summary>
    public required string LanguageVersion { get; init; }

    /// <summary>Whether it has all of OpenCL, not the part for embedded devices.</summary>
    public required bool IsFullProfile { get; init; }

    /// <summary>What it is.</summary>
    public required OpenClDeviceType Type { get; init; }

    /// <summary>Groups that run at once, at least.</summary>
    public required int ComputeUnits { get; init; }

    /// <summary>Lanes of a group.</summary>
    public required int MaximumGroupSize { get; init; }

    /// <summary>Its memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The largest allocation of it.</summary>
    public required long MaximumAllocationBytes { get; init; }

    /// <summary>Shared memory of a group.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>How it computes in single precision.</summary>
    public required OpenClArithmetic Single { get; init; }

    /// <summary>Whether it computes in double precision.</summary>
    public required bool HasDouble { get; init; }

    /// <summary>Whether it computes in half precision, which no kernel needs.</summary>
    public required bool HasHalf { get; init; }

    /// <summary>Whether it works in the host's memory.</summary>
    public required bool HasUnifiedMemory { get; init; }

    /// <summary>Whether numbers lie in its memory as in ours.</summary>
    public required bool IsLittleEndian { get; init; }

    /// <summary>Whether it can be used now.</summary>
    public required bool IsAvailable { get; init; }

    /// <summary>Whether its driver compiles texts.</summary>
    public required bool HasCompiler { get; init; }

    /// <summary>The version of OpenCL, major and minor; zeros where the driver tells none.</summary>
    public (int Major, int Minor) VersionNumbers
    {
        get
        {
            string[] words = Version.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return words.Length > 1 && System.Version.TryParse(words[1], out Version? version) ? (version.Major, version.Minor) : (0, 0);
        }
    }
}
