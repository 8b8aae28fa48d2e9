/* One thread, one waiting request of each kind, a queue of outcomes. */
#include "tui/worker.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_EVERY_MS = 100 };

/* A request with room for what it points to. */
typedef struct slot {
    bool pending;
    bool later; /* goes on when nothing else waits */
    dv_request request;
    dv_wish wish;
    int64_t *pictures; /* room for all of the bundle, where such requests come; else NULL */
} slot;

typedef struct entry {
    dv_outcome outcome;
    struct entry *next;
} entry;

struct dv_worker {
    dv_bundle *bundle[DV_TEACHERS]; /* the second may be missing */
    const dv_bundle_facts *facts;   /* of the first */
    pthread_t thread;
    int pipe[2];

    pthread_mutex_t lock; /* of all below, up to `memory` */
    pthread_cond_t wake;
    bool leave, cancel;
    bool answered; /* what runs has posted its result, and is as good as over */
    slot waiting[DV_JOB_COUNT];
    slot running;
    dv_work work;
    double told; /* when the screen was last woken for progress */
    entry *first, *last;

    void *memory[DV_TEACHERS][DV_JOB_COUNT]; /* the thread's own */
};

/* ---- shared ---------------------------------------------------------------- */

static void tell(dv_worker *worker)
{
    ssize_t written;
    do
        written = write(worker->pipe[1], "", 1);
    while (written < 0 && errno == EINTR); /* a full pipe has already told */
}

/* Runs under the lock. */
static void empty(slot *held)
{
    held->pending = false;
    dv_explanation_free(held->request.explanation);
    held->request.explanation = NULL;
}

/* Runs under the lock: puts a request into a slot. */
static void fill(slot *target, const dv_request *request)
{
    if (request->explanation)
        dv_explanation_share(request->explanation);
    empty(target);
    target->pending = true;
    target->later = false;
    target->request = *request;
    if (request->wish) {
        dv_wish_copy(&target->wish, request->wish);
        target->request.wish = &target->wish;
    }
    if (request->chosen > 0) {
        memcpy(target->pictures, request->pictures, (size_t)request->chosen * sizeof(*target->pictures));
        target->request.pictures = target->pictures;
    }
}

/* Runs under the lock. */
static void drop_older(dv_worker *worker, dv_job job)
{
    entry **at = &worker->first;
    worker->last = NULL;
    while (*at) {
        entry *old = *at;
        if (old->outcome.job == job) {
            *at = old->next;
            dv_job_free_result(job, old->outcome.result);
            free(old);
        } else {
            worker->last = old;
            at = &old->next;
        }
    }
}

/* Runs under the lock: takes over the result. False without memory for it. */
static bool add(dv_worker *worker, const dv_outcome *outcome)
{
    entry *added = dv_alloc(1, sizeof(*added), NULL);
    if (!added) {
        dv_job_free_result(outcome->job, outcome->result);
        return false;
    }
    if (!dv_job_get(outcome->job)->keeps_all)
        drop_older(worker, outcome->job);
    added->outcome = *outcome;
    *(worker->last ? &worker->last->next : &worker->first) = added;
    worker->last = added;
    tell(worker);
    return true;
}

/* Runs under the lock: a request that waits is no longer wanted; whoever counts on its outcome has one. */
static void call_off(dv_worker *worker, slot *waiting)
{
    dv_outcome outcome = {.job = waiting->request.job,
                          .key = waiting->request.key,
                          .teacher = waiting->request.teacher,
                          .error = {.code = DV_ERROR_CANCELLED}};
    if (waiting->pending && dv_job_get(outcome.job)->stays)
        add(worker, &outcome);
    empty(waiting);
}

/* Runs under the lock. */
static void rest(dv_worker *worker)
{
    worker->work = (dv_work){.job = DV_JOB_NONE, .fraction = -1};
}

/* ---- on the thread ----------------------------------------------------------- */

/* Runs under the lock: whether something more urgent waits, or a newer request of the same kind. */
static bool is_overtaken(const dv_worker *worker)
{
    int last = worker->running.later ? DV_JOB_COUNT - 1 : (int)worker->work.job;
    for (int job = 0; job <= last; job++)
        if (worker->waiting[job].pending && !worker->waiting[job].later)
            return true;
    return false;
}

