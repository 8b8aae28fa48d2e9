/* What preprocessing a teacher was trained with, found by trying: labelled pictures are shown to it in every way that
 * is usual, and the way in which it names most of them right is the one. */
#ifndef DV_SETUP_CHECK_PREPROCESSING_H
#define DV_SETUP_CHECK_PREPROCESSING_H

#include "data/data.h"
#include "setup/check_labels.h"
#include "vid/inspect.h"

enum { DV_TRIAL_NAME = 64, DV_TRIAL_SETTINGS = 8 };

/* A way to show pictures to a teacher, and how it answered. */
typedef struct dv_trial {
    char name[DV_TRIAL_NAME]; /* "imagenet", "0..255, inverted" */
    const char *preset;       /* that mean and deviation are known by; NULL: none */
    dv_network_input input;   /* layout, mean, deviation and scale; 1 - picture is a negative deviation */
    dv_picture_form form;     /* crop and filter */
    bool inverted;            /* pictures are 1 - picture */
    bool transposed;          /* their rows are columns: no setting does this, the files would have to change */
    bool is_variant;          /* of another one on the list: turned, or with its channels in the other order */
    bool is_given;            /* what the caller asked for */
    bool is_hint;             /* what the wish hints at */
    bool is_usual;            /* what pictures are shown as when nobody says anything else */
    int64_t shown;            /* pictures of the sample so far, its first ones */
    int64_t told;             /* of these: with a label, and readable */
    int64_t strange;          /* of these: whose answer is not finite */
    double accuracy;          /* share of `told` that it is right about; of several labels a picture: share of marks */
    double loss;              /* mean of -log of the label's probability, over those with a finite answer */
    double confidence;        /* median of the largest probability */
    bool varies;              /* not all answers are the same to six digits */
    dv_label_match match;     /* class_of NULL; not for several labels a picture */
    int *answer;              /* shown, -1: not finite */
    /* shown each: the largest probability; share of the labels that it is right about; -log of their probability */
    float *sureness, *rightness, *losses;
    float *first; /* the logits of the first picture */
    int teacher;  /* which of the layouts that are tried */
} dv_trial;

/* One key of the section [teacher], or a flag of that name. */
typedef struct dv_trial_setting {
    const char *key;
    char value[80];
} dv_trial_setting;

typedef struct dv_trials {
    dv_arena *arena; /* owns everything below and this */
    int classes;
    bool multi_label;
    bool shrinks;  /* pictures are made smaller for the teacher, so that crop and filter matter */
    int64_t count; /* pictures of the sample */
    bool is_small; /* fewer than usual, since the teacher is large */
    int64_t *index;
    int *label; /* -1: unknown, or none of the teacher's classes */
    int trials; /* the best first, those that were shown the most pictures above the others */
    dv_trial *trial;
    bool is_sure;       /* the first one is better than the second by more than chance */
    bool is_consistent; /* it was found by answers that fit labels of another order: accuracies tell nothing */
    bool is_stopped;    /* by the progress: there is something to be told all the same */
    float mean[DV_MAX_CHANNELS], deviation[DV_MAX_CHANNELS]; /* of the sample, per channel */
} dv_trials;

/* What is to be tried. */
typedef struct dv_trial_wish {
    const dv_inspect_wish *inspect; /* as for dv_inspect_teacher, */
    const dv_teacher_facts *facts;  /* and what that told of the graph */
    const dv_trial *given;          /* input and form that the caller would use, to be compared with; NULL: none */
    const dv_trial *hint;           /* what else is to be tried: of the model's metadata, say; NULL: nothing */
    int64_t count;                  /* pictures of the sample at most; 0: as many as take about a minute, up to 1000 */
    uint64_t seed;
    bool is_single; /* try nothing but `given`, or what is used when nothing is said; pictures without labels will do */
} dv_trial_wish;

/* Tries them. The graph is as its file has it, and becomes one that is ready to run; labels are numbers of its classes.
 * NULL and an error where no picture has a label, or progress stops it before every way was tried. */
dv_trials *dv_preprocessing_try(dv_graph *graph, const dv_dataset *data, const dv_trial_wish *wish, dv_team *team,
                                const dv_progress *progress, dv_error *error);
void dv_trials_free(dv_trials *trials);

/* How to have what a trial did: returns how many settings it takes, none where it is what there is without any. */
int dv_trial_settings(const dv_trials *trials, const dv_trial *trial, dv_trial_setting settings[DV_TRIAL_SETTINGS]);

/* How many standard errors `a` is right more often than `b`, on the pictures that both were shown. */
double dv_trial_lead(const dv_trial *a, const dv_trial *b);

#endif
