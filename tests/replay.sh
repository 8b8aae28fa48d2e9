#!/bin/sh
# A log done again writes the reports that `deepvid explain` does, for any number of threads; a bad one is told in one
# line that names file and line, and leaves what was written before it.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
bundle=$(cd "${top_srcdir:?}/models/fashion-mnist" && pwd) || exit 99

cat >"$folder/log" <<END
deepvid log 1
program deepvid 0.1.0
bundle $bundle
holds 10 classes, 10 latent dimensions, 1x28x28, 10000 pictures

# a session written by hand
set neighbors 200
set fresh 100
set neighborhood vae
index 12
knob 3 1.5
knob 0 -0.25
export first
band 2 0.7
set lambda 0.02
view vae
bookmark with a band of its own
export /../deeper/./../second
explainer lime
export third
explainer off
index 7
set student adam
set epochs 2
set seed 9000000000000000
mark 3
END
printf 'set seed 5' >>"$folder/log" # was cut off: no line

"$deepvid" replay "$folder/log" --out "$folder/one" --threads 1 >"$folder/told" 2>"$folder/err" ||
    complain "the log was not replayed: $(cat "$folder/err")"
printf '%s\n' "$folder/one/first" "$folder/one/deeper/second" "$folder/one/third" "$folder/one/final" | cmp - "$folder/told" ||
    complain "it should tell of four folders: $(cat "$folder/told")"
"$deepvid" replay "$folder/log" "$bundle" --out "$folder/two" --threads 2 >"$folder/told" || status=1
diff -r "$folder/one" "$folder/two" || complain "threads make a difference"

"$deepvid" explain "$bundle" --index 12 --neighbors 200 --fresh 100 --latent 3=1.5 --latent 0=-0.25 \
    --out "$folder/explained/first" >/dev/null || status=1
"$deepvid" explain "$bundle" --index 12 --neighbors 200 --fresh 100 --latent 3=1.5 --latent 0=-0.25 --ridge 0.02 \
    --bands 0.5,0.5,0.7,0.5,0.5,0.5,0.5,0.5,0.5,0.5 --out "$folder/explained/deeper/second" >/dev/null || status=1
"$deepvid" explain "$bundle" --index 12 --neighbors 200 --fresh 100 --latent 3=1.5 --latent 0=-0.25 --ridge 0.02 \
    --bands 0.5,0.5,0.7,0.5,0.5,0.5,0.5,0.5,0.5,0.5 --explainer lime --out "$folder/explained/third" >/dev/null ||
    status=1
[ -s "$folder/explained/third/lime.npy" ] || complain "the explainer has left no map"
mv "$folder/two/final" "$folder/final"
diff -r "$folder/explained" "$folder/two" || complain "it is not what explain writes"
grep -q '"method":"adam"' "$folder/final/explanation.json" || complain "the last state is not the last one"
grep -q '"seed":9000000000000000' "$folder/final/explanation.json" || complain "the seed is another one"

# Reports by a second teacher are its own, and those after it the first one's again.
"$deepvid" train classifier --images "$bundle/t10k-images-idx3-ubyte.gz" --labels "$bundle/t10k-labels-idx1-ubyte.gz" \
    --channels none --dense none --epochs 1 --out "$folder/b.onnx" >"$folder/out" 2>&1 || complain "no second teacher"
{
    head -5 "$folder/log"
    printf 'set neighbors 200\nset fresh 100\nset neighborhood vae\nindex 12\ncompare %s\nlooks-at second\nexport theirs\n' "$folder/b.onnx"
    printf 'looks-at first\nexport ours\ncompare none\nlooks-at second\n'
} >"$folder/two-teachers"
"$deepvid" replay "$folder/two-teachers" --out "$folder/teachers" >"$folder/told" 2>"$folder/err" ||
    complain "two teachers were not replayed: $(cat "$folder/err")"
for name in theirs ours final; do
    if [ $name = theirs ]; then set -- --teacher "$folder/b.onnx"; else set --; fi
    "$deepvid" explain "$bundle" "$@" --index 12 --neighbors 200 --fresh 100 --out "$folder/by/$name" >/dev/null || status=1
done
diff -r "$folder/by" "$folder/teachers" || complain "reports of two teachers are not what explain writes"
if cmp -s "$folder/by/theirs/explanation.json" "$folder/by/ours/explanation.json"; then
    complain "both teachers say the same"
fi

