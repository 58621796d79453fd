#!/usr/bin/env bash
# Runs every test, from any folder, and ends with a line `N passed, N failed`.
#   1  the suites;
#   2  what computes with vector instructions, again with instruction sets switched off, and scans with each row kernel forced;
#   3  every kernel under a checker of memory accesses and races;
#   4  the kernels through ILGPU, where its package can be restored;
#   5  the packages: packed, the tool installed from its file and run, the README's C# snippet compiled against the library and run.
# They run two at a time where there are two processors, and are told of when all have ended. --quick leaves 2 to 5 out. Tests that read
# ../shared/data are skipped, and say so, where it is absent. OpenCL on the processor (PoCL), the checker (oclgrind) and clang are installed
# where this runs as root on Debian; elsewhere what needs them is skipped, and says so.
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
command -v dotnet >/dev/null || { echo "no dotnet: install the .NET 10 SDK first (https://dot.net)"; echo "0 passed, 1 failed"; exit 1; }

passed=0 failed=0 skipped=0
work=$(mktemp -d)
set -m  # a process group for each suite: it is stopped as a whole, and Ctrl-C still means something to the programs that tests start
trap 'for job in $(jobs -p); do kill -- "-$job"; done 2>/dev/null; rm -rf "$work"' EXIT

check() { # what, command...
  local what=$1 log; shift
  log=$(mktemp -p "$work")
  if "$@" >"$log" 2>&1; then echo "ok    $what"
  else echo "FAILED  $what"; tail -n 40 "$log"; fi
}

