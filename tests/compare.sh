#!/bin/sh
# Two teachers compared without a screen: words, JSON and pages, for all pictures and for one.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"

"$deepvid" train classifier --images "$bundle/t10k-images-idx3-ubyte.gz" --labels "$bundle/t10k-labels-idx1-ubyte.gz" \
    --channels none --dense none --epochs 1 --out "$folder/b.onnx" >"$folder/out" 2>&1 || complain "no second teacher"

# compare NAME OPTIONS...: into NAME, no word on standard error.
compare() {
    name=$1
    shift
    "$deepvid" compare "$bundle" --teacher "$folder/b.onnx" "$@" >"$folder/$name" 2>"$folder/err" ||
        complain "$*: failed: $(cat "$folder/err")"
    [ ! -s "$folder/err" ] || complain "$*: words on standard error: $(cat "$folder/err")"
}

compare all.txt --png "$folder/all.png" --most 3
compare all.json --json --threads 1
compare again.json --json --threads 2
compare one.txt --index 12 --neighbors 300 --png "$folder/one.png"
compare out.txt --out "$folder/all"
compare out.txt --index 12 --neighbors 300 --out "$folder/one"
compare one.json --index 12 --neighbors 300 --json --threads 1
compare masks.json --index 12 --neighbors 300 --json --neighborhood mixed --explainer versus
compare one-again.json --index 12 --neighbors 300 --json --threads 2
cmp "$folder/all.json" "$folder/again.json" || complain "other bytes with other threads"
cmp "$folder/one.json" "$folder/one-again.json" || complain "other bytes of one picture with other threads"
for page in all one; do
    cmp "$folder/$page.png" "$folder/$page/compare.png" || complain "--out draws another page than --png"
    cmp "$folder/$page.json" "$folder/$page/compare.json" || complain "--out tells other numbers than --json"
    [ "$(head -c 4 "$folder/$page.png" | tail -c 3)" = PNG ] || complain "$page.png is none"
done
grep -q '^accuracy  9[0-9.]* % first' "$folder/all.txt" || complain "no accuracy: $(cat "$folder/all.txt")"
[ "$(grep -c ', labelled ' "$folder/all.txt")" = 3 ] || complain "not three pictures: $(cat "$folder/all.txt")"
escape=$(printf 'b\033[2J.onnx')
cp "$folder/b.onnx" "$folder/$escape"
"$deepvid" compare "$bundle" --teacher "$folder/$escape" --index 12 --neighbors 300 >"$folder/out" 2>"$folder/err" ||
    complain "a name with an escape: failed"
tr -d '\n' <"$folder/out" | LC_ALL=C grep -q '[[:cntrl:]]' && complain "an escape in a name reaches the terminal"
grep -q 'cosine 0\.[0-9]* between the maps' "$folder/one.txt" || complain "no maps: $(cat "$folder/one.txt")"

grep -q '"band":\[0.5.*"neighborhood":"mixed","masked":0.3,"cells":[0-9]*,"keep":0' "$folder/masks.json" ||
    complain "the settings are not told"
grep -q '"name":"versus","class":[0-9]*,"first_against":[0-9]*,"second_against":[0-9]*,' "$folder/masks.json" ||
    complain "no rival: $(cat "$folder/masks.json")"
grep -q '"name":"student","class":[0-9]*,"first_against":null,"second_against":null,' "$folder/masks.json" ||
    complain "a rival of all others"

# Each teacher's accuracy is what classify says, and the sums agree.
"$deepvid" classify "$bundle" --json >"$folder/a.json" 2>/dev/null
"$deepvid" classify "$bundle" --teacher "$folder/b.onnx" --json >"$folder/b.json" 2>/dev/null
if command -v python3 >/dev/null; then
    python3 - "$folder" <<'END' || complain "the figures do not agree"
import json, sys
it, one, a, b = (json.load(open(f"{sys.argv[1]}/{name}.json")) for name in ("all", "one", "a", "b"))
assert it["first"]["accuracy"] == a["accuracy"] and it["second"]["accuracy"] == b["accuracy"]
assert sum(map(sum, it["changes"])) == it["compared"] == it["count"] == 10000
assert it["changed"] == len(it["pictures"]) == 10000 - sum(it["changes"][k][k] for k in range(10))
assert [sum(row) for row in it["changes"]] == [sum(column) for column in zip(*a["confusion"])]
assert [sum(column) for column in zip(*it["changes"])] == [sum(column) for column in zip(*b["confusion"])]
assert sum(it["right"].values()) == it["labelled"] == 10000
assert all(p["first"] != p["second"] for p in it["pictures"])
far = [p["divergence"] for p in it["pictures"]]
assert far == sorted(far, reverse=True) and 0 <= far[-1] <= far[0] <= 1
assert one["index"] == 12 and [m["name"] for m in one["maps"]][:2] == ["student", "evidence"]
assert all(m["largest"] > 0 and -1 <= m["cosine"] <= 1 for m in one["maps"])
END
fi

# Each side is explained as `explain` does it.
"$deepvid" explain "$bundle" --teacher "$folder/b.onnx" --index 12 --neighbors 300 --json >"$folder/b.json" 2>/dev/null
kl=$(sed 's/.*"kl":\([^,]*\),.*/\1/' "$folder/b.json")
grep -q "\"kl\":$kl," "$folder/one.json" || complain "explain says KL $kl"

# The same file twice is no mistake, but it is told.
"$deepvid" compare "$bundle" --teacher "$bundle/teacher.onnx" >"$folder/out" 2>"$folder/err" || complain "the same: failed"
grep -q 'is the same file as the first teacher' "$folder/err" || complain "the same file is not told"
grep -q '^changed   0 pictures' "$folder/out" || complain "the same file changed words: $(cat "$folder/out")"

exit $status
