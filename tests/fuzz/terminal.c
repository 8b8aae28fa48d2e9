/* What a terminal sends: characters, keys, its answers, the mouse. */
#include "fuzz.h"

#include "term/key.h"
#include "term/mouse.h"
#include "term/reply.h"

#include <math.h>
#include <string.h>

static void take(dv_input *input, double now, dv_capabilities *capabilities)
{
    dv_token token;
    dv_mouse mouse;
    while (dv_input_next(input, now, &token) != DV_TOKEN_NONE) {
        fuzz_require(memchr(token.text, 0, sizeof token.text));
        fuzz_require(token.count >= 0 && token.count <= DV_MAX_PARAMETERS);
        if (dv_reply_learn(capabilities, &token))
            continue;
        if (dv_mouse_of(&token, &mouse))
            fuzz_require(mouse.row >= 0 && mouse.column >= 0);
        else
            fuzz_require(dv_key_of(&token) >= -1);
    }
}

/* The first byte says how many bytes come together, and whether answers are awaited. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    dv_input input = {.patient = data[0] & 1};
    dv_capabilities capabilities = {0};
    size_t chunk = (size_t)(data[0] >> 1) + 1;
    double now = 0;
    for (size_t done = 1; done < size; now += 7) {
        size_t count = size - done < chunk ? size - done : chunk,
               taken = dv_input_append(&input, data + done, count, now);
        fuzz_require(taken <= count);
        take(&input, now, &capabilities);
        fuzz_require(taken > 0); /* an input that is full is emptied by asking */
        done += taken;
    }
    for (int i = 0; i < 3; i++)
        take(&input, now += 2000, &capabilities);
    fuzz_require(input.size == 0 && isinf(dv_input_deadline(&input)));
    int width, height;
    const struct winsize window = {24, 80, 640, 480};
    if (dv_reply_cell(&capabilities, &window, &width, &height))
        fuzz_require(width > 0 && height > 0);
    return 0;
}
