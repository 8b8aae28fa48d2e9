/* Kitty's graphics protocol as far as deepvid's bytes need it, and whether a careful program would have sent them: an
 * independent reading of https://sw.kovidgoyal.net/kitty/graphics-protocol. */
#ifndef DEEPVID_TESTS_FAKEKITTY_H
#define DEEPVID_TESTS_FAKEKITTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A picture on the screen. */
typedef struct fakeplacement {
    uint32_t id;
    int row, column, width, height; /* cells from 0; pixels */
    uint8_t *pixel;                 /* height x width x 3 */
    size_t bytes;                   /* of all its commands */
} fakeplacement;

enum { FAKE_PLACEMENTS = 64 };

typedef struct fakekitty {
    fakeplacement placement[FAKE_PLACEMENTS];
    int count;
    fakeplacement ghost[FAKE_PLACEMENTS]; /* deleted since fakekitty_forget */
    int ghost_count;
    int deleted;         /* placements that were deleted by a command, ever */
    char complaint[128]; /* the first; "" if all is well */

    /* What is being sent in pieces. */
    bool loading;
    fakeplacement next;
    uint8_t *data;
    size_t size, bytes;
} fakekitty;

typedef enum { FAKEKITTY_DONE, FAKEKITTY_SHOWN, FAKEKITTY_ASKED } fakekitty_result;

/* Takes what stands between ESC _ and ST, sent while the cursor was in that cell. ASKED: it wants an answer about the
 * picture `id`, which could be shown. */
fakekitty_result fakekitty_command(fakekitty *kitty, const uint8_t *text, size_t size, int row, int column,
                                   uint32_t *id);
/* Whether what was shown last is what was deleted just before it, at the same place. */
bool fakekitty_same_again(const fakekitty *kitty);
/* From here on it does not matter what was deleted. */
void fakekitty_forget(fakekitty *kitty);
/* The screen is cleared: nothing is left. */
void fakekitty_clear(fakekitty *kitty);

#endif
