/* The three views, driven by keys, commands and the mouse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "drive.h"
#include "scratch.h"
#include "tiny.h"

typedef struct step {
    const char *keys, *text;
} step;

/* Types one after the other, each after the text of the one before has come. */
static void walk(faketerm *term, const step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        drive_step(term, steps[i].keys, steps[i].text);
    drive_rest(term);
}

#define WALK(term, ...) walk(term, (const step[]){__VA_ARGS__}, sizeof((const step[]){__VA_ARGS__}) / sizeof(step))

/* ---- views, panes, help ------------------------------------------------------------- */

static void test_going_from_view_to_view(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    WALK(term, {"3", "Weight maps"}, {"1", "Pictures"}, {"2", "Coordinates"}, {"\t", "Weight maps"}, {"\t", "Pictures"},
         {"\033[Z", "Weight maps"}, {"\033[Z", "Coordinates"}, {":view teacher\r", "Pictures"},
         {":pane weights\r", "Weight maps"}, {":vae\r", "Coordinates"});
    drive_step(term, ":view nowhere\r", "The views are called teacher, vae and student.");
    drive_step(term, ":pane nowhere\r", "There is no pane of that name");
    drive_expect(term, "Coordinates");
    drive_quit(term);
}

static void expect_same(const char *a, const char *b)
{
    if (strcmp(a, b) != 0)
        fail_msg("the screens differ:\n%s\n%s", a, b);
}

/* w goes round, W goes the other way. */
static void check_round(faketerm *term)
{
    char *seen[DRIVE_PRESSES];
    int panes = drive_focus_round(term, seen);
    for (int i = 0; i < panes; i++)
        faketerm_type(term, "W");
    drive_rest(term);
    char *back = drive_text(term);
    expect_same(seen[DRIVE_PRESSES - 1], back);
    for (int i = 0; i < DRIVE_PRESSES; i++)
        free(seen[i]);
    free(back);
}

static void test_focus_goes_round(void **state)
{
    (void)state;
    static const char *const options[] = {"--graphics=off", NULL};
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, options, NULL);
    drive_wait(term, "1 Teacher");
    for (int view = '1'; view <= '3'; view++) {
        drive_press(term, (char[]){(char)view, '\0'});
        check_round(term);
    }
    drive_quit(term);
}

static void test_help_of_each_view(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    static const char *const titles[] = {"Keys of the Teacher view", "Keys of the VAE view",
                                         "Keys of the Student view"};
    static const char *const own[] = {"only pictures that the teacher gets wrong", "choose the axis",
                                      "other maps: class direction"};
    for (int view = 0; view < 3; view++) {
        drive_press(term, (char[]){(char)('1' + view), '\0'});
        drive_step(term, "?", titles[view]);
        bool told = false;
        for (int page = 0; page < 6 && !told; page++) {
            told = faketerm_shows(term, own[view]);
            if (!told)
                drive_press(term, "\033[6~"); /* Page Down */
        }
        assert_true(told);
        faketerm_type(term, "\033");
        drive_wait_gone(term, titles[view]);
    }
    drive_step(term, "\033OP", titles[2]); /* F1 */
    faketerm_type(term, "?");
    drive_wait_gone(term, titles[2]);
    drive_check_repaint(term);
    drive_resize(term, 24, 80);
    drive_step(term, "?", "page 1 of");
    for (int page = 0; page < 12 && faketerm_shows(term, "page "); page++)
        drive_press(term, " ");
    drive_expect(term, "Weight maps"); /* behind the last page */
    drive_quit(term);
}

/* ---- the command line -------------------------------------------------------------------- */

