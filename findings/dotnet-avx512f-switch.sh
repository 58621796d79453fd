#!/usr/bin/env bash
# .NET 10 does not know DOTNET_EnableAVX512F, the switch that .NET 8 and 9 had, and says nothing.
#
# The instruction sets of AVX-512 were joined into one group, whose switch is DOTNET_EnableAVX512. A benchmark or test that still sets
# DOTNET_EnableAVX512F=0 to take the 256-bit road runs the 512-bit one, and compares AVX-512 with itself.
#
# Seen on a processor with AVX-512, .NET 10.0: Avx512F is supported with EnableAVX512F=0, and is not with EnableAVX512=0.
# Needs the .NET 10 SDK and such a processor; elsewhere it says so and judges nothing. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System.Runtime.Intrinsics.X86;

Console.WriteLine($"AVX-512F {Avx512F.IsSupported}, AVX2 {Avx2.IsSupported}");
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }

plain=$(dotnet out/check.dll)
echo "neither:                $plain"
[[ $plain == "AVX-512F True"* ]] || { echo "not judged: this processor has no AVX-512"; exit 0; }
old=$(DOTNET_EnableAVX512F=0 dotnet out/check.dll)
new=$(DOTNET_EnableAVX512=0 dotnet out/check.dll)
echo "DOTNET_EnableAVX512F=0: $old"
echo "DOTNET_EnableAVX512=0:  $new"
[ "$old" = "AVX-512F True, AVX2 True" ] && [ "$new" = "AVX-512F False, AVX2 True" ] || { echo "changed"; exit 1; }
echo "as stated: the old switch is ignored"
