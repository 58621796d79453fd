#!/usr/bin/env bash
# Proves devices: every check of `kslottery verify`, gradients, and the row test in the memory of a program that uses ILGPU, in under four minutes.
#   bench/device/verify.sh FOLDER [DEVICE...]      writes FOLDER/verify.md; cuda:0 and ilgpu:cuda:0 where no device is given
# The checks go in parts, each on all devices in turn, so that a page that is cut says the same of all. Ends with 1 where one does not hold.
source "$(dirname "${BASH_SOURCE[0]}")/page.sh"
begin "What devices compute" verify "$@"

tool 20 "" devices
for device in "${devices[@]}"; do
  [[ $device == ilgpu:* ]] || continue
  kind=${device#ilgpu:} kind=${kind%%:*} rows=2000 wide=64
  [ "$kind" != cpu ] || rows=2 wide=1
  show 30 "" "IlgpuRows $kind $rows 4096" "${example[@]}" "$kind" "$rows" 4096
  show 30 "" "IlgpuRows $kind $wide 20000" "${example[@]}" "$kind" "$wide" 20000
done
imitates() { [[ $1 == simulated || $1 == ilgpu:cpu ]]; }

for device in "${devices[@]}"; do
  [ "$device" = cpu ] || tool 40 "" verify support --device "$device"
done
# Every check has exactly one of these in its name (DeviceScriptTests).
for part in "rows F32" matmul attention "rows BF16" "rows F16" embedding rmsnorm rope cross swiglu adamw rmsprop "l1 distance" "l2 distance" distillation copy scatter "columns of" clear sums; do
  for device in "${devices[@]}"; do
    if ! imitates "$device"; then tool 45 "" verify --device "$device" --filter "$part"
    elif [ "$part" = "rows F32" ]; then tool 100 "" verify --device "$device"  # its sample
    fi
  done
done
for device in "${devices[@]}"; do tool 60 "" verify grad --device "$device"; done
end
