using System.Diagnostics;

namespace KsLottery.Tests.Support;

/// <summary>Runs programs under a real <c>mpirun</c>, of Open MPI or of MPICH, and skips the test where that is not installed.</summary>
internal static class MpiRun
{
    public const string OpenMpi = "openmpi", Mpich = "mpich";

    private const string Limit = "60";

    /// <summary>Starts so many ranks of a program; one that does not end within a minute is killed (124).</summary>
    /// <param name="library">Whose <c>mpirun</c>.</param>
    /// <param name="ranks">How many processes.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Variables that all ranks have.</param>
    public static (int ExitCode, string Output, string Error) Run(string library, int ranks, IEnumerable<string> command,
        params (string Name, string Value)[] environment) =>
        Start("timeout", ["-k", "5", Limit, Launcher(library), .. OptionsOf(library), "-n", $"{ranks}", .. command], environment);

    /// <summary>The same of several programs, a rank each.</summary>
    public static (int ExitCode, string Output, string Error) RunEach(string library, IEnumerable<string>[] commands,
        params (string Name, string Value)[] environment) =>
        Start("timeout", ["-k", "5", Limit, Launcher(library), .. OptionsOf(library),
            .. commands.SelectMany((command, rank) => (string[])[.. rank == 0 ? [] : (string[])[":"], "-n", "1", .. command])],
            environment);

    private static string Launcher(string library)
    {
        string name = $"mpirun.{library}";
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name))))
            Assert.Ignore($"no {name}: tests of ranks need the Debian package {(library == Mpich ? Mpich : "openmpi-bin")}");
        return name;
    }

    /// <summary>More ranks than processors, and none of them bound to one.</summary>
    private static string[] OptionsOf(string library) => library == OpenMpi ? ["--oversubscribe", "--bind-to", "none"] : [];

    private static (int ExitCode, string Output, string Error) Start(
        string program, string[] arguments, (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string consent in (string[])["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]) start.Environment[consent] = "1";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }
}
