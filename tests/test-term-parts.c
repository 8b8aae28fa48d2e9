/* The parts of the terminal room that need no terminal. */
#include "base/random.h"
#include "fakekitty.h"
#include "fakesixel.h"
#include "term/block.h"
#include "term/budget.h"
#include "term/input.h"
#include "term/key.h"
#include "term/kitty.h"
#include "term/pace.h"
#include "term/palette.h"
#include "term/reply.h"
#include "term/screen.h"
#include "term/sixel.h"
#include "term/slot.h"
#include "term/text.h"
#include "term/utf8.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- tokens and keys -------------------------------------------------------------- */

/* Feeds bytes one by one, or all at once, and returns the keys that come out; answers go to `capabilities`. */
static int decode(const char *bytes, size_t size, bool singly, dv_capabilities *capabilities, int *keys, int limit)
{
    dv_input input = {0};
    dv_token token;
    int count = 0;
    double now = 1000;
    for (size_t done = 0; done < size; now += 1) {
        done += dv_input_append(&input, bytes + done, singly ? 1 : size - done, now);
        while (dv_input_next(&input, now, &token) != DV_TOKEN_NONE) {
            int key = dv_reply_learn(capabilities, &token) ? -1 : dv_key_of(&token);
            if (key >= 0 && count < limit) {
                keys[count++] = key;
            }
        }
    }
    return count;
}

static void sequences_may_be_cut_anywhere(void **state)
{
    (void)state;
    static const char bytes[] = "a\033[Ab\033[1;2D\xc3\xa9\033[?62;4;22c\033[6;15;7tc\033P>|tmux 3.4\033\\\033OP"
                                "\033]11;rgb:00/00/00\007\033[12;40R\033[?2026;2$yd\xf0\x9f\x91\x9f";
    static const int expected[] = {
        'a', DV_KEY_UP, 'b', DV_KEY_SHIFT_LEFT, 0xe9, 'c', DV_KEY_F1, 'd', 0x1f45f,
    };
    enum { COUNT = sizeof expected / sizeof *expected };
    for (int singly = 0; singly < 2; singly++) {
        dv_capabilities said = {0};
        int keys[2 * COUNT];
        assert_int_equal(decode(bytes, sizeof bytes - 1, singly, &said, keys, 2 * COUNT), COUNT);
        assert_memory_equal(keys, expected, sizeof expected);
        assert_true(said.answered && said.sixel && said.synchronized && said.tmux);
        assert_int_equal(said.cell_width, 7);
        assert_int_equal(said.cell_height, 15);
        assert_int_equal(said.cursor_reports, 1);
    }
}

static void an_escape_waits_for_a_sequence(void **state)
{
    (void)state;
    dv_input input = {0};
    dv_token token;
    assert_true(isinf(dv_input_deadline(&input)));
    dv_input_append(&input, "\033", 1, 1000);
    assert_int_equal(dv_input_next(&input, 1000, &token), DV_TOKEN_NONE);
    double deadline = dv_input_deadline(&input);
    assert_in_range((int)deadline, 1010, 1100);
    assert_int_equal(dv_input_next(&input, deadline - 1, &token), DV_TOKEN_NONE);
    assert_int_equal(dv_input_next(&input, deadline, &token), DV_TOKEN_CHARACTER);
    assert_int_equal(token.character, 27);
    /* A sequence whose end never comes is no key, and what follows is not lost. */
    dv_input_append(&input, "\033[12", 4, 5000);
    assert_int_equal(dv_input_next(&input, 5100, &token), DV_TOKEN_NONE);
    assert_int_equal(dv_input_next(&input, dv_input_deadline(&input), &token), DV_TOKEN_NONE);
    assert_true(isinf(dv_input_deadline(&input)));
    dv_input_append(&input, "x", 1, 7000);
    assert_int_equal(dv_input_next(&input, 7000, &token), DV_TOKEN_CHARACTER);
    assert_int_equal(token.character, 'x');
    /* While answers are under way it takes longer, and they may be odd. */
    input.patient = true;
    dv_input_append(&input, "\033P1$r0;37\020\001;48;5;16m\033\\", 22, 7500);
    assert_int_equal(dv_input_next(&input, 7500, &token), DV_TOKEN_STRING);
    assert_int_equal(dv_input_next(&input, 7500, &token), DV_TOKEN_NONE);
    dv_input_append(&input, "\033", 1, 8000);
    assert_true(dv_input_deadline(&input) > 8200);
}

