#!/usr/bin/env bash
# Runs every test, from any folder, and ends with a line `N passed, N failed`.
#   1  the suites;
#   2  what computes, again with instruction sets switched off and with each row kernel forced;
#   3  every kernel under a checker of memory accesses and races;
#   4  the packages: packed, the tool installed from its file and run, the README's C# snippet compiled against the library and run.
# --quick leaves 2 to 4 out. Tests that read ../shared/data are skipped, and say so, where it is absent. OpenCL on the processor (PoCL), the checker
# (oclgrind) and clang are installed where this runs as root on Debian; elsewhere what needs them is skipped, and says so.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
command -v dotnet >/dev/null || { echo "no dotnet: install the .NET 10 SDK first (https://dot.net)"; echo "0 passed, 1 failed"; exit 1; }

passed=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count() { # adds up what a test run printed
  local line
  while read -r line; do
    [[ $line =~ Failed:\ *([0-9]+),\ Passed:\ *([0-9]+),\ Skipped:\ *([0-9]+) ]] || continue
    failed=$((failed + BASH_REMATCH[1])) passed=$((passed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
  done <"$1"
}

suite() { # what, command...
  local what=$1 before=$((passed + failed)); shift
  echo "== $what"
  if ! "$@" >"$work/log" 2>&1; then
    tail -n 60 "$work/log"
    count "$work/log"
    [ "$failed" -gt 0 ] || failed=$((failed + 1))
  else
    grep -E 'Passed! ' "$work/log"
    [ "${show_skipped:-1}" -eq 0 ] || grep -E '^ *Skipped ' "$work/log"
    count "$work/log"
    [ $((passed + failed)) -gt "$before" ] || { echo "no test ran: $what"; failed=$((failed + 1)); }
  fi
}

check() { # what, command...
  local what=$1; shift
  if "$@" >"$work/log" 2>&1; then passed=$((passed + 1)); echo "ok    $what"
  else failed=$((failed + 1)); echo "FAILED  $what"; tail -n 40 "$work/log"; fi
}

export OCL_ICD_VENDORS=${OCL_ICD_VENDORS:-/etc/OpenCL/vendors/pocl.icd}  # other implementations register themselves for the whole machine
if [ ! -e /etc/OpenCL/vendors/pocl.icd ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "== installing PoCL, oclgrind and clang"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends pocl-opencl-icd ocl-icd-libopencl1 oclgrind clang gcc libc6-dev; } >"$work/log" 2>&1 || tail -n 5 "$work/log"
fi

check "builds without a warning" dotnet build -c Release -v q --nologo KsLottery.Engine.sln

[ -d ../shared/data ] || echo "note: ../shared/data is not beside this checkout; the tests that read it are skipped"
test_of() { dotnet test -c Release --no-build --nologo "$@"; }
suite "library" test_of tests/KsLottery.Engine.Tests
suite "kernel compiler" test_of tests/KsLottery.KernelCompiler.Tests
suite "command line" test_of tests/KsLottery.Cli.Tests

if [ "${1:-}" != --quick ]; then
  show_skipped=0  # here: the kernels that need what was switched off
  on_processor='FullyQualifiedName!~opencl&FullyQualifiedName!~simulated&FullyQualifiedName!~cuda-on-host'
  computed='FullyQualifiedName~Tests.Kernels|FullyQualifiedName~Tests.Rows|FullyQualifiedName~Tests.Operations|FullyQualifiedName~Tests.Models'
  for off in EnableAVX512 EnableAVX2 EnableHWIntrinsic; do
    suite "rows and models with DOTNET_$off=0" test_of tests/KsLottery.Engine.Tests --filter "($computed)&$on_processor" -e "DOTNET_$off=0"
  done
  for kernel in vector256 vector128 scalar reference; do
    suite "scan and tickets with KSLOTTERY_KERNEL=$kernel" \
      test_of tests/KsLottery.Engine.Tests --filter "(FullyQualifiedName~Rows|FullyQualifiedName~Tickets)&$on_processor" -e "KSLOTTERY_KERNEL=$kernel"
  done

  checker=/usr/lib/oclgrind/liboclgrind-rt-icd.so
  watched() { # log, filter: the tests read the log, as oclgrind itself ends with 0 whatever it finds
    KSLOTTERY_CACHE=off KSLOTTERY_OPENCL_OPTIONS=-cl-opt-disable OCL_ICD_VENDORS=$checker OCLGRIND_DATA_RACES=1 OCLGRIND_LOCAL_MEM_SIZE=131072 OCLGRIND_LOG=$1 \
      dotnet test -c Release --no-build --nologo tests/KsLottery.Engine.Tests --filter "$2"
  }
  if [ -e "$checker" ]; then
    suite "every kernel where accesses and races are watched" watched "$work/found" 'TestCategory=oclgrind'
    suite "planted faults are found" watched "$work/planted" 'TestCategory=oclgrind-planted'
  else echo "skipped: every kernel where accesses and races are watched (no oclgrind: install the package oclgrind)"
  fi

  echo "== packages"
  export NUGET_PACKAGES=$work/nuget  # nothing that an earlier run packed under the same version
  check "pack" dotnet pack -c Release -v q --nologo -o "$work/packages" KsLottery.Engine.sln
  check "the library package holds managed code alone" bash -c "! unzip -l '$work'/packages/KsLottery.Engine.*.nupkg | grep -E 'runtimes/|native/'"
  check "install the tool from its package" dotnet tool install --tool-path "$work/tools" --add-source "$work/packages" --version 0.1.0 KsLottery.Cli
  check "the installed tool runs its demo" "$work/tools/kslottery" demo --pair --keep "$work/demo" --quiet
  mkdir "$work/consumer"
  sed -n '/^```csharp$/,/^```$/p' README.md | sed '/^```/d' >"$work/consumer/Program.cs"
  cat >"$work/consumer/consumer.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <RestoreAdditionalProjectSources>$work/packages</RestoreAdditionalProjectSources>
  </PropertyGroup>
  <ItemGroup><PackageReference Include="KsLottery.Engine" Version="0.1.0" /></ItemGroup>
</Project>
XML
  check "the README's snippet compiles against the package" dotnet build -c Release -v q --nologo "$work/consumer"
  check "and finds the demo's ticket" bash -c "dotnet run -c Release --no-build --project '$work/consumer' -- '$work/demo/base' '$work/demo/tuned' | tee /dev/stderr | grep -q '^273 '"
fi

[ "$skipped" -eq 0 ] || echo "$skipped tests were skipped; \`dotnet test --logger 'console;verbosity=normal'\` says why of each"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
