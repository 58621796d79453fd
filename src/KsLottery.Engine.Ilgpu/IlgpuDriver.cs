using System.Runtime.InteropServices;

namespace KsLottery.Engine.Ilgpu;

/// <summary>What ILGPU reaches devices through, and why it finds none.</summary>
/// <param name="Word">The word in the names of its devices.</param>
/// <param name="What">Its devices.</param>
/// <param name="Library">The name that ILGPU asks for; on Linux between <c>lib</c> and <c>.so</c>.</param>
/// <param name="NextStep">What to do where there are none, without a final full stop.</param>
internal sealed record IlgpuDriver(string Word, string What, string Library, string NextStep)
{
    /// <summary>NVIDIA's driver.</summary>
    public static IlgpuDriver Cuda { get; } = new("cuda", "ILGPU's CUDA devices", OperatingSystem.IsWindows() ? "nvcuda" : "cuda",
        "Install NVIDIA's driver, or use another device");

    /// <summary>A loader of OpenCL with a driver behind it.</summary>
    public static IlgpuDriver OpenCl { get; } = new("opencl", "ILGPU's OpenCL devices", "OpenCL",
        "Install an OpenCL driver and its loader (on Debian ocl-icd-libopencl1; ILGPU itself asks for the name that ocl-icd-opencl-dev "
            + "has)");

    /// <summary>The file with the version in its name, which is all that a package for running has on Linux.</summary>
    public string Versioned => $"lib{Library}.so.1";

    /// <summary>Why ILGPU finds no device of this driver, without a final full stop.</summary>
    public string WhyNone() => WhyNone(name => NativeLibrary.TryLoad(name, typeof(Context).Assembly, null, out _),
        IlgpuContext.ResolveLibraries());

    /// <summary>The same for a machine on which libraries can be loaded or not.</summary>
    /// <param name="loads">Whether a library can be loaded.</param>
    /// <param name="findsVersioned">Whether ILGPU is given the file with the version in its name.</param>
    internal string WhyNone(Func<string, bool> loads, bool findsVersioned)
    {
        if (loads(Library)) return $"{Library} is there, and ILGPU finds no device through it";
        if (!loads(Versioned)) return $"no {Library} library: ILGPU finds neither lib{Library}.so nor {Versioned}";
        return findsVersioned ? $"{Versioned} is there, and ILGPU finds no device through it"
            : $"ILGPU asks for lib{Library}.so, and {Versioned} alone is there";
    }
}
