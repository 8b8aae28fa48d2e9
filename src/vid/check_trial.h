/* Showing pictures to a teacher in several ways at once. For check_preprocessing.c only. */
#ifndef DV_VID_CHECK_TRIAL_H
#define DV_VID_CHECK_TRIAL_H

#include "graph/run.h"
#include "vid/check_preprocessing.h"

/* The teacher as it is if pictures lie in one layout. */
typedef struct dv_trial_teacher {
    dv_teacher_facts facts;
    dv_graph *graph;
    dv_runner *runner;
    bool is_own; /* the graph is freed with it */
} dv_trial_teacher;

enum { DV_TRIAL_TEACHERS = 2, DV_MAX_TRIALS = 64 };

typedef struct dv_trial_bench {
    dv_trials *trials; /* that are being made */
    const dv_dataset *data;
    dv_team *team;
    dv_trial_teacher teacher[DV_TRIAL_TEACHERS];
    const dv_progress *progress;
    double done, expected; /* pictures shown, and how many it will be in the end */
} dv_trial_bench;

/* Gives the trial memory for the sample. */
bool dv_trial_open(dv_trial_bench *bench, dv_trial *trial, dv_error *error);

/* Shows pictures up to `count` of the sample to those that were shown fewer, and works out how they fared. */
bool dv_trial_show(dv_trial_bench *bench, dv_trial *const *trial, int trials, int64_t count, dv_error *error);

#endif
