/* What the user can do, once: the rows below make the key bindings, the help screen and the key section of the manual.
 */
#ifndef DV_TUI_ACTIONS_H
#define DV_TUI_ACTIONS_H

#include "term/screen.h"

#include <stdio.h>

typedef enum dv_action_group {
    DV_GROUP_PICTURES,
    DV_GROUP_LATENT,
    DV_GROUP_NEIGHBORHOOD,
    DV_GROUP_STUDENT,
    DV_GROUP_PROGRAM,
    DV_GROUP_COUNT
} dv_action_group;

enum { DV_ACTION_KEYS = 3 };

/* clang-format off */
#define DV_KEYS(...) {__VA_ARGS__}
/* clang-format on */
#define DV_CONTROL(letter) ((letter)&0x1f)

/* X(action, group, keys, hint at the foot of the screen or "", what it does; "" when the row above tells it) */
#define DV_ACTIONS(X)                                                                                                  \
    X(PICTURE_NEXT, PICTURES, DV_KEYS(DV_KEY_PAGE_DOWN, '.', ' '), "", "next picture; the one before")                 \
    X(PICTURE_BACK, PICTURES, DV_KEYS(DV_KEY_PAGE_UP, ',', DV_KEY_BACKSPACE), "", "")                                  \
    X(PICTURE_FIRST, PICTURES, DV_KEYS(DV_KEY_HOME), "", "first picture; last picture")                                \
    X(PICTURE_LAST, PICTURES, DV_KEYS(DV_KEY_END), "", "")                                                             \
    X(WRONG_NEXT, PICTURES, DV_KEYS('n'), "next wrong", "next wrong picture; the one before")                          \
    X(WRONG_BACK, PICTURES, DV_KEYS('N'), "", "")                                                                      \
    X(PICTURE_ASK, PICTURES, DV_KEYS('g', '/'), "go to", "ask for a picture's number")                                 \
    X(LATENT_UP, LATENT, DV_KEYS(DV_KEY_UP, 'k'), "", "choose the dimension above; below")                             \
    X(LATENT_DOWN, LATENT, DV_KEYS(DV_KEY_DOWN, 'j'), "", "")                                                          \
    X(TURN_LEFT, LATENT, DV_KEYS(DV_KEY_LEFT, 'h'), "", "turn it down or up by 0.1")                                   \
    X(TURN_RIGHT, LATENT, DV_KEYS(DV_KEY_RIGHT, 'l'), "", "")                                                          \
    X(TURN_FAR_LEFT, LATENT, DV_KEYS(DV_KEY_SHIFT_LEFT, 'H'), "", "turn it down or up by 0.5")                         \
    X(TURN_FAR_RIGHT, LATENT, DV_KEYS(DV_KEY_SHIFT_RIGHT, 'L'), "", "")                                                \
    X(RESET_ONE, LATENT, DV_KEYS('0'), "", "put it back to the picture's own value")                                   \
    X(RESET_ALL, LATENT, DV_KEYS('Z'), "reset", "put all dimensions back")                                             \
    X(BAND_DOWN, NEIGHBORHOOD, DV_KEYS('b'), "", "narrower or wider band")                                             \
    X(BAND_UP, NEIGHBORHOOD, DV_KEYS('B'), "", "")                                                                     \
    X(NEIGHBORS_DOWN, NEIGHBORHOOD, DV_KEYS('-'), "", "fewer or more neighbours")                                      \
    X(NEIGHBORS_UP, NEIGHBORHOOD, DV_KEYS('+', '='), "", "")                                                           \
    X(SAMPLING, NEIGHBORHOOD, DV_KEYS('s'), "", "other sampling: sobol, normal")                                       \
    X(NEIGHBORHOOD, NEIGHBORHOOD, DV_KEYS('o'), "", "other neighbourhood: vae, residual, mixed")                       \
    X(SEED_NEXT, NEIGHBORHOOD, DV_KEYS('r'), "", "new seed; the one before")                                           \
    X(SEED_BACK, NEIGHBORHOOD, DV_KEYS('R'), "", "")                                                                   \
    X(METHOD, STUDENT, DV_KEYS('m'), "", "other student: ridge, adam, sgd, gd")                                        \
    X(RIDGE_DOWN, STUDENT, DV_KEYS('['), "", "smaller or larger lambda: sharper or calmer maps")                       \
    X(RIDGE_UP, STUDENT, DV_KEYS(']'), "", "")                                                                         \
    X(RIDGE_RULE, STUDENT, DV_KEYS('a'), "", "lambda by the rule")                                                     \
    X(TEMPERATURE_DOWN, STUDENT, DV_KEYS('t'), "", "lower temperature; higher: softer labels")                         \
    X(TEMPERATURE_UP, STUDENT, DV_KEYS('T'), "", "")                                                                   \
    X(EXPLAIN, STUDENT, DV_KEYS(DV_KEY_ENTER), "", "explain again, after a cancel or an error")                        \
    X(HELP, PROGRAM, DV_KEYS('?', DV_KEY_F1), "help", "all keys")                                                      \
    X(EXPORT, PROGRAM, DV_KEYS('e'), "export", "write the report into ./deepvid-NUMBER")                               \
    X(GRAPHICS, PROGRAM, DV_KEYS('c'), "graphics", "other graphics: sixel, half, ascii, off")                          \
    X(REPAINT, PROGRAM, DV_KEYS(DV_CONTROL('L')), "", "paint the screen anew")                                         \
    X(SUSPEND, PROGRAM, DV_KEYS(DV_CONTROL('Z')), "", "suspend")                                                       \
    X(CANCEL, PROGRAM, DV_KEYS(DV_CONTROL('C')), "", "cancel what is running; quit when nothing is")                   \
    X(QUIT, PROGRAM, DV_KEYS('q'), "quit", "quit")

typedef enum dv_action {
#define DV_ACTION_ID(action, group, keys, hint, help) DV_ACTION_##action,
    DV_ACTIONS(DV_ACTION_ID)
#undef DV_ACTION_ID
        DV_ACTION_COUNT,
    DV_ACTION_NONE = -1
} dv_action;

typedef struct dv_action_row {
    dv_action_group group;
    int keys[DV_ACTION_KEYS]; /* 0: no more */
    const char *hint, *help;  /* help is "" when it is told in the row before */
} dv_action_row;

/* The row of an action, 0 .. DV_ACTION_COUNT - 1. */
const dv_action_row *dv_action_get(dv_action action);
/* The action that a key is bound to, or DV_ACTION_NONE. */
dv_action dv_action_of_key(int key);
const char *dv_action_group_name(dv_action_group group);

enum { DV_KEY_NAME_SIZE = 16, DV_KEYS_NAME_SIZE = 2 * DV_ACTION_KEYS * DV_KEY_NAME_SIZE };
/* "n", "Space", "Ctrl-L", "Shift-Left"; printable ASCII and the control keys that DV_ACTIONS may name. */
void dv_key_name(int key, char name[DV_KEY_NAME_SIZE]);
/* All keys of an action, and of the next one if that is told in the same row: "Up k, Down j". */
void dv_action_keys_name(dv_action action, char name[DV_KEYS_NAME_SIZE]);

/* The key section of the manual, as mdoc. */
void dv_actions_print_mdoc(FILE *stream);

#endif
