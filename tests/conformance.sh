#!/bin/sh
# ONNX's own test cases, through 'deepvid run'. They are no part of the sources: DV_CONFORMANCE names their folder, by
# default ../shared/conformance beside the source tree.
set -u
cases=${DV_CONFORMANCE:-${top_srcdir:-.}/../shared/conformance}
if [ ! -d "$cases" ]; then
    echo "skipped: no cases in $cases (DV_CONFORMANCE names their folder)"
    exit 77
fi
for python in python3 /usr/bin/python3; do
    "$python" -c 'import numpy, onnx' 2>/dev/null && exec "$python" "${top_srcdir:-.}/tests/conformance.py" "$DEEPVID" "$cases"
done
echo "skipped: no Python with numpy and onnx (Debian: python3-onnx)"
exit 77
