/* What the screen shows and what the user has turned: the state, without terminal or threads. */
#ifndef DV_TUI_MODEL_H
#define DV_TUI_MODEL_H

#include "deepvid.h"
#include "tui/worker.h"

enum { DV_MESSAGE_SIZE = 512, DV_ANSWER_SIZE = 20 };

typedef struct dv_model {
    const dv_bundle *bundle; /* for its pictures only */
    const dv_bundle_facts *facts;

    dv_explain_options options; /* what is wanted; its offset is the one below */
    float *offset;              /* the knobs, latent entries */
    int dimension;              /* the chosen one */
    uint64_t wanted;            /* counts the changes of what is wanted */
    double wanted_at;           /* when the last one was, by dv_clock_ms */
    double now;                 /* by the same clock: of the frame that is drawn */

    dv_explanation *explanation; /* the newest, or NULL */
    uint64_t shown;              /* the value of `wanted` it answers */
    bool preview;
    bool failed; /* no answer to the newest wish will come */

    int *predictions; /* the teacher's classes, for the first `classified` pictures */
    int64_t classified;
    int64_t labelled, right; /* among those */

    dv_work work;
    bool help;
    int help_page;
    bool asking; /* for a picture's number */
    char answer[DV_ANSWER_SIZE];
    char message[DV_MESSAGE_SIZE]; /* until the next key */
    bool message_is_error;
    double update_ms; /* from key to picture, of the last explanation shown; negative before */
    int64_t update_bytes;
} dv_model;

/* `options` as given by the user; its index must be a picture of the bundle. */
dv_model *dv_model_new(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error);
void dv_model_free(dv_model *model);

/* ---- what the user turns: each asks for a new explanation if it changes anything ---- */

/* Goes to a picture, clamped to those there are; knobs go back to zero. */
void dv_model_go(dv_model *model, int64_t index);
void dv_model_choose(dv_model *model, int step); /* another dimension; asks for nothing */
void dv_model_turn(dv_model *model, double step);
void dv_model_reset(dv_model *model, bool all);
/* One step up or down a list of round values; direction is +1 or -1. */
void dv_model_step_band(dv_model *model, int direction);
void dv_model_step_temperature(dv_model *model, int direction);
void dv_model_step_neighbors(dv_model *model, int direction);
void dv_model_step_ridge(dv_model *model, int direction);
void dv_model_ridge_by_rule(dv_model *model);
void dv_model_step_seed(dv_model *model, int direction);
void dv_model_next_method(dv_model *model);
void dv_model_next_sampling(dv_model *model);
void dv_model_next_neighborhood(dv_model *model);
/* The same wish once more. */
void dv_model_want(dv_model *model);

/* ---- what comes back ---- */

/* Takes the outcome of an explanation, and the explanation in it. */
void dv_model_accept(dv_model *model, const dv_outcome *outcome);
/* Drops an explanation of another picture that has been on the screen too long. Returns the milliseconds until that
 * will be due, or -1. */
int dv_model_expire(dv_model *model, double now);
/* Counts predictions up to `known`, which were written to model->predictions. */
void dv_model_count(dv_model *model, int64_t known);
void dv_model_say(dv_model *model, bool is_error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- questions ---- */

int dv_model_label(const dv_model *model, int64_t index);      /* -1: unknown */
int dv_model_prediction(const dv_model *model, int64_t index); /* -1: not yet */
bool dv_model_is_wrong(const dv_model *model, int64_t index);
/* The next picture from the current one on (direction 1 or -1, round the end) that the teacher gets wrong, -1: none. */
int64_t dv_model_find_wrong(const dv_model *model, int direction);
/* "Sneaker", or "?" for -1. */
const char *dv_model_class_name(const dv_model *model, int class);
/* Whether the explanation answers what is wanted now. */
bool dv_model_is_current(const dv_model *model);
/* Whether a knob of the explanation's picture is turned. */
bool dv_model_is_turned(const dv_model *model);
/* Fills classes[0 .. count-1] with those worth showing: all in order when they fit; else the teacher's, the student's,
 * the true one, then by the student's probability. Returns how many: count or the number of classes. */
int dv_model_rank_classes(const dv_model *model, int count, int *classes);

#endif
