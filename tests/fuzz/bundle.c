/* A bundle's deepvid.ini: its keys, and what opening the bundle makes of them. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define assert_non_null(pointer) fuzz_require(pointer)
#define assert_in_range(a, low, high) fuzz_require((int)(a) >= (low) && (int)(a) <= (high))
#define assert_int_equal(a, b) fuzz_require((a) == (b))
#define fail_msg(format, ...) (fprintf(stderr, format "\n", __VA_ARGS__), abort())
#include "../scratch.h"
#include "../tiny.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) {
        const tiny small = tiny_defaults();
        tiny_write(fuzz_folder(), &small);
        ready = true;
    }
    fuzz_file("deepvid.ini", data, size);
    dv_error error = {0};
    const dv_bundle_source source = {.folder = fuzz_folder(), .threads = 1};
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    if (!bundle)
        fuzz_check_refusal(&error, "/"); /* a path: the ini may name files elsewhere */
    dv_bundle_close(bundle);
    return 0;
}
