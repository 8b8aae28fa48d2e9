/* The screen in a fake terminal: what arrives there, byte for byte and pixel for pixel. */
#include "faketerm.h"
#include "term-demo.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

enum { ROWS = 30, COLUMNS = 100, QUIET_MS = 80 };

static char program[4096];

static int find_program(void **state)
{
    (void)state;
    const char *folder = getenv("top_builddir");
    snprintf(program, sizeof program, "%s/tests/term-demo", folder ? folder : ".");
    return 0;
}

static faketerm *start_sized(const faketerm_profile *profile, int rows, int columns, const char *const *environment)
{
    const char *argv[] = {program, NULL};
    return faketerm_start(profile, rows, columns, argv, environment);
}

/* No rule was broken since the terminal was started. */
static void assert_well_behaved(faketerm *term)
{
    const fakescreen *screen = faketerm_screen(term);
    if (screen->complaints) {
        fail_msg("%d complaints, the first: %s", screen->complaints, screen->complaint);
    }
    assert_false(screen->synchronized);
}

/* The demo's count of the keys it has had so far. */
static int keys_shown(faketerm *term)
{
    fakescreen *screen = faketerm_screen(term);
    char row[4 * COLUMNS + 1];
    int keys = -1;
    assert_true(faketerm_wait_text(term, "frame")); /* the end of that row */
    fakescreen_row(screen, screen->rows - 1, row);
    const char *at = strstr(row, "keys ");
    assert_true(at && sscanf(at, "keys %d ", &keys) == 1);
    return keys;
}

static void wait_for_keys(faketerm *term, int count)
{
    char text[32];
    snprintf(text, sizeof text, "keys %d ", count);
    if (!faketerm_wait_text(term, text)) {
        fail_msg("\"%s\" does not appear", text);
    }
}

/* Types and looks only at what follows from it. Frames come one after the other: when that of one more key, which
 * changes nothing but the last row, has begun, all before it is there. */
static fakescreen *press(faketerm *term, const char *keys)
{
    int count = keys_shown(term) + (int)strlen(keys);
    fakescreen_reset_counts(faketerm_screen(term));
    faketerm_type(term, keys);
    wait_for_keys(term, count);
    faketerm_type(term, " ");
    wait_for_keys(term, count + 1);
    assert_well_behaved(term);
    return faketerm_screen(term);
}

static faketerm *start(const faketerm_profile *profile)
{
    faketerm *term = start_sized(profile, ROWS, COLUMNS, NULL);
    assert_true(faketerm_wait_text(term, "frame"));
    press(term, "");
    return term;
}

static void quit(faketerm *term)
{
    int status;
    faketerm_type(term, "q");
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    assert_int_equal(faketerm_job(term, &status), FAKETERM_ENDED);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_well_behaved(term);
    faketerm_free(term);
}

typedef void painter(int content, int x, int y, uint8_t rgb[3]);

/* Every pixel of a picture in that rectangle of cells, to a whole percent of its colour, and none where it ends. */
static void assert_picture(const fakescreen *screen, painter *paint, int content, int row, int column, int rows,
                           int columns)
{
    int height = rows * screen->cell_height;
    height -= screen->kitty.count > 0 ? 0 : height % 6; /* sixels come six rows at a time */
    for (int y = 0; y < rows * screen->cell_height; y++) {
        for (int x = 0; x < columns * screen->cell_width; x++) {
            uint8_t rgb[3];
            const uint8_t *pixel =
                fakescreen_pixel(screen, column * screen->cell_width + x, row * screen->cell_height + y);
            if (!pixel != (y >= height)) {
                fail_msg("pixel %d, %d is %s", x, y, pixel ? "painted" : "missing");
            }
            paint(content, x, y, rgb);
            for (int c = 0; pixel && c < 3; c++) {
                if (abs(pixel[c] - rgb[c]) > 2) {
                    fail_msg("pixel %d, %d has %d instead of %d in channel %d", x, y, pixel[c], rgb[c], c);
                }
            }
        }
    }
}

static void assert_map(const fakescreen *screen, int content)
{
    assert_picture(screen, demo_pixel, content, DEMO_MAP_ROW, DEMO_MAP_COLUMN, DEMO_MAP_ROWS, DEMO_MAP_COLUMNS);
}

static void assert_strip(const fakescreen *screen)
{
    assert_picture(screen, demo_pixel, 5, DEMO_MAP_ROW, DEMO_STRIP_COLUMN, DEMO_MAP_ROWS, DEMO_STRIP_COLUMNS);
}

static int painted_pixels(const fakescreen *screen)
{
    int count = 0;
    for (int y = 0; y < screen->rows * screen->cell_height; y++) {
        for (int x = 0; x < screen->columns * screen->cell_width; x++) {
            count += fakescreen_pixel(screen, x, y) != NULL;
        }
    }
    return count;
}

/* Control sequences that erase or move instead of write. */
static int erasures(const fakescreen *screen)
{
    int count = 0;
    for (const char *final = "JKXLMPST@"; *final; final++) {
        count += screen->finals[(int)*final];
    }
    return count;
}