# fails WORDS COMPLAINT: the log in $folder/bad is refused with these words in one line; what was there stays.
fails() {
    cp -r "$folder/explained/first" "$folder/kept"
    "$deepvid" replay "$folder/bad" --out "$folder/kept/.." >"$folder/out" 2>"$folder/err" </dev/null
    code=$?
    [ $code = 1 ] || complain "exit $code instead of 1: $1"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "not one line: $(cat "$folder/err")"
    grep -qF -- "$folder/bad: $1" "$folder/err" || complain "'$1' is not in: $(cat "$folder/err")"
    if LC_ALL=C grep -q '[[:cntrl:]]' "$folder/err"; then complain "control characters: $(cat "$folder/err")"; fi
    diff -r "$folder/explained/first" "$folder/kept" || complain "something else was written: $1"
    rm -r "$folder/kept"
}
head -5 "$folder/log" >"$folder/head"
bad() {
    { cat "$folder/head" && printf '%b\n' "$1"; } >"$folder/bad"
    fails "$2"
}
bad 'compare /nowhere/b.onnx\nlooks-at second\nexport first' 'line 8: /nowhere/b.onnx: cannot be opened'
bad "compare $folder/b.onnx\\ncompared 0123456789abcdef\\nlooks-at second\\nexport first" \
    "line 9: $folder/b.onnx is not the teacher that the log was written with"
bad 'index 10000' 'line 6: there is no picture 10000: they go from 0 to 9999'
bad 'set seed 1\nknob 10 1' 'line 7: there is no dimension 10: they go from 0 to 9'
bad 'set neighbors 1' 'line 6: neighbors takes a whole number from 2 to 1000000'
bad 'nonsense' "line 6: 'nonsense' is nothing to do"
bad '\033[2J\007' "line 6: '?[2J?' is nothing to do"
bad 'export ..' "line 6: '..' is no name for a report"
bad 'export /./' "line 6: '/./' is no name for a report"
sed 's/10 latent/11 latent/' "$folder/log" >"$folder/bad"
fails 'it is about another bundle, of 10 classes, 11 latent dimensions'
sed '4a\
fingerprint 0123456789abcdef' "$folder/log" >"$folder/bad"
fails 'it is about another bundle: the networks or the data are not those it was written with'
sed 's/^deepvid log 1/deepvid log 7/' "$folder/log" >"$folder/bad"
fails 'a newer deepvid wrote this log (version 7, not 1)'
printf 'deepvid session 1\n' >"$folder/bad"
fails "this is no log of deepvid's"
: >"$folder/bad"
fails "this is no log of deepvid's"
head -c 30000 "$bundle/teacher.onnx" >"$folder/bad"
fails 'holds zero bytes'
head -3 "$folder/log" >"$folder/bad"
fails 'line 3: it ends before it tells which bundle it is about'
rm "$folder/bad"
fails 'cannot be'

# A log that ends in a bad line has written the reports before it, and nothing of one behind.
{ cat "$folder/head" && printf 'set neighbors 64\nset fresh 32\nexport good\nexplode\nexport late\n'; } >"$folder/bad"
"$deepvid" replay "$folder/bad" --out "$folder/half" >"$folder/told" 2>"$folder/err"
[ $? = 1 ] || complain "a bad line did not end in exit 1"
grep -q 'line 9' "$folder/err" || complain "the line is not named: $(cat "$folder/err")"
[ "$(cat "$folder/told")" = "$folder/half/good" ] || complain "the good report is not told"
[ -f "$folder/half/good/weights.npy" ] && [ ! -e "$folder/half/late" ] && [ ! -e "$folder/half/final" ] ||
    complain "what was written: $(find "$folder/half")"

# Killed at any moment while it writes one report over another, each file is a whole one of either.
{ cat "$folder/head" && printf 'set neighbors 64\nset fresh 32\nexport a\nset seed 2\nexport b\n'; } >"$folder/log"
"$deepvid" replay "$folder/log" --out "$folder/whole" >/dev/null || status=1
{ head -8 "$folder/log" | grep -v export && for _ in $(seq 30); do
    printf 'set seed 1\nexport a\nset seed 2\nexport a\n'
done; } >"$folder/long"
for pause in 0.01 0.03 0.05 0.07 0.09 0.11; do
    "$deepvid" replay "$folder/long" --out "$folder/killed" >"$folder/told" 2>&1 &
    for _ in $(seq 600); do
        [ -s "$folder/told" ] && break
        sleep 0.1
    done
    sleep $pause
    kill -9 $!
    wait $! 2>/dev/null
    for file in "$folder"/killed/a/*; do
        [ -e "$file" ] || continue
        name=$(basename "$file")
        cmp -s "$file" "$folder/whole/a/$name" || cmp -s "$file" "$folder/whole/b/$name" ||
            complain "$name is not whole after $pause s"
    done
done
[ -e "$folder/killed/a/weights.npy" ] || complain "no report was written before it was killed"
exit $status
