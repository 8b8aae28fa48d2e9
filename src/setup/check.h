/* Everything that belongs to an explanation looked at, and all that is wrong with it told: not only the first thing. */
#ifndef DV_SETUP_CHECK_H
#define DV_SETUP_CHECK_H

#include "onnx/onnx.h"
#include "setup/check_preprocessing.h"

typedef enum dv_finding_kind { DV_FINDING_OK, DV_FINDING_NOTE, DV_FINDING_PROBLEM } dv_finding_kind;
const char *dv_finding_kind_name(dv_finding_kind kind); /* "ok", "note", "problem" */

enum { DV_MAX_FINDINGS = 64 };

/* Sentences without a full stop at the end, clean UTF-8. */
typedef struct dv_finding {
    dv_finding_kind kind;
    const char *code; /* for programs: "external-data" */
    const char *text;
    const char *remedy;  /* what to do; NULL: nothing */
    const char *command; /* that does it, or nearly so; NULL: none */
} dv_finding;

/* An input or output of the model. */
typedef struct dv_check_value {
    const char *name;
    dv_type type;
    bool has_shape;
    dv_shape shape; /* -1: free */
} dv_check_value;

typedef struct dv_check_model {
    const char *path;
    dv_onnx_survey *survey; /* NULL: no ONNX file */
    dv_graph *graph;        /* NULL: cannot be read; made ready to run in the end */
    int inputs, outputs;
    dv_check_value *input, *output;
    bool is_teacher; /* `facts` are there: pictures in, classes out */
    dv_teacher_facts facts;
    const char *output_name; /* of the output that is read */
    int64_t multiply_adds;   /* of one picture; -1: unknown */
    int64_t memory;          /* bytes that the results of one picture take; -1: unknown */
} dv_check_model;

/* What else a bundle holds. */
typedef struct dv_check_vae {
    bool is_open;                /* the bundle can be opened */
    int channels, height, width; /* of the pictures that are explained */
    int latent;
    int64_t shown; /* pictures that were encoded and decoded again */
    int64_t keeps; /* of these: whose reconstruction the teacher gives the picture's own name */
    double kept;   /* share of what differs between pictures that reconstructions keep; NaN: unknown */
} dv_check_vae;

typedef struct dv_check {
    dv_arena *arena;    /* owns all texts and this */
    const char *folder; /* of a bundle; NULL: none */
    dv_check_vae vae;   /* of the bundle */
    dv_check_model model;
    dv_dataset *data; /* NULL: none given, or not to be opened */
    const char *images;
    int64_t labelled;  /* pictures with a label, or with marks */
    char **name_block; /* name_count names from the file of class names; NULL: none */
    int name_count;
    int classes;             /* of the model; 0: unknown */
    const char **class_name; /* by class; NULL where nobody named it */
    const char **label_name; /* by number of the label */
    dv_trials *trials;       /* NULL: nothing was tried */
    bool is_dead;            /* the answers are the same, or none, however pictures are shown */
    const dv_trial *usual;   /* of these: what is used when nothing is said, or what was said */
    const dv_trial *best;    /* NULL: none makes sense */
    int *class_of;           /* by label, where labels and classes go by other numbers: -1 unknown; NULL: by the same */
    const char **names_in_order; /* by class, NULL where unknown: what the class names should be; NULL: nobody knows */
    int settings;
    dv_trial_setting setting[DV_TRIAL_SETTINGS]; /* for [teacher], so that the best is used */
    int findings;
    dv_finding finding[DV_MAX_FINDINGS];
    bool is_usable; /* no finding is a problem */
} dv_check;

typedef struct dv_check_options {
    int64_t count; /* pictures to try at most; 0: up to 1000, fewer for large models */
    uint64_t seed;
} dv_check_options;

/* Looks at a model (source->teacher) and, unless NULL, pictures (source->images), their labels, the names of classes,
 * and what else the source says of them; or at all of a bundle (source->folder). What is wrong becomes a finding; NULL
 * and an error only where memory is lacking or progress stopped it before there was anything to tell. */
dv_check *dv_check_run(const dv_bundle_source *source, const dv_check_options *options, const dv_progress *progress,
                       dv_error *error);
void dv_check_free(dv_check *check);

/* One object: {"usable","model":{"file","producer","opset","parameters","operators","external_data","inputs","outputs",
 * "takes","puts_out","multiply_adds","memory"},"pictures","bundle","vae","trials":[{"name","settings","accuracy","relabelled",...}],
 * "best","settings","class_of_label","names_in_order","findings":[{"kind","code","text","remedy","command"}]}; freed by
 * free().
 */
char *dv_check_json(const dv_check *check, dv_error *error);

#endif