static void assert_given_back(faketerm *term, const struct termios *found)
{
    struct termios now;
    const fakescreen *screen = faketerm_screen(term);
    faketerm_modes(term, &now);
    assert_ptr_equal(screen->grid, &screen->main);
    assert_true(screen->cursor_visible);
    assert_false(screen->mouse_buttons || screen->mouse_numbers);
    assert_int_equal(now.c_iflag, found->c_iflag);
    assert_int_equal(now.c_oflag, found->c_oflag);
    assert_int_equal(now.c_cflag, found->c_cflag);
    assert_int_equal(now.c_lflag, found->c_lflag);
    assert_memory_equal(now.c_cc, found->c_cc, sizeof now.c_cc);
    assert_well_behaved(term);
}

/* ---- pictures ------------------------------------------------------------------------ */

static const faketerm_profile *const picture_kinds[] = {&faketerm_sixel, &faketerm_xterm, &faketerm_kitty};
enum { PICTURE_KINDS = sizeof picture_kinds / sizeof *picture_kinds };

static void pictures_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < PICTURE_KINDS; i++) {
        faketerm *term = start(picture_kinds[i]);
        const fakescreen *screen = faketerm_screen(term);
        assert_true(faketerm_shows(term, picture_kinds[i]->kitty ? "demo kitty 30x99" : "demo sixel 30x99"));
        assert_map(screen, 0);
        assert_strip(screen);
        assert_int_equal(screen->updates > 0, picture_kinds[i]->synchronized);
        quit(term);
    }
}

static void only_what_changed_is_sent_to(const faketerm_profile *profile)
{
    faketerm *term = start(profile);
    fakescreen *screen = press(term, "t"); /* text on both sides of both pictures, on all their rows */
    assert_true(faketerm_shows(term, "words 3 of 1"));
    assert_map(screen, 0);
    assert_strip(screen);
    for (int i = 0; i < screen->picture_count; i++) { /* ncurses may write across the narrow one, which is mended */
        assert_int_equal(screen->pictures[i].column, DEMO_STRIP_COLUMN);
    }
    assert_int_equal(erasures(screen), 0);

    screen = press(term, "z"); /* nothing but the last row */
    assert_int_equal(screen->picture_count, 0);

    screen = press(term, "n");
    assert_int_equal(screen->picture_count, 1);
    assert_int_equal(screen->pictures[0].column, DEMO_MAP_COLUMN);
    assert_map(screen, 1);
    assert_strip(screen);
    assert_int_equal(erasures(screen), 0);
    quit(term);
}

static void only_what_changed_is_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < PICTURE_KINDS; i++) {
        only_what_changed_is_sent_to(picture_kinds[i]);
    }
}

/* A new picture comes first, then the old one is deleted; one that stays costs nothing. */
static void kitty_pictures_are_deleted_one_by_one(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_kitty);
    fakescreen *screen = press(term, "t"); /* text on all sides */
    assert_int_equal(screen->picture_count, 0);
    assert_int_equal(screen->kitty.count, 2);
    int deleted = screen->kitty.deleted;
    screen = press(term, "nnn");
    assert_in_range(screen->picture_count, 1, 3);
    assert_int_equal(screen->kitty.count, 2);
    assert_int_equal(screen->kitty.deleted - deleted, screen->picture_count);
    assert_int_equal(screen->clears, 0);
    press(term, "p"); /* a popup: the map is gone, the strip is not */
    assert_int_equal(screen->kitty.count, 1);
    assert_strip(screen);
    screen = press(term, "p");
    assert_map(screen, 3);
    screen = press(term, "v");
    assert_int_equal(screen->kitty.count, 0);
    assert_int_equal(screen->clears, 0); /* no need to clear a screen for that */
    assert_true(faketerm_shows(term, "words 3 of 1"));
    press(term, "vggg"); /* to sixel, to half blocks */
    assert_int_equal(screen->kitty.count, 0);
    assert_int_equal(painted_pixels(screen), 0);
    quit(term);
}

static void kitty_is_used_when_it_says_so(void **state)
{
    (void)state;
    faketerm_profile profile = faketerm_kitty;
    profile.kitty_delay_ms = 400; /* long after all other answers */
    faketerm *term = start_sized(&profile, ROWS, COLUMNS, NULL);
    assert_true(faketerm_wait_text(term, "demo half 30x99"));
    faketerm_type(term, "t");
    assert_true(faketerm_wait_text(term, "demo kitty 30x99"));
    press(term, "n");
    assert_true(faketerm_shows(term, "keys 3 "));
    assert_map(faketerm_screen(term), 1);
    quit(term);

    profile.kitty_delay_ms = -1;
    term = start(&profile);
    assert_true(faketerm_shows(term, "demo half 30x99"));
    quit(term);

    profile = faketerm_sixel; /* it has both */
    profile.kitty = true;
    term = start(&profile);
    assert_true(faketerm_shows(term, "demo kitty 30x99"));
    press(term, "gg");
    assert_true(faketerm_shows(term, "demo sixel 30x99"));
    assert_map(faketerm_screen(term), 0);
    quit(term);

    static const char *const environment[] = {"TMUX=/tmp/tmux,1,0", NULL};
    term = start_sized(&profile, ROWS, COLUMNS, environment); /* which says nothing of kitty, and is not asked */
    assert_true(faketerm_wait_text(term, "demo sixel 30x99"));
    size_t size;
    const char *bytes = faketerm_bytes(term, &size);
    assert_null(memmem(bytes, size, "\033_G", 3));
    quit(term);
}

