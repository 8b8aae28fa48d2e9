#!/bin/sh
# The house rules that a compiler does not check: who may include whom, and
# where each foreign header may be named.
set -u
cd "${top_srcdir:-.}" || exit 99
status=0
complain() {
    echo "$*"
    status=1
}

# The rooms that lie below a room in the house (base is below all): those it may include.
below() {
    case $1 in
    base | image | kernel) ;;
    op) echo kernel ;;
    graph) echo op kernel ;;
    data | term) echo image ;;
    embed) echo kernel image ;;
    onnx | train) echo graph op kernel ;;
    vid) echo onnx train data embed graph op kernel image ;;
    network) echo vid onnx train data graph op kernel image ;;
    study) echo vid data embed graph kernel image ;;
    setup) echo network vid onnx train data graph op kernel image ;;
    figure) echo study vid image ;;
    session) echo vid ;;
    tui) echo session term figure study vid data image ;;
    cmd) echo tui session term figure setup study network vid onnx train data embed graph op kernel image ;;
    *) return 1 ;;
    esac
}

includes='s/^[[:space:]]*#[[:space:]]*include[[:space:]]*'
for folder in src/*/; do
    room=$(basename "$folder")
    allowed=$(below "$room") || {
        complain "src/$room: a room that this test does not know"
        continue
    }
    for file in "$folder"*.[ch]; do
        for target in $(sed -n "$includes\"\\([a-z0-9_]*\\)\\/.*/\\1/p" "$file" | sort -u); do
            case " base $room $allowed " in
            *" $target "*) ;;
            *) complain "$file includes $target/, which does not lie below $room" ;;
            esac
        done
    done
done

# Headers of a room include each other in no circle.
for folder in src/*/; do
    room=$(basename "$folder")
    for file in "$folder"*.h; do
        sed -n "$includes\"\\($room\\/[a-z0-9_]*\\.h\\)\".*/\\1/p" "$file" | sed "s|^|${file#src/} |"
    done | tsort >/dev/null 2>&1 || complain "src/$room: headers include each other in a circle"
done

# only PATTERN FILE...: headers whose name matches stand in these files alone.
only() {
    pattern=$1
    shift
    for file in $(grep -lrE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($pattern)>" src include); do
        allowed=no
        for place in "$@"; do
            # shellcheck disable=SC2254 # places are patterns
            case $file in $place) allowed=yes ;; esac
        done
        [ $allowed = yes ] || complain "$file includes a header that belongs in $*"
    done
}
only '(ncursesw/)?(n?curses|term)\.h' src/term/screen.c 'src/tui/*'
only '(cblas|lapacke?|openblas_config)\.h' src/kernel/blas.c
only 'png\.h' src/image/png.c
only '(jpeglib|jerror)\.h' src/image/jpeg.c
only 'zlib\.h' src/base/file.c src/term/kitty.c
only 'ini\.h' src/base/ini.c
only 'jansson\.h' src/vid/json.c src/vid/json_object.h 'src/data/json_*.c'
only '(cairo/)?cairo.*\.h' 'src/figure/*'
only 'protobuf-c/.*\.h' 'src/onnx/*'
only 'getopt\.h' src/cmd/option.c

# What the processor can do is asked in one place.
found=$(grep -nrE '__builtin_cpu_|cpuid|target_clones|target\("' src --include='*.[ch]' | grep -v '^src/kernel/isa\.c:')
[ -z "$found" ] || complain "instruction sets are chosen by kernel/isa.h:
$found"

# The public header stands alone.
for name in $(sed -n "$includes[<\"]\\([^>\"]*\\).*/\\1/p" include/deepvid.h); do
    case $name in
    stdbool.h | stdint.h | stddef.h) ;;
    *) complain "include/deepvid.h includes $name" ;;
    esac
done

# The engine neither prints nor exits, and random numbers have one source.
engine=
for room in base image kernel op graph onnx train data embed vid setup figure; do
    [ ! -d src/$room ] || engine="$engine src/$room"
done
# shellcheck disable=SC2086 # a list of folders
{
    found=$(grep -nrE '(^|[^a-z_])(printf|puts|putchar|perror|exit|_exit|abort|setlocale)[[:space:]]*\(' $engine --include='*.c')
    [ -z "$found" ] || complain "the library prints, exits or sets the locale:
$found"
    found=$(grep -nrE '(^|[^a-z_])std(out|err)([^a-z_]|$)' $engine --include='*.c')
    [ -z "$found" ] || complain "the library knows the standard streams:
$found"
}
found=$(grep -nrE '(^|[^a-z_])(s?rand|s?random|drand48|rand_r)[[:space:]]*\(' src --include='*.c')
[ -z "$found" ] || complain "random numbers come from base/random.h:
$found"

exit $status
