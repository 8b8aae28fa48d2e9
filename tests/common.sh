# Read by tests of the program from outside: what they run, a folder that goes when they end, and how they fail.
set -u
deepvid=${DEEPVID:?}
bundle=${top_srcdir:?}/models/fashion-mnist
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
status=0

# complain WORDS...: the test has failed, and goes on.
complain() {
    echo "$*"
    status=1
}

# interrupt EPOCH MESSAGES COMMAND...: runs it until what it tells on stderr, which goes to the file MESSAGES, begins
# with that epoch, then sends Ctrl-C. Ends with the command's exit status.
interrupt() {
    epoch=$1 messages=$2
    shift 2
    "$@" 2>"$messages" &
    run=$!
    until grep -qs "^epoch $epoch" "$messages" || ! kill -0 $run 2>/dev/null; do
        sleep 0.02
    done
    kill -INT $run 2>/dev/null
    wait $run
}