static void broken_input_is_no_key(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int keys;
    } cases[] = {
        {"\xff\xfe\x80", 0},       /* no UTF-8 */
        {"\xc0\xaf", 0},           /* overlong */
        {"\xed\xa0\x80", 0},       /* a surrogate */
        {"\xc3x", 1},              /* cut: the x is a key */
        {"\033[1;2\003", 1},       /* Ctrl-C inside a sequence */
        {"\033P+q\033[Ax", 2},     /* a string that was none: up and x */
        {"\033[<0;1;1M", 0},       /* a mouse nobody asked for */
        {"\033[200~\033[201~", 0}, /* paste brackets */
        {"\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19A", 1},
        {"\033[99999999999999999999A", 1},
        {"\033q", 1},  /* Alt-q */
        {"\033 q", 3}, /* Alt-Space is Escape and Space */
        {"\033[M !!q", 1},
        {"\033[M\001q", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_capabilities said = {0};
        int keys[16], count = decode(cases[i].bytes, strlen(cases[i].bytes), false, &said, keys, 16);
        if (count != cases[i].keys) {
            fail_msg("case %zu gives %d keys", i, count);
        }
    }
    /* Any bytes at all. */
    char noise[20000];
    for (size_t i = 0; i < sizeof noise; i++) {
        uint64_t bits = dv_random_bits(7, DV_PURPOSE_TEST, i);
        noise[i] = (char)(bits & 3 ? "\033[;?1P]\\_O~cRt0"[bits >> 8 & 15] : (char)(bits >> 16));
    }
    dv_capabilities said = {0};
    int keys[16];
    decode(noise, sizeof noise, false, &said, keys, 16);
    decode(noise, sizeof noise, true, &said, keys, 16);
}

static void alt_is_what_came_with_an_escape(void **state)
{
    (void)state;
    dv_capabilities said = {0};
    int keys[4];
    assert_int_equal(decode("\033q", 2, false, &said, keys, 4), 1);
    assert_int_equal(keys[0], 'q' | DV_KEY_ALT);
    assert_int_equal(decode("\033\xc3\xa9", 3, false, &said, keys, 4), 1);
    assert_int_equal(keys[0], 0xe9 | DV_KEY_ALT);
    assert_int_equal(decode("\033q", 2, true, &said, keys, 4), 2); /* typed one after the other */
    assert_int_equal(keys[0], DV_KEY_ESCAPE);
    assert_int_equal(keys[1], 'q');
    assert_int_equal(decode("q\033qx", 4, false, &said, keys, 4), 3);
    assert_int_equal(keys[1], 'q' | DV_KEY_ALT);
}

static void modifiers_make_other_keys(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int key;
    } cases[] = {
        {"\033[1;2A", DV_KEY_SHIFT_UP}, {"\033[1;5B", DV_KEY_CONTROL_DOWN}, {"\033[1;6C", DV_KEY_SHIFT_RIGHT},
        {"\033[1;3B", DV_KEY_DOWN},     {"\033[3;5~", DV_KEY_DELETE},       {"\033Oa", DV_KEY_CONTROL_UP},
        {"\033[b", DV_KEY_SHIFT_DOWN},  {"\033OS", DV_KEY_F1 + 3},          {"\033[15~", DV_KEY_F1 + 4},
        {"\033[21;2~", DV_KEY_F10},     {"\033[[E", DV_KEY_F1 + 4},         {"\033[1;5D", DV_KEY_CONTROL_LEFT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_capabilities said = {0};
        int keys[4];
        assert_int_equal(decode(cases[i].bytes, strlen(cases[i].bytes), false, &said, keys, 4), 1);
        assert_int_equal(keys[0], cases[i].key);
    }
}

/* ---- replies ------------------------------------------------------------------------ */

static dv_capabilities learn(const char *bytes)
{
    dv_capabilities said = {0};
    int keys[16];
    assert_int_equal(decode(bytes, strlen(bytes), false, &said, keys, 16), 0);
    return said;
}

static void attribute_4_is_sixel(void **state)
{
    (void)state;
    assert_true(learn("\033[?63;1;2;4;6c").sixel);
    assert_true(learn("\033[?1;2;4c").sixel);
    assert_false(learn("\033[?64;1;2;6;9;15c").sixel);
    assert_false(learn("\033[?4;6c").sixel); /* a VT132 */
    assert_false(learn("\033[?62;22;44c").sixel);
    assert_true(learn("\033[?6c").answered);
    assert_false(learn("\033[>41;379;0c").answered); /* DA2 */
}

static void synchronised_output_must_be_promised(void **state)
{
    (void)state;
    assert_false(learn("\033[?2026;0$y").synchronized);
    assert_true(learn("\033[?2026;1$y").synchronized);
    assert_true(learn("\033[?2026;2$y").synchronized);
    assert_false(learn("\033[?2026;4$y").synchronized);
    assert_false(learn("\033[?2027;2$y").synchronized);
}

static void kitty_and_true_colour_must_be_proven(void **state)
{
    (void)state;
    assert_true(learn("\033_Gi=4456;OK\033\\").kitty);
    assert_false(learn("\033_Gi=4456;ENOTSUPPORTED:no\033\\").kitty);
    assert_false(learn("\033_Gi=31;OK\033\\").kitty); /* to another program's question */
    assert_true(learn("\033P1$r0;48:2::1:2:3m\033\\").true_color);
    assert_true(learn("\033P1$r48;2;1;2;3m\033\\").true_color);
    assert_false(learn("\033P1$r0;48;5;16m\033\\").true_color); /* made the nearest of 256 */
    assert_false(learn("\033P0$r\033\\").true_color);
    assert_true(learn("\033P1+r524742=38\033\\").true_color);
    assert_true(learn("\033P1+r5463\033\\").true_color);
    assert_false(learn("\033P0+r524742\033\\").true_color);
}

static void limits_need_success(void **state)
{
    (void)state;
    assert_int_equal(learn("\033[?1;0;1024S").registers, 1024);
    assert_int_equal(learn("\033[?1;3;0S").registers, 0);
    assert_int_equal(learn("\033[?2;0;720;520S").limit_height, 520);
    assert_int_equal(learn("\033[?2;3;0S").limit_width, 0);
}

