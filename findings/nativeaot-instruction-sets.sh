#!/usr/bin/env bash
# A program that .NET 10 compiles ahead of time for x64 has no AVX2, FMA or AVX-512 on a processor that has them, and the checks say "no".
#
# Code written as `if (Avx2.IsSupported) fast(); else slow();` looks like a question at run time, and is one under the JIT. Published with
# PublishAot and nothing else the answer is a constant of the compiler's default target, so that the slow branch is all that is left: no
# warning at publishing, none at run time. IlcInstructionSet must name the set, and the program then demands it of every processor.
# Naming the smaller avx makes questions of Avx2 and Fma, but Vector256 stays off beside them: two checks that a good engineer takes for one.
#
# Seen with SDK 10.0.401: run by the JIT "Avx2 True, Fma True, Vector256 True"; published "Avx2 False, Fma False, Vector256 False"; with
# IlcInstructionSet=avx "Avx2 True, Fma True, Vector256 False"; with x86-64-v3 all True.
# Needs the .NET 10 SDK, a C linker and a processor with AVX2; elsewhere it says so and judges nothing. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
    <PublishAot>true</PublishAot><RuntimeIdentifier>linux-x64</RuntimeIdentifier>
  </PropertyGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

Console.WriteLine($"Avx2 {Avx2.IsSupported}, Fma {Fma.IsSupported}, Vector256 {Vector256.IsHardwareAccelerated}");
CS
dotnet --version
dotnet build -c Release -v q --nologo check.csproj >log 2>&1 || { cat log; exit 1; }
jit=$(dotnet bin/Release/net10.0/linux-x64/check.dll)
echo "JIT:                                    $jit"
[ "$jit" = "Avx2 True, Fma True, Vector256 True" ] || { echo "not judged: this processor has no AVX2"; exit 0; }
compile() {
    dotnet publish -c Release -v q --nologo -o "$1" check.csproj ${2:+"-p:IlcInstructionSet=$2"} >log 2>&1 || { cat log >&2; exit 1; }
    "$1/check"
}
plain=$(compile plain) avx=$(compile avx avx) named=$(compile v3 x86-64-v3)
echo "ahead of time:                          $plain"
echo "ahead of time, avx named:               $avx"
echo "ahead of time, x86-64-v3 named:         $named"
[ "$plain" = "Avx2 False, Fma False, Vector256 False" ] && [ "$avx" = "Avx2 True, Fma True, Vector256 False" ] && [ "$named" = "$jit" ] \
    || { echo "changed"; exit 1; }
echo "as stated: the checks answer for the compiler's target, not for the processor"
