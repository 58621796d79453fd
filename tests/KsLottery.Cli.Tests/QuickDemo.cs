using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

/// <summary>What <c>kslottery demo --quick</c> keeps, made once for all tests that read it.</summary>
[SetUpFixture]
public sealed class QuickDemo
{
    private static readonly Lazy<(TemporaryFolder Folder, JsonElement Result)> Made = new(() =>
    {
        TemporaryFolder folder = new();
        return (folder, KsLotteryTool.Run("demo", "--quick", "--quiet", "--json", "--keep", folder.File("demo")).Json());
    });

    /// <summary>The folder, to be read alone, and what the tool printed.</summary>
    public static (string Folder, JsonElement Result) Kept => (Made.Value.Folder.File("demo"), Made.Value.Result);

    [OneTimeTearDown]
    public void Delete()
    {
        if (Made.IsValueCreated) Made.Value.Folder.Dispose();
    }
}
