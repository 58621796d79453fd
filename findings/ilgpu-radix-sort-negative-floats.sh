#!/usr/bin/env bash
# ILGPU.Algorithms 1.5.3 sorts negative floats upside down, and among the positive ones.
#
# CreateRadixSort with AscendingFloat (AscendingDouble as well) orders positive values and integers rightly; negative values come out with
# the largest first. The key that its bits are mapped to must flip all bits of a negative number; here it does not. Nothing is lost, no error
# is raised, and a sort that was tried on positive data alone looks right. Sort unsigned keys of your own monotone map instead.
#
# Seen on its CPU accelerator: 3 -1 2 -5 0.5 -0.25 10 -> -0.25 -1 -5 0.5 2 3 10, for float and double; int -> -5 -1 0 2 3 10.
# Needs the .NET 10 SDK. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="ILGPU" Version="[1.5.3]" />
    <PackageReference Include="ILGPU.Algorithms" Version="[1.5.3]" />
  </ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Algorithms.RadixSortOperations;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

using Context context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)).EnableAlgorithms());
using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);

string Sorted<T, TOrder>(params T[] values)
    where T : unmanaged
    where TOrder : struct, IRadixSortOperation<T>
{
    using MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D(values);
    using MemoryBuffer1D<int, Stride1D.Dense> scratch =
        accelerator.Allocate1D<int>(accelerator.ComputeRadixSortTempStorageSize<T, TOrder>(values.Length));
    accelerator.CreateRadixSort<T, Stride1D.Dense, TOrder>()(accelerator.DefaultStream, buffer.View, scratch.View.AsContiguous());
    accelerator.Synchronize();
    return string.Join(" ", buffer.GetAsArray1D());
}

Console.WriteLine("float    " + Sorted<float, AscendingFloat>(3, -1, 2, -5, 0.5f, -0.25f, 10));
Console.WriteLine("double   " + Sorted<double, AscendingDouble>(3, -1, 2, -5, 0.5, -0.25, 10));
Console.WriteLine("positive " + Sorted<float, AscendingFloat>(3, 1, 2, 5, 0.5f, 0.25f, 10));
Console.WriteLine("int      " + Sorted<int, AscendingInt32>(3, -1, 2, -5, 0, 10));
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
float    -0.25 -1 -5 0.5 2 3 10
double   -0.25 -1 -5 0.5 2 3 10
positive 0.25 0.5 1 2 3 5 10
int      -5 -1 0 2 3 10
EXPECTED
echo "as stated: negative floats are upside down"
