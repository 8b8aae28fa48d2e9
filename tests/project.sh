#!/bin/sh
# The projection without a screen: a table that any reader of CSV understands, a picture, and the same bytes by any
# number of threads, from the cache or not.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
XDG_CACHE_HOME=$folder/cache
export XDG_CACHE_HOME

# A small bundle: the first 300 pictures, names that bite.
count=300
mkdir "$folder/b" || exit 99
cp "$bundle"/*.onnx "$bundle/deepvid.ini" "$folder/b" || exit 99
chmod u+w "$folder"/b/*
{
    printf '\0\0\010\003\0\0\001\054\0\0\0\034\0\0\0\034'
    gzip -dc "$bundle/t10k-images-idx3-ubyte.gz" | tail -c +17 | head -c $((count * 784))
} >"$folder/b/t10k-images-idx3-ubyte.gz"
{
    printf '\0\0\010\001\0\0\001\054'
    gzip -dc "$bundle/t10k-labels-idx1-ubyte.gz" | tail -c +9 | head -c $count
} >"$folder/b/t10k-labels-idx1-ubyte.gz"
{
    printf 'T-shirt, top\n"Trouser"\n'
    tail -n +3 "$bundle/labels.txt"
} >"$folder/b/labels.txt"

# project NAME OPTIONS...: into NAME.csv.
project() {
    name=$1
    shift
    "$deepvid" project "$folder/b" "$@" -o "$folder/$name.csv" >"$folder/out" 2>"$folder/err" ||
        complain "$name failed: $(cat "$folder/err")"
    [ ! -s "$folder/out" ] || complain "$name: words on standard output"
    [ ! -s "$folder/err" ] || complain "$name: words on standard error: $(cat "$folder/err")"
}

# ---- the table --------------------------------------------------------------------

project first --threads 1
[ "$(sed -n 1p "$folder/first.csv")" = index,x,y,label,label_name,prediction,prediction_name ] ||
    complain "the header is $(sed -n 1p "$folder/first.csv")"
[ "$(wc -l <"$folder/first.csv")" = $((count + 1)) ] || complain "$(wc -l <"$folder/first.csv") lines"
# Quoted names aside, each line has seven fields in order, and positions are from -1 to 1.
sed 's/"T-shirt, top"/A/g; s/"""Trouser"""/B/g' "$folder/first.csv" | awk -F, '
    NR > 1 && (NF != 7 || $1 != NR - 2 || $2 < -1 || $2 > 1 || $3 < -1 || $3 > 1) { print "line " NR ": " $0; bad = 1 }
    NR > 1 && (($4 == 0) != ($5 == "A") || ($6 == 1) != ($7 == "B")) { print "line " NR ": " $0; bad = 1 }
    NR > 1 && $4 == $6 { right++ }
    END { if (right < 0.8 * NR) { print right " right"; bad = 1 } exit bad }' || complain "the table is not as told"

"$deepvid" project "$folder/b" >"$folder/out.csv" || complain "to standard output failed"
cmp "$folder/first.csv" "$folder/out.csv" || complain "standard output differs from a file"
"$deepvid" project "$folder/b" -o - | cmp - "$folder/first.csv" || complain "-o - is not standard output"
"$deepvid" project "$folder/b" >/dev/full 2>"$folder/err" && complain "a full disk went unnoticed"
[ "$(wc -l <"$folder/err")" = 1 ] || complain "a full disk: not one line: $(cat "$folder/err")"

# ---- the same by any number of threads ------------------------------------------------

for threads in 2 3; do
    rm -rf "$folder/cache"
    project "threads-$threads" --threads $threads
    cmp "$folder/first.csv" "$folder/threads-$threads.csv" || complain "$threads threads change the projection"
done
[ "$(find "$folder/cache" -type f | wc -l)" = 1 ] || complain "the projection is not kept"
project cached
cmp "$folder/first.csv" "$folder/cached.csv" || complain "the cached projection differs"
for features in logits hidden pixels; do
    project $features --features $features --iterations 250
    cmp -s "$folder/first.csv" "$folder/$features.csv" && complain "$features are laid out as latent means are"
done
project components --method pca
project seed --seed 2
cmp -s "$folder/first.csv" "$folder/seed.csv" && complain "the seed changes nothing"

# ---- the picture, and what is told -------------------------------------------------------

"$deepvid" project "$folder/b" --png "$folder/map.png" >"$folder/out" || complain "the picture failed"
[ ! -s "$folder/out" ] || complain "the picture comes with a table"
[ "$(head -c 4 "$folder/map.png" | tail -c 3)" = PNG ] || complain "the picture is none"
"$deepvid" project "$folder/b" --perplexity 200 2>"$folder/err" >"$folder/out" || complain "a large perplexity failed"
grep -q 99.6667 "$folder/err" || complain "the perplexity that is used is not told: $(cat "$folder/err")"

# ---- pictures without labels ----------------------------------------------------------------

"$deepvid" project --teacher "$folder/b/teacher.onnx" --encoder "$folder/b/encoder.onnx" \
    --decoder "$folder/b/decoder.onnx" --images "$folder/b/t10k-images-idx3-ubyte.gz" --mean 0.2860 --std 0.3530 \
    --method pca --png "$folder/plain.png" -o "$folder/plain.csv" || complain "without labels: failed"
awk -F, 'NR > 1 && ($4 != "" || $5 != "" || $6 == "" || $7 != $6) { bad = 1 } END { exit bad }' "$folder/plain.csv" ||
    complain "without labels the table is not as told: $(sed -n 2p "$folder/plain.csv")"

exit $status
