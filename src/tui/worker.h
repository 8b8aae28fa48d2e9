/* The thread that asks the engine, so that the screen never waits. One request of each kind at a time: a newer one
 * takes the place of an older; the more urgent kind goes first, and long work gives way to it. */
#ifndef DV_TUI_WORKER_H
#define DV_TUI_WORKER_H

#include "tui/job.h"

typedef struct dv_worker dv_worker;

/* What goes on at this moment. */
typedef struct dv_work {
    dv_job job;
    char stage[32];
    double fraction; /* 0..1, negative when not known */
    double started;  /* dv_clock_ms */
} dv_work;

/* From now on until dv_worker_free only the worker may use the bundle, but for the facts and the pictures. */
dv_worker *dv_worker_new(dv_bundle *bundle, dv_error *error);
/* A second teacher for requests that ask for it; before the first of them, and of those that open another one
 * (DV_JOB_TEACHER). It must outlive the worker. */
void dv_worker_add_teacher(dv_worker *worker, dv_bundle *second);
/* Cancels what is running and waits for the thread to end. NULL is allowed. */
void dv_worker_free(dv_worker *worker);

/* Becomes readable when outcomes or progress are there to be taken. */
int dv_worker_fd(const dv_worker *worker);

/* Asks; the request is copied. One with the key of that which is running or waiting changes nothing. */
void dv_worker_ask(dv_worker *worker, const dv_request *request);
/* Stops what is running or waiting; false if nothing was. Of kinds that stay (job.h) an outcome comes all the same. */
bool dv_worker_cancel(dv_worker *worker);
/* Empties the pipe behind dv_worker_fd and tells what goes on. */
dv_work dv_worker_look(dv_worker *worker);
/* The next outcome, in the order they came; false when there is none. What is in it is the taker's. */
bool dv_worker_take(dv_worker *worker, dv_outcome *outcome);

#endif