static void the_cell_is_known_by_many_ways(void **state)
{
    (void)state;
    struct winsize xterm = {.ws_row = 40, .ws_col = 120, .ws_xpixel = 724, .ws_ypixel = 524};
    struct winsize bare = {.ws_row = 40, .ws_col = 120};
    dv_capabilities silent = {0}, told = learn("\033[6;15;7t"), area = learn("\033[4;520;720t");
    dv_capabilities absurd = learn("\033[6;9000;1t");
    int width, height;
    assert_true(dv_reply_cell(&silent, &xterm, &width, &height)); /* with a border of 2 pixels */
    assert_true(width == 6 && height == 13);
    assert_true(dv_reply_cell(&told, &xterm, &width, &height));
    assert_true(width == 7 && height == 15);
    assert_true(dv_reply_cell(&area, &bare, &width, &height));
    assert_true(width == 6 && height == 13);
    assert_false(dv_reply_cell(&silent, &bare, &width, &height));
    assert_false(dv_reply_cell(&absurd, &bare, &width, &height));
}

/* ---- palettes and sixels ------------------------------------------------------------------ */

static dv_image *random_image(int width, int height, int channels, int colors, uint64_t seed)
{
    dv_image *image = calloc(1, sizeof *image);
    *image = (dv_image){.width = width, .height = height, .channels = channels};
    image->pixel = malloc((size_t)(width * height * channels));
    for (int i = 0; i < width * height; i++) {
        uint64_t which = dv_random_bits(seed, DV_PURPOSE_TEST, (uint64_t)i) % (uint64_t)colors;
        for (int c = 0; c < channels; c++) {
            uint64_t value = dv_random_bits(seed + 1, DV_PURPOSE_TEST, which * 3 + (uint64_t)c);
            image->pixel[i * channels + c] = (uint8_t)(channels == 1 ? which : value);
        }
    }
    return image;
}

static void free_image(dv_image *image)
{
    free(image->pixel);
    free(image);
}

static void few_colours_are_kept_exactly(void **state)
{
    (void)state;
    dv_palette palette;
    uint8_t index[64 * 48];
    dv_image *image = random_image(64, 48, 3, 256, 1);
    assert_true(dv_palette_collect(image, 256, &palette, index));
    assert_int_equal(palette.count, 256);
    int next = 0;
    for (int i = 0; i < 64 * 48; i++) {
        assert_memory_equal(palette.rgb[index[i]], image->pixel + 3 * i, 3);
        assert_true(index[i] <= next); /* in the order in which they appear */
        next += index[i] == next;
    }
    assert_false(dv_palette_collect(image, 255, &palette, index));
    free_image(image);
}

static void many_colours_are_reduced_well(void **state)
{
    (void)state;
    enum { SIDE = 64 };
    static const int limits[] = {2, 16, 256};
    static const double mean_errors[] = {70, 30,
                                         12}; /* per channel, of 0..255: a box of 255 / limit^(1/3), a quarter */
    dv_palette palette;
    uint8_t index[SIDE * SIDE];
    dv_image *image = random_image(SIDE, SIDE, 3, 4096, 3);
    for (size_t l = 0; l < 3; l++) {
        double sum = 0;
        assert_true(dv_palette_reduce(image, limits[l], &palette, index));
        assert_int_equal(palette.count, limits[l]);
        for (int i = 0; i < SIDE * SIDE * 3; i++) {
            sum += abs(palette.rgb[index[i / 3]][i % 3] - image->pixel[i]);
        }
        assert_true(sum / (SIDE * SIDE * 3) < mean_errors[l]);
    }
    free_image(image);
    image = random_image(SIDE, SIDE, 1, 3, 4); /* fewer than asked for */
    assert_true(dv_palette_reduce(image, 16, &palette, index));
    assert_in_range(palette.count, 1, 3);
    free_image(image);
}

static void assert_decodes_to(const dv_bytes *bytes, const dv_image *image)
{
    static const char head[] = "\033Pq", tail[] = "\033\\";
    fakesixel picture;
    assert_memory_equal(bytes->data, head, 3);
    assert_memory_equal(bytes->data + bytes->size - 2, tail, 2);
    if (!fakesixel_decode((const uint8_t *)bytes->data + 3, bytes->size - 5, &picture)) {
        fail_msg("%d x %d: %s", image->width, image->height, picture.complaint);
    }
    assert_int_equal(picture.width, image->width);
    assert_int_equal(picture.height, image->height);
    for (int i = 0; i < 3 * image->width * image->height; i++) {
        int value = image->pixel[image->channels == 1 ? i / 3 : i];
        int percent = (int)lround(value / 2.55);
        assert_int_equal(picture.pixel[i], (percent * 255 + 50) / 100);
    }
    fakesixel_clear(&picture);
}

