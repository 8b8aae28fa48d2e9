#!/bin/sh
# The program in a real xterm that draws sixel graphics (VT340 mode) on a virtual
# display, at three sizes: each view has its pictures, they follow a key, the
# terminal comes back as it was. With SCREENSHOTS=FOLDER the pictures of the README
# are left there.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
for tool in Xvfb xterm xdotool import compare convert identify; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
server=
terminal=
cleanup() {
    [ -z "$terminal" ] || kill "$terminal" 2>/dev/null
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 99' INT TERM
XDG_STATE_HOME=$folder/state XDG_CONFIG_HOME=$folder/config XDG_CACHE_HOME=$folder/cache
export XDG_STATE_HOME XDG_CONFIG_HOME XDG_CACHE_HOME

# Without -noreset the server starts over whenever its last client leaves, and refuses who comes meanwhile.
mkfifo "$folder/number"
Xvfb -displayfd 3 -screen 0 1600x1024x24 -nolisten tcp -noreset 3>"$folder/number" 2>/dev/null &
server=$!
read -r number <"$folder/number" || { echo "Xvfb does not start"; exit 77; }
DISPLAY=:$number
export DISPLAY
for _ in $(seq 600); do
    xdotool getdisplaygeometry >/dev/null 2>&1 && break
    sleep 0.1
done
xdotool getdisplaygeometry >/dev/null || { echo "the display $DISPLAY does not open"; exit 99; }

# Waits until the screen has stood still for a while, then keeps a picture of it.
shot() {
    still=0
    import -window root "$folder/last.png"
    for _ in $(seq 900); do
        sleep 0.2
        import -window root "$folder/now.png"
        if cmp -s "$folder/now.png" "$folder/last.png"; then still=$((still + 1)); else still=0; fi
        mv "$folder/now.png" "$folder/last.png"
        [ $still -lt 5 ] || break
    done
    [ $still -ge 5 ] || complain "$1: the screen never comes to rest"
    mv "$folder/last.png" "$folder/$1.png"
}
colours() {
    identify -format %k "$folder/$1.png"
}
# Pixels that differ between two pictures.
difference() {
    compare -metric AE "$folder/$1.png" "$folder/$2.png" null: 2>&1
}
# await NAME BEFORE WHAT [COLOURS]: waits until there are so many colours, by default those of pictures, and the screen is
# another than that of the picture BEFORE.
await() {
    for _ in $(seq 600); do
        import -window root "$folder/$1.png"
        [ "$(colours "$1")" -ge "${4:-40}" ] && [ "$(difference "$2" "$1")" -ge 500 ] && return
        sleep 0.2
    done
    complain "$3: $(colours "$1") colours, and $(difference "$2" "$1") pixels change"
}

# session COLUMNSxROWS: opens the program in a new xterm.
session() {
    cat >"$folder/session" <<END
#!/bin/sh
stty -a >"$folder/before"
"$deepvid" "$bundle" --index 25
echo \$? >"$folder/exit"
stty -a >"$folder/after"
touch "$folder/done"
sleep 600
END
    chmod +x "$folder/session"
    rm -f "$folder/done"
    xterm -ti vt340 -geometry "$1+0+0" -fn '-misc-fixed-medium-r-normal--14-*-*-*-*-*-iso10646-1' \
        -xrm 'XTerm*sixelScrolling: true' -xrm 'XTerm*numColorRegisters: 256' \
        -bg black -fg gray90 -e "$folder/session" &
    terminal=$!
    for _ in $(seq 600); do
        window=$(xdotool search --onlyvisible --class xterm 2>/dev/null | head -n 1)
        [ -z "$window" ] || break
        sleep 0.1
    done
    xdotool windowfocus "$window" 2>/dev/null
    convert -size 1600x1024 xc:black "$folder/nothing.png"
    await start nothing "$1: the start"
}
key() {
    xdotool key --delay 40 "$@"
}
leave() {
    key q
    for _ in $(seq 600); do
        [ -e "$folder/done" ] && break
        sleep 0.1
    done
    [ -e "$folder/done" ] || complain "q does not leave the program"
    [ "$(cat "$folder/exit" 2>/dev/null)" = 0 ] || complain "the program left with status $(cat "$folder/exit")"
    cmp -s "$folder/before" "$folder/after" || complain "the terminal is not as it was: $(diff "$folder/before" "$folder/after")"
    kill "$terminal" 2>/dev/null
    wait "$terminal" 2>/dev/null
    terminal=
}
keep() {
    [ -n "${SCREENSHOTS:-}" ] || return
    shot "$1"
    convert "$folder/$1.png" -trim +repage -define png:compression-level=9 "$SCREENSHOTS/screen-$1.png"
}
# Each view in turn.
views() {
    last=nothing
    for view in 1:teacher 2:vae 3:student; do
        name=${view#*:}
        key "${view%%:*}"
        await "$name" $last "$1: the $name view"
        [ "$1" != 120x40 ] || keep "$name"
        last=$name
    done
}

session 80x24
views 80x24
leave

session 200x60
views 200x60
leave

session 120x40
views 120x40
key 2
await vae student "the VAE view again"
key Up Up Up
await turned vae "turning a latent dimension"
key c
await blocks turned "other graphics"
key c c c question
await help blocks "?" 3
key Escape
await back help "Escape" # or it could be read as one key with what follows
leave

exit $status
