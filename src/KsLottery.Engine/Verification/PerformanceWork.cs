namespace KsLottery.Engine.Verification;

/// <summary>Something to measure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Bytes that a launch must read and write at least.</param>
/// <param name="Operations">Floating-point operations of a launch; 0 where they say nothing.</param>
/// <param name="Rows">Rows of a test; 0 for other work.</param>
/// <param name="Prepare">Puts everything on the device.</param>
internal sealed record PerformanceWork(string Name, long Bytes, double Operations, int Rows, PreparePerformance Prepare);

/// <summary>Puts what is measured on the device.</summary>
/// <param name="launch">Does the work once, or hands it to the device.</param>
/// <param name="wait">Waits until the device has done what it was handed.</param>
/// <returns>What gives everything back.</returns>
internal delegate IDisposable PreparePerformance(out Action launch, out Action wait);
