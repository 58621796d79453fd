using System.Reflection;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace KsLottery.Engine.Ilgpu;

/// <summary>Teaches ILGPU's compilers <see cref="Fused.MultiplyAdd(float, float, float)"/>: an instruction of both languages that ILGPU's
/// own has not.</summary>
internal static class IlgpuFused
{
    /// <summary>Makes it known to a context.</summary>
    public static void Register(Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        foreach (MethodInfo method in typeof(Fused).GetMethods(BindingFlags.Static | BindingFlags.Public))
        {
            bool isDouble = method.ReturnType == typeof(double);
            manager.RegisterMethod(method, new PTXIntrinsic(typeof(IlgpuFused), isDouble ? nameof(Ptx64) : nameof(Ptx32),
                IntrinsicImplementationMode.GenerateCode));
            manager.RegisterMethod(method, new CLIntrinsic(typeof(IlgpuFused), nameof(OpenCl), IntrinsicImplementationMode.GenerateCode));
        }
    }

    private static void Ptx32(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ptx(generator, value, "fma.rn.f32");

    private static void Ptx64(PTXBackend backend, PTXCodeGenerator generator, Value value) => Ptx(generator, value, "fma.rn.f64");

    private static void Ptx(PTXCodeGenerator generator, Value value, string instruction)
    {
        var factors = (X: generator.LoadPrimitive(value[0]), Y: generator.LoadPrimitive(value[1]), Z: generator.LoadPrimitive(value[2]));
        var result = generator.AllocateHardware(value);
        using var command = generator.BeginCommand(instruction);
        command.AppendArgument(result);
        command.AppendArgument(factors.X);
        command.AppendArgument(factors.Y);
        command.AppendArgument(factors.Z);
    }

    private static void OpenCl(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        var operands = (X: generator.Load(value[0]), Y: generator.Load(value[1]), Z: generator.Load(value[2]));
        var result = generator.Allocate(value);
        using var statement = generator.BeginStatement(result);
        statement.AppendCommand("fma");
        statement.BeginArguments();
        statement.AppendArgument(operands.X);
        statement.AppendArgument(operands.Y);
        statement.AppendArgument(operands.Z);
        statement.EndArguments();
    }
}
