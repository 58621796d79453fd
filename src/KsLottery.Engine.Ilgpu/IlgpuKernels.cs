extern alias catalog;

using System.Reflection;
using ILGPU.Backends.EntryPoints;
using KernelDefinition = catalog::KsLottery.Kernels.KernelDefinition;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Finds the copies of the kernels that were compiled against ILGPU.</summary>
internal static class IlgpuKernels
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>A kernel's method: the instance that the build unrolled, or the method closed over its type arguments.</summary>
    public static MethodInfo MethodOf(KernelDefinition kernel)
    {
        int dot = kernel.Method.LastIndexOf('.');
        Type type = TypeOf(kernel.Method[..dot]);
        if (type.GetMethod(kernel.Name, Any) is { IsGenericMethod: false } unrolled) return unrolled;
        MethodInfo method = type.GetMethod(kernel.Method[(dot + 1)..], Any)
            ?? throw new MissingMethodException($"{kernel.Method} was not compiled against ILGPU.");
        return kernel.TypeArguments.Count == 0 ? method : method.MakeGenericMethod([.. kernel.TypeArguments.Select(TypeOf)]);
    }

    /// <summary>What ILGPU's compilers take a kernel as.</summary>
    public static EntryPointDescription EntryPointOf(KernelDefinition kernel) =>
        EntryPointDescription.FromExplicitlyGroupedKernel(MethodOf(kernel));

    private static Type TypeOf(string name) => typeof(IlgpuKernels).Assembly.GetType(name) ?? typeof(object).Assembly.GetType(name)
        ?? throw new TypeLoadException($"{name} was not compiled against ILGPU.");
}
