/* A team of threads that runs numbered tasks. Which thread runs which task is
 * left to chance, so a task's result must depend on its number alone. */
#ifndef DV_BASE_TEAM_H
#define DV_BASE_TEAM_H

#include "deepvid.h"

typedef struct dv_team dv_team;

/* `threads` includes the caller; 0 means one per available core. */
dv_team *dv_team_new(int threads, dv_error *error);
void dv_team_free(dv_team *team);
/* 1 for a NULL team. */
int dv_team_size(const dv_team *team);

/* Runs work(context, task, thread) for task = 0..tasks-1; thread is
 * 0..size-1 and no two running tasks share one. Returns when all are done. A NULL team runs them
 * in order on the caller. Not reentrant: tasks must not run the same team. */
void dv_team_run(dv_team *team, void (*work)(void *context, int64_t task, int thread), void *context, int64_t tasks);

#endif
