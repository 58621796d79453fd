using KsLottery.Kernels;

namespace KsLottery.Tests.Support;

/// <summary>Kernels written by hand, for what a device does around them.</summary>
internal static class TestKernels
{
    /// <summary>to[i] = from[i]·factor + bias, and the lengths of both views, start included, as the C function got them.</summary>
    public static readonly KernelDefinition Scale = Define("Scale", """
        __kernel __attribute__((reqd_work_group_size(64, 1, 1))) void Scale(
            __global float* to, long to_start, long to_length, __global const float* from, long from_start, long from_length,
            float factor, int bias, long offset, uint last)
        {
            long i = get_global_id(0);
            if (i < to_length) to[to_start + i] = i < from_length ? from[from_start + i] * factor + bias : (float)(offset + last);
        }
        """, View("to", KernelType.F32), View("from", KernelType.F32), Number("factor", KernelType.F32), Number("bias", KernelType.I32),
        Number("offset", KernelType.I64), Number("last", KernelType.U32));

    /// <summary>Adds 1 to every element.</summary>
    public static readonly KernelDefinition Increment = Define("Increment", """
        __kernel __attribute__((reqd_work_group_size(64, 1, 1))) void Increment(__global int* values, long start, long length)
        {
            if (get_global_id(0) < length) values[start + get_global_id(0)] += 1;
        }
        """, View("values", KernelType.I32));

    public static KernelDefinition Define(string name, string source, params KernelParameter[] parameters) => new()
    {
        Name = name,
        Method = $"Tests.{name}",
        TypeArguments = [],
        GroupSize = 64,
        SharedBytes = 0,
        UsesDouble = false,
        Parameters = parameters,
        Source = source,
        Run = _ => throw new NotSupportedException("only for devices that compile texts"),
    };

    public static KernelParameter View(string name, KernelType type) => new(name, type, IsView: true);

    public static KernelParameter Number(string name, KernelType type) => new(name, type, IsView: false);
}
