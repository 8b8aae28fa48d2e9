#!/bin/sh
# 'deepvid run' and 'deepvid info' on arrays that NumPy wrote.
set -u
for python in python3 /usr/bin/python3; do
    "$python" -c 'import numpy' 2>/dev/null && exec "$python" "${top_srcdir:-.}/tests/run.py" "$DEEPVID" "${top_srcdir:-.}/tests"
done
echo "skipped: no Python with numpy (Debian: python3-numpy)"
exit 77