static void sixels_decode_to_the_same_picture(void **state)
{
    (void)state;
    static const int cases[][4] = {
        /* width, height, channels, colours */
        {1, 6, 3, 1},    {1, 6, 1, 2},     {2, 12, 3, 2},    {7, 6, 3, 5},     {300, 6, 1, 2},     {100, 60, 3, 256},
        {33, 18, 3, 33}, {640, 12, 1, 17}, {255, 66, 3, 64}, {5, 600, 3, 100}, {1000, 24, 3, 256},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_bytes bytes = {0};
        dv_image *image = random_image(cases[i][0], cases[i][1], cases[i][2], cases[i][3], i);
        assert_true(dv_sixel_encode(image, 256, DV_BUDGET_BYTES, &bytes));
        assert_decodes_to(&bytes, image);
        /* Larger pixels, as pictures have them: long runs, and gaps of all widths. */
        int side = 2 + (int)i;
        for (int y = 0; y < image->height; y++) {
            for (int x = 0; x < image->width * image->channels; x++) {
                int c = x % image->channels, from = x / image->channels / side * side;
                image->pixel[y * image->width * image->channels + x] =
                    image->pixel[(y / side * side * image->width + from) * image->channels + c];
            }
        }
        bytes.size = 0;
        assert_true(dv_sixel_encode(image, 256, DV_BUDGET_BYTES, &bytes));
        assert_decodes_to(&bytes, image);
        dv_bytes_free(&bytes);
        free_image(image);
    }
}

static bool as_sixel(const dv_image *image, const void *registers, size_t limit, dv_bytes *bytes)
{
    return dv_sixel_encode(image, *(const int *)registers, limit, bytes);
}

static bool budget_sixel(const dv_image *image, int registers, size_t limit, dv_bytes *bytes, dv_error *error)
{
    return dv_budget_encode(image, registers, limit, as_sixel, &registers, bytes, error);
}

static void sixels_keep_to_their_limits(void **state)
{
    (void)state;
    dv_image *image = random_image(400, 240, 3, 100000, 9);
    static const size_t limits[] = {DV_BUDGET_BYTES, 200000, 50000, 10000, 3000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        dv_bytes bytes = {0};
        fakesixel picture;
        assert_true(budget_sixel(image, 64, limits[i], &bytes, NULL));
        assert_in_range(bytes.size, 1, limits[i]);
        assert_true(fakesixel_decode((const uint8_t *)bytes.data + 3, bytes.size - 5, &picture));
        assert_true(picture.width == 400 && picture.height == 240);
        assert_in_range(picture.colors, 2, 64);
        fakesixel_clear(&picture);
        dv_bytes_free(&bytes);
    }
    dv_bytes bytes = {0};
    dv_error error = {0};
    dv_bytes_text(&bytes, "before");
    assert_false(dv_sixel_encode(image, 64, 100, &bytes));
    assert_false(budget_sixel(image, 64, 100, &bytes, &error));
    assert_int_equal(bytes.size, 6);
    assert_non_null(strstr(error.message, "400 x 240"));
    dv_bytes_free(&bytes);
    free_image(image);
}

/* Feeds the commands of a picture to a terminal that knows them. */
static const fakeplacement *show_in_kitty(fakekitty *kitty, const dv_bytes *bytes)
{
    const char *at = bytes->data, *end = bytes->data + bytes->size, *stop;
    fakekitty_result result = FAKEKITTY_DONE;
    uint32_t id;
    for (; at < end; at = stop + 2) {
        assert_memory_equal(at, "\033_", 2);
        stop = memmem(at, (size_t)(end - at), "\033\\", 2);
        assert_non_null(stop);
        result = fakekitty_command(kitty, (const uint8_t *)at + 2, (size_t)(stop - at) - 2, 3, 4, &id);
    }
    assert_string_equal(kitty->complaint, "");
    return result == FAKEKITTY_SHOWN ? &kitty->placement[kitty->count - 1] : NULL;
}

static void kitty_shows_the_same_picture(void **state)
{
    (void)state;
    static const int cases[][4] = {
        {1, 1, 3, 1}, {1, 1, 1, 1}, {64, 48, 3, 33}, {301, 77, 1, 256}, {400, 240, 3, 100000}};
    fakekitty kitty = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dv_bytes bytes = {0};
        dv_image *image = random_image(cases[i][0], cases[i][1], cases[i][2], cases[i][3], i);
        assert_true(dv_kitty_encode(image, 70 + (uint32_t)i, DV_BUDGET_BYTES, &bytes));
        const fakeplacement *shown = show_in_kitty(&kitty, &bytes);
        assert_non_null(shown);
        assert_true(shown->width == image->width && shown->height == image->height && shown->id == 70 + i);
        for (int p = 0; p < 3 * image->width * image->height; p++) {
            assert_int_equal(shown->pixel[p], image->pixel[image->channels == 1 ? p / 3 : p]);
        }
        size_t whole = bytes.size;
        bytes.size = 0;
        assert_false(dv_kitty_encode(image, 98, whole - 1, &bytes));
        assert_int_equal(bytes.size, 0);
        assert_true(dv_kitty_encode(image, 99, whole + 1, &bytes));
        bytes.size = 0;
        dv_kitty_delete(70 + (uint32_t)i, &bytes);
        show_in_kitty(&kitty, &bytes);
        assert_int_equal(kitty.count, 0);
        dv_bytes_free(&bytes);
        free_image(image);
    }
    /* The question is one that such a terminal can say yes to. */
    static const char question[] = DV_KITTY_ASK;
    uint32_t id = 0;
    assert_int_equal(fakekitty_command(&kitty, (const uint8_t *)question + 2, sizeof question - 5, 0, 0, &id),
                     FAKEKITTY_ASKED);
    assert_string_equal(kitty.complaint, "");
    assert_int_equal(id, 4456);
    fakekitty_clear(&kitty);
    free(kitty.data);
}

