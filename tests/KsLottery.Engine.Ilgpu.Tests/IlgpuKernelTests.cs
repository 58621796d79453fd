extern alias catalog;

using System.Reflection;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using KsLottery.Kernels.Language;
using KernelCatalog = catalog::KsLottery.Kernels.KernelCatalog;

namespace KsLottery.Engine.Ilgpu.Tests;

/// <summary>ILGPU's compilers take every kernel: its back ends for CUDA and OpenCL translate without hardware.</summary>
public sealed class IlgpuKernelTests
{
    private static IEnumerable<string> Names => KernelCatalog.All.Select(k => k.Name);

    [Test]
    public void The_same_kernels_are_compiled_against_ILGPU_as_are_translated()
    {
        IEnumerable<string> compiled =
            from type in typeof(IlgpuDevices).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            where method.IsDefined(typeof(KernelAttribute))
            from instance in method.GetCustomAttributes<KernelInstanceAttribute>().Select(i => i.Arguments).DefaultIfEmpty([])
            select method.Name + string.Concat(instance.Where(t => !t.IsPrimitive).Select(t => $"_{t.Name}"));
        Assert.That(compiled, Is.Not.Empty.And.EquivalentTo(Names));
    }

    [TestCaseSource(nameof(Names))]
    public void Every_kernel_becomes_PTX(string name)
    {
        CudaArchitecture turing = CudaArchitecture.SM_75;
        using PTXBackend compiler = new(IlgpuContext.Current, new CudaCapabilityContext(turing), turing, CudaInstructionSet.ISA_63, null);
        var compiled = (PTXCompiledKernel)compiler.Compile(IlgpuKernels.EntryPointOf(KernelCatalog.Get(name)), Specialization(name));
        Assert.That(compiled.PTXAssembly, Does.Contain(".visible .entry").And.Contain(".target sm_75"));
    }

    [TestCaseSource(nameof(Names))]
    public void Every_kernel_becomes_OpenCL_C(string name)
    {
        using CLBackend compiler = new(IlgpuContext.Current, new(true, true, true, true, true), CLDeviceVendor.AMD, CLCVersion.CL20);
        var compiled = (CLCompiledKernel)compiler.Compile(IlgpuKernels.EntryPointOf(KernelCatalog.Get(name)), Specialization(name));
        Assert.That(compiled.Source, Does.Contain("kernel void"));
    }

    private static KernelSpecialization Specialization(string name) => new(KernelCatalog.Get(name).GroupSize, null);
}
