/* One thread, three kinds of work, in order of urgency: explain, export, classify a few more pictures. */
#include "tui/worker.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "figure/figure.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PREVIEW_NEIGHBORS = 256,   /* nested in the full set: the same points, fewer of them */
    PREVIEW_AT_LEAST = 64,     /* where the machine is slow */
    PREVIEW_SLOW_MS = 80,      /* longer: the next preview is smaller */
    PREVIEW_FAST_MS = 30,      /* sooner: it may grow again */
    PREVIEW_WORTH_MS = 60,     /* a full explanation that is faster needs no preview */
    PREVIEW_PATIENCE_MS = 150, /* a preview that takes longer gives way to a newer request */
    PROGRESS_EVERY_MS = 100,
    CLASSIFY_PICTURES = 128, /* a bite: short enough to keep nobody waiting */
};

/* A request with room for what its options point to. */
typedef struct request {
    bool pending;
    uint64_t generation;
    dv_explain_options options;
    float *offset, *bands;
    char folder[DV_FOLDER_SIZE]; /* of an export */
} request;

struct dv_worker {
    dv_bundle *bundle;
    const dv_bundle_facts *facts;
    pthread_t thread;
    int pipe[2];

    pthread_mutex_t lock; /* of all below but for `running` and `full_ms` */
    pthread_cond_t wake;
    bool leave, cancel;
    request explain, export;
    bool classify;
    dv_work work;
    double told; /* when the screen was last woken for progress */
    dv_outcome explained, exported;
    bool has_explained, has_exported;
    int *predictions;
    int64_t predicted;
    dv_error classify_error;

    request running; /* the thread's own copy of the request at hand */
    double started;  /* of the explanation at hand */
    bool preview;
    int64_t preview_neighbors;
    double full_ms; /* time of the last full explanation */
};

/* ---- shared ---------------------------------------------------------------- */

static void tell(dv_worker *worker)
{
    ssize_t written;
    do
        written = write(worker->pipe[1], "", 1);
    while (written < 0 && errno == EINTR); /* a full pipe has already told */
}

static void copy_floats(float *room, const float *values, int count, const float **kept)
{
    *kept = NULL;
    if (values) {
        memcpy(room, values, (size_t)count * sizeof(*values));
        *kept = room;
    }
}

static void fill(const dv_worker *worker, request *target, const dv_explain_options *options, uint64_t generation)
{
    target->pending = true;
    target->generation = generation;
    target->options = *options;
    copy_floats(target->offset, options->offset, worker->facts->latent, &target->options.offset);
    copy_floats(target->bands, options->bands, worker->facts->latent, &target->options.bands);
}

/* Runs under the lock: hands the waiting request to the thread. */
static void take_request(dv_worker *worker, request *waiting)
{
    fill(worker, &worker->running, &waiting->options, waiting->generation);
    snprintf(worker->running.folder, sizeof(worker->running.folder), "%s", waiting->folder);
    waiting->pending = false;
}

/* Runs under the lock: a newer explanation takes the place of one that nobody took. */
static void post(dv_worker *worker, const dv_outcome *outcome)
{
    if (outcome->job == DV_JOB_EXPORT) {
        worker->exported = *outcome;
        worker->has_exported = true;
    } else {
        if (worker->has_explained)
            dv_explanation_free(worker->explained.explanation);
        worker->explained = *outcome;
        worker->has_explained = true;
    }
    tell(worker);
}

/* Runs under the lock: who sees the outcome of a job sees that it is over. */
static void rest(dv_worker *worker)
{
    worker->work = (dv_work){.job = DV_JOB_NONE, .fraction = -1};
}

/* ---- on the thread ----------------------------------------------------------- */