static void a_list_scrolls_without_scrolling(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    for (int i = 0; i < 3; i++) {
        fakescreen *screen = press(term, "l");
        assert_int_equal(screen->picture_count, 0);
        assert_int_equal(erasures(screen), 0);
        assert_map(screen, 0);
    }
    assert_true(faketerm_shows(term, "item 8"));
    assert_false(faketerm_shows(term, "item 2"));
    quit(term);
}

static void stale_pixels_are_cleared(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    fakescreen *screen = press(term, "m"); /* the first column becomes free */
    assert_picture(screen, demo_pixel, 0, DEMO_MAP_ROW, DEMO_MAP_COLUMN + 1, DEMO_MAP_ROWS, DEMO_MAP_COLUMNS);
    assert_strip(screen);
    int left = DEMO_MAP_COLUMN * screen->cell_width;
    for (int y = 0; y < screen->rows * screen->cell_height; y++) {
        for (int x = left; x < left + screen->cell_width; x++) {
            assert_null(fakescreen_pixel(screen, x, y));
        }
    }
    screen = press(term, "s"); /* a row and a column less */
    assert_picture(screen, demo_pixel, 0, DEMO_MAP_ROW, DEMO_MAP_COLUMN + 1, DEMO_MAP_ROWS - 1, DEMO_MAP_COLUMNS - 1);
    int map = (DEMO_MAP_COLUMNS - 1) * screen->cell_width * ((DEMO_MAP_ROWS - 1) * screen->cell_height / 6 * 6);
    int strip = DEMO_STRIP_COLUMNS * screen->cell_width * (DEMO_MAP_ROWS * screen->cell_height / 6 * 6);
    assert_int_equal(painted_pixels(screen), map + strip);
    assert_int_equal(screen->clears, 0);
    quit(term);
}

static void a_popup_hides_the_picture_below(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    fakescreen *screen = press(term, "p");
    assert_true(faketerm_shows(term, "popup line 2"));
    assert_int_equal(painted_pixels(screen),
                     DEMO_STRIP_COLUMNS * screen->cell_width * (DEMO_MAP_ROWS * screen->cell_height / 6 * 6));
    screen = press(term, "p");
    assert_false(faketerm_shows(term, "popup"));
    assert_map(screen, 0);
    quit(term);
}

static void a_new_view_clears_the_screen(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    fakescreen *screen = press(term, "v");
    assert_int_equal(screen->clears, 1);
    assert_int_equal(painted_pixels(screen), 0);
    assert_true(faketerm_shows(term, "words 3 of 0"));
    screen = press(term, "v");
    assert_map(screen, 0);
    screen = press(term, "\f"); /* Ctrl-L */
    assert_int_equal(screen->clears, 1);
    assert_int_equal(screen->picture_count, 2);
    assert_map(screen, 0);
    assert_strip(screen);
    quit(term);
}

static void too_much_is_reduced(void **state)
{
    (void)state;
    faketerm_profile few = faketerm_sixel;
    few.registers = 16;
    faketerm *term = start(&few);
    fakescreen *screen = press(term, "n");
    assert_int_equal(screen->picture_count, 1);
    assert_in_range(screen->pictures[0].colors, 8, 16);
    quit(term);

    term = start(&faketerm_sixel); /* 280,000 pixels of noise are more than a megabyte */
    screen = press(term, "w");
    assert_int_equal(screen->picture_count, 1);
    assert_in_range(screen->pictures[0].bytes, 200000, FAKE_BUDGET); /* as little as must be */
    assert_int_equal(screen->pictures[0].width, 99 * screen->cell_width);
    assert_int_equal(screen->pictures[0].height, 28 * screen->cell_height / 6 * 6);
    quit(term);

    term = start(&faketerm_kitty);
    screen = press(term, "w");
    assert_int_equal(screen->picture_count, 1);
    assert_in_range(screen->pictures[0].bytes, 200000, FAKE_BUDGET);
    assert_int_equal(screen->pictures[0].height, 28 * screen->cell_height);
    quit(term);
}

/* A terminal that takes small pictures only gets a large one in pieces, with no seam between them. */
static void what_is_too_large_goes_out_in_pieces(void **state)
{
    (void)state;
    faketerm_profile small = faketerm_sixel;
    small.limit_width = 5 * small.cell_width + 3;
    small.limit_height = 6 * small.cell_height;
    faketerm *term = start(&small);
    const fakescreen *screen = faketerm_screen(term);
    int across = (DEMO_MAP_COLUMNS + 4) / 5, down = (DEMO_MAP_ROWS + 5) / 6;
    assert_true(across * down > 1);
    press(term, "\f"); /* all of it anew: some may have come before anybody counted */
    assert_map(screen, 0);
    for (int i = 0; i < screen->picture_count; i++)
        assert_true(screen->pictures[i].width <= small.limit_width && screen->pictures[i].height <= small.limit_height);
    assert_true(screen->picture_count >= across * down);
    quit(term);
}

