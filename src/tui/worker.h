/* The thread that asks the engine, so that the screen never waits: the newest request wins, the teacher's word on all
 * pictures is gathered in between. */
#ifndef DV_TUI_WORKER_H
#define DV_TUI_WORKER_H

#include "deepvid.h"

typedef struct dv_worker dv_worker;

enum { DV_FOLDER_SIZE = 64 }; /* of the name of a report's folder */

typedef enum dv_job { DV_JOB_NONE, DV_JOB_EXPLAIN, DV_JOB_EXPORT, DV_JOB_CLASSIFY } dv_job;

/* What goes on at this moment. */
typedef struct dv_work {
    dv_job job;
    char stage[32];
    double fraction; /* 0..1, negative when not known */
} dv_work;

/* What came of a request. */
typedef struct dv_outcome {
    dv_job job;                  /* EXPLAIN or EXPORT */
    uint64_t generation;         /* of the request */
    bool preview;                /* with fewer neighbours; the full one follows unless a newer request comes */
    dv_explanation *explanation; /* the taker's; NULL for an export, and when error says why there is none */
    char folder[DV_FOLDER_SIZE]; /* of an export */
    dv_error error;              /* code DV_OK when all is well */
} dv_outcome;

/* From now on until dv_worker_free only the worker may use the bundle, but for the facts and the pictures. */
dv_worker *dv_worker_new(dv_bundle *bundle, dv_error *error);
/* Cancels what is running and waits for the thread to end. NULL is allowed. */
void dv_worker_free(dv_worker *worker);

/* Becomes readable when an outcome, progress or predictions are there to be taken. */
int dv_worker_fd(const dv_worker *worker);

/* Asks for an explanation instead of whatever was asked for before. Options are copied, with what they point to. When
 * a full one takes longer than a glance, one with fewer neighbours comes first. */
void dv_worker_explain(dv_worker *worker, const dv_explain_options *options, uint64_t generation);
/* Asks for the full report in a folder with a short name; false if one is being written. */
bool dv_worker_export(dv_worker *worker, const dv_explain_options *options, const char *folder);
/* Goes on with asking the teacher about all pictures. */
void dv_worker_classify(dv_worker *worker);
/* Stops what is running or waiting; false if nothing was. */
bool dv_worker_cancel(dv_worker *worker);

/* Empties the pipe behind dv_worker_fd and tells what goes on. */
dv_work dv_worker_look(dv_worker *worker);
/* The next outcome; false when there is none. */
bool dv_worker_take(dv_worker *worker, dv_outcome *outcome);
/* Writes the teacher's classes for pictures from .. known - 1 to predictions[from] and on; returns known. A failure is
 * told once by `error`. */
int64_t dv_worker_predictions(dv_worker *worker, int64_t from, int *predictions, dv_error *error);

#endif
