#!/bin/sh
# Runs the three models on 256 real pictures with deepvid and with ONNX Runtime, and compares. Needs node and the
# package onnxruntime-node where NODE_PATH finds it; skips without them.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
command -v node >/dev/null 2>&1 || {
    echo "skipped: node is not installed"
    exit 77
}
node -e 'require("onnxruntime-node")' 2>/dev/null || {
    echo "skipped: onnxruntime-node is not installed where NODE_PATH finds it"
    exit 77
}
node "$top_srcdir/tests/onnxruntime.js" "$deepvid" "$bundle" "$folder"
