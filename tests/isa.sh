#!/bin/sh
# The tests of what is calculated once more, with each instruction set that the machine has beside its widest.
# shellcheck source=tests/common.sh
. "${top_srcdir:?}/tests/common.sh"
tests=${top_builddir:?}/tests
unset DEEPVID_ISA
widest=$("$deepvid" --version | sed -n 's/^instruction set: //p')
[ "$(DEEPVID_ISA='' "$deepvid" --version | sed -n 's/^instruction set: //p')" = "$widest" ] ||
    complain "an empty DEEPVID_ISA is not as none"

if [ "$widest" = generic ]; then
    echo "skipped: this processor has no instruction set but the generic one"
    exit 77
fi
if [ ! -x "$tests/test-kernel" ]; then
    echo "skipped: no tests of what is calculated (Debian: libcmocka-dev)"
    exit 77
fi

run() {
    DEEPVID_ISA=$isa "$@" >"$folder/log" 2>&1 && return
    echo "with DEEPVID_ISA=$isa: $*"
    tail -n 30 "$folder/log"
    status=1
}

for isa in generic avx2 avx512; do
    [ "$isa" != "$widest" ] || break
    for name in kernel gram blocked graph batch rewrite train student neighbors flip vid model latent lambda embed project; do
        run "$tests/test-$name"
    done
    for program in "$tests"/test-op*; do
        case ${program##*/} in
        *.* | test-op-random) ;;
        *) run "$program" ;;
        esac
    done
    run sh "$top_srcdir/tests/threads.sh"
done
exit $status
