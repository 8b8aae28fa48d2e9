# Read by tests that interrupt a training.

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
