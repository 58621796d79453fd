using System.Diagnostics;
using System.Text.Json;

namespace KsLottery.Cli.Tests;

/// <summary>Runs the built tool as a process of its own, as a shell does.</summary>
internal static class KsLotteryTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static ToolRun Run(params string[] arguments) => Run([], arguments);

    public static ToolRun Run((string Name, string Value)[] environment, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "kslottery.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            StandardErrorEncoding = System.Text.Encoding.UTF8,
        };
        start.Environment.Remove("KSLOTTERY_KERNEL");
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            Assert.Fail($"kslottery {string.Join(' ', arguments)} did not end within {Patience}");
        }
        return new(process.ExitCode, output.Result, error.Result);
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

    /// <summary>Checks that the run failed as the conventions ask: an exit code, one line on stderr without a stack trace, no result.</summary>
    public void AssertFailed(int exitCode, params string[] words)
    {
        Assert.That((ExitCode, Output), Is.EqualTo((exitCode, "")), Error);
        Assert.That(Error.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1), Error);
        Assert.That(Error, Does.Not.Contain("   at "));
        foreach (string word in words) Assert.That(Error, Does.Contain(word));
    }
}
