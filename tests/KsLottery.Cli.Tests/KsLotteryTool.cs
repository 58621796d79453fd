using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

/// <summary>Runs the built tool as a process of its own, as a shell does; another one where KSLOTTERY_TOOL names it, such as a native
/// one.</summary>
internal static class KsLotteryTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public static ToolRun Run(params string[] arguments) => Run([], arguments);

    public static ToolRun Run((string Name, string Value)[] environment, params string[] arguments)
    {
        using Process process = Start(environment, Command[0], [.. Command[1..], .. arguments]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            Assert.Fail($"kslottery {string.Join(' ', arguments)} did not end within {Patience}");
        }
        return new(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs the tool with a text on its standard input.</summary>
    public static ToolRun RunWithInput(string input, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("input"), input);
        string quoted = string.Join(' ', Command.Concat(arguments).Select(word => $"'{word}'"));
        using Process process = Start([], "sh", ["-c", $"{quoted} < '{folder.File("input")}'"]);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return new(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts the tool and leaves it to the caller, who reads both streams.</summary>
    public static Process Start(params string[] arguments) => Start([], Command[0], [.. Command[1..], .. arguments]);

    /// <summary>Starts the tool so that <see cref="Interrupt"/> reaches it where whoever runs the tests ignores SIGINT: programs inherit
    /// that.</summary>
    public static Process StartInterruptible(params string[] arguments) =>
        CanResetSignals.Value ? Start([], "env", ["--default-signal=INT", .. Command, .. arguments]) : Start(arguments);

    /// <summary>Sends SIGINT, as Ctrl-C does.</summary>
    public static void Interrupt(Process process)
    {
        using Process kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Runs the tool on a terminal that the command <c>script</c> makes; arguments without spaces.</summary>
    public static string RunOnTerminal((string Name, string Value)[] environment, params string[] arguments)
    {
        string line = $"'{string.Join("' '", Command)}' {string.Join(' ', arguments)}";
        using Process process = Start(environment, "script", ["-qec", line, "/dev/null"]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, error.Result);
        return output;
    }

    private static readonly Lazy<bool> CanResetSignals = new(() =>
    {
        using Process process = Start([], "env", ["--default-signal=INT", "true"]);
        process.WaitForExit();
        return process.ExitCode == 0;
    });

    /// <summary>The program to start and what goes before its arguments.</summary>
    public static string[] Command => Native is { } tool ? [tool]
        : [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Path.Combine(AppContext.BaseDirectory, "kslottery.dll")];

    /// <summary>Skips a test of what a tool that is compiled ahead of time has not.</summary>
    public static void IgnoreIfNative(string why)
    {
        if (Native is not null) Assert.Ignore($"KSLOTTERY_TOOL is compiled ahead of time: {why}");
    }

    private static string? Native => Environment.GetEnvironmentVariable("KSLOTTERY_TOOL");

    private static Process Start((string Name, string Value)[] environment, string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        foreach (string variable in (string[])["KSLOTTERY_KERNEL", "KSLOTTERY_DEBUG", "NO_COLOR"]) start.Environment.Remove(variable);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

/// <summary>What a run left behind.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of stdout.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Checks that the run went well and gives the one JSON object that it printed.</summary>
    public JsonElement Json()
    {
        Assert.That((ExitCode, Error), Is.EqualTo((0, "")));
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Checks that the run failed as the conventions ask: an exit code, one line on stderr without a stack trace, no
    /// result.</summary>
    public void AssertFailed(int exitCode, params string[] words)
    {
        Assert.That((ExitCode, Output), Is.EqualTo((exitCode, "")), Error);
        Assert.That(Error.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1), Error);
        Assert.That(Error, Does.Not.Contain("   at "));
        foreach (string word in words) Assert.That(Error, Does.Contain(word));
    }
}
