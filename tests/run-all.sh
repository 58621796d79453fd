#!/usr/bin/env bash
# Runs every test, from any folder, and ends with a line `N passed, N failed`.
#   1  the suites, the tool compiled beforehand as its package for Linux is, but for --quick;
#   2  what computes with vector instructions, again with instruction sets switched off, and scans with each row kernel forced;
#   3  every kernel under a checker of memory accesses, races and values that nobody wrote;
#   4  the README's lines of installation in an empty home: packed, the tool installed and run, the README's C# snippet built against the library and run.
# They run two at a time where there are two processors, and are told of when all have ended. Before the totals stands why tests were skipped.
#   --quick    leaves 2 to 4 out
#   --native   compiles the tool ahead of time too, which takes minutes, and runs the suite of the command line against it
#   --install  installs what some tests need, as root on Debian: OpenCL on the processor (PoCL), the checker (oclgrind), clang, gcc and
#              Chromium, which looks at pages (pictures: artifacts/pages), axe-core where npm is at hand, Open MPI, MPICH and Slurm; without
#              it tests are skipped where these are missing, as are those that read ../shared/data where it is absent
#   --help     prints this
set -u -o pipefail
# Where SIGINT is ignored, as in the background of a script, programs that tests interrupt would ignore it too; no shell can undo that.
if [[ $(trap -p INT) == *"''"* ]]; then
  if env --default-signal=INT true 2>/dev/null; then exec env --default-signal=INT "$BASH" "$0" "$@"
  else echo "note: SIGINT is ignored here, and this system's env cannot undo it: tests that interrupt a program will fail"
  fi
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
quick='' install='' native=''
for option in "$@"; do
  case $option in
    --quick) quick=1 ;;
    --install) install=1 ;;
    --native) native=1 ;;
    -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' tests/run-all.sh; exit 0 ;;
    *) echo "$option is no option of this script; known are --quick, --native, --install and --help" >&2; exit 1 ;;
  esac
