#!/bin/sh
# The program in a real xterm that draws sixel graphics (VT340 mode) on a virtual
# display: pictures are there, they follow a key, the terminal comes back as it was.
# With SCREENSHOTS=FOLDER the pictures of the README are left there.
set -u
deepvid=${DEEPVID:?}
bundle=${top_srcdir:?}/models/fashion-mnist
for tool in Xvfb xterm xdotool import compare convert identify; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
folder=$(mktemp -d) || exit 99
server=
terminal=
cleanup() {
    [ -z "$terminal" ] || kill "$terminal" 2>/dev/null
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 99' INT TERM
status=0
complain() {
    echo "$*"
    status=1
}

mkfifo "$folder/number"
Xvfb -displayfd 3 -screen 0 1280x1024x24 -nolisten tcp 3>"$folder/number" 2>/dev/null &
server=$!
read -r number <"$folder/number" || { echo "Xvfb does not start"; exit 77; }
DISPLAY=:$number
export DISPLAY
for _ in $(seq 50); do
    xdotool getdisplaygeometry >/dev/null 2>&1 && break
    sleep 0.1
done

# Waits until the screen has stood still for a while, then keeps a picture of it.
shot() {
    still=0
    import -window root "$folder/last.png"
    for _ in $(seq 150); do
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

# session COLUMNSxROWS NAME: opens the program in a new xterm.
session() {
    cat >"$folder/session" <<END
#!/bin/sh
stty -a >"$folder/before"
"$deepvid" "$bundle" --index 25
echo \$? >"$folder/exit"
stty -a >"$folder/after"
touch "$folder/done"
sleep 100
END
    chmod +x "$folder/session"
    rm -f "$folder/done"
    xterm -ti vt340 -geometry "$1+0+0" -fn '-misc-fixed-medium-r-normal--14-*-*-*-*-*-iso10646-1' -xrm 'XTerm*sixelScrolling: true' -xrm 'XTerm*numColorRegisters: 256' \
        -bg black -fg gray90 -e "$folder/session" &
    terminal=$!
    for _ in $(seq 100); do
        window=$(xdotool search --onlyvisible --class xterm 2>/dev/null | head -n 1)
        [ -z "$window" ] || break
        sleep 0.1
    done
    xdotool windowfocus "$window" 2>/dev/null
    # The first pictures may take their time on a busy machine.
    for _ in $(seq 100); do
        import -window root "$folder/first.png"
        [ "$(colours first)" -lt 40 ] || break
        sleep 0.2
    done
}
key() {
    xdotool key --delay 40 "$@"
}
leave() {
    key q
    for _ in $(seq 50); do
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
    [ -z "${SCREENSHOTS:-}" ] || convert "$folder/$1.png" -trim +repage "$SCREENSHOTS/$2.png"
}

session 120x40
shot start
[ "$(colours start)" -ge 40 ] || complain "only $(colours start) colours: no pictures on the screen"
keep start screen
key Right Right Right
shot turned
[ "$(difference start turned)" -ge 500 ] || complain "turning a latent dimension changes $(difference start turned) pixels"
keep turned turned
key c
shot blocks
[ "$(difference turned blocks)" -ge 500 ] || complain "another kind of graphics changes nothing"
key question
shot help
[ "$(difference blocks help)" -ge 500 ] || complain "? shows no help"
keep help help
key Escape
leave

exit $status
