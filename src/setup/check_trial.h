/* Showing pictures to a teacher in several ways at once. For check_preprocessing.c only. */
#ifndef DV_SETUP_CHECK_TRIAL_H
#define DV_SETUP_CHECK_TRIAL_H

#include "graph/run.h"
#include "setup/check_preprocessing.h"

/* The teacher as it is if pictures lie in one layout. */
typedef struct dv_trial_teacher {
    dv_teacher_facts facts;
    dv_graph *graph;
    dv_runner *runner;
    bool is_own; /* the graph is freed with it */
} dv_trial_teacher;

enum { DV_TRIAL_TEACHERS = 2, DV_MAX_TRIALS = 64, DV_MAX_USUALS = 16 };

typedef struct dv_trial_bench {
    dv_trials *trials; /* that are being made */
    const dv_dataset *data;
    const dv_trial_wish *wish;
    dv_team *team;
    const dv_progress *progress;
    int teachers; /* layouts that are tried */
    dv_trial_teacher teacher[DV_TRIAL_TEACHERS];
    bool is_grey;          /* the pictures have no colours */
    double done, expected; /* pictures shown, and how many it will be in the end */
} dv_trial_bench;

/* Makes the teacher ready, draws the sample and measures it; close it also after an error. */
bool dv_trial_bench_open(dv_trial_bench *bench, dv_graph *graph, const dv_trial_wish *wish, dv_error *error);
void dv_trial_bench_close(dv_trial_bench *bench);

/* The first way of a layout: what is told from the graph, all of each picture, bilinear. */
dv_trial dv_trial_plain(const dv_trial_bench *bench, int teacher);

/* All that is usual for a layout; returns how many there are, 0 and an error if there is something wrong. */
int dv_trial_usuals(const dv_trial_bench *bench, int teacher, dv_trial trial[DV_MAX_USUALS], dv_error *error);
/* A copy that is to be changed. */
dv_trial dv_trial_vary(const dv_trial *of);
/* One more word in its name. */
void dv_trial_append(dv_trial *trial, const char *text);

/* Gives the trial memory for the sample. */
bool dv_trial_open(dv_trial_bench *bench, dv_trial *trial, dv_error *error);

/* Shows pictures up to `count` of the sample to those that were shown fewer, and works out how they fared. */
bool dv_trial_show(dv_trial_bench *bench, dv_trial *const *trial, int trials, int64_t count, dv_error *error);

#endif