done
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
command -v chromium >/dev/null || wanted+=(chromium fonts-dejavu-core)
command -v mpirun.openmpi >/dev/null || wanted+=(openmpi-bin)
command -v mpirun.mpich >/dev/null || wanted+=(mpich)
slurm() { command -v slurmctld && command -v slurmd && command -v munged && command -v sbatch; }
slurm >/dev/null || wanted+=(slurm-wlm munge)
if [ ${#wanted[@]} -eq 0 ]; then :
elif [ -z "$install" ]; then echo "note: tests that need ${wanted[*]} are skipped (--install installs these Debian packages)"
elif [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then echo "note: ${wanted[*]} cannot be installed: that takes root and Debian's apt-get"
else
  echo "== installing ${wanted[*]}"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${wanted[@]}"; } >"$work/log" 2>&1 || tail -n 5 "$work/log"
fi

if [ -n "$install" ] && command -v npm >/dev/null && npm install --silent --no-audit --no-fund --prefix "$work/axe" axe-core@4 >/dev/null 2>&1
then export KSLOTTERY_AXE=$work/axe/node_modules/axe-core/axe.min.js
else echo "note: axe-core does not look at pages (it takes --install and npm, or KSLOTTERY_AXE as the path of its axe.min.js)"
fi

build() { check "builds without a warning" dotnet build -c Release -v q --nologo KsLottery.Engine.sln; }
start "build" build
finish

[ -d ../shared/data ] || echo "note: ../shared/data is not beside this checkout; the tests that read it are skipped"
test_of() { dotnet test -c Release --no-build --nologo --logger "trx;LogFileName=$BASHPID.trx" --results-directory "$work/results" "$@"; }

# Without optimisation: LLVM's makes llvm.abs of |x|, which oclgrind 21.10 does not know; of a kernel that has it, it says that there is none of
# the name (-46). How the tests meet its false alarms about what nobody wrote: tests/KsLottery.Engine.Tests/Devices/ShadowedDevice.cs.
watched() { # log, filter: the tests read the log, as oclgrind itself ends with 0 whatever it finds
  KSLOTTERY_CACHE=off KSLOTTERY_OPENCL_OPTIONS=-cl-opt-disable OCL_ICD_VENDORS=$checker OCLGRIND_DATA_RACES=1 OCLGRIND_UNINITIALIZED=1 \
    OCLGRIND_LOCAL_MEM_SIZE=131072 OCLGRIND_LOG=$1 \
    test_of tests/KsLottery.Engine.Tests --filter "$2"
}

at_home() { # command...: with no setting, package or tool of whoever runs this, but for the sources of packages where those are not NuGet's own
  env -u NUGET_PACKAGES -u NUGET_HTTP_CACHE_PATH -u NUGET_SCRATCH -u XDG_DATA_HOME -u XDG_CONFIG_HOME \
    HOME="$work/home" DOTNET_CLI_HOME="$work/home" "$@"
}

ready_to_run() { # tools: on Linux and x64 the installed tool's entry needs no compiling; the assemblies for elsewhere are IL, and run
  local methods=$work/methods tools=$1
  export DOTNET_JitStdOutFile=$methods DOTNET_JitDisasmSummary=1
  if [ "$(uname -sm)" = 'Linux x86_64' ]; then
    "$tools/kslottery" --version && [ -s "$methods" ] && ! grep 'Program:<Main>' "$methods" || return
  fi
  rm -f "$methods"
  dotnet "$tools"/.store/kslottery.cli/*/kslottery.cli/*/tools/net*/any/kslottery.dll --version && grep 'Program:<Main>' "$methods"
}

packages() {
  local lines=$work/install config=$HOME/.nuget/NuGet/NuGet.Config
  mkdir "$work/home" "$work/checkout"
  tar --exclude=./.git --exclude=bin --exclude=obj --exclude=./packages -c . | tar -x -C "$work/checkout"
  if [ -e "$config" ] && [ "$(at_home dotnet nuget list source --format short)" != "$(dotnet nuget list source --format short)" ]; then
    cp "$config" "$work/home/.nuget/NuGet/NuGet.Config"
  fi
  sed -n '/^## Install$/,/^## From C#$/p' README.md | sed -n '/^```$/,/^```$/p' | sed '/^```$/d' >"$lines"
  check "the README's lines of installation are found" grep -q '^dotnet .*KsLottery.Engine' "$lines"
  # The analyzers have read the same files in the build above.
  check "and run in an empty home" at_home RunAnalyzers=false bash -euxc "cd '$work/checkout'; source '$lines'"
  check "the library package holds managed code alone" \
    bash -c "cd '$work/home/.nuget/packages/kslottery.engine/'* && ls lib/*/KsLottery.Engine.dll && [ -z \"\$(find . -path '*runtimes*' -o -path '*native*')\" ]"
  check "what has ILGPU has its licences: the package, and the tool" \
    bash -c "cd '$work/home' && ls .nuget/packages/kslottery.engine.ilgpu/*/licenses/ILGPU{,.Algorithms}/LICENSE.txt \
      && for set in any linux-x64; do find .dotnet/tools/.store -path \"*/\$set/licenses/ILGPU*/LICENSE.txt\" | wc -l | grep -qx 2 || exit; done"
  check "its code is compiled for Linux and x64, and for elsewhere there" ready_to_run "$work/home/.dotnet/tools"
  check "a tool that is compiled ahead of time has no ILGPU" bash -c "dotnet msbuild src/KsLottery.Cli -p:PublishAot=true -getItem:ProjectReference \
    | tee /dev/stderr | grep -o '\"Filename\": \"KsLottery[^\"]*' | sort -u | cut -d'\"' -f4 | paste -sd ' ' \
    | grep -qx 'KsLottery.Benchmarks KsLottery.Demo KsLottery.Engine KsLottery.Engine.Mpi'"
  check "the installed tool runs its demo" at_home "$work/home/.dotnet/tools/kslottery" demo --pair --keep "$work/demo" --quiet
  sed -n '/^```csharp$/,/^```$/p' README.md | sed '/^```/d' >"$work/my-app/Program.cs"
  check "the README's snippet compiles against the package" at_home dotnet build -c Release -v q --nologo "$work/my-app"
  check "and finds the demo's ticket" \
    bash -c "dotnet '$work'/my-app/bin/Release/*/my-app.dll '$work/demo/base' '$work/demo/tuned' | tee /dev/stderr | grep -q '^273 '"
}

native() { # after the build: the project's assets are then those of a native tool
  check "compiles ahead of time without a warning" dotnet publish src/KsLottery.Cli -c Release -v q --nologo -r linux-x64 -p:NativeTool=true -o "$work/native"
  KSLOTTERY_TOOL=$work/native/kslottery test_of tests/KsLottery.Cli.Tests
}

compiled() { # the built assemblies that the command line's tests run: each gets code beside its IL, as in the packed tool
  local folder=tests/KsLottery.Cli.Tests/bin/Release/net10.0 code=$work/code framework compiler assembly
  mkdir -p "$code"
  cat >"$code/compiler.csproj" <<'END'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="Microsoft.NETCore.App.Crossgen2.$(NETCoreSdkPortableRuntimeIdentifier)" Version="[$(BundledNETCoreAppPackageVersion)]" />
  </ItemGroup>
</Project>
END
  dotnet restore -v q --nologo --packages "$code/packages" "$code/compiler.csproj" || return
  framework=$(dotnet --list-runtimes | sed -n 's|^Microsoft.NETCore.App \(10[^ ]*\) \[\(.*\)\]$|\2/\1|p' | tail -n 1)
  compiler=$(echo "$code"/packages/microsoft.netcore.app.crossgen2.*/*/tools/crossgen2)
  for assembly in "$folder"/{kslottery,KsLottery.{Engine,Engine.Mpi,Engine.Ilgpu,Demo,Benchmarks,Kernels},System.{CommandLine,IO.Hashing,Numerics.Tensors}}.dll; do
    "$compiler" "$assembly" -o:"$code/${assembly##*/}" -r:"$folder/*.dll" -r:"$framework/*.dll" --targetos:linux --targetarch:x64 -O || return
  done
  cp "$code"/*.dll "$folder"
}

command_line() { # hundreds of short processes, most of whose time would go into compiling
  [ -n "$quick" ] || [ "$(uname -sm)" != 'Linux x86_64' ] || check "its code is compiled before it starts" compiled
  test_of tests/KsLottery.Cli.Tests
}

reasons() { # why tests were skipped, by kind: what stands before a colon, or all of it, whatever its numbers
  cat "$work"/results/*.trx 2>/dev/null | tr -d '\r' | awk '
    /<UnitTestResult / { skipped = /outcome="NotExecuted"/; told = 0 }
    skipped && !told && /<Message>/ { sub(/.*<Message>/, ""); sub(/<\/Message>.*/, ""); told = 1; note($0) }
    skipped && !told && (/<\/UnitTestResult>/ || /<UnitTestResult [^>]*\/>/) { told = 1; note("no reason is given") }
    function note(text,   kind) {
      gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\047", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text)
      kind = text; if (match(kind, /: /) && substr(kind, 1, RSTART - 1) ~ / /) kind = substr(kind, 1, RSTART - 1)
      gsub(/[0-9]+/, "#", kind)
      if (!(kind in count)) first[kind] = text
      count[kind]++
    }
    END { for (kind in count) printf "%6d  %s\n", count[kind], first[kind] }' | sort -rn
}

# The longest first: the last ones of two lanes then end at about the same time.
start "library" test_of tests/KsLottery.Engine.Tests
if [ -z "$quick" ]; then
  if [ -e "$checker" ]; then
    start "every kernel where accesses and races are watched" watched "$work/found" 'TestCategory=oclgrind'
    start "planted faults are found" watched "$work/planted" 'TestCategory=oclgrind-planted'
  else echo "skipped: every kernel where accesses and races are watched (no oclgrind: install the package oclgrind)"
  fi
fi
start "command line" command_line
start "CUDA" test_of tests/KsLottery.Cuda.Tests
[ -n "$quick" ] || start "packages" packages
start "the kernels through ILGPU" test_of tests/KsLottery.Engine.Ilgpu.Tests
for example in FindTicket NewScore NewKernel TrainRows; do
  start "the example $example" check "ends well" dotnet run -c Release --no-build --project "examples/$example"
done
start "the example of ILGPU's memory" check "finds on ILGPU's processor what the CPU finds" dotnet run -c Release --no-build --project examples/IlgpuRows
start "demo" test_of tests/KsLottery.Demo.Tests
if slurm >/dev/null && [ "$(id -u)" -eq 0 ]; then start "files for sbatch" timeout 300 tests/slurm.sh src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll
else echo "skipped: files for sbatch (they take root and the packages slurm-wlm and munge)"
fi
start "the binding to MPI" test_of tests/KsLottery.Engine.Mpi.Tests
start "a device from outside" test_of tests/KsLottery.Extension.Tests
start "kernel compiler" test_of tests/KsLottery.KernelCompiler.Tests

if [ -z "$quick" ]; then
  for off in EnableHWIntrinsic EnableAVX2 EnableAVX512; do
    start "vector instructions with DOTNET_$off=0" \
      test_of tests/KsLottery.Engine.Tests --filter 'TestCategory=instructions&FullyQualifiedName!~opencl' -e "DOTNET_$off=0"
  done
  for kernel in vector256 vector128 scalar reference; do
    start "scans with KSLOTTERY_KERNEL=$kernel" test_of tests/KsLottery.Engine.Tests -e "KSLOTTERY_KERNEL=$kernel" \
      --filter 'FullyQualifiedName~Tests.Rows.RowScanTests|FullyQualifiedName~Tests.Rows.ProcessorRowCaseTests|FullyQualifiedName~Tests.Tickets'
  done
fi
finish

if [ -n "$native" ]; then
  start "command line, compiled ahead of time" native
  finish
fi

[ "$skipped" -eq 0 ] || { echo "$skipped tests were skipped:"; reasons; }
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