static bool report(void *context, const char *stage, double fraction)
{
    dv_worker *worker = context;
    double now = dv_clock_ms();
    pthread_mutex_lock(&worker->lock);
    snprintf(worker->work.stage, sizeof(worker->work.stage), "%s", stage);
    worker->work.fraction = fraction;
    if (now - worker->told >= PROGRESS_EVERY_MS) {
        worker->told = now;
        tell(worker);
    }
    bool stays = dv_job_get(worker->work.job)->stays;
    bool go_on = !worker->leave && !worker->cancel && (stays || !is_overtaken(worker));
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

static bool is_awaited(const dv_errand *errand)
{
    dv_worker *worker = errand->context;
    pthread_mutex_lock(&worker->lock);
    bool awaited = worker->leave || worker->cancel || is_overtaken(worker);
    pthread_mutex_unlock(&worker->lock);
    return awaited;
}

static void post_result(const dv_errand *errand, void *result, bool preview)
{
    dv_worker *worker = errand->context;
    pthread_mutex_lock(&worker->lock);
    add(worker, &(dv_outcome){.job = errand->request->job,
                              .key = errand->request->key,
                              .teacher = errand->request->teacher,
                              .preview = preview,
                              .result = result});
    worker->answered |= !preview;
    pthread_mutex_unlock(&worker->lock);
}

/* Of the second teacher, or of both. */
static void forget(dv_worker *worker, int first_teacher)
{
    for (int teacher = first_teacher; teacher < DV_TEACHERS; teacher++)
        for (int job = 0; job < DV_JOB_COUNT; job++) {
            void **memory = &worker->memory[teacher][job];
            if (*memory && dv_job_get(job)->forget)
                dv_job_get(job)->forget(*memory);
            free(*memory);
            *memory = NULL;
        }
}

/* Result and teacher at once: from then on whoever takes the one may close the teacher before. */
static bool post_teacher(const dv_errand *errand, void *result, dv_bundle *second, dv_error *error)
{
    dv_worker *worker = errand->context;
    const dv_outcome outcome = {.job = errand->request->job, .key = errand->request->key, .result = result};
    forget(worker, 1);
    pthread_mutex_lock(&worker->lock);
    const bool added = add(worker, &outcome);
    for (int job = 0; added && job < DV_JOB_COUNT; job++)
        if (worker->waiting[job].request.teacher == 1)
            call_off(worker, &worker->waiting[job]);
    if (added)
        worker->bundle[1] = second;
    worker->answered |= added;
    pthread_mutex_unlock(&worker->lock);
    return added || dv_error_set(error, DV_ERROR_MEMORY, "no memory for the second teacher");
}

static dv_errand_state run(dv_worker *worker, dv_error *error)
{
    dv_job job = worker->running.request.job;
    const dv_job_kind *kind = dv_job_get(job);
    dv_bundle *bundle = worker->bundle[worker->running.request.teacher];
    void **memory = &worker->memory[worker->running.request.teacher][job];
    if (kind->memory_size > 0 && !*memory && !(*memory = dv_alloc(1, kind->memory_size, error)))
        return DV_ERRAND_FAILED;
    const dv_progress progress = {.report = report, .context = worker};
    const dv_errand errand = {
        .bundle = bundle,
        .facts = dv_bundle_get_facts(bundle),
        .request = &worker->running.request,
        .progress = &progress,
        .memory = *memory,
        .context = worker,
        .post = post_result,
        .is_awaited = is_awaited,
        .post_teacher = post_teacher,
    };
    return kind->run(&errand, error);
}

/* Runs under the lock: a request that is not done goes back to where it waited, unless a newer one is there. */
static void put_back(dv_worker *worker, bool later)
{
    slot *place = &worker->waiting[worker->running.request.job];
    if (place->pending || worker->cancel)
        return;
    fill(place, &worker->running.request);
    place->later = later;
}

static void work_on(dv_worker *worker)
{
    dv_error error = {0};
    dv_errand_state state = run(worker, &error);
    bool gave_way = state == DV_ERRAND_FAILED && error.code == DV_ERROR_CANCELLED;
    pthread_mutex_lock(&worker->lock);
    bool cancelled = worker->cancel;
    if (state == DV_ERRAND_MORE || state == DV_ERRAND_LATER || (gave_way && !cancelled))
        put_back(worker, state == DV_ERRAND_LATER || (gave_way && worker->running.later));
    else
        rest(worker);
    if (state == DV_ERRAND_FAILED && (!gave_way || cancelled)) { /* who sees that it is over finds the outcome */
        dv_outcome outcome = {.job = worker->running.request.job,
                              .key = worker->running.request.key,
                              .teacher = worker->running.request.teacher,
                              .error = error};
        add(worker, &outcome);
    }
    empty(&worker->running);
    pthread_mutex_unlock(&worker->lock);
}

/* Runs under the lock: the most urgent of the kinds that wait; DV_JOB_COUNT: none. */
static int most_urgent(const dv_worker *worker, bool later)
{
    int job = DV_JOB_NONE + 1;
    while (job < DV_JOB_COUNT && !(worker->waiting[job].pending && worker->waiting[job].later == later))
        job++;
    return job;
}

/* Runs under the lock: hands the most urgent request to the thread; false when there is none. */
static bool choose(dv_worker *worker)
{
    int job = most_urgent(worker, false);
    if (job == DV_JOB_COUNT)
        job = most_urgent(worker, true);
    if (job == DV_JOB_COUNT)
        return false;
    slot *waiting = &worker->waiting[job];
    fill(&worker->running, &waiting->request);
    worker->running.later = waiting->later;
    empty(waiting);
    if (job == DV_JOB_EXPLAIN) /* what the explanation before is worth is no longer asked */
        empty(&worker->waiting[DV_JOB_MEASURE]);
    if (worker->work.job != (dv_job)job)
        worker->work = (dv_work){.job = (dv_job)job, .fraction = -1, .started = dv_clock_ms()};
    worker->cancel = worker->answered = false;
    return true;
}

static void *work(void *context)
{
    dv_worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    while (!worker->leave) {
        if (!choose(worker)) {
            rest(worker);
            tell(worker);
            pthread_cond_wait(&worker->wake, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        work_on(worker);
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* ---- on the screen's side ------------------------------------------------------ */

static bool open_pipe(dv_worker *worker, dv_error *error)
{
    if (pipe(worker->pipe) != 0) {
        worker->pipe[0] = worker->pipe[1] = -1;
        return dv_error_set(error, DV_ERROR_MEMORY, "no pipe for the worker: %s", strerror(errno));
    }
    for (int i = 0; i < 2; i++) {
        fcntl(worker->pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(worker->pipe[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

static bool make_room(dv_worker *worker, dv_error *error)
{
    const dv_explain_options defaults = dv_explain_defaults();
    for (int job = 0; job < DV_JOB_COUNT; job++)
        if (!dv_wish_init(&worker->waiting[job].wish, &defaults, worker->facts->latent, error))
            return false;
    slot *const selecting[] = {&worker->waiting[DV_JOB_CELL], &worker->running};
    for (int i = 0; i < 2; i++)
        if (!(selecting[i]->pictures = dv_alloc((size_t)worker->facts->count, sizeof(int64_t), error)))
            return false;
    return dv_wish_init(&worker->running.wish, &defaults, worker->facts->latent, error);
}

static void release(dv_worker *worker)
{
    for (int job = 0; job < DV_JOB_COUNT; job++) {
        empty(&worker->waiting[job]);
        dv_wish_clear(&worker->waiting[job].wish);
        free(worker->waiting[job].pictures);
    }
    forget(worker, 0);
    empty(&worker->running);
    dv_wish_clear(&worker->running.wish);
    free(worker->running.pictures);
    for (int i = 0; i < 2; i++)
        if (worker->pipe[i] >= 0)
            close(worker->pipe[i]);
    for (entry *next; worker->first; worker->first = next) {
        next = worker->first->next;
        dv_job_free_result(worker->first->outcome.job, worker->first->outcome.result);
        free(worker->first);
    }
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->wake);
    free(worker);
}

dv_worker *dv_worker_new(dv_bundle *bundle, dv_error *error)
{
    dv_worker *worker = dv_alloc(1, sizeof(*worker), error);
    if (!worker)
        return NULL;
    worker->bundle[0] = bundle;
    worker->facts = dv_bundle_get_facts(bundle);
    rest(worker);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    if (!open_pipe(worker, error) || !make_room(worker, error))
        goto fail;
    int failed = pthread_create(&worker->thread, NULL, work, worker);
    if (failed) {
        dv_error_set(error, DV_ERROR_MEMORY, "no thread for the worker: %s", strerror(failed));
        goto fail;
    }
    return worker;
fail:
    release(worker);
    return NULL;
}

void dv_worker_add_teacher(dv_worker *worker, dv_bundle *second)
{
    pthread_mutex_lock(&worker->lock);
    worker->bundle[1] = second;
    pthread_mutex_unlock(&worker->lock);
}

void dv_worker_free(dv_worker *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->leave = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    release(worker);
}

int dv_worker_fd(const dv_worker *worker)
{
    return worker->pipe[0];
}

static bool is_same(const slot *held, const dv_request *request)
{
    return held->pending && held->request.job == request->job && held->request.key == request->key;
}

void dv_worker_ask(dv_worker *worker, const dv_request *request)
{
    assert(request->job > DV_JOB_NONE && request->job < DV_JOB_COUNT);
    slot *waiting = &worker->waiting[request->job];
    pthread_mutex_lock(&worker->lock);
    if (is_same(&worker->running, request) && !worker->cancel && !worker->answered)
        empty(waiting); /* what was asked in between is no longer wanted, and must not displace it */
    else {
        fill(waiting, request);
        pthread_cond_signal(&worker->wake);
    }
    pthread_mutex_unlock(&worker->lock);
}

bool dv_worker_cancel(dv_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool busy = worker->running.pending;
    worker->cancel = true;
    for (int job = 0; job < DV_JOB_COUNT; job++) {
        busy |= worker->waiting[job].pending;
        call_off(worker, &worker->waiting[job]);
    }
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

dv_work dv_worker_look(dv_worker *worker)
{
    char bytes[64];
    while (read(worker->pipe[0], bytes, sizeof(bytes)) > 0)
        ;
    pthread_mutex_lock(&worker->lock);
    dv_work now = worker->work;
    pthread_mutex_unlock(&worker->lock);
    return now;
}

bool dv_worker_take(dv_worker *worker, dv_outcome *outcome)
{
    pthread_mutex_lock(&worker->lock);
    entry *taken = worker->first;
    if (taken) {
        *outcome = taken->outcome;
        worker->first = taken->next;
        if (!taken->next)
            worker->last = NULL;
    }
    pthread_mutex_unlock(&worker->lock);
    free(taken);
    return taken != NULL;
}