static void test_commands(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    WALK(term, {":nonsense\r", "There is no command 'nonsense'"}, {":student-view 3\r", "takes nothing behind it"},
         {":find 7\r", "picture 7 of 12"}, {":find x1\r", "x1"}, {":\r", "picture 7 of 12"},
         {":find 99999999999999999999\r", "picture 7 of 12"});
    drive_step(term, ":studen", ":studen");
    drive_step(term, "\t", ":student"); /* as far as it is clear */
    drive_step(term, "\t", "student-view");
    drive_step(term, "-\t\r", "Weight maps");
    drive_step(term, ":fxnd 3", ":fxnd 3");
    /* Home, right, right, left, delete, i, End, Backspace, 5 */
    drive_step(term, "\001\033[C\006\002\033[3~i\005\1775\r", "picture 5 of 12");
    drive_step(term, ":\033[A", ":find 5"); /* the last one again */
    drive_step(term, "\033[A\033[B\1772\r", "picture 2 of 12");
    drive_step(term, ":find 1\027\0271", ":1"); /* Ctrl-W takes a word */
    drive_step(term, "\025quit", ":quit");      /* Ctrl-U all of it */
    faketerm_type(term, "\033");
    drive_wait_gone(term, ":quit");
    drive_expect(term, "picture 2 of 12");
    drive_step(term, ":\xc3\xa4\xe2\x82\xac\r", "There is no command 'ä€'");
    drive_quit(term);
}

/* Characters two columns wide: nothing runs into them, and a completed name is the name. */
static void test_wide_names(void **state)
{
    (void)state;
    FILE *names = fopen("trees/names", "w");
    assert_non_null(names);
    for (int i = 0; i < 4; i++)
        fputs("漢字の名前\n", names);
    assert_int_equal(fclose(names), 0);
    faketerm *term = drive_open(&faketerm_plain);
    drive_step(term, "/漢\t", "漢字の名前 ");
    drive_step(term, "\r", "picture 4 of 12");
    drive_step(term, ":flip\r", "the border lies at");
    drive_rest(term);
    drive_expect(term, "漢字の名前 → 漢字の名前");
    drive_expect(term, "before: 漢字の名前 ");
    drive_quit(term);
}

/* What is typed into a question sets nothing off. */
static void test_questions_take_no_actions(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_step(term, "/qe3", "qe3");
    drive_step(term, "\177\177\1774", "4");
    drive_step(term, "\r", "picture 4 of 12");
    assert_int_equal(access("deepvid-0", F_OK), -1);
    drive_expect(term, "Pictures");
    drive_quit(term);
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void test_moving_through_pictures(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, "3"); /* where the keys of the whole program are free */
    WALK(term, {".", "picture 1 of 12"}, {"\033[6~", "picture 2 of 12"}, {",", "picture 1 of 12"},
         {"\033[5~", "picture 0 of 12"}, {",", "picture 0 of 12"}, {" ", "picture 1 of 12"},
         {"/7\r", "picture 7 of 12"}, {"/douglas\r", "picture 11 of 12"}, {"/ash\r", "picture 0 of 12"},
         {"g12\r", "12"}, {"g1\1775\003", "picture 0 of 12"}, {"n", "picture 1 of 12"}, {"n", "picture 4 of 12"},
         {"N", "picture 1 of 12"}, {":last\r", "picture 11 of 12"}, {":first\r", "picture 0 of 12"});
    drive_quit(term);
}

static void test_selection(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    WALK(term, {":only-wrong\r", "filter 6"}, {":only-class birch\r", "filter 3"}, {":all\r", "by index"});
    drive_expect_not(term, "filter");
    WALK(term, {":only-called cedar\r", "filter"}, {":all\r", "by index"}, {":order loss\r", "by loss"},
         {"3:first\r", "picture 5 of 12"}, /* the worst of all */
         {":order index\r1", "by index"});
    drive_check_repaint(term);
    drive_quit(term);
}

/* ---- knobs and settings ------------------------------------------------------------------------- */

static void test_knobs(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    WALK(term, {"2:pane coordinates\r", "Coordinates z0"}, {"l", "Coordinates z1"}, {"\033[D", "Coordinates z0"},
         {":dimension 2\r", "Coordinates z2"}, {":dimension 0\r", "Coordinates z0 +0.19"});
    WALK(term, {"\033[A", "z0 +0.29"}, {"j", "z0 +0.19"}, {"K", "z0 +0.69"}, {"\033[1;2B", "z0 +0.19"},
         {":value 1.5\r", "z0 +1.50"}, {":reset-knob\r", "z0 +0.19"}, {"k", "z0 +0.29"}, {"Z", "z0 +0.19"});
    WALK(term, {")", "band 0.6"}, {"((", "band 0.4"}, {"<", "band 0.3"}, {"V", "band 0.4"});
    drive_quit(term);
}