static void a_slow_line_gets_few_colours(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    fakescreen *screen = press(term, "n");
    assert_in_range(screen->pictures[0].colors, 50, 63);
    size_t bytes = screen->pictures[0].bytes;
    assert_true(faketerm_shows(term, "fast"));
    screen = press(term, "Sn");
    assert_true(faketerm_shows(term, "slow"));
    assert_in_range(screen->pictures[screen->picture_count - 1].colors, 8, 16);
    assert_in_range(screen->pictures[screen->picture_count - 1].bytes, 100, bytes * 4 / 5);
    screen = press(term, "z");
    assert_int_equal(screen->picture_count, 0);
    quit(term);
}

/* ---- blocks, styles, sizes ------------------------------------------------------------- */

static void half_blocks_where_there_is_no_sixel(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_plain);
    fakescreen *screen = faketerm_screen(term);
    assert_true(faketerm_shows(term, "demo half 30x99"));
    assert_int_equal(screen->picture_count, 0);
    /* The picture's top left: 5 x 4 pixels of one colour are 5 x 2 cells. */
    const fakecell *cell = &screen->grid->cell[DEMO_MAP_ROW * COLUMNS + DEMO_MAP_COLUMN];
    const fakecell *below = cell + COLUMNS;
    uint8_t rgb[3];
    demo_pixel(0, 0, 0, rgb);
    assert_int_equal(cell->background, 46); /* 0, 255, 0 of the cube */
    assert_memory_equal(rgb, ((uint8_t[]){0, 255, 0}), 3);
    assert_int_equal(below->background, 46);
    assert_int_equal((cell + 2 * COLUMNS)->background != 46, 1);
    press(term, "n");
    assert_int_not_equal(cell->background, 46);
    screen = press(term, "g"); /* sixel by force: off it goes to what the terminal cannot show */
    assert_true(faketerm_shows(term, "demo sixel"));
    screen = press(term, "gg");
    assert_true(faketerm_shows(term, "demo ascii"));
    press(term, "g");
    assert_true(faketerm_shows(term, "demo off"));
    assert_int_equal(painted_pixels(screen), 0);
    quit(term);
}

/* All 256 x 256 x 256 where the terminal proves or promises it; not inside tmux, which would choose for itself. */
static void half_blocks_in_true_colour(void **state)
{
    (void)state;
    static const char *const promise[] = {"COLORTERM=truecolor", NULL};
    static const char *const inside[] = {"COLORTERM=truecolor", "TMUX=/tmp/tmux,1,0", NULL};
    faketerm_profile remembers = faketerm_plain, tells = faketerm_plain;
    remembers.remembers_colors = true;
    tells.color_capability = true;
    const struct {
        const faketerm_profile *profile;
        const char *const *environment;
        bool exact;
    } cases[] = {
        {&remembers, NULL, true},         {&tells, NULL, true},           {&faketerm_plain, promise, true},
        {&faketerm_plain, inside, false}, {&faketerm_plain, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        faketerm *term = start_sized(cases[i].profile, ROWS, COLUMNS, cases[i].environment);
        assert_true(faketerm_wait_text(term, "demo half 30x99"));
        const fakescreen *screen = press(term, "tn");
        int exact = 0;
        for (int y = 0; y < 2 * DEMO_MAP_ROWS; y++) {
            for (int x = 0; x < DEMO_MAP_COLUMNS; x++) {
                uint8_t rgb[3];
                const fakecell *cell = &screen->grid->cell[(DEMO_MAP_ROW + y / 2) * COLUMNS + DEMO_MAP_COLUMN + x];
                bool upper = y % 2 == 0,
                     ink = cell->character == 0x2588 || (cell->character == (upper ? 0x2580 : 0x2584));
                demo_pixel(1, x, y, rgb);
                exact +=
                    (ink ? cell->foreground : cell->background) == (FAKE_RGB | rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
            }
        }
        assert_int_equal(exact, cases[i].exact ? 2 * DEMO_MAP_ROWS * DEMO_MAP_COLUMNS : 0);
        quit(term);
    }
}

/* They are sent like pictures, too: an unchanged one costs nothing, a changed one only the cells that differ. */
static void half_blocks_that_stay_cost_nothing(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_plain);
    size_t size, before;
    faketerm_bytes(term, &before);
    press(term, "t");
    const char *bytes = faketerm_bytes(term, &size);
    assert_in_range(size - before, 100, 2500);
    press(term, "m"); /* what is free again holds no blocks */
    const fakescreen *screen = faketerm_screen(term);
    for (int row = 0; row < DEMO_MAP_ROWS; row++) {
        const fakecell *cell = &screen->grid->cell[(DEMO_MAP_ROW + row) * COLUMNS + DEMO_MAP_COLUMN];
        assert_int_equal(cell->character, ' ');
        assert_int_equal(cell->background, 16);
    }
    faketerm_bytes(term, &before);
    press(term, "zzzz");
    bytes = faketerm_bytes(term, &size);
    assert_null(memmem(bytes + before, size - before, "\xe2\x96", 2));
    press(term, "v");
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        assert_false(screen->grid->cell[i].character == 0x2580 || screen->grid->cell[i].character == 0x2584);
    }
    quit(term);
}