static void simpler_pictures_have_fewer_colours_and_details(void **state)
{
    (void)state;
    dv_image *image = random_image(60, 40, 3, 200, 11), simple;
    int count;
    assert_true(dv_palette_simplify(image, 256, 1, &simple, &count)); /* few enough: the same */
    assert_in_range(count, 150, 200);
    assert_memory_equal(simple.pixel, image->pixel, 60 * 40 * 3);
    free(simple.pixel);
    assert_true(dv_palette_simplify(image, 16, 7, &simple, &count));
    assert_int_equal(count, 16);
    for (int y = 0; y < 40; y++) {
        for (int x = 0; x < 60; x++) {
            assert_memory_equal(simple.pixel + 3 * (y * 60 + x), simple.pixel + 3 * (y / 7 * 7 * 60 + x / 7 * 7), 3);
        }
    }
    free(simple.pixel);
    free_image(image);
}

/* ---- slots ------------------------------------------------------------------------------------ */

static const dv_raster raster = {.cell_width = 10, .cell_height = 20, .band = 6};

static const dv_rectangle *add(dv_slots *slots, int row, int column, int rows, int columns, uint8_t grey)
{
    uint8_t pixel[40 * 40];
    dv_image image = {.width = 40, .height = 40, .channels = 1, .pixel = pixel};
    dv_rectangle place = {.row = row, .column = column, .rows = rows, .columns = columns};
    memset(pixel, grey, sizeof pixel);
    return dv_slots_add(slots, &place, &image, &raster);
}

static void a_picture_is_cut_to_its_place(void **state)
{
    (void)state;
    dv_slots slots = {0};
    const dv_rectangle *taken = add(&slots, 0, 0, 9, 9, 7);
    /* 40 pixels: 4 columns of 10; 40 rows of pixels are 42 in whole bands, so 3 rows of 20. */
    assert_true(taken && taken->rows == 3 && taken->columns == 4);
    const dv_image *image = &slots.slot[0].image;
    assert_true(image->width == 40 && image->height == 42);
    assert_int_equal(image->pixel[39 * 40], 7);
    assert_int_equal(image->pixel[40 * 40], 0);
    taken = add(&slots, 5, 0, 2, 3, 7);
    assert_true(taken && taken->rows == 2 && taken->columns == 3);
    assert_true(slots.slot[1].image.width == 30 && slots.slot[1].image.height == 36);
    dv_rectangle place = {.row = 9, .rows = 4, .columns = 4};
    dv_raster small = {.cell_width = 10, .cell_height = 20, .band = 6, .limit_width = 25, .limit_height = 13};
    dv_image first = slots.slot[0].image;
    assert_non_null(dv_slots_add(&slots, &place, &first, &small));
    assert_true(slots.slot[2].image.width == 25 && slots.slot[2].image.height == 12);
    small.limit_height = 5;
    assert_null(dv_slots_add(&slots, &place, &first, &small)); /* no room for one band */
    small = (dv_raster){.cell_width = 10, .cell_height = 1, .band = 6};
    assert_null(dv_slots_add(&slots, &place, &first, &small));
    small = (dv_raster){.cell_width = 10, .cell_height = 1, .band = 1};
    assert_non_null(dv_slots_add(&slots, &place, &first, &small));
    assert_true(slots.slot[3].image.height == 4);
    dv_slots_free(&slots);
}

/* What is sent of frame `wanted` after frame `shown`, as bits; and which of the old ones are stale. */
static unsigned sent(dv_slots *slots)
{
    unsigned bits = 0;
    for (int i = 0; i < slots->count; i++) {
        bits |= (unsigned)slots->slot[i].send << i;
    }
    return bits;
}

/* All but what is asked for, as with protocols that text does harm to. */
static bool compare_and_wipe(dv_slots *wanted, dv_slots *shown)
{
    bool all_moved = dv_slots_compare(wanted, shown);
    for (int i = 0; i < shown->count; i++) {
        if (shown->slot[i].send) {
            dv_slots_wipe(wanted, &shown->slot[i].place);
        }
    }
    return all_moved;
}

