/* The kinds of work that the screen asks of the engine: one row of the table each. */
#ifndef DV_TUI_JOB_H
#define DV_TUI_JOB_H

#include "deepvid.h"
#include "session/wish.h"
#include "tui/prompt.h"

#include <stddef.h>

/* The more urgent ones first. */
typedef enum dv_job {
    DV_JOB_NONE,
    DV_JOB_TRAVERSE, /* -> dv_strip */
    DV_JOB_EXPLAIN, /* -> dv_explanation, not measured; one with fewer neighbours first, which is, when a full one takes
                     * longer than a glance */
    DV_JOB_MEASURE, /* -> dv_fidelity */
    DV_JOB_EXPORT,  /* -> char *: the folder that was written */
    DV_JOB_TEACHER, /* -> dv_newcomer: a second teacher that was opened, from now on the one that requests mean */
    DV_JOB_ATTRIBUTE, /* -> dv_attribution */
    DV_JOB_FLIP,      /* -> dv_flip */
    DV_JOB_MORPH,     /* -> dv_morph */
    DV_JOB_INFLUENCE, /* -> float[latent] */
    DV_JOB_LAMBDA,    /* -> dv_lambda_points */
    DV_JOB_CELL, /* -> dv_cell_findings; of the wish only settings count. What was explained stays when it gives way */
    DV_JOB_PROJECT,  /* -> dv_positions; better ones by and by, when nothing else is to be done */
    DV_JOB_CLASSIFY, /* -> dv_scores_part, several */
    DV_JOB_SURVEY,   /* -> dv_means_part, several */
    DV_JOB_COUNT
} dv_job;

enum { DV_TEACHERS = 2 }; /* the bundle's, and another one that it may be compared with */

enum { DV_FOLDER_SIZE = 256 }; /* of the name of a report's folder */

/* What is asked for. `key` is the asker's: equal keys of a kind mean equal requests, and the outcome carries it. */
typedef struct dv_request {
    dv_job job;
    uint64_t key;
    int teacher;                 /* 0, or 1: the second one */
    const dv_wish *wish;         /* copied; NULL for MEASURE and the kinds that gather */
    dv_explanation *explanation; /* MEASURE: shared */
    int64_t index;               /* MORPH: the other picture */
    int number;                  /* TRAVERSE: dimension; FLIP: class or -1; ATTRIBUTE, EXPORT: explainer or -1;
                                  * CELL: the true class */
    int count;    /* TRAVERSE, MORPH: steps; LAMBDA: points; ATTRIBUTE: class; CELL: the class that is said; PROJECT:
                   * milliseconds between positions */
    double reach; /* TRAVERSE: prior standard deviations each way */
    dv_project_options project;     /* PROJECT */
    char folder[DV_FOLDER_SIZE];    /* EXPORT */
    const dv_bundle_source *source; /* TEACHER: as the bundle was opened, and the file in place of its teacher */
    char file[DV_PROMPT_SIZE];      /* TEACHER */
    int64_t chosen;                 /* CELL: pictures of a selection; 0: those of the cell */
    const int64_t *pictures;        /* CELL: chosen; copied */
} dv_request;

/* What came of a request. */
typedef struct dv_outcome {
    dv_job job;
    uint64_t key;
    int teacher;    /* of the request */
    bool preview;   /* with fewer neighbours; the full one follows unless a newer request comes */
    void *result;   /* as the kind has it, freed by dv_job_free_result; NULL when error says why there is none */
    dv_error error; /* code DV_OK when all is well */
} dv_outcome;

/* The teacher's answers on some pictures. */
typedef struct dv_scores_part {
    int64_t first, count;
    uint8_t *given; /* count x dv_label_bytes, the labels given to each; NULL where one holds. In the same block */
    dv_scores score[];
} dv_scores_part;

/* A second teacher that was opened. */
typedef struct dv_newcomer {
    dv_bundle *bundle;
    struct dv_pictures *pictures; /* none of them known yet */
} dv_newcomer;

/* The latent means of some pictures, count x latent. */
typedef struct dv_means_part {
    int64_t first, count;
    float mean[];
} dv_means_part;

/* Where the projection has the pictures at the moment. */
typedef struct dv_positions {
    dv_project_options options;
    double fraction; /* of the work; 1: done */
    int64_t count;
    float position[]; /* count x 2, in -1..1 */
} dv_positions;

/* The path of lambda. */
typedef struct dv_lambda_points {
    int count;
    dv_lambda_point point[];
} dv_lambda_points;

/* ---- for the worker ---------------------------------------------------------------- */

typedef enum dv_errand_state {
    DV_ERRAND_DONE,
    DV_ERRAND_MORE,  /* it goes on as soon as it is the most urgent one again */
    DV_ERRAND_LATER, /* it goes on when nothing else waits */
    DV_ERRAND_FAILED
} dv_errand_state;

/* One request under way, as its kind sees it. */
typedef struct dv_errand {
    dv_bundle *bundle;
    const dv_bundle_facts *facts;
    const dv_request *request;
    const dv_progress *progress; /* says no when the work has become pointless */
    void *memory;                /* of the kind, zeroed at first, kept from request to request */
    void *context;               /* of the worker */
    /* Hands a result over. */
    void (*post)(const struct dv_errand *errand, void *result, bool preview);
    /* Whether something else waits, more urgent than this or a newer request of the kind. */
    bool (*is_awaited)(const struct dv_errand *errand);
    /* Hands over a result that holds the second teacher: requests of it go to this one from now on, what was remembered
     * of the one before is forgotten. False and an error without memory; the result is freed, and the one before stays. */
    bool (*post_teacher)(const struct dv_errand *errand, void *result, dv_bundle *second, dv_error *error);
} dv_errand;

typedef struct dv_job_kind {
    const char *doing; /* "explaining" */
    bool keeps_all;    /* results add up; else a newer one replaces one that nobody took */
    bool stays;        /* runs to its end even if something more urgent waits; each request has its outcome */
    size_t memory_size;
    void (*forget)(void *memory); /* frees what the memory owns; NULL: nothing */
    /* Works until done, or for a bite when it can go on (MORE, LATER). */
    dv_errand_state (*run)(const dv_errand *errand, dv_error *error);
    void (*free_result)(void *result);
} dv_job_kind;

const dv_job_kind *dv_job_get(dv_job job);
void dv_job_free_result(dv_job job, void *result);

extern const dv_job_kind dv_job_explain, dv_job_measure, dv_job_export, dv_job_teacher, dv_job_attribute,
    dv_job_traverse, dv_job_flip, dv_job_morph, dv_job_influence, dv_job_lambda, dv_job_cell, dv_job_classify,
    dv_job_survey, dv_job_project;

#endif