/* Two pixels of different colours share a cell. */
static void a_half_block_holds_two_pixels(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_plain);
    const fakescreen *screen = faketerm_screen(term);
    press(term, "w");
    const fakecell *cell = &screen->grid->cell[1 * COLUMNS];
    int halves = 0;
    for (int i = 0; i < COLUMNS - 1; i++) {
        if (cell[i].character == 0x2580 || cell[i].character == 0x2584) {
            halves++;
            assert_int_not_equal(cell[i].foreground, cell[i].background);
            assert_true(cell[i].foreground >= 16 && cell[i].background >= 16);
        }
    }
    assert_in_range(halves, COLUMNS * 9 / 10, COLUMNS);
    quit(term);
}

static void no_color_means_no_color(void **state)
{
    (void)state;
    static const char *const environment[] = {"NO_COLOR=1", NULL};
    for (int sixel = 0; sixel < 2; sixel++) {
        faketerm *term = start_sized(sixel ? &faketerm_sixel : &faketerm_plain, ROWS, COLUMNS, environment);
        assert_true(faketerm_wait_text(term, sixel ? "demo sixel" : "demo ascii"));
        const fakescreen *screen = press(term, "t");
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            assert_int_equal(screen->grid->cell[i].foreground, -1);
            assert_int_equal(screen->grid->cell[i].background, -1);
        }
        if (sixel) { /* pictures are content, not decoration */
            assert_map(screen, 0);
            assert_false(faketerm_shows(term, "$$"));
        }
        quit(term);
    }
}

static void other_kinds_of_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *term, *locale, *shown, *word;
    } kinds[] = {
        {"linux", "C.UTF-8", "demo half", "\xce\xbb 0"}, /* 8 colours, dithered */
        {"vt100", "C.UTF-8", "demo ascii", "\xce\xbb 0"},
        {"xterm-256color", "C", "demo ascii", "l 0"}, /* no UTF-8 */
        {"tmux-256color", "C.UTF-8", "demo half", "\xce\xbb 0"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faketerm_profile profile = faketerm_plain;
        profile.term = kinds[i].term;
        profile.locale = kinds[i].locale;
        faketerm *term = start(&profile);
        assert_true(faketerm_shows(term, kinds[i].shown));
        assert_true(faketerm_shows(term, kinds[i].word));
        press(term, "tnl");
        assert_true(faketerm_shows(term, "words 9 of 1"));
        quit(term);
    }
}

static void sizes_from_tiny_to_large(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {2, 2}, {3, 22}, {5, 20}, {90, 300}};
    faketerm *term = start_sized(&faketerm_sixel, 1, 1, NULL);
    faketerm_settle(term, 3 * QUIET_MS);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        faketerm_resize(term, ROWS, COLUMNS);
        assert_true(faketerm_wait_text(term, "demo sixel 30x99"));
        press(term, "tl");
        faketerm_resize(term, sizes[i][0], sizes[i][1]);
        faketerm_settle(term, QUIET_MS);
        faketerm_type(term, "n\f");
        faketerm_settle(term, QUIET_MS);
        assert_well_behaved(term);
    }
    assert_true(faketerm_shows(term, "demo sixel 90x299"));
    assert_map(faketerm_screen(term), sizeof sizes / sizeof *sizes);
    assert_strip(faketerm_screen(term));
    quit(term);
}

static void a_resize_sends_everything_again_to(const faketerm_profile *profile)
{
    faketerm *term = start(profile);
    fakescreen *screen = faketerm_screen(term);
    fakescreen_reset_counts(screen);
    faketerm_resize(term, 25, 90);
    assert_true(faketerm_wait_text(term, profile->kitty ? "demo kitty 25x89" : "demo sixel 25x89"));
    press(term, "");
    assert_map(screen, 0);
    assert_strip(screen);
    /* A larger font: another size of cells, which only the terminal knows at first. */
    screen->cell_width = 8;
    screen->cell_height = 18;
    faketerm_resize(term, 24, 80);
    assert_true(faketerm_wait_text(term, profile->kitty ? "demo kitty 24x79" : "demo sixel 24x79"));
    press(term, "");
    assert_map(screen, 0);
    assert_strip(screen);
    quit(term);
}

static void a_resize_sends_everything_again(void **state)
{
    (void)state;
    a_resize_sends_everything_again_to(&faketerm_sixel);
    a_resize_sends_everything_again_to(&faketerm_kitty);
}

/* ---- answers and keys ---------------------------------------------------------------------- */

