#!/usr/bin/env bash
# The whole measurement on one GPU: full-size shape, random weights, FP16.
#
#     loadtest/gpu.sh WORK [PACKAGES]
#
# Needs torch and transformers, one GPU and no network. PACKAGES is a folder with onnxruntime-gpu
# and onnx where the machine's Python lacks them (`pip install --target PACKAGES onnxruntime-gpu
# onnx`, elsewhere). The report is WORK/gpu.json, and WORK/gpu-captured.json with CUDA graphs.
set -euo pipefail
work=${1:?usage: loadtest/gpu.sh WORK [PACKAGES]}
here=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH="${2:+$2:}$here${PYTHONPATH:+:$PYTHONPATH}"
python=${PYTHON:-python3}
mkdir -p "$work"

# torch first: it loads the CUDA libraries that ONNX Runtime then finds.
"$python" - <<'CHECK'
import torch
import onnxruntime
print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__)
print(torch.cuda.get_device_name(0))
assert "CUDAExecutionProvider" in onnxruntime.get_available_providers(), "no CUDA provider"
CHECK
run() { "$python" -c 'import torch, sys; from loadtest.gpu import main; sys.exit(main())' "$@"; }
run --work "$work"
cp "$work/gpu.json" "$work/gpu-plain.json"
if run --work "$work" --captured; then
    mv "$work/gpu.json" "$work/gpu-captured.json"
else
    echo "ONNX Runtime could not capture the decoder: CUDA graphs stay off" >&2
fi
mv "$work/gpu-plain.json" "$work/gpu.json"
