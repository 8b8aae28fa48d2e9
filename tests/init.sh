#!/bin/sh
# deepvid init from outside: what it leaves, what it refuses, Ctrl-C and going on, bundles in the cache folder.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
export XDG_CACHE_HOME="$folder/cache"

# pictures COUNT (in octal, two bytes) BYTES: the first pictures of the bundle as an IDX file of their own.
pictures() {
    printf '\0\0\10\3\0\0%b\0\0\0\34\0\0\0\34' "$1"
    gzip -dc "$bundle/t10k-images-idx3-ubyte.gz" | tail -c +17 | head -c "$2"
}
pictures '\1\220' $((400 * 784)) >"$folder/pictures"
pictures '\0\74' $((60 * 784)) >"$folder/few"
{
    printf '\0\0\10\1\0\0\1\220'
    gzip -dc "$bundle/t10k-labels-idx1-ubyte.gz" | tail -c +9 | head -c 400
} >"$folder/labels"
teacher="--teacher $bundle/teacher.onnx --mean 0.286 --std 0.353"

# refused STATUS WORD ARGS...: that exit status, the word in the last line on stderr, nothing on stdout.
refused() {
    expected=$1 word=$2
    shift 2
    "$deepvid" init "$@" >"$folder/out" 2>"$folder/err"
    code=$?
    [ $code = "$expected" ] || complain "exit $code instead of $expected: init $*"
    tail -n 1 "$folder/err" | grep -qe "$word" || complain "no '$word': init $*: $(cat "$folder/err")"
    [ ! -s "$folder/out" ] || complain "something on stdout: init $*"
}

refused 2 'DIR is missing' --teacher "$bundle/teacher.onnx" --data "$folder/pictures"
refused 2 'teacher is missing' "$folder/b" --data "$folder/pictures"
refused 2 'data is missing' "$folder/b" --teacher "$bundle/teacher.onnx"
refused 2 'minutes takes' "$folder/b" --teacher "$bundle/teacher.onnx" --data "$folder/pictures" --minutes 0
refused 1 'no-such-file' "$folder/b" --teacher "$bundle/teacher.onnx" --data "$folder/no-such-file"
refused 1 'no-such.onnx' "$folder/b" --teacher "$folder/no-such.onnx" --data "$folder/pictures"
refused 1 'pictures' "$folder/b" --teacher "$folder/pictures" --data "$folder/pictures"
# A network that takes no pictures, and pictures that are none.
refused 1 'decoder.onnx' "$folder/b" --teacher "$bundle/decoder.onnx" --data "$folder/pictures"
refused 1 'labels' "$folder/b" --teacher "$bundle/teacher.onnx" --data "$folder/labels"
[ ! -e "$folder/b" ] || complain "a refused init left $(ls "$folder/b")"

# A whole one.
# shellcheck disable=SC2086 # a list of arguments
make="$teacher --data $folder/pictures --labels $folder/labels --latent 6 --name Test"
# shellcheck disable=SC2086
"$deepvid" init "$folder/whole" $make --epochs 30 --threads 2 >"$folder/out" 2>"$folder/err" ||
    complain "making a bundle: $(cat "$folder/err")"
[ "$(ls "$folder/whole" | tr '\n' ' ')" = "decoder.onnx deepvid.ini encoder.onnx reconstructions.png " ] ||
    complain "what is left: $(ls "$folder/whole")"
grep -q 'whole: the auto-encoder is \(good\|fair\|poor\)' "$folder/out" || complain "no verdict: $(cat "$folder/out")"
grep -q 'Reconstructions of 40 pictures keep [0-9.]* %' "$folder/out" || complain "no numbers: $(cat "$folder/out")"
grep -q 'training on 360 pictures, 30 epochs' "$folder/err" || complain "not told what is done: $(cat "$folder/err")"
grep -q 'the teacher guides the training' "$folder/err" || complain "not told of the teacher: $(cat "$folder/err")"
head -c 8 "$folder/whole/reconstructions.png" | od -An -c | grep -q 'P   N   G' || complain "reconstructions.png is no PNG"
"$deepvid" explain "$folder/whole" --index 3 --neighbors 64 --json >"$folder/out" 2>"$folder/err" ||
    complain "explaining by it: $(cat "$folder/err")"
grep -q '"label_name"' "$folder/out" || complain "an explanation without a label: $(head -c 300 "$folder/out")"

# Nothing is overwritten unless told so; then the same wish makes the same bytes.
cp -r "$folder/whole" "$folder/copy"
# shellcheck disable=SC2086
refused 2 'is there already' "$folder/whole" $make --epochs 30
diff -r "$folder/whole" "$folder/copy" || complain "a refused init changed a bundle"
rm "$folder/copy/deepvid.ini"
# shellcheck disable=SC2086
refused 2 'decoder.onnx is there\|encoder.onnx is there' "$folder/copy" $make
# shellcheck disable=SC2086
"$deepvid" init "$folder/whole" $make --epochs 30 --threads 1 --force >/dev/null 2>"$folder/err" ||
    complain "making it anew: $(cat "$folder/err")"