static void answers_never_become_keys(void **state)
{
    (void)state;
    static const int delays[] = {30, 400, 1300};
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        faketerm_profile late = faketerm_sixel;
        late.delay_ms = delays[i];
        faketerm *term = start_sized(&late, ROWS, COLUMNS, NULL);
        faketerm_type(term, "t"); /* a key typed before anything is ready */
        assert_true(faketerm_wait_text(term, "key 116 keys 1"));
        assert_true(faketerm_wait_text(term, "demo sixel")); /* in the end it is known what it can do */
        size_t size;
        press(term, "n");
        assert_true(faketerm_shows(term, "keys 3 ")); /* t, n, and a space of press() */
        const char *bytes = faketerm_bytes(term, &size);
        assert_non_null(memmem(bytes, size, "\033[6n", 4)); /* and its pace is watched */
        assert_map(faketerm_screen(term), 1);
        quit(term);
    }
}

static void a_silent_terminal_is_not_waited_for(void **state)
{
    (void)state;
    faketerm *term = start_sized(&faketerm_silent, ROWS, COLUMNS, NULL);
    assert_true(faketerm_wait_text(term, "demo half"));
    press(term, "bb"); /* frames that nobody confirms */
    quit(term);
}

static void keys_arrive(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int key;
    } keys[] = {
        {"\033[A", 0x110000},
        {"\033OB", 0x110001},
        {"\033[1;2D", 0x110008},
        {"\033[1;2C", 0x110009},
        {"\033[Z", 0x11000a},
        {"\033[3~", 0x11000b},
        {"\033OP", 0x11000c},
        {"\033[5~", 0x110004},
        {"\033[1~", 0x110006},
        {"\033[F", 0x110007},
        {"\r", 10},
        {"\t", 9},
        {"\177", 127},
        {"\b", 127},
        {"\xc3\xa4", 0xe4},
        {"\xf0\x9f\x91\x9f", 0x1f45f},
        {"\003", 3},
        {"\033", 27},
        {"\033[1;3D", 0x110002}, /* with Alt: Left */
        {"\033[[A", 0x11000c},
        {"\033[20~", 0x110014}, /* F9 */
        {"\033[21~", 0x110015}, /* F10 */
        {"\033[2~", 0x110016},
        {"\033[1;2A", 0x110017},
        {"\033[1;5D", 0x11001b},
        {"\033x", 0x1000078}, /* Alt-x */
    };
    faketerm *term = start(&faketerm_sixel);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char shown[64];
        faketerm_type(term, keys[i].bytes);
        snprintf(shown, sizeof shown, "key %d keys %zu ", keys[i].key, i + 2);
        if (!faketerm_wait_text(term, shown)) {
            fail_msg("case %zu does not show \"%s\"", i, shown);
        }
    }
    /* None of these is a key: unknown sequences, focus, colours of the terminal, broken UTF-8. */
    faketerm_type(term,
                  "\033[99;99z\033[?1;2c\033[I\033]11;rgb:0000/0000/0000\007\033P1$r0m\033\\\xff\xc3\033[8;24;80t");
    faketerm_settle(term, 2 * QUIET_MS);
    faketerm_type(term, "Z");
    assert_true(faketerm_wait_text(term, "key 90 keys 28 "));
    quit(term);
}

static void wait_for_mouse(faketerm *term, const char *bytes, const char *shown)
{
    faketerm_type(term, bytes);
    if (!faketerm_wait_text(term, shown)) {
        fail_msg("\"%s\" does not appear", shown);
    }
}

static void the_mouse_is_reported_on_request(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    const fakescreen *screen = faketerm_screen(term);
    assert_false(screen->mouse_buttons || screen->mouse_numbers);
    press(term, "M");
    assert_true(screen->mouse_buttons && screen->mouse_numbers);
    wait_for_mouse(term, "\033[<0;5;7M", "mouse 1 press 1 at 6,4");
    wait_for_mouse(term, "\033[<32;6;7M", "mouse 2 drag 1 at 6,5");
    wait_for_mouse(term, "\033[<0;7;8m", "mouse 3 release 1 at 7,6");
    wait_for_mouse(term, "\033[<22;1;1M", "mouse 4 press 3 at 0,0 shift control");
    wait_for_mouse(term, "\033[<64;2;3M", "mouse 5 up 0 at 2,1");
    wait_for_mouse(term, "\033[<73;2;3M", "mouse 6 down 0 at 2,1 alt");
    wait_for_mouse(term, "\033[<0;4000;3000M", "mouse 7 press 1 at 29,98"); /* from before the window shrank */
    wait_for_mouse(term, "\033[M\"#%", "mouse 8 press 3 at 4,2");           /* by a terminal that has no 1006 */
    /* Cut in the middle, and nothing that is no report becomes a key. */
    int keys = keys_shown(term);
    faketerm_type(term, "\033[<0;1");
    faketerm_settle(term, 2 * QUIET_MS);
    wait_for_mouse(term, "2;3M", "mouse 9 press 1 at 2,11");
    faketerm_type(term, "\033[<0;;M\033[<1M\033[<0;0;0M\033[<;5;5m\033[<35;5;5M\033[<66;5;5M\033[<128;5;5M\033[M\"#");
    faketerm_settle(term, 1500);
    press(term, "z");
    assert_int_equal(keys_shown(term), keys + 2);
    assert_true(faketerm_shows(term, "mouse 9 "));

    press(term, "M");
    assert_false(screen->mouse_buttons || screen->mouse_numbers);
    faketerm_type(term, "\033[<0;5;7M"); /* it was under way */
    press(term, "z");
    assert_true(faketerm_shows(term, "mouse 9 "));
    quit(term);
}