/* Each pane of the VAE view finds other pictures, and can make one of them the centre. */
static void test_new_centers(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, "2:pane traversal\r");
    WALK(term, {"l\r", "Coordinates z0 +1.00"}, {"Z", "Coordinates z0 +0.19"}, {"j", "Traversal z1"},
         {"k", "Traversal z0"});
    drive_press(term, ":pane neighbors\r");
    WALK(term, {"i", "1000, nearest first"}, {"i", "1000, least sure first"}, {"l\r", "is the new centre"},
         {"Z", "Coordinates z0 +0.19"});
    WALK(term, {":pane morph\r", "m marks a picture"}, {"m", "This picture is the marked one"},
         {".", "Morph 1 to 0, at 0.0 %"}, {"l", "1 to 0, at 2.5 %"}, {"L", "1 to 0, at 2.6 %"},
         {"\033[F", "1 to 0, at 100.0 %"});
    drive_rest(term);
    WALK(term, {"\r", "The way goes on"}, {"Z", "1 to 0, at 0.0 %"}, {",", "This picture is the marked one"});
    WALK(term, {":flip nothing\r", "No class is called 'nothing'"}, {":flip cedar\r", "ash → cedar"},
         {"x", "knobs were turned"}, {"Z", "the border lies at"}, {":flip any\r", "to any other word"});
    drive_wait(term, "teacher calls");
    drive_quit(term);
}

static void drag(faketerm *term, int button, int column, int from, int to)
{
    char report[80];
    snprintf(report, sizeof(report), "\033[<%d;%d;%dM\033[<%d;%d;%dM\033[<%d;%d;%dm", button, column + 1, from + 1,
             button + 32, column + 1, to + 1, button, column + 1, to + 1);
    drive_press(term, report);
}

/* The first axis is in column 60, and a row of it is worth 0.84: a point is dragged, then an edge of its band. */
static void test_axes_by_mouse(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    if (!faketerm_screen(term)->mouse_buttons)
        drive_press(term, "M");
    drive_step(term, "2:pane coordinates\r", "Coordinates z0 +0.19");
    drag(term, 0, 60, 7, 4);
    drive_expect(term, "Coordinates z0 +2.95");
    drag(term, 2, 60, 4, 5);
    drive_expect(term, "band 0.84");
    drag(term, 0, 60, 12, 7); /* nothing is there to be taken hold of */
    drive_expect(term, "Coordinates z0 +2.95");
    drive_quit(term);
}

static void test_settings(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, "2");
    WALK(term, {"-", "Neighbours 512"}, {"=", "Neighbours 1000"}, {":set neighbors 300\r", "Neighbours 300"},
         {":set neighbors none\r", "none"}, {":set nothing 3\r", "nothing"});
    drive_press(term, "3");
    WALK(term, {"T", "2.5"}, {":set seed 77\r", "77"}, {"r", "78"}, {"d", "adam"}, {":set student ridge\r", "ridge"},
         {"]", "0.00"}, {"o", "residual"}, {"s", "normal"});
    drive_quit(term);
}

/* More pictures, so that it can be told what is usual; without labels. */
static void write_pictures(int count)
{
    const size_t size = 16 + (size_t)count * TINY_PIXELS;
    uint8_t *file = calloc(size, 1);
    memcpy(file, (const uint8_t[16]){[2] = 8, 3, [7] = (uint8_t)count, [11] = TINY_SIDE, [15] = TINY_SIDE}, 16);
    for (size_t i = 16; i < size; i++)
        file[i] = (uint8_t)dv_random_bits(601, DV_PURPOSE_TEST, i);
    put_file("trees/images", file, size);
    tiny_put_text("trees", "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\nmean = 0.5\nstd=0.25\nlabels = names\n"
                  "[vae]\nencoder = encoder.onnx\ndecoder = decoder.onnx\n[data]\nimages = images\n");
    free(file);
}

