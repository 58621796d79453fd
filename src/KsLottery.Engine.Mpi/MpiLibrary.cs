using System.Text.RegularExpressions;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Mpi.Interop;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Mpi;

/// <summary>An MPI library of this machine.</summary>
/// <param name="Path">What it was loaded by: a path, or a name that the system's loader looks for.</param>
/// <param name="Family">Whose handles and constants it has.</param>
/// <param name="Name">Which it is, such as <c>Open MPI 4.1.4</c>.</param>
/// <param name="IsTried">Whether this binding was run with its like, Open MPI 4.1 and MPICH 4.0; others are known by their
/// specifications alone.</param>
public sealed partial record MpiLibrary(string Path, MpiFamily Family, string Name, bool IsTried)
{
    /// <summary>The environment variable that names the library.</summary>
    public const string Variable = "KSLOTTERY_MPI";

    private static readonly string[] OpenMpiNames = ["libmpi.so.40"];
    private static readonly string[] MpichNames = ["libmpich.so.12", "libmpi.so.12"];
    private static readonly string[] OtherNames = ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so"];

    /// <summary>All libraries that can be found, as <see cref="MpiGroup"/> would try them; none where the system is not Linux.</summary>
    /// <param name="attempts">Gets why others cannot be used.</param>
    public static IReadOnlyList<MpiLibrary> FindAll(ICollection<string>? attempts = null)
    {
        List<MpiLibrary> found = [];
        foreach (string name in NamesFor(Launcher.Find()))
            if (TryLoad(name, attempts) is { } mpi && !found.Exists(library => library.Name == Describe(mpi.Version)))
                found.Add(Of(name, mpi));
        return found;
    }

    /// <summary>Loads the library that fits the launcher.</summary>
    /// <exception cref="DeviceUnavailableException">There is none.</exception>
    internal static (MpiInterop Mpi, MpiLibrary Library) Load(Launcher? launcher, string? path)
    {
        List<string> attempts = [];
        foreach (string name in path is null ? NamesFor(launcher) : [path])
            if (TryLoad(name, attempts) is { } mpi) return (mpi, Of(name, mpi));
        throw new DeviceUnavailableException("mpi", $"no MPI library was found ({string.Join("; ", attempts)})",
            $"Load the cluster's module for MPI, or name the library with {Variable}=PATH");
    }

    /// <summary>The library of the launcher's own kind first.</summary>
    private static string[] NamesFor(Launcher? launcher) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? [path]
        : launcher?.Kind == LauncherKind.Pmi ? [.. MpichNames, .. OpenMpiNames, .. OtherNames]
        : [.. OpenMpiNames, .. MpichNames, .. OtherNames];

    /// <summary>Loads a library, or says why not.</summary>
    internal static MpiInterop? TryLoad(string name, ICollection<string>? attempts)
    {
        string problem = "MPI is looked for on Linux alone";
        if (OperatingSystem.IsLinux() && MpiInterop.TryLoad(name, out problem) is { } mpi) return mpi;
        attempts?.Add(problem.Contains(name, StringComparison.Ordinal) ? problem : $"{name}: {problem}");
        return null;
    }

    private static MpiLibrary Of(string name, MpiInterop mpi) =>
        new(name, mpi.Family, Describe(mpi.Version), IsTriedKind(mpi.Family, Describe(mpi.Version)));

    /// <summary>Whether this binding was run with libraries of a family and name.</summary>
    internal static bool IsTriedKind(MpiFamily family, string name) => family switch
    {
        MpiFamily.OpenMpi => name.StartsWith("Open MPI 4.1.", StringComparison.Ordinal),
        MpiFamily.Mpich => name.StartsWith("MPICH 4.0", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Name and version out of what a library says of itself: <c>Open MPI v4.1.4, package: …</c>, or a line
    /// <c>MPICH Version:</c>.</summary>
    internal static string Describe(string version)
    {
        string line = version.Split('\n', ',')[0];
        return Blanks().Replace(line.Replace("Version:", "", StringComparison.Ordinal).Replace("Open MPI v", "Open MPI ",
            StringComparison.Ordinal), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
