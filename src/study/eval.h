/* How good explainers and students are: each measured on the same sample of pictures. */
#ifndef DV_STUDY_EVAL_H
#define DV_STUDY_EVAL_H

#include "vid/bundle.h"

enum {
    DV_EVAL_SEEDS = 3,  /* students of a picture, by as many seeds */
    DV_EVAL_STEPS = 28, /* of a curve: a twenty-eighth of the positions each */
    DV_EVAL_POINTS = DV_EVAL_STEPS + 1,
    DV_EVAL_STAGES = 8,   /* at most, in which the teacher's layers are shuffled */
    DV_EVAL_DRAWS = 3,    /* of noise on a picture */
    DV_EVAL_SUBSETS = 64, /* of a picture's cells */
    DV_EVAL_MOST_ROWS = 64,
    DV_EVAL_MOST_PICTURES = 1000000,
    DV_EVAL_MOST_NEAR = 10000,
    DV_EVAL_NOTES = 4
};

/* ---- what is measured ---------------------------------------------------------- */

/* The teacher's probability of the class while the picture goes (deletion) or comes (insertion), the strongest
 * positions of the map first, all channels of a position together (Petsiuk, Das, Saenko 2018). */
typedef enum dv_eval_curve {
    DV_CURVE_DELETION_BLACK, /* from the picture to black */
    DV_CURVE_DELETION_BLURRED,
    DV_CURVE_INSERTION_BLACK, /* from black to the picture */
    DV_CURVE_INSERTION_BLURRED,
    DV_EVAL_CURVES
} dv_eval_curve;
const char *dv_eval_curve_name(dv_eval_curve curve); /* "deletion_black" */

/* Figures of one row on one picture. */
typedef enum dv_measure {
    DV_MEASURE_SCORE,          /* insertion less deletion, mean of both baselines */
    DV_MEASURE_DELETION_BLACK, /* areas under the curves, in their order */
    DV_MEASURE_DELETION_BLURRED,
    DV_MEASURE_INSERTION_BLACK,
    DV_MEASURE_INSERTION_BLURRED,
    DV_MEASURE_CALLS,
    DV_MEASURE_MU,          /* mu-fidelity (Bhatt, Weller, Moura 2020) */
    DV_MEASURE_GINI,        /* how few positions hold the map (Chalasani, Chen, Chowdhury, Jha, Wu 2020) */
    DV_MEASURE_SHUFFLED,    /* likeness to the map of a teacher whose weights are shuffled */
    DV_MEASURE_SENSITIVITY, /* the largest change of the map by noise on the picture */
    DV_MEASURE_KL,          /* from here on of students: on fresh neighbours, as in dv_fidelity */
    DV_MEASURE_KL_AT_1,
    DV_MEASURE_AGREEMENT,
    DV_MEASURE_R2,
    DV_MEASURE_REAL,       /* agreement on the nearest real pictures */
    DV_MEASURE_STEADINESS, /* mean cosine of the maps of all pairs of seeds */
    DV_MEASURE_RIGHT,      /* 1: the student names the picture as the teacher does */
    DV_MEASURE_KEEPS,      /* from here on what verdicts go by: as in dv_fidelity */
    DV_MEASURE_ENTROPY,
    DV_MEASURE_DISTRUST,
    DV_MEASURE_SUSPECT,
    DV_MEASURE_UNDECIDED,
    DV_MEASURES
} dv_measure;

typedef struct dv_measure_facts {
    const char *name, *meaning;
} dv_measure_facts;
const dv_measure_facts *dv_measure_get(dv_measure measure);

typedef struct dv_eval_figures {
    double value[DV_MEASURES]; /* NaN: there is none */
    float curve[DV_EVAL_CURVES][DV_EVAL_POINTS];
    double shuffled[DV_EVAL_STAGES]; /* likeness after each stage; NaN beyond the last */
    double milliseconds;
    char problem[2 * DV_REASON_SIZE]; /* why there is no map, then nothing else counts; "" */
} dv_eval_figures;

/* ---- what is asked for ---------------------------------------------------------- */

/* A way of explaining: a row of the table of explainers, for the student's own maps by one kind of student, for others
 * against one baseline. */
typedef struct dv_eval_row {
    char name[64]; /* "lime", "rise/both", "evidence-half/ridge/mixed" */
    int explainer;
    bool is_student;
    dv_student_method method;
    dv_neighborhood neighborhood;
    dv_baseline baseline; /* usual: it has none */
} dv_eval_row;

typedef struct dv_eval_wish {
    int64_t pictures;  /* of the sample */
    int64_t neighbors; /* that students learn from */
    int near;          /* real pictures that students are tried on */
    uint64_t seed;
    bool shuffle; /* the teacher's weights, too */
    bool noise;   /* on the pictures, too */
    int rows;
    dv_eval_row row[DV_EVAL_MOST_ROWS];
} dv_eval_wish;

