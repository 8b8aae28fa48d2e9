#!/bin/sh
# Runs the three models on 256 real pictures with deepvid and with ONNX Runtime, and compares. Needs node and the
# package onnxruntime-node where NODE_PATH finds it; skips without them.
set -u
top=${top_srcdir:-.}
command -v node >/dev/null 2>&1 || {
    echo "skipped: node is not installed"
    exit 77
}
node -e 'require("onnxruntime-node")' 2>/dev/null || {
    echo "skipped: onnxruntime-node is not installed where NODE_PATH finds it"
    exit 77
}
folder=$(mktemp -d "${TMPDIR:-/tmp}/deepvid-onnxruntime-XXXXXX") || exit 99
trap 'rm -rf "$folder"' EXIT
node "$top/tests/onnxruntime.js" "${DEEPVID:-./deepvid}" "$top/models/fashion-mnist" "$folder"
