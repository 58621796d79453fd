extern alias catalog;

using System.Diagnostics;
using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using KsLottery.Kernels.Language;
using KsLottery.Tests.Support;
using KernelCatalog = catalog::KsLottery.Kernels.KernelCatalog;

namespace KsLottery.Engine.Ilgpu.Tests;

/// <summary>ILGPU's compilers take every kernel: its back ends for CUDA and OpenCL translate without hardware. What the PTX
/// computes is tested in KsLottery.Cuda.Tests.</summary>
public sealed class IlgpuKernelTests
{
    private static readonly Dictionary<string, string> OpenClTexts = new(StringComparer.Ordinal);

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

    /// <summary>A lane's memory lies far away, and no driver is known to take it into registers.</summary>
    [TestCaseSource(nameof(Names))]
    public void Every_kernel_becomes_PTX_that_keeps_a_lanes_values_in_registers(string name)
    {
        CudaArchitecture turing = CudaArchitecture.SM_75;
        using PTXBackend compiler = new(IlgpuContext.Current, new CudaCapabilityContext(turing), turing, CudaInstructionSet.ISA_63, null);
        var compiled = (PTXCompiledKernel)compiler.Compile(IlgpuKernels.EntryPointOf(KernelCatalog.Get(name)), Specialization(name));
        Assert.That(compiled.PTXAssembly,
            Does.Contain(".visible .entry").And.Contain(".target sm_75").And.Not.Contain(".local"));
    }

    [TestCaseSource(nameof(Names))]
    public void Every_kernel_becomes_OpenCL_C(string name) => Assert.That(OpenClOf(name), Does.Contain("kernel void"));

    [Test]
    public void Clang_takes_the_OpenCL_C_of_every_kernel()
    {
        using TemporaryFolder folder = new();
        foreach (string name in Names) File.WriteAllText(folder.File($"{name}.cl"), OpenClOf(name));
        // ILGPU writes constants of uint as such of long, which become the same bits.
        ProcessStartInfo command = new("clang", ["-x", "cl", "-cl-std=CL2.0", "-fsyntax-only", "-Wno-constant-conversion", "-Werror",
            .. Names.Select(name => $"{name}.cl")])
        { WorkingDirectory = folder.Path, RedirectStandardError = true };
        try
        {
            using Process clang = Process.Start(command)!;
            string said = clang.StandardError.ReadToEnd();
            clang.WaitForExit();
            Assert.That((clang.ExitCode, said), Is.EqualTo((0, "")));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Ignore("clang is not installed");
        }
    }

    /// <summary>A context that has not ILGPU.Algorithms knows no exponential.</summary>
    [Test]
    public void Kernels_of_a_program_may_use_XMath([Values] bool isOurs)
    {
        using Context plain = Context.Create(_ => { });
        CudaArchitecture turing = CudaArchitecture.SM_75;
        using PTXBackend compiler = new(isOurs ? IlgpuContext.Current : plain, new CudaCapabilityContext(turing), turing,
            CudaInstructionSet.ISA_63, null);
        EntryPointDescription entry = EntryPointDescription.FromImplicitlyGroupedKernel(
            ((Action<Index1D, ArrayView<float>>)Exponentials).Method);
        string Compile() => ((PTXCompiledKernel)compiler.Compile(entry, KernelSpecialization.Empty)).PTXAssembly;
        if (isOurs) Assert.That(Compile(), Does.Contain("ex2.approx"));
        else Assert.That(Compile, Throws.TypeOf<InternalCompilerException>());

        static void Exponentials(Index1D index, ArrayView<float> values) => values[index] = XMath.Exp(values[index]);
    }

    private static string OpenClOf(string name)
    {
        if (OpenClTexts.TryGetValue(name, out string? text)) return text;
        using CLBackend compiler = new(IlgpuContext.Current, new(true, true, true, true, true), CLDeviceVendor.AMD, CLCVersion.CL20);
        var compiled = (CLCompiledKernel)compiler.Compile(IlgpuKernels.EntryPointOf(KernelCatalog.Get(name)), Specialization(name));
        return OpenClTexts[name] = compiled.Source;
    }

    private static KernelSpecialization Specialization(string name) => new(KernelCatalog.Get(name).GroupSize, null);
}
