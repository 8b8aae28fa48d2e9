/* From keys, clicks and commands to changes of the model. */
#ifndef DV_TUI_CONTROL_H
#define DV_TUI_CONTROL_H

#include "term/screen.h"
#include "tui/actions.h"
#include "tui/model.h"
#include "tui/worker.h"

struct dv_kept;
struct dv_pane;
struct dv_setting;

/* What an action may reach. */
typedef struct dv_control {
    dv_screen *screen;
    dv_worker *worker;
    dv_model *model;
    struct dv_kept *kept;
    const struct dv_tui_options *options;
    uint64_t timed, figured;            /* the last wishes whose maps, and whose figures, were timed */
    const struct dv_pane_kind *grabbed; /* the pane in which a button was pressed */
    uint64_t drawn;                     /* the number of the explanation on the screen */
    double held_at;                     /* when a frame first waited for maps that are still to come; 0: none did */
    bool hurried;                       /* what is less urgent than an explanation is not asked for yet */
    bool leave;
    dv_bundle *second; /* the second teacher, owned; NULL: there is none */
} dv_control;

void dv_control_key(dv_control *control, int key);
void dv_control_mouse(dv_control *control, const dv_mouse *mouse);
/* Runs "NAME ARGUMENT", as it is typed after ':'. */
void dv_control_command(dv_control *control, const char *text);

/* Takes an outcome and what is in it. */
void dv_control_accept(dv_control *control, dv_outcome *outcome);

/* Asks the worker unless the same was asked before. */
void dv_control_ask(dv_control *control, const dv_request *request);
/* Asks for the words of the teacher that is looked at, and when all are there for those of the other one. */
void dv_control_ask_words(dv_control *control);
/* Asks for all that the panes on the screen need; hurried, for what is as urgent as an explanation: the rest would take
 * the processors from that and from drawing it. */
void dv_control_ask_needs(dv_control *control, bool hurried);
/* A key for a request that depends on the wish and some numbers; never 0. */
uint64_t dv_control_request_key(const dv_control *control, int64_t a, int64_t b);

/* A pane as it is on the screen now; false when it is not there. */
bool dv_control_find_pane(const dv_control *control, const struct dv_pane_kind *kind, struct dv_pane *pane);

/* After a change of the selection: goes to its first picture unless the current one is in it, and says what it holds.
 */
void dv_control_show_selection(dv_control *control);

/* One step of a setting, up (1) or down (-1). */
void dv_control_step(dv_control *control, const struct dv_setting *setting, int direction);
/* A value as it was typed; what cannot be is told in a message. */
void dv_control_set(dv_control *control, const struct dv_setting *setting, const char *text);

/* Reads a whole number from an argument; false and a message if it is none. */
bool dv_control_number(dv_control *control, const char *argument, int64_t *number);

#endif
