/* What the screen shows and what the user has turned: the state, without terminal or threads. */
#ifndef DV_TUI_MODEL_H
#define DV_TUI_MODEL_H

#include "deepvid.h"
#include "tui/job.h"
#include "tui/pictures.h"
#include "tui/prompt.h"
#include "session/session.h"
#include "tui/cells.h"
#include "tui/state_student.h"
#include "tui/state_teacher.h"
#include "tui/state_vae.h"
#include "session/wish.h"
#include "tui/worker.h"

struct dv_pane_kind;
struct dv_view;

enum { DV_MESSAGE_SIZE = 512, DV_MODEL_VIEWS = 3 };

/* What is known of the questions of one kind. */
typedef struct dv_answer {
    uint64_t asked; /* key of the newest request; 0: never asked */
    uint64_t key;   /* of the request that `result` answers */
    int teacher;    /* likewise */
    void *result;   /* as the kind has it, or NULL */
    bool failed;    /* the newest request came to nothing */
} dv_answer;

/* What the zoom shows: a picture of a pane of the view below; the pane may be NULL, for the first there is. */
typedef struct dv_zoom_state {
    const struct dv_pane_kind *pane;
    int item;
} dv_zoom_state;

/* What an explanation took, in milliseconds. */
typedef struct dv_cost {
    uint64_t of;        /* the value of `wanted` that it answers */
    double maps;        /* from the key to its maps on the screen; negative: they are not there yet */
    double figures;     /* and to its figures; negative: likewise */
    double draw, write; /* of the frame with the maps: until its bytes are there, until the terminal has taken them */
    int64_t bytes;      /* of that frame */
    bool preview;       /* of fewer neighbours */
    dv_timing engine;   /* up to the maps, unless the figures came with them */
} dv_cost;

typedef struct dv_model {
    const dv_bundle *bundle; /* for its pictures only */
    const dv_bundle_facts *facts;
    const dv_bundle *by_bundle[DV_TEACHERS]; /* of either teacher: for facts and pictures */

    dv_wish wish;
    uint64_t wanted;  /* counts the changes of the wish, from 1 */
    double wanted_at; /* when the last one was, by dv_clock_ms */
    double now;       /* by the same clock: of the frame that is drawn */
    int64_t marked;   /* the second picture, of morphs; -1: none */

    dv_explanation *explanation; /* the newest, or NULL */
    uint64_t shown;              /* the value of `wanted` it answers */
    bool preview;
    dv_fidelity fidelity; /* the newest figures; nothing counts while none were measured */
    uint64_t measured;    /* the number of the explanation that they are of; 0: none yet */
    /* The one before, while the newest is a preview that has just come: for panes that would rather be drawn once. */
    dv_explanation *settled;
    dv_realism settled_realism; /* of its neighbours */
    double settled_until;
    uint64_t taken, settled_taken; /* numbers of the newest and of the settled one: all that came are counted */
    bool failed;                   /* no answer to the newest wish will come */
    dv_answer answer[DV_JOB_COUNT];
    uint64_t exports; /* reports asked for so far */
    uint64_t openings; /* second teachers asked for so far */

    dv_pictures *pictures; /* by the teacher that is looked at */
    dv_pictures *by_teacher[DV_TEACHERS];
    const dv_bundle_facts *teacher_facts[DV_TEACHERS]; /* NULL behind the first: there is one teacher */
    int looked_at;                                     /* of the teachers */
    uint64_t seconds;                                  /* second teachers that there have been */
    float *means; /* count x latent, of the encoder; the first `surveyed` pictures' are there */
    int64_t surveyed;

    int view;                      /* of dv_views */
    int focus[DV_MODEL_VIEWS];     /* of each view's panes */
    const struct dv_view *overlay; /* drawn instead of the view; NULL: none */
    const struct dv_view *helped;  /* the overlay that the help is about and goes back to; NULL: the view */
    int help_page;
    dv_zoom_state zoom;
    dv_teacher_state teacher;
    dv_cells cells;
    dv_vae_state vae;
    dv_student_state student;

    const dv_session *session; /* for its bookmarks */
    int bookmark;              /* the chosen one of their list */

    dv_work work;
    dv_prompt prompt;
    char message[DV_MESSAGE_SIZE]; /* until the next key */
    bool message_is_error;
    dv_cost cost;
} dv_model;