/* Whether the work at hand has become pointless. Runs under the lock. */
static bool given_up(const dv_worker *worker, double now)
{
    if (worker->leave || worker->cancel)
        return true;
    if (worker->work.job != DV_JOB_EXPLAIN || !worker->explain.pending)
        return false;
    return !worker->preview || now - worker->started > PREVIEW_PATIENCE_MS;
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
    bool go_on = !given_up(worker, now);
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

/* Explains what `running` asks for, with at most `neighbors` neighbours. */
static dv_explanation *explain(dv_worker *worker, int64_t neighbors, dv_error *error)
{
    dv_explain_options options = worker->running.options;
    if (options.neighbors > neighbors)
        options.neighbors = neighbors;
    if (options.fresh > neighbors)
        options.fresh = neighbors;
    dv_progress progress = {.report = report, .context = worker};
    worker->started = dv_clock_ms();
    return dv_explain(worker->bundle, &options, &progress, error);
}

/* A preview is there to follow the keys. */
static void fit_preview(dv_worker *worker, double took_ms)
{
    if (took_ms > PREVIEW_SLOW_MS && worker->preview_neighbors > PREVIEW_AT_LEAST)
        worker->preview_neighbors /= 2;
    else if (took_ms < PREVIEW_FAST_MS && worker->preview_neighbors < PREVIEW_NEIGHBORS)
        worker->preview_neighbors *= 2;
}

/* Returns whether to go on with the full one. */
static bool finish_explanation(dv_worker *worker, bool preview, dv_explanation *explanation, const dv_error *error)
{
    double now = dv_clock_ms();
    if (explanation && preview)
        fit_preview(worker, now - worker->started);
    else if (explanation)
        worker->full_ms = now - worker->started;
    pthread_mutex_lock(&worker->lock);
    bool overtaken = worker->explain.pending || worker->leave;
    if (explanation || !overtaken) {
        dv_outcome outcome = {.job = DV_JOB_EXPLAIN,
                              .generation = worker->running.generation,
                              .preview = preview,
                              .explanation = explanation};
        if (!explanation)
            outcome.error = *error;
        post(worker, &outcome);
    }
    bool go_on = preview && explanation && !overtaken && !worker->cancel;
    if (!go_on)
        rest(worker);
    pthread_mutex_unlock(&worker->lock);
    return go_on;
}

static void run_explain(dv_worker *worker)
{
    dv_error error = {0};
    worker->preview = worker->running.options.neighbors > PREVIEW_NEIGHBORS && !(worker->full_ms < PREVIEW_WORTH_MS);
    if (worker->preview) {
        dv_explanation *explanation = explain(worker, worker->preview_neighbors, &error);
        if (!finish_explanation(worker, true, explanation, &error))
            return;
        worker->preview = false;
    }
    dv_explanation *explanation = explain(worker, INT64_MAX, &error);
    finish_explanation(worker, false, explanation, &error);
}

static void run_export(dv_worker *worker)
{
    dv_outcome outcome = {.job = DV_JOB_EXPORT};
    snprintf(outcome.folder, sizeof(outcome.folder), "%s", worker->running.folder);
    dv_explanation *explanation = explain(worker, INT64_MAX, &outcome.error);
    if (explanation)
        dv_figure_report(outcome.folder, explanation, worker->facts, &outcome.error);
    dv_explanation_free(explanation);
    pthread_mutex_lock(&worker->lock);
    post(worker, &outcome);
    rest(worker);
    pthread_mutex_unlock(&worker->lock);
}

static int largest(const float *values, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

static void run_classify(dv_worker *worker)
{
    int64_t first = worker->predicted, left = worker->facts->count - first;
    int64_t count = left < CLASSIFY_PICTURES ? left : CLASSIFY_PICTURES;
    int classes = worker->facts->classes;
    dv_error error = {0};
    float *probabilities = dv_alloc((size_t)count * (size_t)classes, sizeof(*probabilities), &error);
    bool fine = probabilities && dv_classify_range(worker->bundle, first, count, probabilities, &error);

    pthread_mutex_lock(&worker->lock);
    if (fine) {
        for (int64_t i = 0; i < count; i++)
            worker->predictions[first + i] = largest(probabilities + i * classes, classes);
        worker->predicted += count;
        worker->work.fraction = (double)worker->predicted / (double)worker->facts->count;
    } else
        worker->classify_error = error;
    if (!fine || worker->predicted == worker->facts->count)
        worker->classify = false;
    double now = dv_clock_ms();
    if (!worker->classify || now - worker->told >= PROGRESS_EVERY_MS) {
        worker->told = now;
        tell(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    free(probabilities);
}

/* Runs under the lock. */
static dv_job choose(dv_worker *worker)
{
    if (worker->explain.pending) {
        take_request(worker, &worker->explain);
        return DV_JOB_EXPLAIN;
    }
    if (worker->export.pending) {
        take_request(worker, &worker->export);
        return DV_JOB_EXPORT;
    }
    return worker->classify ? DV_JOB_CLASSIFY : DV_JOB_NONE;
}

static void *work(void *context)
{
    static void (*const run[])(dv_worker *) = {
        [DV_JOB_EXPLAIN] = run_explain,
        [DV_JOB_EXPORT] = run_export,
        [DV_JOB_CLASSIFY] = run_classify,
    };
    dv_worker *worker = context;
    pthread_mutex_lock(&worker->lock);
    while (!worker->leave) {
        dv_job job = choose(worker);
        if (job != worker->work.job)
            worker->work = (dv_work){.job = job, .fraction = -1};
        if (job == DV_JOB_NONE) {
            tell(worker);
            pthread_cond_wait(&worker->wake, &worker->lock);
            continue;
        }
        worker->cancel = false;
        pthread_mutex_unlock(&worker->lock);
        run[job](worker);
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

static bool make_room(const dv_worker *worker, request *target, dv_error *error)
{
    size_t latent = (size_t)worker->facts->latent;
    target->offset = dv_alloc(latent, sizeof(float), error);
    target->bands = dv_alloc(latent, sizeof(float), error);
    return target->offset && target->bands;
}

static void release(dv_worker *worker)
{
    request *const requests[] = {&worker->explain, &worker->export, &worker->running};
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        free(requests[i]->offset);
        free(requests[i]->bands);
    }
    for (int i = 0; i < 2; i++)
        if (worker->pipe[i] >= 0)
            close(worker->pipe[i]);
    if (worker->has_explained)
        dv_explanation_free(worker->explained.explanation);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->wake);
    free(worker->predictions);
    free(worker);
}

dv_worker *dv_worker_new(dv_bundle *bundle, dv_error *error)
{
    dv_worker *worker = dv_alloc(1, sizeof(*worker), error);
    if (!worker)
        return NULL;
    worker->bundle = bundle;
    worker->facts = dv_bundle_get_facts(bundle);
    worker->full_ms = INFINITY;
    worker->preview_neighbors = PREVIEW_NEIGHBORS;
    rest(worker);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    if (!open_pipe(worker, error) || !make_room(worker, &worker->explain, error) ||
        !make_room(worker, &worker->export, error) || !make_room(worker, &worker->running, error) ||
        !(worker->predictions = dv_alloc((size_t)worker->facts->count, sizeof(int), error)))
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

void dv_worker_explain(dv_worker *worker, const dv_explain_options *options, uint64_t generation)
{
    pthread_mutex_lock(&worker->lock);
    fill(worker, &worker->explain, options, generation);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}

bool dv_worker_export(dv_worker *worker, const dv_explain_options *options, const char *folder)
{
    pthread_mutex_lock(&worker->lock);
    bool busy = worker->export.pending || worker->work.job == DV_JOB_EXPORT;
    if (!busy) {
        fill(worker, &worker->export, options, 0);
        snprintf(worker->export.folder, sizeof(worker->export.folder), "%s", folder);
        pthread_cond_signal(&worker->wake);
    }
    pthread_mutex_unlock(&worker->lock);
    return !busy;
}

void dv_worker_classify(dv_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->classify = worker->predicted < worker->facts->count;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}

bool dv_worker_cancel(dv_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool busy =
        worker->work.job != DV_JOB_NONE || worker->explain.pending || worker->export.pending || worker->classify;
    worker->cancel = true;
    worker->explain.pending = worker->export.pending = worker->classify = false;
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
    bool taken = true;
    pthread_mutex_lock(&worker->lock);
    if (worker->has_explained) {
        *outcome = worker->explained;
        worker->has_explained = false;
    } else if (worker->has_exported) {
        *outcome = worker->exported;
        worker->has_exported = false;
    } else
        taken = false;
    pthread_mutex_unlock(&worker->lock);
    return taken;
}

int64_t dv_worker_predictions(dv_worker *worker, int64_t from, int *predictions, dv_error *error)
{
    assert(from >= 0 && from <= worker->facts->count);
    pthread_mutex_lock(&worker->lock);
    int64_t known = worker->predicted;
    memcpy(predictions + from, worker->predictions + from, (size_t)(known - from) * sizeof(*predictions));
    *error = worker->classify_error;
    worker->classify_error = (dv_error){0};
    pthread_mutex_unlock(&worker->lock);
    return known;
}
