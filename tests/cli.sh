#!/bin/sh
# The command line: help, manual, wrong usage. Wrong usage is one line on
# standard error, nothing on standard output, and exit status 2.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

# wrong ARGUMENTS...: must be refused as wrong usage.
wrong() {
    "$deepvid" "$@" >"$folder/out" 2>"$folder/err" </dev/null
    code=$?
    [ $code = 2 ] || complain "exit $code instead of 2: deepvid $*"
    [ ! -s "$folder/out" ] || complain "wrong usage wrote to standard output: deepvid $*"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "not one line: deepvid $*: $(cat "$folder/err")"
    if LC_ALL=C grep -q '[[:cntrl:]]' "$folder/err"; then complain "control characters in the message: deepvid $*"; fi
}

# fails ARGUMENTS...: the file is at fault, not the usage.
fails() {
    "$deepvid" "$@" >"$folder/out" 2>"$folder/err" </dev/null
    code=$?
    [ $code = 1 ] || complain "exit $code instead of 1: deepvid $*"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "not one line: deepvid $*: $(cat "$folder/err")"
}

for command in "" check explain init train classify project run info replay; do
    # shellcheck disable=SC2086 # an empty command is no argument
    "$deepvid" $command --help >"$folder/out" 2>"$folder/err" || complain "deepvid $command --help failed"
    grep -q -- --help "$folder/out" || complain "deepvid $command --help does not tell of itself"
    grep -q Examples "$folder/out" || complain "deepvid $command --help shows no example"
    [ ! -s "$folder/err" ] || complain "deepvid $command --help wrote to standard error"
done
"$deepvid" --version | grep -q '^deepvid [0-9]' || complain "deepvid --version does not tell the version"
for isa in generic avx2 avx512 amx; do
    "$deepvid" --version >"$folder/best"
    DEEPVID_ISA=$isa "$deepvid" --version >"$folder/asked"
    grep -q "^instruction set: $isa\$" "$folder/asked" || cmp -s "$folder/best" "$folder/asked" ||
        complain "DEEPVID_ISA=$isa is not what the kernels use"
done
for isa in avx AVX2 avx512f; do
    export DEEPVID_ISA="$isa"
    wrong --version
    grep -q "DEEPVID_ISA.*'$isa'" "$folder/err" || complain "DEEPVID_ISA=$isa is not named: $(cat "$folder/err")"
    unset DEEPVID_ISA
done
"$deepvid" --help >/dev/full 2>/dev/null && complain "a full disk under --help went unnoticed"

for number in 0 1 -5 nan inf 1e30 99999999999999999999 12x ''; do
    wrong explain "$bundle" --index 0 --neighbors "$number"
done
for option in band temperature; do
    for number in 0 -1 nan inf -inf 1e30 x ''; do
        wrong explain "$bundle" --index 0 --$option "$number"
    done
done
for number in -1 nan inf 1e30 x; do
    wrong explain "$bundle" --index 0 --ridge "$number"
done
for option in student sampling neighborhood score baseline superpixels explainer; do
    wrong explain "$bundle" --index 0 --$option nonsense
done
grep -q 'lime.*grad-cam' "$folder/err" || complain "the explainers are not named: $(cat "$folder/err")"
for knob in '' 3 = 3= =1 10=1 -1=1 0=x 0=1x 0=nan 0=inf 0=1e30; do
    wrong explain "$bundle" --index 0 --latent "$knob"
done
for bands in '' 0.5 1,1,1,1,1,1,1,1,1 1,1,1,1,1,1,1,1,1,1, 1,1,1,1,1,1,1,1,1,x 1,1,1,1,1,1,1,1,1,-1 \
    1,1,1,1,1,1,1,1,1,nan 0,0,0,0,0,0,0,0,0,0; do
    wrong explain "$bundle" --index 0 --bands "$bands"
done
for names in '' , lime,nonsense; do
    wrong explain "$bundle" --index 0 --explainer "$names"
done
for option in fresh epochs batch rate threads ridge samples window stride; do
    wrong explain "$bundle" --index 0 --$option 0
done
wrong explain "$bundle" --index 0 --seed -1
wrong explain "$bundle" --index 10000
wrong explain "$bundle" --index -1
wrong explain "$bundle"
wrong explain
wrong explain "$bundle" extra --index 0
wrong explain "$bundle" --index 0 --no-such-option
wrong explain "$bundle" --index
wrong explain "$bundle" --index 0 -xh
grep -q "'-x'" "$folder/err" || complain "the wrong letter is not named: $(cat "$folder/err")"
wrong classify
wrong project
wrong project "$bundle" extra
wrong project "$bundle" -o
wrong project "$bundle" -ox -q
for option in features method; do
    wrong project "$bundle" --$option nonsense
done
for number in 0 -1 nan inf 1e30 x ''; do
    wrong project "$bundle" --perplexity "$number"
    wrong project "$bundle" --iterations "$number"
done
wrong run
wrong run "$bundle/teacher.onnx"
wrong info
wrong check
wrong check model pictures more
wrong check model --count 0
wrong check model --seed -1
wrong replay
wrong replay log
wrong replay log bundle more --out x
wrong train
wrong train nonsense
wrong train classifier
wrong train vae --images x --epochs 0 --out y
wrong --graphics=nonsense
wrong "$bundle" extra arguments
wrong "$(printf 'no\033[31msuch\nbundle')" --index nonsense

fails explain "$folder/missing" --index 0

# Each explainer once, however often it is named, in words and in the report.
"$deepvid" explain "$bundle" --index 0 --explainer lime,gradient,lime --samples 64 --neighbors 100 --fresh 100 \
    --out "$folder/report" >"$folder/out" 2>&1 || complain "explain --explainer failed: $(cat "$folder/out")"
[ "$(grep -c '^lime .*64 calls.*R2' "$folder/out")" = 1 ] || complain "lime is not told once"
[ "$(grep -c '^gradient .*1 call,' "$folder/out")" = 1 ] || complain "gradient is not told once"
for file in lime.npy lime-segments.npy gradient.npy; do
    [ -s "$folder/report/$file" ] || complain "the report has no $file"
done
fails classify "$folder"
fails project "$folder"
fails project "$bundle" --method pca -o "$folder/missing/x.csv"
fails project "$bundle" --method pca --png "$folder/missing/x.png"
fails info "$folder/missing.onnx"
fails run "$folder/missing.onnx" --input x.npy --output-dir "$folder/o"

exit $status