/* 40 pictures, 1000 neighbours, 30 real ones, seed 1, no rows yet. */
dv_eval_wish dv_eval_defaults(void);
/* Rows by their names with commas between them; NULL: all explainers, evidence against half the mean by Adam's student
 * and by mixed neighbours, and LIME, RISE and integrated gradients against both baselines. A kind of student, or a
 * baseline, stands behind slashes; where it does not, the student is ridge, the neighbours are those that the bundle's
 * explanations start from, and the baseline is black. What is there already is not added again. */
bool dv_eval_add_rows(dv_eval_wish *wish, const char *names, const dv_bundle_facts *facts, dv_error *error);
/* The number of a row, -1 and an error where there is none of that name. */
int dv_eval_find_row(const dv_eval_wish *wish, const char *name, dv_error *error);

/* ---- measuring ------------------------------------------------------------------- */

typedef struct dv_eval {
    dv_bundle *bundle;
    dv_eval_wish wish;
    int64_t labelled;           /* pictures of the bundle whose label is known */
    int64_t count;              /* pictures of the sample */
    int64_t misclassified;      /* of these */
    int64_t *index;             /* count: which they are, in the order drawn */
    bool *wrong;                /* count */
    int *word;                  /* of all pictures of the bundle, the teacher's */
    float *mean;                /* and their latent means */
    int64_t done;               /* pictures of the sample that are measured */
    dv_eval_figures *figures;   /* count x rows, in rows of pictures */
    dv_calibration calibration; /* the bundle's, or what was chosen here */
    int64_t chosen_by;          /* pictures; 0: nothing was chosen */
    int notes;                  /* what is not as one might think, a sentence each */
    char note[DV_EVAL_NOTES][2 * DV_REASON_SIZE];
} dv_eval;

/* Asks the teacher about all pictures, where they lie in latent space, and draws the sample by the seed: half of it
 * misclassified where there are so many. Borrows the bundle. */
dv_eval *dv_eval_new(dv_bundle *bundle, const dv_eval_wish *wish, const dv_progress *progress, dv_error *error);
void dv_eval_free(dv_eval *eval);
/* Measures the next picture by all rows; the same figures for any number of threads, but for the milliseconds.
 * Reports fractions of this one picture, as "eval". */
bool dv_eval_step(dv_eval *eval, const dv_progress *progress, dv_error *error);
static inline dv_eval_figures *dv_eval_at(const dv_eval *eval, int64_t picture, int row)
{
    return &eval->figures[picture * eval->wish.rows + row];
}

/* ---- figures so far, kept in a file ------------------------------------------------- */

typedef struct dv_eval_state dv_eval_state;
/* Opens or begins the file and takes the pictures over that it holds; a picture that was cut off while it was written
 * is measured again. An error that names the file where it is damaged, of another wish or bundle, or in use. */
dv_eval_state *dv_eval_state_open(const char *path, dv_eval *eval, dv_error *error);
/* Appends the picture measured last. */
bool dv_eval_state_append(dv_eval_state *state, const dv_eval *eval, dv_error *error);
/* Closes it, and removes the file when it is `done` with; NULL is allowed. */
void dv_eval_state_close(dv_eval_state *state, bool done);

/* ---- statistics ---------------------------------------------------------------------- */

/* Zero it, add to it; Welford's sums. */
typedef struct dv_statistics {
    int64_t count; /* of numbers that are finite: others are left out */
    double mean, squares;
} dv_statistics;
void dv_statistics_add(dv_statistics *statistics, double value);
/* Of the mean; NaN below two numbers. */
double dv_statistics_error(const dv_statistics *statistics);
/* Half the width of the mean's 95 % interval, by Student's t; NaN below two numbers. */
double dv_statistics_reach(const dv_statistics *statistics);
/* t that |T| stays below with a chance of 95 %, for so many degrees of freedom, 1 or more. */
double dv_student_t(int64_t freedom);

/* Over the pictures that are measured. */
dv_statistics dv_eval_mean(const dv_eval *eval, int row, dv_measure measure);
/* Of row less `against`, on pictures that both have a figure for. */
dv_statistics dv_eval_difference(const dv_eval *eval, int row, int against, dv_measure measure);
/* Milliseconds of those that have a map. */
dv_statistics dv_eval_time(const dv_eval *eval, int row);
/* The first problem of a row and how many pictures have one; NULL: none. */
const char *dv_eval_problem(const dv_eval *eval, int row, int64_t *pictures);
/* Points of the mean curve. */
void dv_eval_mean_curve(const dv_eval *eval, int row, dv_eval_curve curve, double point[DV_EVAL_POINTS]);

/* Likeness to the map after a stage of shuffling. */
dv_statistics dv_eval_shuffled(const dv_eval *eval, int row, int stage);
/* Whether the row's maps stay as they are, a mean likeness of 0.9 or more, when all that the teacher learnt is gone:
 * then they do not explain it. */
bool dv_eval_ignores_teacher(const dv_eval *eval, int row);

/* ---- verdicts ------------------------------------------------------------------------- */

/* Whether the student fails on real pictures: it agrees with the teacher on less than four fifths of the nearest. */
bool dv_eval_is_bad(const dv_eval_figures *figures);
/* How well a figure of a row's students tells the bad ones, 0.5: not at all; NaN where there are none, or only bad
 * ones.
 */