static void frames_are_compared(void **state)
{
    (void)state;
    dv_slots wanted = {0}, shown = {0};
    add(&wanted, 0, 0, 4, 4, 1);
    add(&wanted, 0, 10, 4, 4, 2);
    add(&wanted, 10, 0, 4, 4, 3);
    for (int i = 0; i < 3; i++) {
        wanted.slot[i].id = 71 + (uint32_t)i;
    }
    assert_false(compare_and_wipe(&wanted, &shown)); /* nothing was there */
    assert_int_equal(sent(&wanted), 7);
    dv_slots_settle(&wanted, &shown);
    assert_int_equal(wanted.count, 0);

    add(&wanted, 0, 0, 4, 4, 1);  /* the same */
    add(&wanted, 0, 10, 4, 4, 9); /* other content */
    add(&wanted, 10, 1, 4, 4, 3); /* moved */
    assert_false(compare_and_wipe(&wanted, &shown));
    assert_int_equal(sent(&wanted), 6);
    assert_int_equal(sent(&shown), 4);
    assert_true(dv_slots_keep(&wanted, 71));
    assert_false(dv_slots_keep(&wanted, 72) || dv_slots_keep(&wanted, 73));
    assert_ptr_equal(wanted.slot[1].before, &shown.slot[1].image); /* what a difference can be made to */
    assert_null(wanted.slot[2].before);
    dv_slots_settle(&wanted, &shown);

    add(&wanted, 0, 0, 4, 4, 1);
    add(&wanted, 10, 1, 4, 4, 3);
    add(&wanted, 1, 3, 2, 9, 5); /* over the first one, and where the second was */
    assert_true(wanted.slot[0].covered);
    assert_false(compare_and_wipe(&wanted, &shown));
    assert_int_equal(sent(&wanted), 4);
    assert_int_equal(sent(&shown), 3);
    dv_slots_settle(&wanted, &shown);
    assert_int_equal(shown.count, 2);

    dv_rectangle word = {.row = 11, .column = 2, .rows = 1, .columns = 1};
    add(&wanted, 10, 1, 4, 4, 3);
    dv_slots_cover(&wanted, &word);
    assert_true(compare_and_wipe(&wanted, &shown)); /* nothing is left where it was */
    assert_int_equal(sent(&wanted), 0);
    assert_int_equal(sent(&shown), 3);
    dv_slots_free(&wanted);
    dv_slots_free(&shown);
}

/* ---- pace -------------------------------------------------------------------------------------- */

static void two_frames_may_be_under_way(void **state)
{
    (void)state;
    dv_pace pace = {0};
    assert_false(dv_pace_sent(&pace, 100, 0)); /* small: not worth a question */
    assert_true(dv_pace_sent(&pace, 50000, 0));
    assert_true(dv_pace_delay(&pace, 0) == 0);
    assert_true(dv_pace_sent(&pace, 50000, 10));
    assert_true(dv_pace_delay(&pace, 20) > 0);
    dv_pace_answers(&pace, 1, 150);
    assert_true(dv_pace_delay(&pace, 20) == 0);
    dv_pace_answers(&pace, 2, 150);
    assert_int_equal(pace.under_way, 0);
    assert_true(pace.lag_ms == 150 - 10);
    /* Answers that never come are given up, but only for good if none ever came. */
    dv_pace_sent(&pace, 50000, 100);
    dv_pace_sent(&pace, 50000, 100);
    double delay = dv_pace_delay(&pace, 100);
    assert_true(delay > 500);
    assert_true(dv_pace_delay(&pace, 100 + delay) == 0);
    assert_true(dv_pace_sent(&pace, 50000, 101 + delay));
    assert_int_equal(pace.under_way, 1);
    dv_pace_answers(&pace, 5, 150); /* the lost ones after all */
    assert_int_equal(pace.under_way, 0);

    dv_pace mute = {0};
    assert_true(dv_pace_sent(&mute, 50000, 0));
    assert_false(dv_pace_sent(&mute, 50000, 10000));
    assert_false(dv_pace_sent(&mute, 50000, 10001));
    assert_true(dv_pace_delay(&mute, 10001) == 0);
}

static void a_slow_line_has_one_frame_at_a_time(void **state)
{
    (void)state;
    dv_pace pace = {.slow = true, .sent_at = -INFINITY};
    assert_true(dv_pace_delay(&pace, 1000) == 0);
    dv_pace_sent(&pace, 100, 1000);
    double delay = dv_pace_delay(&pace, 1000);
    assert_true(delay >= 30 && dv_pace_delay(&pace, 1000 + delay) == 0);
    assert_true(dv_pace_sent(&pace, 50000, 2000));
    assert_true(dv_pace_delay(&pace, 2200) > 0);
    dv_pace_answers(&pace, 1, 150);
    assert_true(dv_pace_delay(&pace, 2200) == 0);
}

static void traffic_is_that_of_the_last_second(void **state)
{
    (void)state;
    dv_pace pace = {0};
    assert_true(dv_pace_rate(&pace, 0) == 0);
    for (int i = 0; i <= 5000; i += 10) { /* a hundred frames a second */
        dv_pace_sent(&pace, 1000, i);
    }
    assert_in_range((int)dv_pace_rate(&pace, 5000), 95000, 105000);
    assert_true(dv_pace_rate(&pace, 15000) < 100);
}

static void tmux_has_a_budget(void **state)
{
    (void)state;
    dv_pace pace = {.budgeted = true};
    double now = 0, sent_bytes = 0;
    for (; now < 10000; now += 5) {
        if (dv_pace_delay(&pace, now) == 0) {
            assert_false(dv_pace_sent(&pace, 70000, now));
            sent_bytes += 70000;
        }
    }
    assert_in_range((int)sent_bytes, 4000000, 7000000); /* in ten seconds, one of them in advance */
}

/* ---- blocks and text ------------------------------------------------------------------------------ */

