#!/bin/sh
# Files that are wrong: each is refused with one clear line and exit 1 or 2, and
# nothing is left behind.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
tried=0

# fresh: a copy of the bundle to be damaged.
fresh() {
    rm -rf "$folder/b"
    mkdir "$folder/b"
    cp "$bundle"/*.onnx "$bundle"/*.gz "$bundle"/*.txt "$bundle"/deepvid.ini "$folder/b"
    chmod u+w "$folder"/b/*
}

# refused WHAT WORD COMMAND...: one line that holds WORD, and no report.
refused() {
    what=$1
    word=$2
    shift 2
    tried=$((tried + 1))
    "$deepvid" "$@" >"$folder/out" 2>"$folder/err" </dev/null
    code=$?
    case $code in 1 | 2) ;; *) complain "$what: exit $code" ;; esac
    [ ! -s "$folder/out" ] || complain "$what: words on standard output"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "$what: not one line: $(cat "$folder/err")"
    grep -q -- "$word" "$folder/err" || complain "$what: does not tell of '$word': $(cat "$folder/err")"
    if LC_ALL=C grep -q '[[:cntrl:]]' "$folder/err"; then complain "$what: control characters"; fi
    [ ! -e "$folder/report" ] || complain "$what: something of the report is left"
    rm -rf "$folder/report"
}

# damaged WHAT WORD: the damaged bundle is refused.
damaged() {
    refused "$1" "$2" explain "$folder/b" --index 0 --out "$folder/report"
}

# cut FILE BYTES: leaves only the first.
cut() {
    head -c "$2" "$folder/b/$1" >"$folder/cut"
    mv "$folder/cut" "$folder/b/$1"
}

# set_key KEY VALUE: in the ini.
set_key() {
    sed "s|^$1 *=.*|$1 = $2|" "$bundle/deepvid.ini" >"$folder/b/deepvid.ini"
}

# ---- networks, pictures, labels ------------------------------------------------

for file in teacher encoder decoder; do
    size=$(wc -c <"$bundle/$file.onnx")
    for bytes in 0 1 7 100 $((size / 2)) $((size - 1)); do
        fresh
        cut $file.onnx "$bytes"
        damaged "$file.onnx cut to $bytes bytes" "$file.onnx"
    done
    fresh
    head -c 5000 /dev/zero | tr '\0' '\377' >"$folder/b/$file.onnx"
    damaged "$file.onnx of ones" "$file.onnx"
    fresh
    rm "$folder/b/$file.onnx"
    damaged "$file.onnx missing" "$file.onnx"
done
for file in t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz; do
    for bytes in 0 1 5 1000; do
        fresh
        cut $file $bytes
        damaged "$file cut to $bytes bytes" $file
    done
done
fresh
gzip -dc "$bundle/t10k-labels-idx1-ubyte.gz" | head -c 5000 >"$folder/b/labels"
sed 's|t10k-labels-idx1-ubyte.gz|labels|' "$bundle/deepvid.ini" >"$folder/b/deepvid.ini"
damaged "fewer labels than they say" labels
# 2^31 - 1 pictures of 2^31 - 1 squared.
fresh
printf '\0\0\010\003\177\377\377\377\177\377\377\377\177\377\377\377abc' >"$folder/b/t10k-images-idx3-ubyte.gz"
damaged "pictures without end" t10k-images

# A picture among others that cannot be read is left out, and told of at the end; alone it is an error.
mkdir "$folder/pictures"
cp "$top_srcdir"/tests/png/grey-8.png "$top_srcdir"/tests/png/rgb-8.png "$top_srcdir"/tests/jpeg/grey.jpg "$folder/pictures"
head -c 70 "$top_srcdir/tests/png/grey-8.png" >"$folder/pictures/cut.png"
for command in classify "explain --index 1 --neighbors 50"; do
    # shellcheck disable=SC2086 # several words
    "$deepvid" $command "$bundle" --images "$folder/pictures" >"$folder/out" 2>"$folder/err" ||
        complain "an unreadable picture among others: $command failed: $(cat "$folder/err")"
done
"$deepvid" classify "$bundle" --images "$folder/pictures" --json >"$folder/out" 2>"$folder/err" || complain "classify failed"
[ "$(wc -l <"$folder/err")" = 1 ] && grep -q "1 of 4 pictures cannot be read and is left out: .*cut.png" "$folder/err" ||
    complain "an unreadable picture is not told of: $(cat "$folder/err")"
refused "the unreadable picture" "cut.png" explain "$bundle" --images "$folder/pictures" --index 0
refused "an unreadable picture alone" "cut.png" classify "$bundle" --images "$folder/pictures/cut.png"
refused "a folder without pictures" "holds no pictures" classify "$bundle" --images "$top_srcdir/tests/golden"
refused "labels of another number" "holds 10000 labels" classify "$bundle" --images "$folder/pictures" \
    --image-labels "$bundle/t10k-labels-idx1-ubyte.gz"
refused "memory in words" "memory" classify "$bundle" --memory much

# ---- shapes that do not fit ------------------------------------------------------

fresh
cp "$bundle/decoder.onnx" "$folder/b/encoder.onnx"
damaged "a decoder for an encoder" encoder.onnx
fresh
cp "$bundle/encoder.onnx" "$folder/b/decoder.onnx"
damaged "an encoder for a decoder" decoder.onnx
fresh
cp "$bundle/decoder.onnx" "$folder/b/teacher.onnx"
damaged "a decoder for a teacher" teacher.onnx
fresh
head -n 9 "$bundle/labels.txt" >"$folder/b/labels.txt"
damaged "a class without a name" labels.txt
fresh
printf 'eleven\n' >>"$folder/b/labels.txt"
damaged "a name without a class" labels.txt
fresh
printf '\0\0\010\003\0\0\0\001\0\0\0\002\0\0\0\002abcd' >"$folder/b/t10k-images-idx3-ubyte.gz"
damaged "pictures of 2 x 2" ""

# ---- the ini ----------------------------------------------------------------------

fresh
printf '[teacher]\nmodle = teacher.onnx\n' >>"$folder/b/deepvid.ini"
damaged "an unknown key" modle
fresh
printf '[students]\n' >>"$folder/b/deepvid.ini"
printf 'name = x\n' >>"$folder/b/deepvid.ini"
damaged "an unknown section" students
fresh
cut deepvid.ini 150
damaged "an ini cut short" deepvid.ini
fresh
head -n 9 "$bundle/deepvid.ini" >"$folder/b/deepvid.ini"
damaged "an ini without an encoder" missing
refused "the same under classify" missing classify "$folder/b" --json
fresh
printf '\033[2J = 1\n' >>"$folder/b/deepvid.ini"
damaged "an escape sequence for a key" "unknown key"
fresh
head -c 100000 /dev/zero >"$folder/b/deepvid.ini"
damaged "zeros for an ini" deepvid.ini
fresh
rm "$folder/b/deepvid.ini"
damaged "no ini" deepvid.ini
for wrong in 'x' '0,' '1e400' 'nan' '0.1,0.2' ''; do
    fresh
    set_key mean "$wrong"
    damaged "mean = $wrong" mean
done
fresh
set_key std 0
damaged "std = 0" std
fresh
set_key output words
damaged "output = words" words

# ---- networks that are none, or too much ---------------------------------------------------

network=$folder/network.onnx
for command in "run --output-dir $folder/report" info; do
    # shellcheck disable=SC2086 # several words
    set -- $command
    what=$1
    : >"$network"
    refused "an empty network under $what" "is empty" "$@" "$network"
    # Sparse files: their zeros are never on the disk.
    truncate -s 3G "$network"
    refused "3 GB of zeros under $what" "$network" "$@" "$network"
    truncate -s 1900M "$network"
    refused "1.9 GB of zeros under $what" "$network" "$@" "$network"
    rm "$network"
done
for bomb in concat constant conv expand one-hot pad reshape resize tile tile-overflow; do
    # float32, 1 x 2, or what the bomb takes: none of them gets so far as to be computed.
    {
        printf '\223NUMPY\1\0\166\0%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
        printf 'abcdefgh'
    } >"$folder/x.npy"
    refused "the bomb $bomb" "onnx-bomb-$bomb.onnx" run "$top_srcdir/tests/bad/onnx-bomb-$bomb.onnx" --input "$folder/x.npy" \
        --output-dir "$folder/report"
done

# ---- pictures and labels that do not go together --------------------------------------------

# zeros COUNT: so many bytes.
zeros() {
    head -c "$1" /dev/zero
}
{ printf '\0\0\010\003\0\0\0\003\0\0\0\034\0\0\0\034' && zeros 2352; } >"$folder/three"
{ printf '\0\0\010\003\0\0\0\0\0\0\0\034\0\0\0\034'; } >"$folder/none"
mkdir "$folder/empty" "$folder/unreadable"
printf 'no picture' | tee "$folder/unreadable/1.png" >"$folder/unreadable/2.png"
cp "$top_srcdir/tests/bad/png-cut-in-pixels.png" "$folder/cut.png"
printf '1\n2\n77\n' >"$folder/beyond"
printf '1\n2\n' >"$folder/fewer"
printf '1\n-5\n2\n' >"$folder/negative"
refused "no picture in the file" "no pictures" classify "$bundle" --images "$folder/none"
refused "no picture in the folder" "no pictures" classify "$bundle" --images "$folder/empty"
refused "no readable picture in the folder" "unreadable/1.png: is neither" classify "$bundle" --images "$folder/unreadable"
refused "a lone picture cut short" "cut short" explain "$bundle" --index 0 --images "$folder/cut.png" --out "$folder/report"
grep -q 'cut.png.*cut.png' "$folder/err" && complain "a lone picture is named twice: $(cat "$folder/err")"
for labels in beyond:77 fewer:"holds 2 labels" negative:-5 missing:missing three:labels; do
    file=$folder/${labels%%:*}
    word=${labels#*:}
    refused "labels: $file" "$word" classify "$bundle" --images "$folder/three" --image-labels "$file"
    refused "labels: $file" "$word" explain "$bundle" --index 0 --images "$folder/three" --image-labels "$file" --out "$folder/report"
done
# What does not fit is told before an auto-encoder is trained.
for option in "--labels $folder/beyond" "--class-names $folder/fewer" "--labels $folder/fewer" "--preset imagenet"; do
    # shellcheck disable=SC2086 # several words
    timeout 300 "$deepvid" init "$folder/made" --teacher "$bundle/teacher.onnx" --data "$folder/three" $option \
        >"$folder/out" 2>"$folder/err" && complain "init $option went through"
    grep -q '^deepvid: ' "$folder/err" || complain "init $option: no reason: $(cat "$folder/err")"
    grep -q training "$folder/err" && complain "init $option: told after training"
    [ ! -e "$folder/made" ] || complain "init $option: something is left"
done
# One unreadable picture among many is left out, and told.
mkdir "$folder/many"
for i in 1 2 3 4 5; do cp "$top_srcdir/tests/png/grey-8.png" "$folder/many/$i.png"; done
cp "$folder/cut.png" "$folder/many/3.png"
"$deepvid" classify "$bundle" --images "$folder/many" --json >"$folder/out" 2>"$folder/err" || complain "one unreadable picture among many: failed"
grep -q '1 of 5 pictures cannot be read.*many/3.png' "$folder/err" || complain "one unreadable picture among many: $(cat "$folder/err")"
# A pipe is not waited for.
rm "$folder/many/3.png"
if mkfifo "$folder/many/3.png" 2>"$folder/err"; then
    timeout 300 "$deepvid" classify "$bundle" --images "$folder/many" --json >"$folder/out" 2>"$folder/err" ||
        complain "a pipe among pictures: failed"
    grep -q 'many/3.png: is no regular file' "$folder/err" || complain "a pipe among pictures: $(cat "$folder/err")"
fi
# Names that are nobody's classes: why no picture has a label is told.
printf 'ash\nbirch\nash\n' >"$folder/trees"
"$deepvid" classify "$bundle" --images "$folder/three" --image-labels "$folder/trees" >"$folder/out" 2>"$folder/err" ||
    complain "labels of other classes: failed"
grep -q 'labels are not used' "$folder/err" || complain "labels of other classes: $(cat "$folder/err")"

# ---- a second teacher -----------------------------------------------------------------

refused "no second teacher" '--teacher is missing' compare "$bundle"
refused "a second teacher on the screen that is not there" "$folder/gone.onnx" "$bundle" --compare "$folder/gone.onnx"
refused "a second teacher that is not there" "$folder/gone.onnx" compare "$bundle" --teacher "$folder/gone.onnx"
head -c 1000 "$bundle/teacher.onnx" >"$folder/cut.onnx"
refused "a second teacher that is cut" cut.onnx compare "$bundle" --teacher "$folder/cut.onnx" --json
refused "a second teacher that takes no pictures" decoder.onnx compare "$bundle" --teacher "$bundle/decoder.onnx"
refused "a second teacher of several labels" 'any number of labels' compare "$bundle" --teacher "$bundle/teacher.onnx" --teacher-output sigmoid
sed 's/Coat/Jacket/' "$bundle/labels.txt" >"$folder/jackets"
refused "a second teacher of other names" "'Jacket', but 'Coat'" compare "$bundle" --teacher "$bundle/teacher.onnx" --class-names "$folder/jackets"
head -9 "$bundle/labels.txt" >"$folder/nine"
refused "a second teacher of fewer names" 'names 9 classes' compare "$bundle" --teacher "$bundle/teacher.onnx" --class-names "$folder/nine"
refused "a picture that is not there for two" 'from 0 to 9999' compare "$bundle" --teacher "$bundle/teacher.onnx" --index 10000
refused "a page below a file" "$bundle/deepvid.ini" compare "$bundle" --teacher "$bundle/teacher.onnx" --png "$bundle/deepvid.ini/page.png"
# Another size and other channels are brought to what it takes, and that is told.
"$deepvid" compare "$bundle" --teacher "$bundle/../cifar-10/teacher.onnx" --mean 0.5 --std 0.25 >"$folder/out" 2>"$folder/err" || complain "a second teacher of colour: $(cat "$folder/err")"
grep -q 'takes 3 x 32 x 32.*resampled' "$folder/err" || complain "a second teacher of colour: $(cat "$folder/err")"

# ---- names that bite ----------------------------------------------------------------

fresh
printf '\033]0;title\007Zero\nOne\nTwo\nThree\nFour\nFive\nSix\nSeven\nEight\n\033[31mNine\n' >"$folder/b/labels.txt"
for command in "explain --index 0" classify; do
    # shellcheck disable=SC2086 # several words
    "$deepvid" $command "$folder/b" >"$folder/out" 2>"$folder/err" || complain "names with escapes: $command failed"
    tr -d '\n' <"$folder/out" | LC_ALL=C grep -q '[[:cntrl:]]' && complain "names with escapes reach the terminal"
done

# ---- where nothing can be written ------------------------------------------------------

: >"$folder/file"
refused "a report below a file" "$folder/file" explain "$bundle" --index 0 --out "$folder/file/report"
if [ "$(id -u)" != 0 ]; then
    mkdir "$folder/locked"
    chmod a-w "$folder/locked"
    refused "a report in a locked folder" locked explain "$bundle" --index 0 --out "$folder/locked/report"
fi
refused "no name for the report" folder explain "$bundle" --index 0 --out ""
# A limit on file sizes stands in for a full disk: the large arrays cannot be written.
(
    ulimit -f 100
    trap '' XFSZ
    "$deepvid" explain "$bundle" --index 0 --out "$folder/report" >"$folder/out" 2>"$folder/err"
    echo $? >"$folder/code"
)
[ "$(cat "$folder/code")" = 1 ] || complain "full disk: exit $(cat "$folder/code")"
[ "$(wc -l <"$folder/err")" = 1 ] || complain "full disk: not one line: $(cat "$folder/err")"
[ ! -e "$folder/report" ] || complain "full disk: something of the report is left"
for command in "explain --index 0" "explain --index 0 --json" classify "classify --json"; do
    # shellcheck disable=SC2086 # several words
    "$deepvid" $command "$bundle" >/dev/full 2>"$folder/err" && complain "a full disk under $command went unnoticed"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "full disk under $command: not one line: $(cat "$folder/err")"
done

echo "$tried bad inputs tried"
exit $status
