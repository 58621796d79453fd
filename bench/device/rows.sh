#!/usr/bin/env bash
# Measures the row test on devices: from the host's memory, over the bus, in the device's memory against its reads, and against a sort of PyTorch's on it.
#   bench/device/rows.sh FOLDER [DEVICE...]        writes FOLDER/rows.md in under four minutes; cuda:0 and ilgpu:cuda:0 where no device is given
source "$(dirname "${BASH_SOURCE[0]}")/page.sh"
begin "How fast rows are tested" rows "$@"

tool 60 "" devices --measure
for device in "${devices[@]}"; do
  tool 30 "" verify perf --device "$device" --filter "memory read" --seconds 0.2
  [ "$device" = cpu ] || tool 30 "" verify perf --device "$device" --filter load --seconds 0.2  # upload and download
done
for type in BF16 F32 F16; do
  for device in "${devices[@]}"; do tool 30 "" verify perf --device "$device" --filter "rows $type" --seconds 0.1; done
done
torch_on "${devices[0]}"
for device in "${devices[@]}"; do
  [ -z "$torch" ] || python bench/peers/torch_sort.py --torch "$torch" --device "$device" --rounds 1
done
end
