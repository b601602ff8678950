#!/usr/bin/env bash
# The whole measurement on one GPU: correctness at small sizes, then tables and speed at full size.
#
#     loadtest/gpu.sh WORK [PACKAGES] [-- OPTIONS]
#     loadtest/gpu.sh WORK -- --device cpu --size tiny      # a dry run on any machine
#
# Needs torch and transformers, one GPU and no network. PACKAGES is a folder with onnxruntime-gpu
# and onnx where the machine's Python lacks them (`pip install --target PACKAGES onnxruntime-gpu
# onnx`, elsewhere). WORK takes 4 GB. Each result is a line of JSON as it is measured, on standard
# output and in $OUT, if that is set, or in WORK: gpu-tiny.jsonl, gpu-small.jsonl, gpu-full.jsonl.
#
# Each part has its own limit in seconds, so that one that hangs costs only itself: BUILD, CORRECT,
# TABLES and SPEED below, about ten minutes in all. The large model is built while correctness is
# checked. Where the checkout has to be copied to the machine, `streamer/models` can stay behind.
set -uo pipefail
usage="usage: loadtest/gpu.sh WORK [PACKAGES] [-- OPTIONS]"
work=${1:?$usage}
shift
packages=
if [ $# -gt 0 ] && [ "$1" != -- ]; then packages=$1; shift; fi
if [ $# -gt 0 ] && [ "$1" = -- ]; then shift; fi
here=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH="${packages:+$packages:}$here${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
python=${PYTHON:-python3}
BUILD=${BUILD:-240} CORRECT=${CORRECT:-90} TABLES=${TABLES:-120} SPEED=${SPEED:-150}
mkdir -p "$work"
status=0

part() { # LIMIT NAME OPTIONS...: the run itself begins nothing new in its last 20 seconds
    local limit=$1 name=$2
    shift 2
    timeout "$limit" "$python" -m loadtest model gpu --work "$work" --until $((limit - 20)) "$@"
    local code=$?
    [ $code -eq 0 ] || status=1
    echo "$name: exit status $code" >&2
}

if [[ " $* " == *" --device cpu "* ]]; then
    part "$CORRECT" correctness "$@" build place parity
    part "$SPEED" speed "$@" --rows 4 --clips 4 --streams 2 --most 2 --seconds 4 \
        encoder decoder offline live
    exit $status
fi

# torch first: it loads the CUDA libraries that ONNX Runtime then finds.
"$python" - <<'CHECK' || exit 2
import torch
import onnxruntime
print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__)
print(torch.cuda.get_device_name(0))
assert "CUDAExecutionProvider" in onnxruntime.get_available_providers(), "no CUDA provider"
CHECK
part "$BUILD" "building the full size" build "$@" > "$work/build.log" 2>&1 &
building=$!
part "$CORRECT" "correctness, tiny" place parity --size tiny "$@"
part "$CORRECT" "correctness, small" place parity --size small "$@"
wait $building
part "$TABLES" tables encoder decoder "$@"
part "$SPEED" speed offline live "$@"
part "$SPEED" "speed, captured" offline live --captured "$@"
exit $status