/* They are counted, marked, left out; and that is undone. */
static void test_unrealistic_neighbors(void **state)
{
    (void)state;
    write_pictures(60);
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, "2");
    drive_expect(term, "1000, by class");
    drive_expect_not(term, "unrealistic");
    WALK(term, {":set band 3\r", "unrealistic"}, {"3", "unrealistic"});
    drive_expect_not(term, "left out");
    WALK(term, {":set unrealistic drop\r", ", left out"}, {"2", "unrealistic, left out"}, {"u", "unrealistic"});
    drive_expect_not(term, "left out");
    drive_step(term, ":set unrealistic ignore\r", "1000, by class");
    drive_rest(term);
    drive_expect_not(term, "unrealistic");
    drive_quit(term);
}

/* Of few pictures nobody can tell; who asks for it gets to know, and what is shown stays. */
static void test_unrealistic_of_few(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    WALK(term, {"3", "unrealistic  unknown"}, {":set unrealistic drop\r", "cannot be told"},
         {":set unrealistic mark\r", "unrealistic  unknown"});
    drive_quit(term);
}

/* ---- files ------------------------------------------------------------------------------------------ */

/* While figures are missing those of before are called so, and there is no verdict; a cancel and a key end the wait. */
static void test_figures_wait(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, "3");
    drive_expect(term, "on 1000 fresh neighbours");
    drive_step(term, ":set fresh 1000000\r", "measuring; figures of before");
    drive_step(term, "\033", "not measured; figures of before");
    drive_expect_not(term, "good:");
    drive_expect_not(term, "doubtful:");
    drive_expect_not(term, "do not trust:");
    drive_step(term, "\022", "Fidelity measuring; figures of before"); /* Ctrl-R */
    drive_step(term, ":set fresh 50\r", "on 50 fresh neighbours");
    drive_rest(term);
    drive_quit(term);
}

static void test_export(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, "/3\r");
    drive_step(term, "e", "The report is in ./deepvid-3.");
    assert_true(scratch_count("deepvid-3") >= 7);
    assert_int_equal(access("deepvid-3/explanation.json", R_OK), 0);
    assert_int_equal(access("deepvid-3/overview.png", R_OK), 0);
    drive_rest(term); /* one at a time */
    drive_step(term, ":export there\r", "The report is in there.");
    assert_true(scratch_count("there") >= 7);
    put_file("plain", "x", 1);
    drive_rest(term);
    drive_step(term, ":export plain/there\r", "plain");
    drive_check(term);
    for (int view = '1'; view <= '3'; view++) {
        drive_press(term, (char[]){(char)view, '\0'});
        drive_step(term, ":export-view page\r", "page-*.png");
    }
    drive_quit(term);
}

/* ---- graphics ------------------------------------------------------------------------------------------- */

static void test_graphics_go_round(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_sixel);
    for (int view = '1'; view <= '3'; view++) {
        drive_press(term, (char[]){(char)view, '\0'});
        drive_step(term, "c", "Graphics: half");
        drive_rest(term);
        assert_true(drive_count(term, 0x2580) > 0);
        drive_step(term, "c", "Graphics: ascii");
        drive_rest(term);
        assert_int_equal(drive_count(term, 0x2580), 0);
        drive_step(term, "c", "Graphics: off");
        drive_rest(term);
        fakescreen_reset_counts(faketerm_screen(term));
        drive_step(term, "c", "Graphics: sixel");
        drive_rest(term);
        assert_true(faketerm_screen(term)->picture_count > 0);
        assert_int_equal(drive_count(term, 0x2580), 0);
    }
    drive_step(term, ":graphics kitty\r", "Graphics: kitty, which this terminal does not say it can show");
    drive_step(term, ":graphics nonsense\r", "'nonsense' is no way to show graphics.");
    drive_step(term, ":graphics half\r", "Graphics: half");
    drive_check_repaint(term);
    drive_quit(term);
}

/* ---- the mouse --------------------------------------------------------------------------------------------- */

static void click(faketerm *term, int row, int column)
{
    char report[64];
    snprintf(report, sizeof(report), "\033[<0;%d;%dM\033[<0;%d;%dm", column + 1, row + 1, column + 1, row + 1);
    faketerm_type(term, report);
}

/* Presses at the first cell, drags to the others, lets go at the last one. Of drags in a row only the last one comes.
 */
