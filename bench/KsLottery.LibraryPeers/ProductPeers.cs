using System.Globalization;
using System.Numerics.Tensors;
using KsLottery.Engine.Operations;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;

namespace KsLottery.LibraryPeers;

/// <summary>Matrix products in managed code on one thread; OpenBLAS is in bench/KsLottery.Bench, PyTorch in bench/peers.</summary>
internal static class ProductPeers
{
    private const int Size = 512;

    public static void Run()
    {
        Control.UseManaged();
        Control.UseSingleThread();
        float[] a = VectorPeers.Values(Size * Size, 1), b = VectorPeers.Values(Size * Size, 2), own = new float[Size * Size],
            dots = new float[Size * Size];
        Matrix<float> left = Matrix<float>.Build.Dense(Size, Size, a), right = Matrix<float>.Build.Dense(Size, Size, b),
            result = Matrix<float>.Build.Dense(Size, Size);
        void Ours() => Gemm.Multiply(Size, Size, Size, a, Size, false, b, Size, true, own, Size, false);
        void Dots()
        {
            for (int i = 0; i < Size; i++)
                for (int j = 0; j < Size; j++)
                    dots[(i * Size) + j] = TensorPrimitives.Dot<float>(a.AsSpan(i * Size, Size), b.AsSpan(j * Size, Size));
        }
        Turns.Head("theirs");
        Turns.Print("A·Bᵀ, 512 × 512 × 512, MathNet, managed, one thread", Ours, () => left.TransposeAndMultiply(right, result));
        Turns.Print("the same by TensorPrimitives.Dot", Ours, Dots);
        float difference = own.Zip(dots).Select(v => Math.Abs(v.First - v.Second)).Max();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nlargest difference to the products by Dot: {difference:E1}"));
    }
}
