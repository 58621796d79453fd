namespace KsLottery.Cli.Tests;

/// <summary>Which of the files of a native tool a processor can run.</summary>
public sealed class NativeImagesTests
{
    private const string Version3 = "flags\t\t: fpu sse2 avx f16c fma abm bmi1 avx2 bmi2 movbe";

    [TestCase("flags\t\t: fpu sse2 avx", "")]
    [TestCase("model name\t: of another processor", "")]
    [TestCase(Version3, "x86-64-v3")]
    [TestCase(Version3 + " avx512f avx512bw", "x86-64-v3")]
    [TestCase(Version3 + " avx512f avx512dq avx512cd avx512bw avx512vl", "x86-64-v4 x86-64-v3")]
    [TestCase("flags\t\t: avx512f avx512dq avx512cd avx512bw avx512vl", "")]
    public void AProcessorRunsTheSetsThatItHasInFull(string line, string sets) =>
        Assert.That(string.Join(' ', NativeImages.Runnable(["processor\t: 0", line, "bugs\t\t:"])), Is.EqualTo(sets));
}
