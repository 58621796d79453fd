# Sourced by the scripts beside it: a page that is there line by line as its figures come, and ends in time whatever a device does.
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) root=$(cd "$here/../.." && pwd)
limit=${KSLOTTERY_PAGE_SECONDS:-230} status=0
packed=$root/artifacts/device.tar.gz  # by pack.sh; without it the sources are built, which takes a .NET SDK
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 XDG_CACHE_HOME=$work/cache

usage() { sed -n '2,/^source /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 1; }

begin() { # title, script's name, FOLDER, devices...: prepares the programs and the page
  local title=$1 name=$2; shift 2
  [ $# -ge 1 ] || usage
  page=$1/$name.md; shift
  devices=("$@")
  [ $# -gt 0 ] || devices=(cuda:0 ilgpu:cuda:0)
  mkdir -p "$(dirname "$page")"
  if [ -e "$packed" ]; then
    tar -xzf "$packed" -C "$work" || exit 1
    program=("$work/kslottery") example=("$work/IlgpuRows") built=$(<"$work/BUILT")
  else
    dotnet build -c Release -v q --nologo "$root/src/KsLottery.Cli" >&2 && dotnet build -c Release -v q --nologo "$root/examples/IlgpuRows" >&2 || exit 1
    program=(dotnet "$root/src/KsLottery.Cli/bin/Release/net10.0/kslottery.dll")
    example=(dotnet "$root/examples/IlgpuRows/bin/Release/net10.0/IlgpuRows.dll") built="commit $(git -C "$root" rev-parse --short HEAD)"
  fi
  export KSLOTTERY_PROGRAM="${program[*]}"
  {
    echo "# $title"
    echo
    echo "By \`bench/device/$name.sh FOLDER ${devices[*]}\`, $built; $(nproc) logical processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)."
  } >"$page"
}

say() { printf '\n%s\n' "$*" >>"$page"; }

show() { # seconds at most, setting or "", command as a reader types it, the program that runs it...
  local most=$1 setting=$2 said=$3 left=$((limit - SECONDS)) code=0; shift 3
  [ "$left" -ge 5 ] || { say "\`$said\` was not run: the time of this page was over."; status=1; return; }
  echo "$said" >&2
  printf '\n`%s%s`\n\n```\n' "${setting:+$setting }" "$said" >>"$page"
  timeout --kill-after=3 "$((most < left - 4 ? most : left - 4))" env ${setting:+"$setting"} "$@" 2>"$work/errors" </dev/null |
    sed -u "s|$work|…|g" >>"$page"
  code=${PIPESTATUS[0]}
  [ "$code" -eq 0 ] || tail -n 20 "$work/errors" | sed "s|$work|…|g" >>"$page"
  printf '```\n' >>"$page"
  case $code in
    0) return ;;
    124 | 137) say "It was cut: it may take $most s, and the page $limit s." ;;
    *) say "It ended with exit code $code." ;;
  esac
  status=1
}

typed() { # words...: as a reader types them, in $said
  local word
  said=
  for word; do
    [[ $word != *' '* ]] || word="'$word'"
    said+="${said:+ }$word"
  done
}

tool() { # seconds at most, setting or "", arguments...
  local most=$1 setting=$2 said; shift 2
  typed kslottery "$@"
  show "$most" "$setting" "$said" "${program[@]}" "$@"
}

python() { # a script of the checkout, arguments...
  local said
  typed python3 "$@"
  show 60 "" "$said" env -C "$root" python3 "$@"
}

torch_on() { # device: what PyTorch calls it, in $torch; nothing where there is no PyTorch to compare with
  torch=cpu
  [[ $1 != *cuda:* ]] || torch=cuda
  python3 -c 'import torch, numpy; raise SystemExit("'$torch'" == "cuda" and not torch.cuda.is_available())' 2>/dev/null && return
  torch=
  say "No PyTorch with NumPy for $1 was there to compare with (\`bench/peers\`)."
}

end() {
  say "The page took $SECONDS s."
  exit "$status"
}