static void colours_find_their_neighbours(void **state)
{
    (void)state;
    static const struct {
        uint8_t rgb[3];
        int number;
    } cases[] = {
        {{0, 0, 0}, 16},        {{255, 255, 255}, 231}, {{255, 0, 0}, 196},   {{95, 135, 175}, 67},   {{8, 8, 8}, 232},
        {{238, 238, 238}, 255}, {{128, 128, 128}, 244}, {{250, 10, 10}, 196}, {{120, 120, 118}, 243},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(dv_color_number(cases[i].rgb, DV_COLOR_256, 3, 5), cases[i].number);
    }
    assert_int_equal(dv_color_number((uint8_t[]){1, 2, 3}, DV_COLOR_TRUE, 0, 0), 0x010203);
    assert_int_equal(dv_color_number((uint8_t[]){0, 0, 0}, DV_COLOR_TRUE, 0, 0), 0);
    assert_int_equal(dv_color_from_256(16), 8); /* 0 to 7 are ANSI's */
    assert_int_equal(dv_color_from_256(67), 0x5f87af);
    /* Dithered grey stays grey, and as bright as it was. */
    static const int brightness[16] = {0, -1, -1, -1, -1, -1, -1, 229, 127, -1, -1, -1, -1, -1, -1, 255};
    for (int grey = 0; grey < 256; grey += 15) {
        int sums[2] = {0};
        for (int i = 0; i < 64; i++) {
            uint8_t rgb[3] = {(uint8_t)grey, (uint8_t)grey, (uint8_t)grey};
            int of_8 = dv_color_number(rgb, DV_COLOR_8, i % 8, i / 8);
            int of_16 = dv_color_number(rgb, DV_COLOR_16, i % 8, i / 8);
            assert_true(of_8 == 0 || of_8 == 7);
            assert_true(brightness[of_16] >= 0);
            sums[0] += brightness[of_8];
            sums[1] += brightness[of_16];
        }
        int of_8 = grey < 229 ? grey : 229; /* the lightest of them */
        assert_in_range(sums[0] / 64 + 16, of_8, of_8 + 32);
        assert_in_range(sums[1] / 64 + 8, grey, grey + 16);
    }
    assert_int_equal(dv_color_number((uint8_t[]){255, 0, 0}, DV_COLOR_8, 0, 0), 1);
    assert_int_equal(dv_color_number((uint8_t[]){255, 0, 0}, DV_COLOR_16, 0, 0), 9);
    assert_int_equal(dv_color_number((uint8_t[]){0, 0, 205}, DV_COLOR_16, 0, 0), 4);
}

/* Mean colours of the levels of the weight maps, each over 8 x 8 pixels: the number of different ones, and the largest
 * error of a channel. */
static int map_levels(dv_color_depth depth, bool dithered, double *error)
{
    double mean[DV_COLORMAP_LEVELS][3];
    int different = 0;
    *error = 0;
    for (int level = 0; level < DV_COLORMAP_LEVELS; level++) {
        uint8_t rgb[3];
        dv_colormap_diverging_level(level, rgb);
        memset(mean[level], 0, sizeof mean[level]);
        for (int i = 0; i < 64; i++) {
            int at = dithered ? i : 0x1b; /* a middling threshold */
            int number = dv_color_from_256(dv_color_number(rgb, depth, at % 8, at / 8));
            for (int c = 0; c < 3; c++) {
                mean[level][c] += (number >> (16 - 8 * c) & 255) / 64.0;
            }
        }
        bool new = true;
        for (int before = 0; before < level; before++) {
            new = new &&memcmp(mean[before], mean[level], sizeof mean[level]) != 0;
        }
        different += new;
        for (int c = 0; c < 3; c++) {
            double off = fabs(mean[level][c] - rgb[c]);
            *error = off > *error ? off : *error;
        }
    }
    return different;
}

static void few_colours_still_show_all_levels_of_a_map(void **state)
{
    (void)state;
    double plain_error, error;
    int plain = map_levels(DV_COLOR_256, false, &plain_error), dithered = map_levels(DV_COLOR_256, true, &error);
    print_message("256 colours: %d levels, off by %.0f; dithered: %d levels, off by %.0f\n", plain, plain_error,
                  dithered, error);
    assert_true(dithered >= 31 && plain < 25);
    assert_true(error < plain_error);
}

/* What dv_block_draw writes at (2, 3), without what stands around all of it. */
static char *drawn(const dv_image *image, const dv_image *before, dv_color_depth depth)
{
    static char text[512];
    dv_bytes bytes = {0};
    dv_block_draw(image, before, 2, 3, depth, &bytes);
    memset(text, 0, sizeof text);
    if (bytes.size > 0) {
        assert_true(bytes.size > 7 && bytes.size < sizeof text);
        assert_memory_equal(bytes.data, "\0337\033[m", 5);
        assert_memory_equal(bytes.data + bytes.size - 2, "\0338", 2);
        memcpy(text, bytes.data + 5, bytes.size - 7);
    }
    dv_bytes_free(&bytes);
    return text;
}

