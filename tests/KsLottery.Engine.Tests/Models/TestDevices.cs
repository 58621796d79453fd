using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Models;

/// <summary>The devices that every test of a model runs on.</summary>
internal static class TestDevices
{
    public static readonly string[] Names = ["reference", "cpu"];

    public static IOperations Open(string name, int threads = 2) => name == "cpu" ? new CpuOperations(threads) : new ReferenceOperations();
}
