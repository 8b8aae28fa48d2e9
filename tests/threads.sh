#!/bin/sh
# The same explanation, bit for bit, by any number of threads.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

# same NAME OPTIONS...: one report for each number of threads; all files are equal.
same() {
    name=$1
    shift
    for threads in 1 2 4; do
        "$deepvid" explain "$bundle" --index 7 --threads $threads --out "$folder/$name-$threads" "$@" >/dev/null ||
            status=1
        diff -r "$folder/$name-1" "$folder/$name-$threads" || status=1
        [ -s "$folder/$name-1/overview.png" ] || status=1
    done
}

same ridge
same mixed --neighborhood mixed --neighbors 300
same adam --student adam --epochs 3
same explainers --explainer all --neighbors 100 --samples 200
exit $status
