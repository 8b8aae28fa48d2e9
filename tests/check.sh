#!/bin/sh
# 'deepvid check' on the bundle that comes with the program, and on what is wrong with copies of it.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

# told EXIT KIND WORDS ARGUMENTS...: a line of this kind holds the words.
told() {
    code=$1
    kind=$2
    words=$3
    shift 3
    "$deepvid" check "$@" >"$folder/out" 2>"$folder/err" </dev/null
    got=$?
    [ $got = "$code" ] || complain "exit $got instead of $code: deepvid check $*"
    [ ! -s "$folder/err" ] || complain "words on standard error: deepvid check $*: $(cat "$folder/err")"
    grep "^$kind  *[^ ]" "$folder/out" | grep -q -- "$words" ||
        complain "no $kind of '$words': deepvid check $*: $(cat "$folder/out")"
    if [ "$code" = 0 ]; then
        ! grep -q "^problem" "$folder/out" || complain "a problem, and exit 0: deepvid check $*"
    else
        grep -q "^problem" "$folder/out" || complain "no problem, and exit 1: deepvid check $*"
    fi
    if LC_ALL=C grep -q '[[:cntrl:]]' "$folder/out"; then complain "control characters: deepvid check $*"; fi
}

# holds WORDS: in what was told last.
holds() {
    grep -q -- "$1" "$folder/out" || complain "'$1' is not told: $(cat "$folder/out")"
}

told 0 ok "the bundle can be opened" "$bundle"
holds "^ok  .* fits, 9[0-9]\.[0-9] % of 1,000 are right"
holds "^  operators     Conv 2, Relu 3, MaxPool 2, Flatten 1, Gemm 2$"
holds "^  takes         NCHW float pictures of 1 x 28 x 28$"
cp "$folder/out" "$folder/first"
"$deepvid" check "$bundle" --threads 3 >"$folder/out" || complain "three threads fail"
cmp -s "$folder/first" "$folder/out" || complain "other threads, other words"
"$deepvid" check "$bundle" --seed 2 --count 300 >"$folder/out" || complain "another seed fails"
holds " of 300 are right"

told 0 ok "can be run" "$bundle/teacher.onnx"
told 0 note "no picture has a label" "$bundle/teacher.onnx" "$bundle/t10k-images-idx3-ubyte.gz"
told 1 problem "with the settings as they are (0..255) only" "$bundle" --scale 255 --mean 0 --std 1
holds "^  mean = 0.28"
holds "^  --mean 0.28"

# Labels by other numbers: each digit's byte becomes another's; the header of eight bytes stays.
gzip -dc "$bundle/t10k-labels-idx1-ubyte.gz" >"$folder/labels"
{
    head -c 8 "$folder/labels"
    tail -c +9 "$folder/labels" | tr '\000\001\002\003\004\005\006\007\010\011' '\003\000\007\001\011\005\002\010\006\004'
} >"$folder/permuted"
told 1 problem "labels and classes are numbered in different orders" "$bundle" --labels "$folder/permuted"
holds "numpy.array(\[1, 3, 6, 0, 9, 5, 8, 2, 7, 4\])\[labels\]"
{
    head -c 8 "$folder/labels"
    tail -c +9 "$folder/labels" | tr '\000\001\002\003\004\005\006\007\010\011' '\001\002\003\004\005\006\007\010\011\012'
} >"$folder/counted"
told 1 problem "labels are off by one" "$bundle" --labels "$folder/counted"

head -n 9 "$bundle/labels.txt" >"$folder/names"
told 1 problem "names 9 classes, but the model puts out 10" "$bundle" --class-names "$folder/names"
told 1 problem "not an ONNX file" "$bundle/labels.txt"
told 1 problem "missing.onnx: cannot be opened" "$folder/missing.onnx"
told 1 problem "deepvid.ini" "$folder"

# One object of JSON says the same.
"$deepvid" check "$bundle" --labels "$folder/permuted" --json >"$folder/out" 2>"$folder/err" && complain "JSON: exit 0"
[ "$(wc -l <"$folder/out")" = 1 ] || complain "JSON: not one line"
for words in '^{"usable":false,' '"class_of_label":\[1,3,6,0,9,5,8,2,7,4\]' '"code":"labels-permuted"'; do
    holds "$words"
done
"$deepvid" check "$bundle" --json >"$folder/out" || complain "JSON: the bundle is not usable"
holds '^{"usable":true,'
"$deepvid" check "$bundle" >/dev/full 2>"$folder/err" && complain "a full disk goes unnoticed"
grep -q "standard output" "$folder/err" || complain "a full disk: $(cat "$folder/err")"

exit $status
