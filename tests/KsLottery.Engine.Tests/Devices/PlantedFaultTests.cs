using KsLottery.Engine.Devices;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>Kernels with a planted fault: where a checker watches, it must tell of them, or its silence over ours would say
/// nothing.</summary>
[Category("oclgrind-planted")]
public sealed class PlantedFaultTests
{
    private const int Lanes = 16;

    [TestCase("room[0] = GROUP_IDX; out[GROUP_IDX] = room[0];", "race", TestName = "A planted race is told")]
    [TestCase("room[GROUP_IDX] = GROUP_IDX; BARRIER(); out[GROUP_IDX + out_length] = room[0];", "Invalid write",
        TestName = "A planted write out of bounds is told")]
    [TestCase("if (room[GROUP_IDX] > 3) out[GROUP_IDX] = 1;", "uninitialized", TestName = "A planted read of what nobody wrote is told")]
    public void A_planted_fault_is_told(string body, string word)
    {
        if (!CheckerLog.Watches) Assert.Ignore($"{CheckerLog.Variable} names no log: nothing watches");
        KernelDefinition kernel = new()
        {
            Name = "Planted",
            Method = "",
            TypeArguments = [],
            GroupSize = Lanes,
            SharedBytes = Lanes * sizeof(int),
            UsesDouble = false,
            Parameters = [new("out", KernelType.I32, IsView: true)],
            Source = $"#define GROUP_DIM {Lanes}\nKERNEL(GROUP_DIM) void Planted(GLOBAL int* out_base, long out_start, long out_length)\n"
                + $"{{\n    SHARED_MEMORY int room[{Lanes}];\n    GLOBAL int* out = out_base + out_start;\n    {body}\n}}\n",
            Run = _ => throw new NotSupportedException("the fault is in the C text"),
        };
        using (KernelDevice device = DeviceCatalog.Open("opencl:0"))
        using (DeviceQueue queue = device.CreateQueue())
        using (DeviceBuffer buffer = device.Allocate(Lanes * sizeof(int)))
        {
            queue.Launch(kernel, 1, KernelArgument.View(buffer, 0, Lanes));
            queue.Finish();
        }
        Assert.That(CheckerLog.Read(), Does.Contain(word).IgnoreCase);
    }
}
