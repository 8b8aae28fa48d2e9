#!/bin/sh
# Measuring explainers without a screen: a table, a file, and a run that goes on after Ctrl-C as if there had been none.
set -u
deepvid=${DEEPVID:?}
bundle=${top_srcdir:?}/models/fashion-mnist
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
status=0
complain() {
    echo "$*"
    status=1
}

# measure NAME OPTIONS...: into NAME.json and NAME.txt.
measure() {
    name=$1
    shift
    "$deepvid" eval "$bundle" --neighbors 300 --pictures 6 --rows evidence,lime,gradient --against lime \
        -o "$folder/$name.json" "$@" >"$folder/$name.txt" 2>"$folder/err"
}

measure whole --threads 1 --png "$folder/curves.png" || complain "failed: $(cat "$folder/err")"
[ ! -s "$folder/err" ] || complain "words on standard error: $(cat "$folder/err")"
[ ! -e "$folder/whole.json.state" ] || complain "the state file stays"
for row in evidence lime gradient; do
    grep -q "^$row  *-\{0,1\}[0-9]\.[0-9]" "$folder/whole.txt" || complain "no line about $row: $(cat "$folder/whole.txt")"
    grep -q "\"name\":\"$row\"" "$folder/whole.json" || complain "nothing about $row in the file"
done
grep -q '6 pictures, 3 misclassified' "$folder/whole.txt" || complain "the sample is not told"

[ "$(head -c 4 "$folder/curves.png" | tail -c 3)" = PNG ] || complain "the picture is none"

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
refused 2 "no row 'rise'" "$bundle" --rows lime --against rise
refused 2 'whole number' "$bundle" --pictures 0
refused 1 'nowhere' "$bundle" --pictures 1 --rows gradient -o "$folder/nowhere/eval.json"
echo "a letter" >"$folder/foreign.json.state"
refused 1 'choose another -o' "$bundle" --pictures 1 --rows gradient -o "$folder/foreign.json"
[ "$(cat "$folder/foreign.json.state")" = "a letter" ] || complain "a foreign file was changed"

exit $status
