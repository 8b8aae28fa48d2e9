#!/bin/sh
# run.sh SOURCES SECONDS [TARGET...]: lets libFuzzer loose on the targets (all of them), built by
# `configure --enable-fuzzing && make`. Starts from the files kept for each. What was found, and the inputs that reach
# new code, go to fuzz/TARGET below the current folder. $FUZZ_SEEDS may name a folder with more to start from: the files
# of its folders TARGET.
set -u
top=$1
seconds=$2
shift 2
if [ ! -x tests/fuzz/png ] || ! tests/fuzz/png -help=1 2>&1 | grep -q max_total_time; then
    echo "the targets are not built for libFuzzer: ./configure --enable-fuzzing, with clang and its compiler-rt" >&2
    exit 1
fi
[ $# -gt 0 ] || set -- $(find tests/fuzz -maxdepth 1 -type f -perm -100 -exec basename {} \; | sort)
found=0

# What a target wants beyond the usual.
options() {
    case $1 in
    onnx) echo "-max_len=8192 -rss_limit_mb=3000 -timeout=60 -report_slow_units=60" ;;
    cifar) echo "-max_len=12300" ;;
    png | jpeg | npz) echo "-max_len=8192" ;;
    prompt | terminal) echo "-max_len=1024" ;;
    *) echo "-max_len=4096" ;;
    esac
}

for target; do
    mkdir -p "fuzz/$target/found" "fuzz/$target/corpus" "fuzz/$target/seeds"
    for file in "$top/tests/fuzz/corpus/$target"/* "$top/tests/bad/$target"-* "$top"/tests/*/*."$target" ${FUZZ_SEEDS:+"$FUZZ_SEEDS/$target"/*}; do
        [ -f "$file" ] && cp "$file" "fuzz/$target/seeds"
    done
    # shellcheck disable=SC2046,SC2086 # several words
    UBSAN_OPTIONS=print_stacktrace=1 OPENBLAS_NUM_THREADS=1 "tests/fuzz/$target" -timeout=20 -report_slow_units=20 $(options "$target") \
        -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="fuzz/$target/found/" \
        "fuzz/$target/corpus" "fuzz/$target/seeds" >"fuzz/$target/log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: //p' "fuzz/$target/log")
    echo "$target: ${runs:-?} runs in $seconds s, $(find "fuzz/$target/found" -type f ! -name 'slow-unit-*' | wc -l) findings"
    [ $status = 0 ] || found=1
done
exit $found
