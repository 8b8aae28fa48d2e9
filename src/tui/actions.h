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

#define DV_KEYS(...)                                                                                                   \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define DV_CONTROL(letter) ((letter)&0x1f)

/* X(action, group, keys, hint at the foot of the screen or "", what it does) */
#define DV_ACTIONS(X)                                                                                                  \
    X(PICTURE_NEXT, PICTURES, DV_KEYS('.', DV_KEY_PAGE_DOWN, ' '), "", "next picture")                                 \
    X(PICTURE_BACK, PICTURES, DV_KEYS(',', DV_KEY_PAGE_UP, DV_KEY_BACKSPACE), "", "picture before")                    \
    X(PICTURE_FIRST, PICTURES, DV_KEYS(DV_KEY_HOME), "", "first picture")                                              \
    X(PICTURE_LAST, PICTURES, DV_KEYS(DV_KEY_END), "", "last picture")                                                 \
    X(WRONG_NEXT, PICTURES, DV_KEYS('n'), "next wrong", "next picture that the teacher gets wrong")                    \
    X(WRONG_BACK, PICTURES, DV_KEYS('N'), "", "the wrong one before")                                                  \
    X(PICTURE_ASK, PICTURES, DV_KEYS('g', '/'), "go to", "ask for a picture's number")                                 \
    X(LATENT_UP, LATENT, DV_KEYS(DV_KEY_UP, 'k'), "", "choose the dimension above")                                    \
    X(LATENT_DOWN, LATENT, DV_KEYS(DV_KEY_DOWN, 'j'), "", "choose the dimension below")                                \
    X(TURN_LEFT, LATENT, DV_KEYS(DV_KEY_LEFT, 'h'), "", "turn it down by 0.1")                                         \
    X(TURN_RIGHT, LATENT, DV_KEYS(DV_KEY_RIGHT, 'l'), "", "turn it up by 0.1")                                         \
    X(TURN_FAR_LEFT, LATENT, DV_KEYS(DV_KEY_SHIFT_LEFT, 'H'), "", "turn it down by 0.5")                               \
    X(TURN_FAR_RIGHT, LATENT, DV_KEYS(DV_KEY_SHIFT_RIGHT, 'L'), "", "turn it up by 0.5")                               \
    X(RESET_ONE, LATENT, DV_KEYS('0'), "", "put it back to the picture's own value")                                   \
    X(RESET_ALL, LATENT, DV_KEYS('Z'), "reset", "put all dimensions back")                                             \
    X(BAND_DOWN, NEIGHBORHOOD, DV_KEYS('b'), "", "narrower band: closer neighbours")                                   \
    X(BAND_UP, NEIGHBORHOOD, DV_KEYS('B'), "", "wider band")                                                           \
    X(NEIGHBORS_DOWN, NEIGHBORHOOD, DV_KEYS('-'), "", "fewer neighbours")                                              \
    X(NEIGHBORS_UP, NEIGHBORHOOD, DV_KEYS('+', '='), "", "more neighbours")                                            \
    X(SAMPLING, NEIGHBORHOOD, DV_KEYS('s'), "", "other sampling: sobol, normal")                                       \
    X(NEIGHBORHOOD, NEIGHBORHOOD, DV_KEYS('o'), "", "other neighbourhood: vae, residual, mixed")                       \
    X(SEED_NEXT, NEIGHBORHOOD, DV_KEYS('r'), "", "new seed")                                                           \
    X(SEED_BACK, NEIGHBORHOOD, DV_KEYS('R'), "", "seed before")                                                        \
    X(METHOD, STUDENT, DV_KEYS('m'), "", "other student: ridge, adam, sgd, gd")                                        \
    X(RIDGE_DOWN, STUDENT, DV_KEYS('['), "", "smaller lambda: sharper, less steady maps")                              \
    X(RIDGE_UP, STUDENT, DV_KEYS(']'), "", "larger lambda: calmer maps")                                               \
    X(RIDGE_RULE, STUDENT, DV_KEYS('a'), "", "lambda by the rule")                                                     \
    X(TEMPERATURE_DOWN, STUDENT, DV_KEYS('t'), "", "lower temperature")                                                \
    X(TEMPERATURE_UP, STUDENT, DV_KEYS('T'), "", "higher temperature: softer labels")                                  \
    X(EXPLAIN, STUDENT, DV_KEYS(DV_KEY_ENTER), "", "explain once more, after a cancel or an error")                    \
    X(HELP, PROGRAM, DV_KEYS('?', DV_KEY_F1), "help", "this help, and back")                                           \
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
    const char *hint, *help;
} dv_action_row;

/* The row of an action, 0 .. DV_ACTION_COUNT - 1. */
const dv_action_row *dv_action_get(dv_action action);
/* The action that a key is bound to, or DV_ACTION_NONE. */
dv_action dv_action_of_key(int key);
const char *dv_action_group_name(dv_action_group group);

enum { DV_KEY_NAME_SIZE = 16, DV_KEYS_NAME_SIZE = DV_ACTION_KEYS * DV_KEY_NAME_SIZE };
/* "n", "Space", "Ctrl-L", "Shift-Left"; printable ASCII and the control keys that DV_ACTIONS may name. */
void dv_key_name(int key, char name[DV_KEY_NAME_SIZE]);
/* All keys of an action: "Down j". */
void dv_action_keys_name(dv_action action, char name[DV_KEYS_NAME_SIZE]);

/* The key section of the manual, as mdoc. */
void dv_actions_print_mdoc(FILE *stream);

#endif
