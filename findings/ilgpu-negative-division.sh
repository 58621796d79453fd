#!/usr/bin/env bash
# ILGPU 1.5.3 compiles a division of an int by a power of two to a shift alone, for CUDA and OpenCL: it rounds down where C# rounds towards zero.
#
# A shift is such a division for numbers that are not negative. -1 / 4 is 0 in C#, and on ILGPU's own processor accelerator, which runs the
# method as it is; -1 >> 2 is -1. So tests on the processor pass and a kernel that divides negative numbers (centred indices, differences,
# averages) is off by one on a GPU. Dividing by a variable, or by a constant that is no power of two, is right, and so is the remainder.
#
# Seen: the PTX of x / 4 has shr.s32 and no correction of the sign, the OpenCL C has >>; that of x / 3 has div.s32.
# Needs the .NET 10 SDK, no GPU. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="ILGPU" Version="[1.5.3]" />
  </ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

using Context context = Context.Create(builder => builder.CPU());
CudaArchitecture turing = CudaArchitecture.SM_75;
using PTXBackend ptx = new(context, new CudaCapabilityContext(turing), turing, CudaInstructionSet.ISA_63, null);
using CLBackend cl = new(context, new(true, true, true, true, true), CLDeviceVendor.AMD, CLCVersion.CL20);
foreach (string name in (string[])["Quarter", "Third"])
{
    EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(typeof(Kernels).GetMethod(name)!);
    string text = ((PTXCompiledKernel)ptx.Compile(entry, default)).PTXAssembly, c = ((CLCompiledKernel)cl.Compile(entry, default)).Source;
    string[] instructions = [.. Regex.Matches(text, @"\b(shr|div|add|sub|selp|and)\.s32").Select(m => m.Value)];
    Console.WriteLine($"{name}: {string.Join(' ', instructions)} in PTX, {(c.Contains(">>") ? ">>" : c.Contains(" / ") ? "/" : "neither")} in OpenCL C");
}
using Accelerator processor = context.CreateCPUAccelerator(0);
using MemoryBuffer1D<int, Stride1D.Dense> number = processor.Allocate1D([-1]);
processor.LoadStreamKernel<ArrayView<int>>(Kernels.Quarter)((1, 1), number.View);
Console.WriteLine($"-1 / 4 on the processor: {number.GetAsArray1D()[0]}; -1 >> 2 is {-1 >> 2}");

public static class Kernels
{
    public static void Quarter(ArrayView<int> numbers) => numbers[0] = numbers[0] / 4;

    public static void Third(ArrayView<int> numbers) => numbers[0] = numbers[0] / 3;
}
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
Quarter: shr.s32 in PTX, >> in OpenCL C
Third: div.s32 in PTX, / in OpenCL C
-1 / 4 on the processor: 0; -1 >> 2 is -1
EXPECTED
echo "as stated: ILGPU divides negative numbers by powers of two with a shift"
