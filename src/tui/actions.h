/* What the user can do. Rows stand beside the functions that do it, one table a context (the whole program, a view, a
 * pane); they make the key bindings, the help of each view, the key section of the manual, and what ':' completes. */
#ifndef DV_TUI_ACTIONS_H
#define DV_TUI_ACTIONS_H

#include "term/screen.h"

#include <stdio.h>

struct dv_control;

enum { DV_ACTION_KEYS = 4 };

#define DV_CONTROL(letter) ((letter)&0x1f)

typedef struct dv_action {
    const char *name;         /* after ':'; unique in the program */
    const char *help;         /* what it does; "" when it is told in the row before */
    int keys[DV_ACTION_KEYS]; /* 0: no more */
    /* `number` is the row's own; `argument` what follows the name after ':', "" for nothing, NULL when a key was
     * pressed. */
    void (*act)(struct dv_control *control, int number, const char *argument);
    int number;
    const char *argument; /* what may follow the name, as the help shows it; NULL: nothing */
    const char *hint;     /* at the foot of the screen; NULL: none */
    bool stays;           /* the hint is there even where others find no room */
} dv_action;

typedef struct dv_action_set {
    const char *title;
    int count;
    const dv_action *action;
} dv_action_set;

/* A set of the rows of an array. */
#define DV_ACTION_SET(title_, rows)                                                                                    \
    {                                                                                                                  \
        .title = (title_), .count = (int)(sizeof(rows) / sizeof(*(rows))), .action = (rows)                            \
    }

/* The actions of a moment, the nearest first: a key belongs to the first set that has it. */
enum { DV_MAX_SETS = 32 };
typedef struct dv_context {
    int count;
    const dv_action_set *set[DV_MAX_SETS];
} dv_context;

void dv_context_add(dv_context *context, const dv_action_set *set); /* NULL adds nothing */
/* The action a key is bound to, NULL for none. */
const dv_action *dv_context_find_key(const dv_context *context, int key);
/* The action of that name, NULL for none. */
const dv_action *dv_context_find_name(const dv_context *context, const char *name);
/* Whether the key of an action is taken by a nearer set. */
bool dv_context_hides(const dv_context *context, const dv_action_set *set, int key);

/* Filters and orders of the pictures, in the teacher view. */
extern const dv_action_set dv_actions_selection;
/* Those that work everywhere. */
extern const dv_action_set dv_actions_program, dv_actions_kept, dv_actions_pictures, dv_actions_neighborhood,
    dv_actions_student;
/* Those of the chosen latent dimension. */
extern const dv_action_set dv_actions_axes;
void dv_context_add_global(dv_context *context);

enum { DV_KEY_NAME_SIZE = 16, DV_KEYS_NAME_SIZE = 3 * DV_ACTION_KEYS * DV_KEY_NAME_SIZE };
/* "n", "Space", "Ctrl-L", "Shift-Left"; printable ASCII and the keys that tables may name. */
void dv_key_name(int key, char name[DV_KEY_NAME_SIZE]);
/* All keys of an action of a set, and of the next ones if they are told in the same row: "Up k, Down j". */
void dv_action_keys_name(const dv_action_set *set, int action, char name[DV_KEYS_NAME_SIZE]);

/* The keys of some sets as a section of the manual, in mdoc. */
void dv_actions_print_mdoc(FILE *stream, const dv_context *context);

#endif