/* `options` as given by the user; its index must be a picture of the bundle. */
dv_model *dv_model_new(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error);
void dv_model_free(dv_model *model);
/* A second teacher, of dv_bundle_open_second, in place of one that there may be. What is known of the pictures by it,
 * nothing yet, is the model's now. No answer of the one before stays. */
void dv_model_take_teacher(dv_model *model, const dv_bundle *second, dv_pictures *pictures);

/* ---- changes ---- */

/* The wish was changed, or is to be answered once more. */
void dv_model_want(dv_model *model);
/* Looks at the other teacher; filter and order stay. There must be two. */
void dv_model_swap_teachers(dv_model *model);
/* Goes to a picture, clamped to those there are. */
void dv_model_go(dv_model *model, int64_t index);
/* Turns the knobs so that the centre lies at `latent` (an entry a dimension), to a ten-thousandth. Nothing happens
 * while the picture's means are unknown. */
void dv_model_set_center(dv_model *model, const float *latent);
void dv_model_say(dv_model *model, bool is_error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- what comes back ---- */

/* Takes an outcome and what is in it. */
void dv_model_accept(dv_model *model, dv_outcome *outcome);
/* All work was cancelled: what was asked for and is not there will not come. */
void dv_model_give_up(dv_model *model);
/* Forgets that it was asked for, so that it is asked for again. */
void dv_model_ask_again(dv_model *model);
/* Drops explanations that have been on the screen too long: that of another picture, and the one before a preview.
 * Returns the milliseconds until that will be due, or -1. */
int dv_model_expire(dv_model *model, double now);

/* ---- questions ---- */

/* The newest result of a kind, though it may answer an older request; NULL: none. */
const void *dv_model_result(const dv_model *model, dv_job job);
/* Whether it answers the newest request. */
bool dv_model_is_answered(const dv_model *model, dv_job job);
/* Tells the teachers there have been apart that were looked at; 0: the first. */
uint64_t dv_model_teacher(const dv_model *model, int teacher);
/* Whether its answer is still to come. */
bool dv_model_is_awaited(const dv_model *model, dv_job job);
/* "Sneaker", or "?" for -1. */
const char *dv_model_class_name(const dv_model *model, int class);
/* Whether a class is a true label of the explanation's picture: 1, 0, or -1 where that is not known. */
int dv_model_mark(const dv_model *model, int class);
/* The teacher's word on the picture of the wish, -1: not known yet. */
int dv_model_teacher_class(const dv_model *model);
/* Whether the explanation is one of the picture of the wish. */
bool dv_model_has_explanation(const dv_model *model);
/* Whether the explanation answers what is wanted now. */
bool dv_model_is_current(const dv_model *model);
/* What the explanation is worth; NULL: not known yet. */
const dv_fidelity *dv_model_fidelity(const dv_model *model);
/* Whether a knob of the explanation's picture is turned. */
bool dv_model_is_turned(const dv_model *model);
/* The newest explanation that will stay for a while: not a preview that may be followed by the full one at once. No two
 * have the same `number` (may be NULL). */
const dv_explanation *dv_model_settled(const dv_model *model, uint64_t *number);
/* Which of its neighbours are unrealistic, as far as that is known; where there is no explanation, of none. */
const dv_realism *dv_model_realism(const dv_model *model);
/* The encoder's mean of the picture of the wish, latent entries; NULL: not known yet. */
const float *dv_model_mean(const dv_model *model);
/* The band in force along a dimension in latent units; 0 while that is not known. */
double dv_model_band(const dv_model *model, int dimension);
/* Fills classes[0 .. count-1] with those worth showing of those that the student tells apart: all in order when all
 * there are fit; else the teacher's, the true one, the student's, then by the larger of both probabilities. Returns how
 * many. */
int dv_model_rank_classes(const dv_model *model, int count, int *classes);
/* How many classes the student tells apart: those with a row of their own. The rest is the last row, where there is
 * one. */
int dv_model_named_rows(const dv_explanation *explanation);
/* Whether a class is one of them. */
bool dv_model_has_row(const dv_explanation *explanation, int class);

#endif