static void lasso(faketerm *term, int count, const int (*cell)[2])
{
    char keys[64];
    for (int i = 0; i < count; i++) {
        snprintf(keys, sizeof(keys), "\033[<%d;%d;%dM", i == 0 ? 0 : 32, cell[i][1] + 1, cell[i][0] + 1);
        faketerm_type(term, keys);
        drive_rest(term);
    }
    snprintf(keys, sizeof(keys), "\033[<0;%d;%dm", cell[count - 1][1] + 1, cell[count - 1][0] + 1);
    faketerm_type(term, keys);
}

/* From the confusion matrix to the grid, and back to all. */
static void test_matrix_filters(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    WALK(term, {":pane matrix\r", "ash called so"}, {">", "birch called cedar: 3 of 3"}, {"\r", "filter 3"},
         {"3", "picture 1 of 12"}, {"1", "birch called cedar"}, {"hhh", "all birch: 3"},
         {"\r", "3 of 12 pictures: birch"}, {"F", "No filter: all 12 pictures."}, {"lkkkk", "all called ash"},
         {"jC", "% of the teacher's word"}, {"C", "counts"}, {"X", "most errors first"}, {"C", "% of the label"});
    drive_expect_not(term, "filter 3");
    drive_quit(term);
}

static void type_often(faketerm *term, const char *key, int count)
{
    for (int i = 0; i < count; i++)
        faketerm_type(term, key);
}

/* A region by keys and one by the mouse hold what lies in them; one that is given up changes nothing. */
static void test_regions(void **state)
{
    (void)state;
    faketerm *term = drive_open(&faketerm_plain);
    drive_press(term, ":pane projection\r");
    drive_step(term, "v", "arrows move one corner");
    type_often(term, "\033[A", 30);
    type_often(term, "l", 30);
    type_often(term, "J", 30);
    type_often(term, "\033[1;2D", 30);
    drive_step(term, "\r", "12 of 12 pictures: in the region");
    drive_step(term, "F", "No filter");
    drive_step(term, "v", "arrows move one corner");
    drive_press(term, ":region-leave\r");
    drive_expect_not(term, "filter");
    if (!faketerm_screen(term)->mouse_buttons)
        drive_press(term, "M");
    const int all[][2] = {{2, 0}, {2, 44}, {21, 44}, {21, 0}}, none[][2] = {{2, 0}, {2, 1}, {3, 1}, {3, 0}};
    lasso(term, 4, all);
    drive_wait(term, "12 of 12 pictures: in the region");
    lasso(term, 4, none);
    drive_wait(term, "No picture lies in the region.");
    drive_expect_not(term, "filter");
    drive_quit(term);
}

static void test_mouse(void **state)
{
    (void)state;
    struct termios found;
    drive_find_modes(&found);
    faketerm *term = drive_open(&faketerm_plain);
    const fakescreen *screen = faketerm_screen(term);
    if (screen->mouse_buttons)
        drive_press(term, "M");
    assert_false(screen->mouse_buttons);
    drive_step(term, "M", "The mouse is on");
    assert_true(screen->mouse_buttons && screen->mouse_numbers);
    click(term, 0, 25); /* on the name of a view */
    drive_wait(term, "Weight maps");
    click(term, 0, 2);
    drive_wait(term, "Pictures");
    for (int row = 0; row < screen->rows; row += 3)
        for (int column = 0; column < screen->columns; column += 7)
            click(term, row, column);
    drive_rest(term);
    drive_step(term, ":mouse\r", "The mouse is off");
    assert_false(screen->mouse_buttons || screen->mouse_numbers);
    drive_step(term, "M", "The mouse is on");
    faketerm_type(term, "q");
    drive_end(term, 0);
    drive_check_given_back(term, &found);
    faketerm_free(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_going_from_view_to_view),
        with_program(test_focus_goes_round),
        with_program(test_help_of_each_view),
        with_program(test_commands),
        with_program(test_wide_names),
        with_program(test_questions_take_no_actions),
        with_program(test_moving_through_pictures),
        with_program(test_selection),
        with_program(test_knobs),
        with_program(test_new_centers),
        with_program(test_axes_by_mouse),
        with_program(test_settings),
        with_program(test_figures_wait),
        with_program(test_unrealistic_neighbors),
        with_program(test_unrealistic_of_few),
        with_program(test_export),
        with_program(test_graphics_go_round),
        with_program(test_matrix_filters),
        with_program(test_regions),
        with_program(test_mouse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