count() { # adds up what test runs and checks printed
  local line
  while read -r line; do
    if [[ $line =~ Failed:\ *([0-9]+),\ Passed:\ *([0-9]+),\ Skipped:\ *([0-9]+) ]]; then
      failed=$((failed + BASH_REMATCH[1])) passed=$((passed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    elif [[ $line == "ok    "* ]]; then passed=$((passed + 1))
    elif [[ $line == "FAILED  "* ]]; then failed=$((failed + 1))
    fi
  done <"$1"
}

lanes=$(($(nproc) > 1 ? 2 : 1))
started=()
start() { # what, command...: runs a suite beside another
  local log=$work/suite.${#started[@]}
  started+=("$1"); echo "started: $1"; shift
  rm -f "$log.end"
  while [ "$(jobs -rp | wc -l)" -ge "$lanes" ]; do wait -n; done
  { from=$SECONDS status=0; "$@" >"$log" 2>&1 </dev/null || status=$?; echo "$status $((SECONDS - from))" >"$log.end"; } &
}

finish() { # waits for the suites and tells of them in their order
  local i log status seconds passed_before failed_before
  wait
  for i in "${!started[@]}"; do
    log=$work/suite.$i status=1 seconds=? passed_before=$passed failed_before=$failed
    [ ! -e "$log.end" ] || read -r status seconds <"$log.end"
    echo "== ${started[i]}, $seconds s"
    count "$log"
    if [ "$status" -ne 0 ] || [ "$failed" -gt "$failed_before" ]; then
      tail -n 60 "$log"
      [ "$failed" -gt "$failed_before" ] || failed=$((failed + 1))
    else
      grep -E '^ok    |Passed! ' "$log"
      [ "${show_skipped:-1}" -eq 0 ] || grep -E '^ *Skipped ' "$log"
      [ "$passed" -gt "$passed_before" ] || { echo "no test ran: ${started[i]}"; failed=$((failed + 1)); }
    fi
  done
  started=()
}

export OCL_ICD_VENDORS=${OCL_ICD_VENDORS:-/etc/OpenCL/vendors/pocl.icd}  # other implementations register themselves for the whole machine
checker=/usr/lib/oclgrind/liboclgrind-rt-icd.so
wanted=()
[ -e /etc/OpenCL/vendors/pocl.icd ] || wanted+=(pocl-opencl-icd ocl-icd-libopencl1)
[ -e "$checker" ] || wanted+=(oclgrind)
command -v clang >/dev/null || wanted+=(clang)
command -v gcc >/dev/null || wanted+=(gcc libc6-dev)
if [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "== installing ${wanted[*]}"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } >"$work/log" 2>&1 || tail -n 5 "$work/log"
fi

build() { check "builds without a warning" dotnet build -c Release -v q --nologo KsLottery.Engine.sln; }
start "build" build
finish

ilgpu=tests/KsLottery.Engine.Ilgpu.Tests has_ilgpu=
if [ "${1:-}" != --quick ]; then
  if dotnet restore -v q --nologo "$ilgpu" -p:Ilgpu=true >"$work/log" 2>&1; then
    has_ilgpu=1
    start "build for ILGPU" check "builds against ILGPU without a warning" dotnet build -c Release -v q --nologo --no-restore "$ilgpu" -p:Ilgpu=true
    finish
  else echo "skipped: the kernels through ILGPU (its package cannot be restored): $(grep -m 1 -o 'NU[0-9]*: .*' "$work/log")"
  fi
fi

[ -d ../shared/data ] || echo "note: ../shared/data is not beside this checkout; the tests that read it are skipped"
test_of() { dotnet test -c Release --no-build --nologo "$@"; }

watched() { # log, filter: the tests read the log, as oclgrind itself ends with 0 whatever it finds
  KSLOTTERY_CACHE=off KSLOTTERY_OPENCL_OPTIONS=-cl-opt-disable OCL_ICD_VENDORS=$checker OCLGRIND_DATA_RACES=1 OCLGRIND_LOCAL_MEM_SIZE=131072 OCLGRIND_LOG=$1 \
    dotnet test -c Release --no-build --nologo tests/KsLottery.Engine.Tests --filter "$2"
}

packages() {
  export NUGET_PACKAGES=$work/nuget  # nothing that an earlier run packed under the same version
  check "pack" dotnet pack -c Release --no-build -v q --nologo -o "$work/packages" KsLottery.Engine.sln
  check "the library package holds managed code alone" \
    bash -c "unzip -l '$work'/packages/KsLottery.Engine.*.nupkg >'$work/held' && ! grep -E 'runtimes/|native/' '$work/held'"
  [ -z "$has_ilgpu" ] || check "pack for ILGPU" dotnet pack -c Release --no-build -v q --nologo -p:Ilgpu=true -o "$work/packages" src/KsLottery.Engine.Ilgpu
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
}

# The longest first: the last ones of two lanes then end at about the same time.
start "library" test_of tests/KsLottery.Engine.Tests
if [ "${1:-}" != --quick ]; then
  if [ -e "$checker" ]; then
    start "every kernel where accesses and races are watched" watched "$work/found" 'TestCategory=oclgrind'
    start "planted faults are found" watched "$work/planted" 'TestCategory=oclgrind-planted'
  else echo "skipped: every kernel where accesses and races are watched (no oclgrind: install the package oclgrind)"
  fi
fi
start "command line" test_of tests/KsLottery.Cli.Tests
if [ "${1:-}" != --quick ]; then
  [ -z "$has_ilgpu" ] || start "the kernels through ILGPU" test_of "$ilgpu" -p:Ilgpu=true
  start "packages" packages
fi
start "kernel compiler" test_of tests/KsLottery.KernelCompiler.Tests
finish

if [ "${1:-}" != --quick ]; then
  show_skipped=0  # here: the kernels that need what was switched off
  for off in EnableHWIntrinsic EnableAVX2 EnableAVX512; do
    start "vector instructions with DOTNET_$off=0" \
      test_of tests/KsLottery.Engine.Tests --filter 'TestCategory=instructions&FullyQualifiedName!~opencl' -e "DOTNET_$off=0"
  done
  for kernel in vector256 vector128 scalar reference; do
    start "scans with KSLOTTERY_KERNEL=$kernel" test_of tests/KsLottery.Engine.Tests -e "KSLOTTERY_KERNEL=$kernel" \
      --filter 'FullyQualifiedName~Tests.Rows.RowScanTests|FullyQualifiedName~Tests.Rows.ProcessorRowCaseTests|FullyQualifiedName~Tests.Tickets'
  done
  finish
fi

[ "$skipped" -eq 0 ] || echo "$skipped tests were skipped; \`dotnet test --logger 'console;verbosity=normal'\` says why of each"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
