#!/bin/sh
# The manual is well-formed mdoc and tells every option of every command.
set -u
page=${top_builddir:?}/man/deepvid.1
status=0
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
mandoc -T lint -W warning "$page" || status=1
mandoc -T utf8 "$page" | col -b >/dev/null || status=1
for command in "" explain train classify run info; do
    # shellcheck disable=SC2086 # an empty command is no argument
    for option in $("${DEEPVID:?}" $command --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
        [ "$option" = help ] || mandoc -T ascii "$page" | col -b | grep -q -- "--$option" || {
            echo "the manual does not know --$option of deepvid $command"
            status=1
        }
    done
done
exit $status
