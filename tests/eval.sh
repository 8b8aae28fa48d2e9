#!/bin/sh
# Measuring explainers without a screen: a table, a file, and a run that goes on after Ctrl-C as if there had been none.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

# measure NAME OPTIONS...: into NAME.json and NAME.txt.
measure() {
    name=$1
    shift
    "$deepvid" eval "$bundle" --neighbors 300 --pictures 6 --rows evidence,lime,gradient,lime/both --against lime \
        -o "$folder/$name.json" "$@" >"$folder/$name.txt" 2>"$folder/err"
}

measure whole --threads 1 --png "$folder/curves.png" || complain "failed: $(cat "$folder/err")"
[ ! -s "$folder/err" ] || complain "words on standard error: $(cat "$folder/err")"
[ ! -e "$folder/whole.json.state" ] || complain "the state file stays"
for row in evidence lime gradient lime/both; do
    grep -q "^$row  *-\{0,1\}[0-9]\.[0-9]" "$folder/whole.txt" || complain "no line about $row: $(cat "$folder/whole.txt")"
    grep -q "\"name\":\"$row\"" "$folder/whole.json" || complain "nothing about $row in the file"
done
grep -q '6 pictures, 3 misclassified' "$folder/whole.txt" || complain "the sample is not told"

[ "$(head -c 4 "$folder/curves.png" | tail -c 3)" = PNG ] || complain "the picture is none"

# Into a pipe: as it is, with no state file, whose name is taken here.
mkfifo "$folder/pipe.json" && mkdir "$folder/pipe.json.state" || exit 99
cat "$folder/pipe.json" >"$folder/piped.json" &
measure pipe || complain "no way into a pipe: $(cat "$folder/err")"
wait $!
cmp "$folder/whole.json" "$folder/piped.json" || complain "a pipe got other bytes"

# Stopped after some pictures, then gone on with, by other threads.
measure stopped --threads 1 &
run=$!
until [ "$(cat "$folder/stopped.json.state" 2>/dev/null | wc -c)" -gt 1000 ] || ! kill -0 $run 2>/dev/null; do
    sleep 0.02
done
kill -INT $run 2>/dev/null
wait $run
stopped=$?
if [ $stopped = 1 ]; then # else it was done before
    grep -q 'the same command goes on' "$folder/err" || complain "no way on is told: $(cat "$folder/err")"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "stopped: not one line: $(cat "$folder/err")"
    [ ! -e "$folder/stopped.json" ] || complain "half a result"
    measure stopped --threads 2 || complain "does not go on: $(cat "$folder/err")"
fi
cmp "$folder/whole.json" "$folder/stopped.json" || complain "stopped and gone on with: other bytes"
[ ! -e "$folder/stopped.json.state" ] || complain "the state file stays after going on"

# What is wrong is one line.
refused() {
    expected=$1 words=$2
    shift 2
    "$deepvid" eval "$@" >"$folder/out" 2>"$folder/err"
    found=$?
    [ $found = "$expected" ] || complain "$*: status $found"
    [ "$(wc -l <"$folder/err")" = 1 ] || complain "$*: not one line: $(cat "$folder/err")"
    grep -q -- "$words" "$folder/err" || complain "$*: nothing of '$words': $(cat "$folder/err")"
}
refused 2 "no explainer 'nothing'" "$bundle" --rows nothing
refused 2 'neither a student whose kind nor a baseline' "$bundle" --rows gradient/black
refused 2 'is no baseline (black, mean, blurred, both)' "$bundle" --rows rise/white
refused 2 "no row 'rise'" "$bundle" --rows lime --against rise
refused 2 'whole number' "$bundle" --pictures 0
refused 1 'nowhere' "$bundle" --pictures 1 --rows gradient -o "$folder/nowhere/eval.json"
refused 1 'directory' "$bundle" --pictures 1 --rows gradient -o "$folder"
refused 1 'nowhere' "$bundle" --pictures 1 --rows gradient -o "$folder/early.json" --png "$folder/nowhere/curves.png"
[ ! -e "$folder/early.json.state" ] || complain "measured before the outputs were looked at"
echo "a letter" >"$folder/foreign.json.state"
refused 1 'choose another -o' "$bundle" --pictures 1 --rows gradient -o "$folder/foreign.json"
[ "$(cat "$folder/foreign.json.state")" = "a letter" ] || complain "a foreign file was changed"
{ printf 'deepvid eval 1\n' && head -c 5000 /dev/zero; } >"$folder/spoilt.json.state"
refused 1 'remove it to begin anew' "$bundle" --pictures 1 --rows gradient -o "$folder/spoilt.json"
refused 2 'as its deepvid.ini has it' "$bundle" --calibrate --teacher "$bundle/teacher.onnx"
refused 2 'as its deepvid.ini has it' "$bundle" --calibrate --images "$bundle/t10k-images-idx3-ubyte.gz"
refused 2 'leave --neighbors out' "$bundle" --calibrate --neighbors 50
refused 2 'no row of the students' "$bundle" --calibrate --rows lime,student/residual -o "$folder/none.json"
[ ! -e "$folder/none.json.state" ] || complain "measured before the rows were looked at"

