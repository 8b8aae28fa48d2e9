#!/bin/sh
# The manual is well-formed mdoc and tells every option of every command.
set -u
page=${top_builddir:?}/man/deepvid.1
status=0
command -v mandoc >/dev/null || { echo "mandoc is not installed"; exit 77; }
mandoc -T lint -W warning "$page" || status=1
backspace=$(printf '\b')
text=$(mandoc -T ascii "$page" | sed "s/.$backspace//g")
[ -n "$text" ] || status=1
for command in "" explain check init train classify compare project eval cell run info replay; do
    # shellcheck disable=SC2086 # an empty command is no argument
    for option in $("${DEEPVID:?}" $command --help | sed -n 's/^  \(-., \)*--\([a-z-]*\).*/\2/p'); do
        [ "$option" = help ] || echo "$text" | grep -q -- "--$option" || {
            echo "the manual does not know --$option of deepvid $command"
            status=1
        }
    done
done
exit $status