/* Thousands of drags are a handful of frames, the last place is reached, and nothing else is lost. */
static void a_flood_of_drags_does_not_starve_frames(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_xterm);
    press(term, "M");
    for (int i = 0; i < 100; i++) {
        char reports[1024] = "";
        for (int at = 0; at < 40; at++) {
            snprintf(reports + strlen(reports), sizeof reports - strlen(reports), "\033[<32;%d;%dM", 1 + at,
                     1 + i % 20);
        }
        faketerm_type(term, reports);
    }
    faketerm_type(term, "\033[<0;9;9mz");
    assert_true(faketerm_wait_text(term, "release 1 at 8,8"));
    int drags = 0;
    char row[4 * COLUMNS + 1];
    fakescreen_row(faketerm_screen(term), ROWS - 2, row);
    assert_int_equal(sscanf(row, "mouse %d ", &drags), 1);
    assert_in_range(drags, 2, 1500); /* a read holds dozens of reports, and they are one event */
    quit(term);
}

static void frames_wait_for_the_terminal(void **state)
{
    (void)state;
    faketerm_profile slow = faketerm_sixel;
    slow.delay_ms = 150;
    faketerm *term = start_sized(&slow, ROWS, COLUMNS, NULL);
    assert_true(faketerm_wait_text(term, "frame"));
    faketerm_settle(term, 2 * slow.delay_ms);
    fakescreen *screen = press(term, "b");
    faketerm_settle(term, 2 * slow.delay_ms);
    assert_well_behaved(term);
    assert_in_range(screen->picture_count, 2, 4); /* not the ten that were drawn */
    assert_map(screen, 10);                       /* and the newest is there in the end */
    quit(term);
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* The modes before the program is started are those of a fresh pseudo-terminal. */
static void fresh_modes(struct termios *modes)
{
    static const char *const argv[] = {"/bin/true", NULL};
    faketerm *term = faketerm_start(&faketerm_sixel, ROWS, COLUMNS, argv, NULL);
    faketerm_modes(term, modes);
    faketerm_wait_state(term, FAKETERM_ENDED);
    faketerm_free(term);
}

static void the_end_gives_the_terminal_back(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int signal;
        bool killed; /* by the signal itself */
        int exit;
    } ends[] = {
        {.keys = "q"},
        {.signal = SIGTERM},
        {.signal = SIGHUP},
        {.signal = SIGINT},
        {.signal = SIGQUIT, .killed = true},
        {.signal = SIGSEGV, .killed = true},
        {.keys = "x", .signal = SIGSEGV, .killed = true},
        {.keys = "a", .signal = SIGABRT, .killed = true},
        {.keys = "E", .exit = 3},
    };
    struct termios found;
    fresh_modes(&found);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        faketerm *term = start(&faketerm_sixel);
        struct termios raw;
        int status;
        faketerm_modes(term, &raw);
        assert_int_not_equal(raw.c_lflag, found.c_lflag);
        press(term, "eM");
        assert_false(faketerm_shows(term, "words on stderr"));
        if (ends[i].keys) {
            faketerm_type(term, ends[i].keys);
        } else {
            faketerm_signal(term, ends[i].signal);
        }
        assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
        faketerm_job(term, &status);
        if (!ends[i].killed) {
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), ends[i].exit);
        } else if (!SANITIZED) { /* which reports and exits in its own way */
            assert_true(WIFSIGNALED(status));
            assert_int_equal(WTERMSIG(status), ends[i].signal);
        }
        assert_given_back(term, &found);
        assert_true(faketerm_shows(term, "words on stderr"));
        faketerm_free(term);
    }
}

static void a_stop_gives_the_terminal_back(void **state)
{
    (void)state;
    struct termios found;
    fresh_modes(&found);
    faketerm *term = start(&faketerm_sixel);
    press(term, "M");
    for (int i = 0; i < 3; i++) {
        if (i == 0) {
            faketerm_type(term, "\032"); /* Ctrl-Z */
        } else {
            faketerm_signal(term, i == 1 ? SIGTSTP : SIGSTOP); /* nobody is asked before SIGSTOP */
        }
        assert_true(faketerm_wait_state(term, FAKETERM_STOPPED));
        if (i < 2) {
            assert_given_back(term, &found);
        }
        fakescreen_reset_counts(faketerm_screen(term));
        faketerm_continue(term);
        faketerm_settle(term, 400);
        assert_well_behaved(term);
        const fakescreen *screen = faketerm_screen(term);
        struct termios raw;
        faketerm_modes(term, &raw);
        assert_int_equal(raw.c_lflag & (ICANON | ECHO | ISIG), 0);
        assert_ptr_equal(screen->grid, &screen->alternate);
        assert_false(screen->cursor_visible);
        assert_true(screen->mouse_buttons && screen->mouse_numbers);
        assert_map(screen, i);
        assert_strip(screen);
        press(term, "n");
        assert_map(screen, i + 1);
    }
    quit(term);
}