# Twenty pictures: a sample larger than that, no labels, none misclassified, too few to choose thresholds by.
{
    printf '\0\0\010\003\0\0\0\024\0\0\0\034\0\0\0\034'
    gzip -dc "$bundle/t10k-images-idx3-ubyte.gz" | tail -c +17 | head -c 15680
} >"$folder/pictures"
small() {
    "$deepvid" eval "$bundle" --images "$folder/pictures" --neighbors 300 --rows student "$@" >"$folder/out" 2>"$folder/err" ||
        complain "$*: failed: $(cat "$folder/err")"
}
told() {
    grep -q -- "$1" "$folder/out" || complain "nothing of '$1': $(cat "$folder/out")"
}
small --pictures 100
told '100 pictures were asked for and there are 20'
told 'no labels are known'
told ' KL  *at T=1 '
"$deepvid" project "$bundle" --images "$folder/pictures" -o "$folder/words.csv" >/dev/null 2>&1
tail -n +2 "$folder/words.csv" | cut -d , -f 6 >"$folder/words"
small --pictures 4 --image-labels "$folder/words"
told 'none of the 20 labelled pictures is misclassified'

# Thresholds go into the ini, whose other lines stay, and explain tells what verdicts were worth.
cp -R "$bundle" "$folder/bundle" && chmod -R u+w "$folder/bundle"
sed '/^\[verdict\]/,$d' "$bundle/deepvid.ini" >"$folder/bundle/deepvid.ini"
"$deepvid" eval "$folder/bundle" --calibrate --pictures 40 >"$folder/out" 2>"$folder/err" ||
    complain "not calibrated: $(cat "$folder/err")"
told 'chosen by 20 pictures'
grep -q '^; Fashion-MNIST' "$folder/bundle/deepvid.ini" || complain "the comment is gone"
grep -q '^thresholds = [0-9.]*, [0-9.]*$' "$folder/bundle/deepvid.ini" || complain "no thresholds: $(cat "$folder/bundle/deepvid.ini")"
"$deepvid" explain "$folder/bundle" --index 12 >"$folder/out"
told 'agreed with the teacher on [0-9]* % of the nearest real pictures'
"$deepvid" explain "$folder/bundle" --index 12 --neighborhood residual >"$folder/out"
! grep -q 'nearest real pictures' "$folder/out" || complain "worth of other students is told"
cp "$folder/bundle/deepvid.ini" "$folder/before"
refused 2 'take more --pictures' "$folder/bundle" --calibrate --pictures 4
cmp -s "$folder/before" "$folder/bundle/deepvid.ini" || complain "a refusal changed the ini"
refused 1 'nowhere' "$folder/bundle" --calibrate --seed 2 --pictures 40 --png "$folder/nowhere/curves.png"
cmp -s "$folder/before" "$folder/bundle/deepvid.ini" || complain "a failure changed the ini"

exit $status
