#!/bin/sh
# Why a cell is confused, without a screen: words, an object, a folder; the same bytes by any number of threads.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

# A small cell, by name and by number.
"$deepvid" cell "$bundle" --cell sandal,SNEAKER --neighbors 300 --threads 1 --out "$folder/one" >"$folder/words" \
    2>"$folder/err" || complain "failed: $(cat "$folder/err")"
[ ! -s "$folder/err" ] || complain "words on standard error: $(cat "$folder/err")"
grep -q '^cell  *Sandal called Sneaker: [0-9]* pictures$' "$folder/words" || complain "which cell? $(cat "$folder/words")"
for word in right for against latent prototype students; do
    grep -q "^$word" "$folder/words" || complain "no line about $word"
done
[ "$(head -c 4 "$folder/one/cell.png" | tail -c 3)" = PNG ] || complain "the picture is none"
"$deepvid" cell "$bundle" --cell 5,7 --neighbors 300 --threads 2 --out "$folder/two" --json >"$folder/json" ||
    complain "no object"
cmp "$folder/one/cell.json" "$folder/two/cell.json" || complain "other bytes by two threads"
cmp "$folder/one/cell.png" "$folder/two/cell.png" || complain "another picture by two threads"
cmp "$folder/two/cell.json" "$folder/json" || complain "the file is not what was printed"
grep -q '"truth":{"class":5,"name":"Sandal"},"said":{"class":7,"name":"Sneaker"}' "$folder/json" ||
    complain "the object does not say which cell"
band='"band":\[0.5[0-9,.]*\],"band_scale":"prior"'
grep -q "\"neighbors\":{\"count\":300,\"seed\":1,$band,\"sampling\":\"sobol\",\"neighborhood\":\"[a-z]*\",\"unrealistic\":\"[a-z]*\"}" "$folder/json" ||
    complain "the object does not tell the settings"
grep -q '"teacher":"[^"]*/teacher.onnx"' "$folder/json" || complain "the object does not name the teacher"

# A selection, of one picture, and what its masked copies were made by.
"$deepvid" cell "$bundle" --cell 5,7 --pictures 12 --neighbors 300 >"$folder/words" || complain "one picture failed"
grep -q 'Sneaker: 1 picture (a selection)' "$folder/words" || complain "one picture: $(cat "$folder/words")"
"$deepvid" cell "$bundle" --cell 5,7 --pictures 12 --neighbors 300 --neighborhood mixed --seed 4 --json >"$folder/json" ||
    complain "mixed neighbours failed"
grep -q '"seed":4,.*"neighborhood":"mixed","masked":0.3,"cells":[0-9]*,"keep":0\.[0-9]*,"unrealistic":"[a-z]*"}' "$folder/json" ||
    complain "the object does not tell of masks"

# What is wrong is one line.
refused() {
    expected=$1 words=$2
    shift 2
    "$deepvid" cell "$@" >"$folder/out" 2>"$folder/err"
    found=$?
    [ $found = "$expected" ] || complain "$*: status $found"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "$*: not one line: $(cat "$folder/err")"
    grep -q -- "$words" "$folder/err" || complain "$*: nothing of '$words': $(cat "$folder/err")"
    [ ! -s "$folder/out" ] || complain "$*: words on standard output"
}
refused 2 'which cell' "$bundle"
refused 2 'is no cell' "$bundle" --cell Shirt
refused 2 "no class 'Skirt'" "$bundle" --cell Skirt,Coat
refused 2 "no class '10'" "$bundle" --cell 9,10
refused 2 'is right' "$bundle" --cell Shirt,6
refused 2 'no picture of Trouser is called Sandal' "$bundle" --cell Trouser,Sandal
refused 2 "'x' is no picture" "$bundle" --cell 5,7 --pictures 1,x
refused 2 "'7-5' is no picture" "$bundle" --cell 5,7 --pictures 7-5
refused 2 "'' is no picture" "$bundle" --cell 5,7 --pictures ''
refused 2 'no picture 10000' "$bundle" --cell 5,7 --pictures 9999-10000
refused 2 'no labels' --cell 5,7 --encoder "$bundle/encoder.onnx" --decoder "$bundle/decoder.onnx" \
    --teacher "$bundle/teacher.onnx" --images "$bundle/t10k-images-idx3-ubyte.gz"
exit $status
