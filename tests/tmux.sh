#!/bin/sh
# The program in tmux, with half blocks: the three views have their headings and pictures, keys reach them, the
# terminal comes back as it was.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }
run() {
    tmux -S "$folder/socket" -f /dev/null "$@"
}
cleanup() {
    run kill-server 2>/dev/null
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 99' INT TERM
complain() {
    echo "$*"
    run capture-pane -p 2>/dev/null
    status=1
}
XDG_STATE_HOME=$folder/state XDG_CONFIG_HOME=$folder/config XDG_CACHE_HOME=$folder/cache LC_ALL=C.UTF-8
export XDG_STATE_HOME XDG_CONFIG_HOME XDG_CACHE_HOME LC_ALL
unset TMUX NO_COLOR

# Waits for a text on the screen.
await() {
    for _ in $(seq 600); do
        run capture-pane -p | grep -qF -e "$1" && return
        sleep 0.1
    done
    complain "\"$1\" does not appear"
}
keys() {
    run send-keys "$@"
}
half_blocks() {
    run capture-pane -p | tr -cd '▀▄' | wc -c
}

cat >"$folder/session" <<END
stty -g >"$folder/before"
"$deepvid" "$bundle" --graphics half --index 25
echo \$? >"$folder/exit"
stty -g >"$folder/after"
echo all is done
sleep 600
END
run new-session -d -x 120 -y 40 "sh '$folder/session'" || { echo "tmux does not start"; exit 77; }

await "picture 25 of 10000"
for view in 1:Projection 2:Coordinates 3:"Weight maps"; do
    keys "${view%%:*}"
    await "${view#*:}"
    for _ in $(seq 600); do
        [ "$(half_blocks)" -lt 300 ] || break
        sleep 0.1
    done
    [ "$(half_blocks)" -ge 300 ] || complain "view $view has no pictures"
done
keys 2
await Coordinates
before=$(run capture-pane -p | grep -o 'Coordinates z[0-9]* [-+][0-9.]*')
keys Up
for _ in $(seq 600); do
    after=$(run capture-pane -p | grep -o 'Coordinates z[0-9]* [-+][0-9.]*')
    [ "$before" = "$after" ] || break
    sleep 0.1
done
[ "$before" != "$after" ] || complain "Up turns nothing: $after"
keys .
await "picture 26 of 10000"
run resize-window -x 80 -y 24
await "26 of 10000"
keys '?'
await "Keys of the VAE view"
keys Escape
await Coordinates # or Escape and q could be read as one key
keys q
await "all is done"
[ "$(cat "$folder/exit")" = 0 ] || complain "the program left with status $(cat "$folder/exit")"
cmp -s "$folder/before" "$folder/after" || complain "the terminal is not as it was"
exit $status
