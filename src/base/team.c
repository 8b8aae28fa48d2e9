#include "base/team.h"
#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 1024 };

/* How often a thread looks before it sleeps, and after how many looks it lets others have the core. In all that is
 * about a millisecond: more than what lies between the parts of an explanation that threads share. Waking a thread
 * takes longer than what an operator has to do for one picture, and where all slept, the system is apt to wake one on
 * the core of the one that called it, beside an idle one. */
enum { LOOKS = 30000, LOOKS_AT_ONCE = 200 };

typedef struct worker {
    dv_team *team;
    int thread;
    pthread_t id;
} worker;

/* A run is published by a new generation. Each worker takes part in every generation exactly once and is counted out of
 * `busy` when it finds no more tasks; the caller leaves when busy is 0, so nobody looks at a run that is over. Both are
 * changed under the mutex where somebody may sleep until they are. */
struct dv_team {
    int size; /* with the caller, who is thread 0 */
    int started;
    int looks; /* 0 where threads share cores */
    pthread_mutex_t mutex;
    pthread_cond_t begin, end;
    atomic_uint_fast64_t generation;
    atomic_int busy;
    atomic_bool quit;

    void (*work)(void *context, int64_t task, int thread);
    void *context;
    int64_t tasks;
    atomic_int_fast64_t next;

    worker workers[]; /* size - 1 */
};

static int available_cores(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return CPU_COUNT(&set);
    }
#endif
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (int)cores;
}

static void take_tasks(dv_team *team, int thread)
{
    int64_t task;
    while ((task = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed)) < team->tasks) {
        team->work(team->context, task, thread);
    }
}

/* Between one look, the `looks`th, and the next. */
static void rest_a_little(int looks)
{
    if (looks % LOOKS_AT_ONCE == 0) {
        sched_yield();
    }
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#endif
}

/* Until there is a generation after `seen`; false: the team is over. */
static bool wait_for_work(dv_team *team, uint64_t seen)
{
    for (int i = 1; i <= team->looks; i++) {
        if (atomic_load_explicit(&team->generation, memory_order_acquire) != seen) {
            return true;
        }
        if (atomic_load_explicit(&team->quit, memory_order_relaxed)) {
            return false;
        }
        rest_a_little(i);
    }
    pthread_mutex_lock(&team->mutex);
    while (atomic_load(&team->generation) == seen && !atomic_load(&team->quit)) {
        pthread_cond_wait(&team->begin, &team->mutex);
    }
    const bool is_over = atomic_load(&team->generation) == seen;
    pthread_mutex_unlock(&team->mutex);
    return !is_over;
}

static void wait_for_workers(dv_team *team)
{
    for (int i = 1; i <= team->looks; i++) {
        if (atomic_load_explicit(&team->busy, memory_order_acquire) == 0) {
            return;
        }
        rest_a_little(i);
    }
    pthread_mutex_lock(&team->mutex);
    while (atomic_load(&team->busy) > 0) {
        pthread_cond_wait(&team->end, &team->mutex);
    }
    pthread_mutex_unlock(&team->mutex);
}

static void *worker_main(void *argument)
{
    worker *self = argument;
    dv_team *team = self->team;
    for (uint64_t seen = 0; wait_for_work(team, seen);) {
        seen++;
        take_tasks(team, self->thread);
        if (atomic_fetch_sub(&team->busy, 1) == 1) {
            pthread_mutex_lock(&team->mutex);
            pthread_cond_signal(&team->end);
            pthread_mutex_unlock(&team->mutex);
        }
    }
    return NULL;
}

/* Signals stay with the thread that made the team: its handlers and its self-pipe live there. */
static int start_worker(dv_team *team, int thread)
{
    worker *w = &team->workers[thread - 1];
    sigset_t all, old;
    sigfillset(&all);
    *w = (worker){.team = team, .thread = thread};
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failure = pthread_create(&w->id, NULL, worker_main, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failure;
}

dv_team *dv_team_new(int threads, dv_error *error)
{
    int size = threads == 0 ? available_cores() : threads;
    if (size < 1 || size > MAX_THREADS) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "%d threads are not possible; ask for 1 to %d, or 0 for all cores",
                     threads, MAX_THREADS);
        return NULL;
    }
    dv_team *team = dv_alloc(1, sizeof *team + (size_t)(size - 1) * sizeof(worker), error);
    if (!team) {
        return NULL;
    }
    team->size = size;
    team->looks = size <= available_cores() ? LOOKS : 0;
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->begin, NULL);
    pthread_cond_init(&team->end, NULL);
    for (int thread = 1; thread < size; thread++) {
        int failure = start_worker(team, thread);
        if (failure) {
            dv_error_set(error, DV_ERROR_MEMORY, "cannot start thread %d of %d: %s; ask for fewer", thread + 1, size,
                         strerror(failure));
            dv_team_free(team);
            return NULL;
        }
        team->started++;
    }
    return team;
}

void dv_team_free(dv_team *team)
{
    if (!team) {
        return;
    }
    pthread_mutex_lock(&team->mutex);
    atomic_store(&team->quit, true);
    pthread_cond_broadcast(&team->begin);
    pthread_mutex_unlock(&team->mutex);
    for (int i = 0; i < team->started; i++) {
        pthread_join(team->workers[i].id, NULL);
    }
    pthread_cond_destroy(&team->end);
    pthread_cond_destroy(&team->begin);
    pthread_mutex_destroy(&team->mutex);
    free(team);
}

int dv_team_size(const dv_team *team)
{
    return team ? team->size : 1;
}

void dv_team_run(dv_team *team, void (*work)(void *context, int64_t task, int thread), void *context, int64_t tasks)
{
    if (dv_team_size(team) == 1 || tasks <= 1) {
        for (int64_t task = 0; task < tasks; task++) {
            work(context, task, 0);
        }
        return;
    }
    pthread_mutex_lock(&team->mutex);
    assert(atomic_load(&team->busy) == 0);
    team->work = work;
    team->context = context;
    team->tasks = tasks;
    atomic_store_explicit(&team->next, 0, memory_order_relaxed);
    atomic_store(&team->busy, team->size - 1);
    atomic_fetch_add(&team->generation, 1);
    pthread_cond_broadcast(&team->begin);
    pthread_mutex_unlock(&team->mutex);

    take_tasks(team, 0);
    wait_for_workers(team);
}
