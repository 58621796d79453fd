#!/usr/bin/env bash
# ILGPU.Algorithms 1.5.3 says that the maximum of two negative infinities is -3.4028235E+38.
#
# MaxFloat and MinFloat begin from the largest finite number instead of the infinity, so that a reduction whose values are all infinite
# returns a finite number that is not among them. A masked softmax, whose masked scores are negative infinity, then takes a row in which
# all is masked for one with a maximum, and computes exp(-inf - (-3.4e38)) = 0 where it should see that there is none.
#
# Seen on its CPU accelerator: max(-inf, -inf) = -3.4028235E+38, min(inf, inf) = 3.4028235E+38, max(-inf, 1) = 1.
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
using ILGPU.Algorithms.ScanReduceOperations;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

using Context context = Context.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)).EnableAlgorithms());
using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);

float Reduced<TReduction>(params float[] values) where TReduction : struct, IScanReduceOperation<float>
{
    using MemoryBuffer1D<float, Stride1D.Dense> buffer = accelerator.Allocate1D(values);
    return accelerator.Reduce<float, TReduction>(accelerator.DefaultStream, buffer.View);
}

Console.WriteLine("max(-inf, -inf) = " + Reduced<MaxFloat>(float.NegativeInfinity, float.NegativeInfinity));
Console.WriteLine("min(inf, inf)   = " + Reduced<MinFloat>(float.PositiveInfinity, float.PositiveInfinity));
Console.WriteLine("max(-inf, 1)    = " + Reduced<MaxFloat>(float.NegativeInfinity, 1));
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
max(-inf, -inf) = -3.4028235E+38
min(inf, inf)   = 3.4028235E+38
max(-inf, 1)    = 1
EXPECTED
echo "as stated: all-infinite input reduces to a finite number"