bool dv_eval_auc(const dv_eval *eval, int row, dv_measure measure, double *area, dv_error *error);
/* What the verdicts on a row's students are worth here: on pictures that their thresholds were not chosen by. */
dv_calibration dv_eval_worth(const dv_eval *eval, int row);
/* The row of the students that explanations start from, -1 and an error where there is none. */
int dv_eval_find_usual(const dv_eval_wish *wish, const dv_bundle_facts *facts, dv_error *error);
/* Chooses thresholds for the students that explanations start from by every other picture of the sample, and measures
 * on the rest what verdicts by them are worth. An error where too few are bad, or too few are not. */
bool dv_eval_calibrate(dv_eval *eval, dv_error *error);

/* All of it as one JSON object, without times; freed by free(). */
char *dv_json_eval(const dv_eval *eval, int against, dv_error *error);

/* ---- parts --------------------------------------------------------------------------- */

/* What the student of a row is asked for: of one picture, by one of DV_EVAL_SEEDS. */
dv_explain_options dv_eval_options(const dv_eval *eval, int row, int64_t picture, int seed);

/* Which pictures are drawn (wish.pictures at most), into index, wrong and notes. */
bool dv_eval_draw(dv_eval *eval, const float *probabilities, dv_error *error);

/* Positions by the sum of the map's channels, the largest first; equal ones in an order drawn by seed and picture. */
bool dv_eval_rank(const float *map, int channels, int positions, uint64_t seed, int64_t index, int *order,
                  dv_error *error);
/* How many positions have changed at point 0 .. DV_EVAL_STEPS of a curve. */
int dv_eval_changed(int positions, int point);
/* Area under a curve over the share of positions, by trapezoids. */
double dv_eval_area(const float curve[DV_EVAL_POINTS], int positions);
/* All curves and what they come to. `base`: black and blurred. */
bool dv_eval_curves(dv_bundle *bundle, const float *picture, const float *const base[2], const int *order,
                    int class_index, const dv_progress *progress, dv_eval_figures *figures, dv_error *error);

/* Subsets, each a fifth of 7 x 7 cells of the picture, and what the class's probability loses when each is taken out.
 */
typedef struct dv_eval_subsets {
    int positions;
    bool *inside;                    /* DV_EVAL_SUBSETS x positions */
    double loss[2][DV_EVAL_SUBSETS]; /* at the black, at the blurred baseline */
} dv_eval_subsets;
/* Drawn by seed and picture, the same for all maps; `inside` is the arena's. */
bool dv_eval_subsets_make(dv_eval_subsets *subsets, dv_bundle *bundle, const float *picture, const float *const base[2],
                          int class_index, uint64_t seed, int64_t index, const dv_progress *progress, dv_arena *arena,
                          dv_error *error);
/* Correlation between the map's sums over the subsets and the losses, mean of both baselines; NaN where either does not
 * vary. */
double dv_eval_mu(const dv_eval_subsets *subsets, const float *map, int channels);
/* Gini's coefficient of the magnitudes, all channels of a position together: 0 for an even map, 1 - 1 / positions where
 * one position holds all; NaN for a map of zeros. `scratch`: positions. */
double dv_eval_gini(const float *map, int channels, int positions, double *scratch);

/* Stages of a bundle's cascade: its layers, or DV_EVAL_STAGES of about as many layers each. */
int dv_eval_stages(const dv_bundle *bundle);
/* Called after each stage, from 0. */
typedef bool dv_eval_visitor(void *context, int stage, dv_error *error);
/* Shuffles the teacher's weights within each tensor, from the layer at its output to the one at its input, and calls
 * `visit` on the way. Then the bundle is as before, but for its neighbours, which are to be made again. */
bool dv_eval_cascade(dv_bundle *bundle, uint64_t seed, dv_eval_visitor *visit, void *context, dv_error *error);
/* Spearman's rank correlation of two maps, the channels of each summed; NaN where one is the same everywhere. */
bool dv_eval_likeness(const float *a, int a_channels, const float *b, int b_channels, int positions, double *likeness,
                      dv_error *error);

/* The picture with noise, uniform within a fiftieth of white either way, clipped to 0..1. */
void dv_eval_noise_draw(const float *picture, int pixels, uint64_t seed, int64_t index, int draw, float *noisy);
/* Lets a noisy picture stand for picture `index` of the bundle, DV_EVAL_DRAWS times, and calls `visit` with the number
 * of the draw. */
bool dv_eval_noise(dv_bundle *bundle, int64_t index, const float *picture, uint64_t seed, dv_eval_visitor *visit,
                   void *context, dv_error *error);
/* Length of the difference of two maps of one explainer as a part of the first one's; no number where that is zero. */
double dv_eval_change(const dv_attribution *before, const dv_attribution *after);

/* Share of the real pictures nearest to `index` in latent space that the student names as the teacher does. */
bool dv_eval_real(const dv_eval *eval, const dv_explanation *explanation, double *agreement, dv_error *error);

#endif