/* The screen that is left keeps none of them in memory, which fakescreen would complain about. */
static void kitty_pictures_do_not_outlive_the_screen(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_kitty);
    fakescreen *screen = faketerm_screen(term);
    faketerm_type(term, "\032");
    assert_true(faketerm_wait_state(term, FAKETERM_STOPPED));
    assert_int_equal(screen->kitty.count, 0);
    faketerm_continue(term);
    faketerm_settle(term, 400);
    assert_map(screen, 0);
    press(term, "n");
    assert_map(screen, 1);
    faketerm_type(term, "x"); /* a crash */
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    assert_int_equal(screen->kitty.count, 0);
    assert_ptr_equal(screen->grid, &screen->main);
    assert_well_behaved(term);
    faketerm_free(term);
}

static void a_hang_up_ends_the_program(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_sixel);
    int status;
    faketerm_hang_up(term);
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    faketerm_job(term, &status);
    assert_true(WIFEXITED(status));
    faketerm_free(term);
}

static void answers_under_way_do_not_reach_the_shell(void **state)
{
    (void)state;
    faketerm_profile slow = faketerm_sixel;
    slow.delay_ms = 200;
    faketerm *term = start_sized(&slow, ROWS, COLUMNS, NULL);
    assert_true(faketerm_wait_text(term, "frame"));
    faketerm_settle(term, 2 * slow.delay_ms);
    faketerm_type(term, "nq"); /* a frame with its question, and out */
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    faketerm_settle(term, 2 * slow.delay_ms);
    assert_false(faketerm_shows(term, "^[[")); /* what the terminal would echo of an answer */
    faketerm_free(term);
}

static void no_terminal_is_one_clear_line(void **state)
{
    (void)state;
    static const struct {
        const char *term, *line;
    } cases[] = {
        {"no-such-terminal", "TERM is \"no-such-terminal\""},
        {"", "TERM is \"\""},
        {"dumb", "TERM is \"dumb\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        faketerm_profile odd = faketerm_sixel;
        int status;
        odd.term = cases[i].term;
        faketerm *term = start_sized(&odd, ROWS, COLUMNS, NULL);
        assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
        faketerm_job(term, &status);
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_true(faketerm_shows(term, cases[i].line));
        faketerm_free(term);
    }
    char command[5000];
    for (int input = 0; input < 2; input++) {
        snprintf(command, sizeof command, "%s %s 2>&1 | grep -q 'standard %s is no terminal'", program,
                 input ? "</dev/null" : "", input ? "input" : "output");
        const char *argv[] = {"/bin/sh", "-c", command, NULL};
        faketerm *term = faketerm_start(&faketerm_sixel, ROWS, COLUMNS, argv, NULL);
        int status;
        assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
        faketerm_job(term, &status);
        assert_int_equal(WEXITSTATUS(status), 0);
        faketerm_free(term);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_exact),
        cmocka_unit_test(only_what_changed_is_sent),
        cmocka_unit_test(kitty_pictures_are_deleted_one_by_one),
        cmocka_unit_test(kitty_is_used_when_it_says_so),
        cmocka_unit_test(a_list_scrolls_without_scrolling),
        cmocka_unit_test(stale_pixels_are_cleared),
        cmocka_unit_test(a_popup_hides_the_picture_below),
        cmocka_unit_test(a_new_view_clears_the_screen),
        cmocka_unit_test(too_much_is_reduced),
        cmocka_unit_test(what_is_too_large_goes_out_in_pieces),
        cmocka_unit_test(a_slow_line_gets_few_colours),
        cmocka_unit_test(half_blocks_where_there_is_no_sixel),
        cmocka_unit_test(half_blocks_in_true_colour),
        cmocka_unit_test(half_blocks_that_stay_cost_nothing),
        cmocka_unit_test(a_half_block_holds_two_pixels),
        cmocka_unit_test(no_color_means_no_color),
        cmocka_unit_test(other_kinds_of_terminal),
        cmocka_unit_test(sizes_from_tiny_to_large),
        cmocka_unit_test(a_resize_sends_everything_again),
        cmocka_unit_test(answers_never_become_keys),
        cmocka_unit_test(a_silent_terminal_is_not_waited_for),
        cmocka_unit_test(keys_arrive),
        cmocka_unit_test(the_mouse_is_reported_on_request),
        cmocka_unit_test(a_flood_of_drags_does_not_starve_frames),
        cmocka_unit_test(frames_wait_for_the_terminal),
        cmocka_unit_test(the_end_gives_the_terminal_back),
        cmocka_unit_test(a_stop_gives_the_terminal_back),
        cmocka_unit_test(kitty_pictures_do_not_outlive_the_screen),
        cmocka_unit_test(a_hang_up_ends_the_program),
        cmocka_unit_test(answers_under_way_do_not_reach_the_shell),
        cmocka_unit_test(no_terminal_is_one_clear_line),
    };
    return cmocka_run_group_tests(tests, find_program, NULL);
}
