#!/usr/bin/env bash
# Measures a model's training step on devices, beside PyTorch's where it is, then its parts, with our own products and with the native library's.
#   bench/device/step.sh FOLDER [DEVICE...]        writes FOLDER/step.md in under four minutes; cuda:0 and ilgpu:cuda:0 where no device is given
source "$(dirname "${BASH_SOURCE[0]}")/page.sh"
begin "How fast a model learns" step "$@"

model() { # device, options...: bench model beside PyTorch, or alone where there is none
  local device=$1; shift
  if [ -n "$torch" ]; then python bench/peers/llama_peers.py --threads "$(nproc)" --torch "$torch" --device "$device" --seconds 0.5 "$@"
  else tool 60 "" bench model --device "$device" --seconds 0.5 "${@:3}"  # no rounds
  fi
}

torch_on "${devices[0]}"
for device in "${devices[@]}"; do model "$device" --rounds 3 --work "full step"; done
for device in "${devices[@]}"; do model "$device" --rounds 1; done
for device in "${devices[@]}"; do
  tool 30 "" verify perf --device "$device" --filter ward --seconds 0.1  # every operation forward and backward
  tool 20 KSLOTTERY_GEMM=own verify perf --device "$device" --filter matmul --seconds 0.1
  [[ $device != cuda:* ]] || tool 20 KSLOTTERY_GEMM=cublas-bf16 verify perf --device "$device" --filter matmul --seconds 0.1
done
end
