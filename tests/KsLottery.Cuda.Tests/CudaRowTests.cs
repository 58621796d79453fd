using KsLottery.Engine.Devices;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>The embedded PTX texts through the CUDA device, over a driver that interprets them.</summary>
[NonParallelizable]
public sealed class CudaRowTests : DeviceRowFixture
{
    private protected override KernelDevice OpenDevice()
    {
        CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0);
        FakeCuda.RunPtx();
        return device;
    }
}
