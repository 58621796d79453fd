using KsLottery.Engine.Devices;
using KsLottery.KernelCompiler.Tests.Semantics;
using KsLottery.Tests.Support;

namespace KsLottery.KernelCompiler.Tests;

/// <summary>The same texts as CUDA: clang makes PTX of them with the instructions that they ask for, and no other rounding.</summary>
public sealed class CudaTextTests
{
    [TestCase("IntOrder", "mul.lo.s32")]
    [TestCase("IntViews", "st.shared.u32", "bar.sync")]
    [TestCase("IntAtomics", "atom.shared.add.u32", "atom.shared.min.s32", "atom.shared.max.u32",
        "atom.global.add.u32", "atom.shared.cas.b32", "atom.shared.exch.b32")]
    [TestCase("IntShuffles", "shfl.sync.idx.b32")]
    [TestCase("IntGeneric_Times", "ld.global.u32")]
    [TestCase("IntStructures", "cvt.rzi.s32.f64")]
    [TestCase("FloatAlgorithms", "div.rn.f32", "sqrt.rn.f32", "mul.rn.f32", "add.rn.f32", "cvt.rzi.s32.f32")]
    [TestCase("Load_F16", "st.global.u32")]
    [TestCase("Exponentials", "fma.rn.f32")]
    public void The_texts_are_CUDA_too(string name, params string[] instructions)
    {
        string text = PtxScript.Translate(KernelSource.Of(FeatureTests.Kernels.Value.Single(k => k.Name == name), KernelDialect.Cuda));
        Assert.That(text, Does.Contain($".visible .entry {name}("));
        foreach (string instruction in instructions) Assert.That(text, Does.Contain(instruction));
        if (name != "Exponentials") Assert.That(text, Does.Not.Contain("fma.rn.f32"), "nothing is contracted");
        Assert.That(text, Does.Not.Contain(".approx").And.Not.Contain(".ftz").And.Not.Contain("call.uni"));
    }
}
