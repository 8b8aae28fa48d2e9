#!/bin/sh
# deepvid train from outside: wrong usage, what a run leaves behind, Ctrl-C and going on.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

images=$bundle/t10k-images-idx3-ubyte.gz
labels=$bundle/t10k-labels-idx1-ubyte.gz

# refused STATUS WORD ARGS...: that exit status, one line on stderr that holds the word, nothing on stdout.
refused() {
    expected=$1 word=$2
    shift 2
    "$deepvid" train "$@" >"$folder/out" 2>"$folder/err"
    code=$?
    [ $code = "$expected" ] || complain "exit $code instead of $expected: train $*"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "not one line of error: train $*: $(cat "$folder/err")"
    grep -qe "$word" "$folder/err" || complain "no '$word': train $*: $(cat "$folder/err")"
    [ ! -s "$folder/out" ] || complain "something on stdout: train $*"
}

refused 2 'classifier or vae'
refused 2 'classifier or vae' networks
refused 2 'images is missing' vae --out "$folder/v"
refused 2 'out is missing' vae --images "$images"
refused 2 'needs labels' classifier --images "$images" --out "$folder/c.onnx"
refused 2 'needs --test-images' classifier --images "$images" --labels "$labels" --test-labels "$labels" --out "$folder/c.onnx"
refused 2 'what is' vae --images "$images" --out "$folder/v" surplus
for option in epochs batch; do
    for value in 0 -1 nan 1e30 x ''; do
        refused 2 "$option takes" vae --images "$images" --out "$folder/v" --$option "$value"
    done
done
for value in 0 -1 nan inf 1e30 x ''; do
    refused 2 'learning-rate takes' vae --images "$images" --out "$folder/v" --learning-rate "$value"
done
for value in -1 nan 1e30; do
    refused 2 'beta takes' vae --images "$images" --out "$folder/v" --beta "$value"
    refused 2 'weight-decay takes' vae --images "$images" --out "$folder/v" --weight-decay "$value"
    refused 2 'latent takes' vae --images "$images" --out "$folder/v" --latent "$value"
    refused 2 'dropout takes' classifier --images "$images" --labels "$labels" --out "$folder/c.onnx" --dropout "$value"
done
refused 2 'wipe out' vae --images "$images" --out "$folder/v" --weight-decay 10 --learning-rate 0.5
for value in 0 -3 1,,2 , 5, 99999999999 16x32 1,2,3,4,5,6,7,8,9; do
    refused 2 'hidden takes' vae --images "$images" --out "$folder/v" --hidden "$value"
    refused 2 'channels takes' classifier --images "$images" --labels "$labels" --out "$folder/c.onnx" --channels "$value"
done
refused 2 'needs --architecture' vae --images "$images" --out "$folder/v" --architecture dense --channels 8
refused 2 'use fewer' classifier --images "$images" --labels "$labels" --out "$folder/c.onnx" --channels 2,2,2,2,2
for value in -1 nan 1e30; do
    refused 2 'teacher-weight takes' vae --images "$images" --out "$folder/v" --teacher "$bundle" --teacher-weight "$value"
done
refused 2 'needs --teacher' vae --images "$images" --out "$folder/v" --teacher-weight 5
refused 1 'no-such-file' vae --images "$images" --out "$folder/v" --teacher "$folder/no-such-file"
refused 1 'no-such-file' vae --images "$folder/no-such-file" --out "$folder/v"
refused 1 'no-such-folder' classifier --images "$images" --labels "$labels" --out "$folder/no-such-folder/c.onnx"
[ ! -e "$folder/c.onnx" ] || complain "a refused run wrote a file"

# A whole run: what it prints and what it leaves.
classifier="classifier --images $images --labels $labels --channels none --dense 32 --epochs 12 --batch 100"
# shellcheck disable=SC2086 # a list of arguments
"$deepvid" train $classifier --threads 2 --test-images "$images" --test-labels "$labels" \
    --out "$folder/whole.onnx" >"$folder/out" 2>"$folder/err" || complain "training a classifier: $(cat "$folder/err")"
grep -q 'accuracy 0\.8' "$folder/out" || complain "no good accuracy: $(cat "$folder/out")"
[ "$(grep -c '^epoch' "$folder/err")" = 12 ] || complain "not one line for each epoch: $(cat "$folder/err")"
[ "$(ls "$folder"/whole.onnx*)" = "$folder/whole.onnx" ] || complain "more left than the model: $(ls "$folder")"

# The same, interrupted after its first epoch, then told to go on: the same bytes.
# shellcheck disable=SC2086
interrupt 1 "$folder/part.err" "$deepvid" train $classifier --threads 1 --out "$folder/part.onnx" >"$folder/out"
code=$?
if [ -e "$folder/part.onnx" ]; then
    echo "the run was over before it could be interrupted"
else
    [ $code = 1 ] || complain "exit $code after Ctrl-C"
    grep -q 'the same command goes on' "$folder/part.err" || complain "no word on going on: $(cat "$folder/part.err")"
    [ -s "$folder/part.onnx.checkpoint" ] && [ ! -e "$folder/part.onnx" ] || complain "after Ctrl-C: $(ls "$folder")"
    refused 1 'belongs to a run with other options' $classifier --seed 7 --out "$folder/part.onnx"
    # shellcheck disable=SC2086
    "$deepvid" train $classifier --threads 2 --out "$folder/part.onnx" >/dev/null 2>"$folder/err" ||
        complain "going on: $(cat "$folder/err")"
fi
cmp "$folder/whole.onnx" "$folder/part.onnx" || complain "the interrupted run ended with other bytes"
[ ! -e "$folder/part.onnx.checkpoint" ] || complain "the checkpoint was left"

# An auto-encoder that keeps what a teacher says, of a bundle or of a file: the same bytes.
keeping="vae --images $images --latent 2 --hidden 8 --epochs 1"
# shellcheck disable=SC2086
"$deepvid" train $keeping --teacher "$bundle" --out "$folder/k" >/dev/null 2>"$folder/err" &&
    "$deepvid" train $keeping --teacher "$bundle/teacher.onnx" --threads 1 --out "$folder/l" >/dev/null 2>>"$folder/err" ||
    complain "training with a teacher: $(cat "$folder/err")"
[ "$(grep -c '^epoch.*(teacher [0-9.]*)' "$folder/err")" = 2 ] || complain "no word on the teacher: $(cat "$folder/err")"
cmp "$folder/k/decoder.onnx" "$folder/l/decoder.onnx" || complain "bundle and file made different networks"

# A rate that no training survives: an error, no model.
refused 2 'no longer a finite number' vae --images "$images" --hidden 8 --epochs 1 --learning-rate 100 --out "$folder/v" \
    --optimizer sgd
[ ! -e "$folder/v/encoder.onnx" ] || complain "a failed run wrote a model"

exit $status