static void blocks_show_their_pixels(void **state)
{
    (void)state;
    uint8_t pixel[] = {0, 255, 255, 255, 0, 0};
    dv_image image = {.width = 2, .height = 3, .channels = 1, .pixel = pixel};
    assert_string_equal(drawn(&image, NULL, DV_COLOR_256), "\033[3;4H\033[38;5;16;48;5;231m\xe2\x96\x80 "
                                                           "\033[4;4H\xe2\x96\x88\xe2\x96\x88");
    assert_string_equal(drawn(&image, NULL, DV_COLOR_TRUE), "\033[3;4H\033[38;2;0;0;0;48;2;255;255;255m\xe2\x96\x80 "
                                                            "\033[4;4H\xe2\x96\x88\xe2\x96\x88");
    assert_string_equal(drawn(&image, NULL, DV_COLOR_16), "\033[3;4H\033[30;107m\xe2\x96\x80 "
                                                          "\033[4;4H\xe2\x96\x88\xe2\x96\x88");
    /* Upside down is the other half, in the same colours. */
    uint8_t stripes[] = {0, 255, 255, 0};
    dv_image check = {.width = 2, .height = 2, .channels = 1, .pixel = stripes};
    assert_string_equal(drawn(&check, NULL, DV_COLOR_256), "\033[3;4H\033[38;5;16;48;5;231m\xe2\x96\x80\xe2\x96\x84");
    /* Only what differs. */
    uint8_t other[] = {0, 255, 255, 255, 0, 255};
    dv_image before = {.width = 2, .height = 3, .channels = 1, .pixel = other};
    assert_string_equal(drawn(&image, &before, DV_COLOR_256), "\033[4;5H\033[48;5;16m ");
    assert_string_equal(drawn(&image, &image, DV_COLOR_256), "");
    uint8_t rgb[3];
    assert_int_equal(dv_block_ascii(&image, 0, 0, rgb), ' ');
    assert_int_equal(dv_block_ascii(&image, 0, 1, rgb), '@');
    assert_int_equal(rgb[1], 255);
}

static void text_is_cut_into_clusters(void **state)
{
    (void)state;
    static const char text[] = "ae\xcc\x81\xe5\x9b\xbe\033\xff\xce\xbb\xe2\x80\xae"; /* the last turns the line round */
    static const wchar_t unicode[][3] = {L"a", L"e\u0301", L"\u56fe", L"?", L"?", L"\u03bb", L"?"};
    static const int widths[] = {1, 1, 2, 1, 1, 1, 1};
    const unsigned char *at = (const unsigned char *)text;
    size_t size = sizeof text - 1;
    wchar_t cluster[DV_CLUSTER_SIZE];
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_int_equal(dv_text_columns(text, size), 8);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(dv_text_cluster(&at, &size, true, cluster), widths[i]);
        assert_int_equal(wcscmp(cluster, unicode[i]), 0);
    }
    assert_int_equal(size, 0);
    setlocale(LC_CTYPE, "C");
    at = (const unsigned char *)text + 7;
    size = sizeof text - 1 - 7;
    assert_int_equal(dv_text_cluster(&at, &size, false, cluster), 1);
    assert_true(cluster[0] == '?');
    dv_text_cluster(&at, &size, false, cluster);
    assert_int_equal(dv_text_cluster(&at, &size, false, cluster), 1);
    assert_true(cluster[0] == 'l');                                 /* lambda */
    at = (const unsigned char *)"\xe2\x97\x8f\xe2\x97\x8b\xc2\xb2"; /* marks of classes, R squared */
    size = 8;
    for (const char *expected = "*o2"; *expected; expected++) {
        dv_text_cluster(&at, &size, false, cluster);
        assert_true(cluster[0] == (wchar_t)*expected);
    }
}

static void graphics_have_names(void **state)
{
    (void)state;
    dv_graphics graphics;
    for (int i = DV_GRAPHICS_AUTO; i <= DV_GRAPHICS_OFF; i++) {
        assert_true(dv_graphics_parse(dv_graphics_name((dv_graphics)i), &graphics));
        assert_int_equal(graphics, i);
    }
    assert_false(dv_graphics_parse("kitten", &graphics));
    assert_false(dv_graphics_parse("", &graphics));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_may_be_cut_anywhere),
        cmocka_unit_test(an_escape_waits_for_a_sequence),
        cmocka_unit_test(broken_input_is_no_key),
        cmocka_unit_test(alt_is_what_came_with_an_escape),
        cmocka_unit_test(modifiers_make_other_keys),
        cmocka_unit_test(attribute_4_is_sixel),
        cmocka_unit_test(synchronised_output_must_be_promised),
        cmocka_unit_test(kitty_and_true_colour_must_be_proven),
        cmocka_unit_test(limits_need_success),
        cmocka_unit_test(the_cell_is_known_by_many_ways),
        cmocka_unit_test(few_colours_are_kept_exactly),
        cmocka_unit_test(many_colours_are_reduced_well),
        cmocka_unit_test(sixels_decode_to_the_same_picture),
        cmocka_unit_test(sixels_keep_to_their_limits),
        cmocka_unit_test(kitty_shows_the_same_picture),
        cmocka_unit_test(simpler_pictures_have_fewer_colours_and_details),
        cmocka_unit_test(a_picture_is_cut_to_its_place),
        cmocka_unit_test(frames_are_compared),
        cmocka_unit_test(two_frames_may_be_under_way),
        cmocka_unit_test(a_slow_line_has_one_frame_at_a_time),
        cmocka_unit_test(traffic_is_that_of_the_last_second),
        cmocka_unit_test(tmux_has_a_budget),
        cmocka_unit_test(colours_find_their_neighbours),
        cmocka_unit_test(few_colours_still_show_all_levels_of_a_map),
        cmocka_unit_test(blocks_show_their_pixels),
        cmocka_unit_test(text_is_cut_into_clusters),
        cmocka_unit_test(graphics_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
