#!/usr/bin/env bash
# Runs a command inside another system's root folder, with this machine's .NET, devices and the folders that it needs seen at their own places:
#   unshare --mount bench/peers/in-root.sh ROOT COMMAND [WORD ...]
# As root. The mounts are this process's own and go with it. For libtorch on a system whose libstdc++ is too old, ROOT is made once by
#   debootstrap --variant=minbase trixie ROOT
# VISIBLE names the folders, by default the checkout's parent and the temporary folder.
set -eu
root=$1; shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dotnet=$(dirname "$(readlink -f /usr/bin/dotnet || command -v dotnet)")
for folder in "$dotnet" /proc /dev ${VISIBLE:-"$(dirname "$here")" "${TMPDIR:-/tmp}"}; do
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
done
exec chroot "$root" /usr/bin/env PATH="$dotnet:/usr/bin:/bin" "$@"