for file in encoder.onnx decoder.onnx reconstructions.png; do
    cmp "$folder/whole/$file" "$folder/copy/$file" || complain "made anew it has other bytes: $file"
done

# An array of an archive: the bundle names it as it was named.
"$deepvid" init "$folder/array" --teacher "$bundle/teacher.onnx" --data "$top_srcdir/tests/data/stored.npz:x_test" \
    --latent 2 --epochs 2 >"$folder/out" 2>"$folder/err" || complain "making a bundle of an array: $(cat "$folder/err")"
grep -q '^images = .*/stored.npz:x_test$' "$folder/array/deepvid.ini" || complain "the array is not named"
"$deepvid" classify "$folder/array" >"$folder/out" 2>"$folder/err" || complain "classifying it: $(cat "$folder/err")"

# Ctrl-C in the middle, then the same command: the same bytes.
# shellcheck disable=SC2086
interrupt 2 "$folder/part.err" "$deepvid" init "$folder/part" $make --epochs 30 --threads 1 >"$folder/out"
code=$?
if [ -e "$folder/part/deepvid.ini" ]; then
    echo "the run was over before it could be interrupted"
else
    [ $code = 1 ] || complain "exit $code after Ctrl-C"
    grep -q 'the same command goes on' "$folder/part.err" || complain "no word on going on: $(cat "$folder/part.err")"
    [ "$(ls "$folder/part")" = vae.checkpoint ] || complain "after Ctrl-C: $(ls "$folder/part")"
    # Without --epochs it goes on with those it had.
    # shellcheck disable=SC2086
    "$deepvid" init "$folder/part" $make --threads 2 >/dev/null 2>"$folder/err" || complain "going on: $(cat "$folder/err")"
    grep -q 'going on with the training on 360 pictures, 30 epochs' "$folder/err" || complain "not gone on: $(cat "$folder/err")"
fi
for file in encoder.onnx decoder.onnx reconstructions.png; do
    cmp "$folder/part/$file" "$folder/copy/$file" || complain "the interrupted run ended with other bytes: $file"
done
[ ! -e "$folder/part/vae.checkpoint" ] || complain "the checkpoint was left"

# A limit of time: some epochs, not more than by the pictures, and it goes on with as many.
# shellcheck disable=SC2086
interrupt 1 "$folder/timed.err" "$deepvid" init "$folder/timed" $make --minutes 0.1 --threads 1 >/dev/null
epochs=$(sed -n 's/^training on 360 pictures, \([0-9]*\) epochs/\1/p' "$folder/timed.err")
{ [ -n "$epochs" ] && [ "$epochs" -ge 1 ] && [ "$epochs" -le 200 ]; } || complain "epochs: $(cat "$folder/timed.err")"
if [ ! -e "$folder/timed/deepvid.ini" ]; then
    # shellcheck disable=SC2086
    "$deepvid" init "$folder/timed" $make --minutes 9 >/dev/null 2>"$folder/err" || complain "going on: $(cat "$folder/err")"
    grep -q "going on with the training on 360 pictures, $epochs epochs" "$folder/err" ||
        complain "not gone on with $epochs epochs: $(cat "$folder/err")"
fi

# A model and pictures, no bundle: one is made in the cache folder, and found there again.
# shellcheck disable=SC2086
explain="explain $teacher --images $folder/few --index 1 --neighbors 64 --json"
# shellcheck disable=SC2086
"$deepvid" $explain >"$folder/first" 2>"$folder/err" || complain "explaining without a bundle: $(cat "$folder/err")"
grep -q 'is trained now' "$folder/err" || complain "not told that an auto-encoder is made: $(cat "$folder/err")"
head -c 1 "$folder/first" | grep -q '{' || complain "more than JSON on stdout: $(head -c 200 "$folder/first")"
[ "$(ls "$folder/cache/deepvid/bundles" | wc -l)" = 1 ] || complain "in the cache: $(ls "$folder/cache/deepvid/bundles")"
# shellcheck disable=SC2086
"$deepvid" $explain >"$folder/second" 2>"$folder/err" || complain "explaining a second time: $(cat "$folder/err")"
grep -q 'made before' "$folder/err" || complain "not found again: $(cat "$folder/err")"
# But for the times they are the same.
for number in first second; do
    sed 's/"timing_ms": *{[^}]*}//' "$folder/$number" >"$folder/$number.plain"
done
cmp "$folder/first.plain" "$folder/second.plain" || complain "the second explanation is another one"
"$deepvid" "$bundle/teacher.onnx" "$folder/few" >"$folder/out" 2>"$folder/err" </dev/null
[ $? = 2 ] && grep -q 'is no terminal' "$folder/err" || complain "without a terminal: $(cat "$folder/err")"
[ "$(ls "$folder/cache/deepvid/bundles" | wc -l)" = 1 ] || complain "trained for a screen that there is not"
"$deepvid" "$bundle/teacher.onnx" >"$folder/out" 2>"$folder/err" </dev/null
[ $? = 2 ] && grep -q 'which pictures' "$folder/err" || complain "a model alone: $(cat "$folder/err")"

exit $status
