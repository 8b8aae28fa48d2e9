#!/bin/sh
# The bundle in colour, on pictures that are made here: it comes without any.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
bundle=$top_srcdir/models/cifar-10

# Twelve records of CIFAR-10: a label, then three planes of 32 x 32, here of shirts and shoes.
for label in 0 1 2 3 4 5 6 7 8 9 0 1; do
    printf '%b' "\\0$(printf %o $label)"
    gzip -dc "$top_srcdir/models/fashion-mnist/t10k-images-idx3-ubyte.gz" | tail -c +$((17 + 3000 * label)) | head -c 3072
done >"$folder/data_batch_1.bin"

"$deepvid" explain "$bundle" --images "$folder/data_batch_1.bin" --index 3 --neighbors 64 --json --out "$folder/report" \
    >"$folder/out" 2>"$folder/err" || complain "explaining: $(cat "$folder/err")"
grep -q '"label_name": *"cat"' "$folder/out" || complain "picture 3 is no cat: $(head -c 400 "$folder/out")"
grep -q '"airplane"\|"truck"\|"ship"\|"bird"\|"frog"\|"dog"\|"deer"\|"horse"\|"automobile"' "$folder/out" ||
    complain "no names of classes: $(head -c 400 "$folder/out")"
# What the bundle says of neighbours, and what the user says in its place.
grep -q '"neighborhood": *"residual"' "$folder/out" || complain "not by residual neighbours: $(head -c 900 "$folder/out")"
"$deepvid" explain "$bundle" --images "$folder/data_batch_1.bin" --index 3 --neighbors 64 --json --neighborhood vae \
    >"$folder/out" 2>"$folder/err" || complain "explaining by decoded neighbours: $(cat "$folder/err")"
grep -q '"neighborhood": *"vae"' "$folder/out" || complain "not by decoded neighbours: $(head -c 900 "$folder/out")"
# Three channels of weights for each class: 10 x 3 x 32 x 32 floats behind a header.
[ "$(wc -c <"$folder/report/weights.npy")" -gt $((10 * 3072 * 4)) ] || complain "weights.npy is too short"

"$deepvid" classify "$bundle" --images "$folder/data_batch_1.bin" --json >"$folder/out" 2>"$folder/err" ||
    complain "classifying: $(cat "$folder/err")"
grep -q '"count": *12' "$folder/out" || complain "not twelve pictures: $(head -c 300 "$folder/out")"

# Without pictures it says which are missing.
"$deepvid" classify "$bundle" >"$folder/out" 2>"$folder/err"
[ $? = 1 ] && grep -q 'cifar-10/pictures' "$folder/err" || complain "without pictures: $(cat "$folder/err")"

exit $status
