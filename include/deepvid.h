/* deepvid.h: the public face of libdeepvid.
 *
 * The library explains one decision of an image classifier (the teacher) by
 * distilling a linear model (the student) from the teacher's soft labels on
 * neighbours that a variational auto-encoder makes around the picture.
 * It knows no terminal, prints nothing and never exits.
 *
 * Whatever can fail returns false or NULL and fills a dv_error of the caller's.
 */
#ifndef DEEPVID_H
#define DEEPVID_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors and progress ------------------------------------------------ */

typedef enum dv_error_code {
    DV_OK = 0,
    DV_ERROR_FILE,        /* cannot be opened, read or written */
    DV_ERROR_FORMAT,      /* was read, but what it holds is wrong */
    DV_ERROR_UNSUPPORTED, /* right, but beyond this program */
    DV_ERROR_ARGUMENT,    /* the caller asked for something impossible */
    DV_ERROR_MEMORY,
    DV_ERROR_CANCELLED,
} dv_error_code;

/* One sentence for the user: what is wrong, with which file, what to do.
 * Free of control characters, whatever the files held. */
typedef struct dv_error {
    dv_error_code code;
    char message[512];
} dv_error;

/* Called now and then during long work; fraction is 0..1, or negative where
 * it cannot be known. Returning false cancels the work (DV_ERROR_CANCELLED).
 * Called on the thread that called the library. */
typedef struct dv_progress {
    bool (*report)(void *context, const char *stage, double fraction);
    void *context;
} dv_progress;

/* ---- bundle ------------------------------------------------------------- */

/* A teacher, a VAE and pictures that belong together. */
typedef struct dv_bundle dv_bundle;

/* What neighbours of a picture x are made of. */
typedef enum dv_neighborhood {
    DV_NEIGHBORHOOD_VAE,      /* decode(z) */
    DV_NEIGHBORHOOD_RESIDUAL, /* x + decode(z) - decode(mean), clipped to 0..1 */
    DV_NEIGHBORHOOD_MIXED,    /* as many vae as residual, and masked copies of x; no copies among the fresh ones */
    DV_NEIGHBORHOOD_MASKED,   /* vae and masked copies of x; likewise */
    DV_NEIGHBORHOOD_AUTO      /* vae; mixed where the teacher gives decode(mean) another name than x */
} dv_neighborhood;

/* Where a bundle comes from. `folder` holds deepvid.ini; every other text
 * overrides one key of it and may be NULL. Without a folder, teacher, encoder,
 * decoder and images must be given. Paths in the ini are relative to it. */
typedef struct dv_bundle_source {
    const char *folder;
    const char *teacher;        /* ONNX file */
    const char *teacher_output; /* logits | probabilities | log-probabilities | sigmoid | log-odds */
    const char *output_name;    /* which of the teacher's outputs: its name, or its number from 0 */
    const char *layout;         /* nchw | nhwc */
    const char *preset;         /* imagenet | inception | clip | none: mean, std, crop and filter that go together */
    const char *mean, *std;     /* per channel, comma separated, on 0..1 pictures */
    const char *scale;          /* 1 | 255: the teacher takes 0..1 or 0..255 */
    const char *order, *invert; /* rgb | bgr; no | yes: it takes 1 - picture */
    const char *crop, *filter;  /* share of the picture's shorter side that is shown; bilinear | bicubic */
    const char *class_names;    /* text file, one label a line */
    const char *encoder, *decoder;
    const char *vae;                     /* one ONNX file instead: x -> reconstruction, mean, log-variance */
    const char *vae_layout, *vae_output; /* nchw | nhwc; unit (0..1) | tanh (-1..1) | logits */
    const char *images, *image_labels;
    const char *neighborhood; /* vae | residual | mixed | masked | auto: what explanations start from */
    const char *memory;       /* MiB of decoded pictures kept at most: 512 */
    int threads;              /* 0: all cores */
} dv_bundle_source;

/* What a bundle holds; everything is owned by the bundle. */
typedef struct dv_bundle_facts {
    const char *name;
    const char *folder;  /* "" when opened without one */
    const char *teacher; /* the file of it */
    int classes;
    const char *const *class_names; /* classes entries, clean UTF-8 */
    bool multi_label;               /* several labels may hold at once, each with a probability of its own */
    int latent;                     /* latent dimensions */
    bool has_deviation;             /* the encoder tells how sure it is of each */
    int channels, height, width;    /* of the pictures that are explained: the auto-encoder's */
    int teacher_channels, teacher_height, teacher_width; /* of those that the teacher takes */
    bool same_size;                                      /* these are those: the teacher sees what is explained */
    int64_t count;                                       /* pictures */
    const int *labels;                                   /* count entries, -1 unknown; NULL when there are none */
    const int8_t *marks; /* count x classes: 1 the label holds, 0 it does not, -1 unknown; NULL when there are none */
    dv_neighborhood neighborhood; /* what explanations start from; vae where the bundle does not say */
    int threads;
    int note_count; /* what was inferred and might be otherwise, a sentence each */
    const char *const *notes;
} dv_bundle_facts;

/* Opens and checks everything: files, shapes against each other, labels against
 * classes. NULL and an error that names the file if anything does not fit. */
dv_bundle *dv_bundle_open(const dv_bundle_source *source, dv_error *error);
void dv_bundle_close(dv_bundle *bundle);

/* The same pictures and auto-encoder under another teacher, which the source names (its texts, the folder's ini and
 * classes as in dv_bundle_open; what it says of auto-encoder and pictures does not matter). It borrows them from
 * `first`, which must outlive it and be no such bundle itself; both together are for one thread at a time. NULL and an
 * error if the teachers cannot be compared class by class: as many of the same names in the same order. */
dv_bundle *dv_bundle_open_second(dv_bundle *first, const dv_bundle_source *source, dv_error *error);
const dv_bundle_facts *dv_bundle_get_facts(const dv_bundle *bundle);

/* Writes picture `index`, brought to the auto-encoder's size, as channels x height x width floats in 0..1. This and the
 * facts only read: any thread may ask while another one works with the bundle. All other functions want the bundle for
 * themselves. */
bool dv_bundle_get_picture(const dv_bundle *bundle, int64_t index, float *picture, dv_error *error);

/* Whether anything is known of a picture's true labels. */
bool dv_bundle_is_labelled(const dv_bundle_facts *facts, int64_t index);

/* How many pictures could not be read so far; of them *what says one sentence (NULL: not wanted). Among many such a
 * picture is no error: it is shown as grey and not counted where answers are. Any thread may ask. */
int64_t dv_bundle_unreadable(const dv_bundle *bundle, dv_error *what);

/* ---- classification ----------------------------------------------------- */

/* The teacher's probabilities (temperature 1) on pictures first .. first + count - 1: count x classes, the caller's.
 * They come to the teacher straight from their files, in its own size. For those who want the answers bit by bit. */
bool dv_classify_range(dv_bundle *bundle, int64_t first, int64_t count, float *probabilities, dv_error *error);

/* How the teacher fares with one of several labels. */
typedef struct dv_label_tally {
    int64_t known; /* pictures whose mark is known */
    int64_t holds; /* of these: that have the label, */
    int64_t given; /* that the teacher gives it, */
    int64_t right; /* that it is right about */
} dv_label_tally;

/* The teacher's answer to every picture of the bundle. Where several labels may hold at once, the prediction is the
 * likeliest, the accuracy is the share of known marks that it is right about, and the confusion counts pictures that
 * have one label (row) and are wrongly given another (column), or rightly that one. A label is given from a probability
 * of 1/2 on. */
typedef struct dv_classification {
    int classes;
    bool multi_label;
    int64_t count;
    float *probabilities;   /* count x classes */
    int *predictions;       /* count */
    int64_t labelled;       /* pictures with a known label, or mark */
    double accuracy;        /* over the labelled ones; NaN when there are none */
    int64_t *confusion;     /* classes x classes, rows true label, columns prediction */
    dv_label_tally *labels; /* classes; NULL unless multi_label */
} dv_classification;

dv_classification *dv_classify(dv_bundle *bundle, const dv_progress *progress, dv_error *error);
void dv_classification_free(dv_classification *classification);

/* What a picture's probabilities say in one number each: how grids of pictures are put in order. */
typedef struct dv_scores {
    int prediction;   /* the first of the largest */
    int runner_up;    /* the first of the largest of the others */
    float confidence; /* the largest probability */
    float margin;     /* the largest less the second largest */
    float entropy;    /* nats */
    float loss;       /* -log of the label's probability, at most 87.3 (probabilities below 2^-126 count as that);
                       * NaN for an unknown label */
} dv_scores;

/* Of `classes` (two or more) probabilities; `label` -1: unknown. */
dv_scores dv_scores_of(const float *probabilities, int classes, int label);
/* The same where several labels may hold at once: prediction and confidence are those of the likeliest, the margin is
 * how far the most doubtful label is from changing sides, 0..1, entropy and loss are means over the labels, the loss
 * over those whose mark is known. `marks` as in dv_bundle_facts, or NULL. */
dv_scores dv_scores_of_labels(const float *probabilities, int classes, const int8_t *marks);
/* Labels whose mark is known and which the teacher is wrong about. */
int dv_count_wrong_labels(const float *probabilities, int classes, const int8_t *marks);

/* The encoder's latent means of pictures first .. first + count - 1: count x latent, the caller's. */
bool dv_encode_range(dv_bundle *bundle, int64_t first, int64_t count, float *means, dv_error *error);

/* Mean negative evidence lower bound of the VAE in nats per picture: Bernoulli
 * reconstruction plus KL to the standard normal prior, one draw of the latent
 * per picture by `seed` (Kingma and Welling 2014, eq. 10). NaN where the encoder tells no variance. */
bool dv_bundle_negative_elbo(dv_bundle *bundle, uint64_t seed, const dv_progress *progress, double *negative_elbo,
                             dv_error *error);

/* ---- projection --------------------------------------------------------- */

/* What of a picture decides where it lies. */
typedef enum dv_features {
    DV_FEATURES_LATENT, /* mean of the encoder */
    DV_FEATURES_LOGITS, /* of the teacher */
    DV_FEATURES_HIDDEN, /* what feeds the teacher's last layer */
    DV_FEATURES_PIXELS
} dv_features;
const char *dv_features_name(dv_features features); /* "latent", "logits", "hidden", "pixels" */

typedef struct dv_project_options {
    dv_features features;
    bool tsne;         /* else the first two principal components */
    double perplexity; /* of t-SNE, 1 .. 10,000; at most a third of the other pictures' number is used */
    int iterations;    /* of t-SNE, 250 .. 100,000 */
    uint64_t seed;
} dv_project_options;

/* Latent means, t-SNE, perplexity 30, 1000 iterations, seed 1. */
dv_project_options dv_project_defaults(void);

/* All pictures of a bundle as points of a plane: their principal components at once, which t-SNE refines by and by.
 * Features of more than 50 numbers are reduced to their first 50 components for t-SNE (van der Maaten and Hinton 2008).
 * The same bundle and options give the same positions for any number of threads. A finished t-SNE is kept in the user's
 * cache folder and found there again. */
typedef struct dv_projector dv_projector;

/* Computes the features, so it wants the bundle for itself; later steps only borrow the bundle's threads, so that
 * explanations may come between them, on the same thread. The bundle must outlive the projector. */
dv_projector *dv_projector_new(dv_bundle *bundle, const dv_project_options *options, const dv_progress *progress,
                               dv_error *error);
void dv_projector_free(dv_projector *projector);

/* Goes on for about so long, at least some milliseconds; at once when nothing is left to do. */
bool dv_projector_step(dv_projector *projector, double milliseconds, dv_error *error);
bool dv_projector_done(const dv_projector *projector);
double dv_projector_fraction(const dv_projector *projector); /* 0..1 of the time that is needed */
/* count x 2, the middle of their box at 0, its longer side from -1 to 1; valid until the next step. */
const float *dv_projector_positions(const dv_projector *projector);
/* As used: less than was asked for where there are few pictures. */
double dv_projector_perplexity(const dv_projector *projector);

/* ---- explanation -------------------------------------------------------- */

typedef enum dv_student_method {
    DV_STUDENT_RIDGE, /* locality-weighted ridge on centred log soft labels, solved */
    DV_STUDENT_ADAM,  /* softmax regression on soft labels by Adam: the paper's way */
    DV_STUDENT_SGD,   /* the same by stochastic gradient descent */
    DV_STUDENT_GD,    /* the same by full-batch gradient descent */
} dv_student_method;

typedef enum dv_sampling {
    DV_SAMPLING_SOBOL, /* scrambled Sobol points through the inverse normal */
    DV_SAMPLING_NORMAL /* independent normal draws */
} dv_sampling;

typedef enum dv_band_scale {
    DV_BAND_PRIOR,    /* bands in units of the prior's standard deviation, 1 */
    DV_BAND_POSTERIOR /* bands in units of the encoder's standard deviation of each dimension */
} dv_band_scale;

/* Neighbours that look like none of the pictures that the auto-encoder knows (dv_realism). */
typedef enum dv_unrealistic {
    DV_UNREALISTIC_IGNORE, /* they are not looked for */
    DV_UNREALISTIC_MARK,   /* they are counted and marked, and the student learns from them, too */
    DV_UNREALISTIC_DROP    /* they are left out: of what the student learns from, and of what it is measured on */
} dv_unrealistic;

typedef struct dv_explain_options {
    int64_t index;
    int64_t neighbors;   /* N, 2 .. 1,000,000 */
    int64_t fresh;       /* neighbours for the fidelity figures, never distilled from */
    double band;         /* standard deviation around the centre in units of `band_scale` */
    const float *bands;  /* one per latent dimension; NULL: `band` for all */
    const float *offset; /* the user's knobs, added to the latent mean; NULL: none */
    double temperature;  /* T > 0 */
    double ridge;        /* lambda; 0: by the rule */
    double until; /* ridge students: with fewer than N neighbours, as soon as the map's steadiness is estimated at
                   * so much; 0: with all of them */
    dv_student_method method;
    dv_sampling sampling;
    dv_neighborhood neighborhood;
    double anchor; /* share of the weight that the picture itself has among what the student learns from, at most 1:
                    * then student and teacher say the same to it; 0: none */
    double masked; /* share of masked copies among neighbours of kinds that have them, at most 0.9; 0: by the rule, 0.3
                    * of mixed and 0.9 of masked ones */
    int cells;     /* of a mask, down and across: 1 .. 32 */
    double keep;   /* chance that a cell shows the picture; what it hides is black, in every other copy blurred */
    dv_band_scale band_scale;
    dv_unrealistic unrealistic;
    uint64_t seed;
    int epochs, batch;    /* iterative students */
    double learning_rate; /* iterative students; 0: the method's default */
    bool random_start;    /* iterative students; false: zero */
    bool keep_all;        /* the explanation holds every neighbour, for export; decides nothing else */
} dv_explain_options;

/* The defaults every front end starts from. */
dv_explain_options dv_explain_defaults(void);

enum { DV_REASON_SIZE = 128 };

typedef enum dv_verdict { DV_VERDICT_GOOD, DV_VERDICT_DOUBTFUL, DV_VERDICT_DO_NOT_TRUST } dv_verdict;
enum { DV_VERDICTS = DV_VERDICT_DO_NOT_TRUST + 1 };
const char *dv_verdict_name(dv_verdict verdict); /* "good", "doubtful", "do not trust" */
const char *dv_student_method_name(dv_student_method method);
const char *dv_sampling_name(dv_sampling sampling);
const char *dv_neighborhood_name(dv_neighborhood neighborhood);
const char *dv_band_scale_name(dv_band_scale scale);         /* "prior", "posterior" */
const char *dv_unrealistic_name(dv_unrealistic unrealistic); /* "ignore", "mark", "drop" */

enum { DV_KEPT_NEIGHBORS = 8192 }; /* more are not kept unless asked for */

/* Which neighbours look like none of the data's pictures. A neighbour's error is |d - decode(encode(d))|^2 of what was
 * decoded of it, d = decode(z): of a residual one without the residual, which is a real picture's own; masked copies
 * are not decoded, and not judged. It is unrealistic beyond the limit, Tukey's outer fence of the same error, d =
 * decode(encode(x)), of pictures x of the bundle: q3 (q3 / q1)^3 of its quartiles, the fence of their logarithms. */
typedef struct dv_realism {
    double limit;        /* 0: neighbours were not judged; infinite: the bundle has fewer than 50 pictures to tell by */
    int64_t judged;      /* neighbours: all but masked copies; 0 where there is no limit */
    int64_t unrealistic; /* of these */
    uint8_t mark[DV_KEPT_NEIGHBORS / 8]; /* a bit for each of the first neighbours, the lowest first */
} dv_realism;
/* Whether a neighbour, one of the first DV_KEPT_NEIGHBORS, is marked. */
bool dv_realism_marks(const dv_realism *realism, int64_t neighbor);
/* One line about it; "" where it was not asked for. */
void dv_realism_tell(const dv_realism *realism, dv_unrealistic unrealistic, char text[DV_REASON_SIZE]);

enum { DV_MAX_REASONS = 8 };

/* What a verdict was worth on real pictures: how often students agreed with the teacher on those nearest to theirs. */
typedef struct dv_worth {
    int64_t pictures; /* that had the verdict; 0: it was not measured */
    int64_t bad;      /* of these, with an agreement below 0.8 */
    double real;      /* mean agreement */
} dv_worth;

/* One sentence about it; "" where it was not measured. Half of the pictures measured on are misclassified, where there
 * are so many: more than a student meets otherwise. */
void dv_worth_tell(const dv_worth *worth, char text[DV_REASON_SIZE]);

/* How far the student may be believed. q = softmax(teacher logits / T), p the
 * student; means over `fresh` neighbours that were never used for distilling. Where several labels may hold at once,
 * q_k = sigmoid(logit_k / T), and what is said in brackets counts. */
typedef struct dv_fidelity {
    int64_t fresh;      /* 0: not measured yet; only reconstruction_label and perhaps realism count */
    double kl;          /* sum_k q_k (log q_k - log p_k) at T, nats [mean over labels of that of yes and no] */
    double kl_at_1;     /* the same with both at temperature 1 */
    double agreement;   /* share with equal arg max [of labels with equal yes or no] */
    double r2;          /* of the centred log-probabilities [of the log-odds] */
    double keeps_label; /* share of neighbours that the teacher names like the picture [that keep its yes or no to
                         * the picture's likeliest label] */
    double entropy;     /* nats, of the teacher's classes over the neighbours [mean over labels, of yes and no] */
    double steadiness;  /* cosine, estimated, between the map of the teacher's class and that of another seed with as
                         * many neighbours; NaN where it is unknown: with few of them, and for iterative students */
    int reconstruction_label; /* the teacher's word on decode(encode(x)) */
    double distrust;          /* 1 - keeps_label + 5 (1 - agreement): what the verdict goes by */
    bool suspect;             /* not good whatever the distrust: a reason says why */
    bool undecided;           /* the teacher is: not to be trusted whatever the distrust */
    dv_verdict verdict;
    dv_worth worth;     /* of such verdicts, if the bundle is calibrated and the options are as it was then */
    dv_realism realism; /* of the neighbours that the student was taught by; there without the other figures where
                         * unrealistic ones are left out */
    int reason_count;
    char reasons[DV_MAX_REASONS][DV_REASON_SIZE];
} dv_fidelity;

typedef struct dv_timing {
    double encode, decode, teacher, distill, total; /* milliseconds */
} dv_timing;

/* Everything one explanation knows. Pictures are channels x height x width
 * floats in 0..1; D = channels * height * width, K classes, L latent, N count.
 * A student of a teacher of many classes tells apart those that matter here and takes all others as one, "the rest",
 * whose logit is the logarithm of the sum of their exponentials: R rows in the order of the classes, the rest last.
 * With few classes row k is class k. Of many labels that may hold at once it tells those apart that are likeliest here,
 * and there is no rest. */
typedef struct dv_explanation {
    dv_explain_options options; /* as used: never an automatic neighbourhood; bands and offset are NULL here */
    dv_neighborhood wished;     /* what was asked for, automatic perhaps */
    int classes, latent, channels, height, width;
    bool multi_label;             /* several labels may hold at once: probabilities are each label's own */
    int rows;                     /* R */
    int *row_class;               /* R, the class of each row; -1: the rest */
    int label;                    /* of the picture, -1 unknown */
    float *picture;               /* D */
    float *reconstruction;        /* D, decode(latent_mean) */
    float *center_picture;        /* D, decode(center): the picture the knobs made */
    float *latent_mean;           /* L, of the encoder */
    float *latent_deviation;      /* L, exp(log-variance / 2) */
    float *center;                /* L, latent_mean + offset */
    float *band;                  /* L, latent units: band_scale is in it */
    int teacher_class;            /* the teacher's word on the picture, as its file has it: the likeliest class */
    float *teacher_probabilities; /* K, temperature 1 */
    float *teacher_soft_label;    /* R, temperature T */
    int picture_class;            /* the teacher's word on `picture`, which has the auto-encoder's size */
    int center_class;             /* the teacher's word on center_picture */
    int student_class;            /* of the student on the picture */
    float *student_probabilities; /* R, temperature T */
    int64_t count;                /* N as used: options.neighbors, or less by options.until */
    int *neighbor_classes;        /* N, the teacher's word */
    int64_t kept;                 /* M: the first so many neighbours are here to be looked at; all of them up to
                                   * DV_KEPT_NEIGHBORS or by options.keep_all */
    float *neighbors;             /* M x D */
    float *latents;               /* M x L; masked copies carry the latent mean */
    float *soft_labels;           /* M x R, temperature T */
    float *weights;               /* R x D */
    float *bias;                  /* R */
    double lambda;                /* as used by ridge, 0 otherwise */
    double top_eigenvalue;        /* of the weighted Gram matrix that lambda is measured by */
    double *loss_curve;           /* loss_count entries, mean cross-entropy per epoch */
    int loss_count;
    dv_fidelity fidelity;
    dv_timing timing;
} dv_explanation;

/* Explains one picture. The same options give the same bits for any number of
 * threads. NULL and an error for impossible options (DV_ERROR_ARGUMENT). */
dv_explanation *dv_explain(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                           dv_error *error);

/* The same in two steps, for whom the maps are urgent: all but the fidelity, which takes as long again, unless the
 * fresh neighbours are there from the explanation before ... */
dv_explanation *dv_explain_maps(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                                dv_error *error);
/* ... and the fidelity of an explanation that this bundle has made, to the bit that of dv_explain. Neighbours are taken
 * from the bundle while it has made no others since. */
bool dv_explain_measure(dv_bundle *bundle, const dv_explanation *explanation, dv_fidelity *fidelity,
                        const dv_progress *progress, dv_error *error);

/* One more holder, in any thread, each of whom frees the explanation once and none changes it; returns it. */
dv_explanation *dv_explanation_share(dv_explanation *explanation);
/* Why its neighbours are those they are: one line; "" where they were asked for by name. */
const char *dv_explanation_why(const dv_explanation *explanation);
void dv_explanation_free(dv_explanation *explanation);
/* The row of a class, that of the rest where it has none of its own; -1: there is neither. */
int dv_explanation_row(const dv_explanation *explanation, int class_index);

/* ---- other explainers --------------------------------------------------- */

/* Other ways of telling where in a picture a class comes from, and the student's own maps in the same form: one map of
 * one class. A row of a table: */
typedef struct dv_explainer {
    const char *name;     /* "lime" */
    const char *title;    /* "LIME" */
    const char *meaning;  /* one line: what the numbers of its map are */
    const char *citation; /* authors and year; "" for the student */
    bool by_masks;        /* its student learns from masked neighbours, whatever others learn from */
    bool by_gradient;     /* it needs the teacher's gradient; false: only answers */
    bool has_baseline;    /* black, unless told otherwise, stands where it takes parts of the picture away */
    int samples;          /* pictures that it draws or steps that it takes, unless told otherwise; 0: it does neither */
} dv_explainer;

/* All of them: `index` from 0; NULL beyond the last. */
const dv_explainer *dv_explainer_at(int index);
/* The index of a name, -1 and an error that names those there are. */
int dv_explainer_find(const char *name, dv_error *error);

/* What of the teacher's answer is explained; where several labels may hold at once, of the label alone. */
typedef enum dv_score {
    DV_SCORE_USUAL, /* what the explainer's authors take */
    DV_SCORE_LOGIT,
    DV_SCORE_LOG_PROBABILITY,
    DV_SCORE_PROBABILITY
} dv_score;
const char *dv_score_name(dv_score score); /* "usual", "logit", "log-probability", "probability" */

/* What is shown where a part of the picture is taken away. */
typedef enum dv_baseline {
    DV_BASELINE_USUAL, /* black */
    DV_BASELINE_BLACK,
    DV_BASELINE_MEAN,    /* the picture's mean colour; for LIME that of each superpixel */
    DV_BASELINE_BLURRED, /* the picture under a Gaussian, a tenth of its longer side wide */
    DV_BASELINE_BOTH     /* black and blurred: the mean of both maps, which share the samples */
} dv_baseline;
const char *dv_baseline_name(dv_baseline baseline);  /* "usual", "black", "mean", "blurred", "both" */
const char *dv_baseline_words(dv_baseline baseline); /* the same in words: "black and blurred" */

/* How superpixels are found. */
typedef enum dv_segmenter {
    DV_SEGMENTER_SLIC,      /* some 50 of similar size */
    DV_SEGMENTER_QUICKSHIFT /* as LIME's authors have it: few, of any size */
} dv_segmenter;

typedef struct dv_attribution_options {
    dv_score score;
    dv_baseline baseline;
    dv_segmenter segmenter;
    int64_t samples; /* 0: as many as is usual for the explainer; at most 1,000,000 */
    int window;      /* side of what is occluded, in pixels; 0: 5 in 28 of the picture's shorter side */
    int stride;      /* from window to window; 0: 1 in 28 */
} dv_attribution_options;

/* All of them usual. */
dv_attribution_options dv_attribution_defaults(void);

/* The map of one class. */
typedef struct dv_attribution {
    const dv_explainer *explainer;
    int class_index;
    int against;          /* the one class whose evidence is taken off; -1: there is none */
    dv_score score;       /* as used, never usual */
    dv_baseline baseline; /* as used; usual where the explainer has none */
    int64_t samples;      /* as used */
    int channels;         /* 1, or those of the picture */
    int height, width;
    float *map;            /* channels x height x width; NULL where there is a problem */
    int64_t teacher_calls; /* pictures that the teacher was shown; those with a gradient count once */
    double milliseconds;
    double r2;                        /* of LIME's own weighted fit; else NaN */
    double fitted;                    /* LIME: the score of the picture itself by that fit; else NaN */
    double goal;                      /* integrated gradients: what the map should add up to; else NaN */
    int segment_count;                /* LIME's superpixels; else 0 */
    int *segments;                    /* height x width: their numbers; NULL where there are none */
    char problem[2 * DV_REASON_SIZE]; /* why there is no map: no gradient passes, no convolution is there; else "" */
} dv_attribution;

/* Explains the wish's picture (as the file has it: no knobs) by row `explainer` of the table. class_index -1: the
 * teacher's word. The student's rows take their maps from `explanation`, or make one where it is NULL or of other
 * neighbours than the row's student learns from; the wish's seed is that of all random numbers. The same arguments give
 * the same bits for any number of threads. What cannot be done with this teacher is told as a problem; NULL and an
 * error for all else that fails. */
dv_attribution *dv_attribution_make(dv_bundle *bundle, int explainer, const dv_explain_options *wish,
                                    const dv_explanation *explanation, int class_index,
                                    const dv_attribution_options *options, const dv_progress *progress,
                                    dv_error *error);
void dv_attribution_free(dv_attribution *attribution);

/* One of the explanation's own student, of the teacher's word: "student", the class direction, "evidence-half" and
 * their kin, for which nothing more is asked. */
dv_attribution *dv_attribution_own(const dv_explanation *explanation, const char *name, dv_error *error);

/* A ninth of the picture, in words. */
typedef struct dv_map_region {
    const char *name; /* "upper left", "middle", "bottom" */
    double share;     /* the sum of the map there, over the sum of all magnitudes: -1..1 */
} dv_map_region;
enum { DV_MAP_REGIONS = 9 };

/* All regions, the largest share first. Zeros for a map that is zero. */
void dv_attribution_regions(const dv_attribution *attribution, dv_map_region region[DV_MAP_REGIONS]);

/* Some attributions of one picture. */
typedef struct dv_attributions {
    int count;
    dv_attribution **item;
} dv_attributions;

/* By `count` rows of the table, of an explanation's picture and the teacher's word on it, with the explanation's own
 * wish: what a report holds. Cleared by the caller, whatever comes back. */
bool dv_attributions_make(dv_bundle *bundle, int count, const int *explainers, const dv_explain_options *wish,
                          const dv_explanation *explanation, const dv_attribution_options *options,
                          const dv_progress *progress, dv_attributions *attributions, dv_error *error);
void dv_attributions_clear(dv_attributions *attributions);

/* ---- why pictures are confused ------------------------------------------------ */

enum { DV_CELL_PROTOTYPES = 4, DV_CELL_EXEMPLARS = 8 };

/* Pictures of one class that the teacher takes for another: what speaks for `said` against `truth` in each. */
typedef struct dv_cell_wish {
    int truth, said;            /* two classes */
    int64_t count;              /* a selection of pictures in place of all of `truth` called `said`; 0: these */
    const int64_t *index;       /* count, each once */
    dv_explain_options explain; /* of each picture; its own picture and knobs do not matter */
} dv_cell_wish;

/* The usual explanations, held against few fresh neighbours. */
dv_cell_wish dv_cell_defaults(int truth, int said);

/* Pictures whose maps are alike. */
typedef struct dv_cell_prototype {
    int64_t count;
    float *map;                          /* height x width: the mean of their maps */
    int exemplars;                       /* DV_CELL_EXEMPLARS or, where there are not so many pictures, fewer */
    int64_t exemplar[DV_CELL_EXEMPLARS]; /* those whose maps are nearest it, the nearest first, */
    double likeness[DV_CELL_EXEMPLARS];  /* by the cosine between the maps */
    /* For each, of the pictures of `truth` that the teacher calls so the one that is nearest in latent space and is not
     * named before; -1: there is none. */
    int64_t counter[DV_CELL_EXEMPLARS];
    double distance[DV_CELL_EXEMPLARS]; /* standard deviations of the prior */
} dv_cell_prototype;

/* A map is the evidence for `said` against `truth`, summed over channels: the difference of the student's weights
 * times the picture less half the mean neighbour. Positive: this pixel speaks for `said`. */
typedef struct dv_cell_findings {
    int truth, said;
    bool selected; /* the pictures are a selection */
    int channels, height, width, latent;
    dv_explain_options options; /* of each picture; its own picture does not matter, bands and offset are NULL */
    float *band;                /* latent: as wished for, in units of options.band_scale */
    int64_t asked;              /* pictures that there were */
    int64_t count;              /* of these, whose student tells both classes apart: all below is of them */
    int64_t *index;             /* count, ascending */
    int *group;                 /* count: the prototype of each */
    float *map;                 /* height x width: the mean map, in log-odds at options.temperature */
    float *same_sign;           /* height x width: share of the pictures whose map has the sign of the mean there */
    int prototypes;             /* 1 .. DV_CELL_PROTOTYPES, the one of most pictures first */
    dv_cell_prototype prototype[DV_CELL_PROTOTYPES];
    double silhouette;    /* of the prototypes, 0..1; 0 where there is one */
    double scale;         /* for the colours of all maps: what 99 % of their pixels stay below, not 0 */
    int64_t right;        /* pictures of `truth` that the teacher calls so */
    float *picture;       /* channels x height x width: the mean of the cell's pictures, */
    float *right_picture; /* and of those that are right, a thousand at most; zeros where there are none */
    /* What along each latent dimension separates the two, latent entries each; NaN where nothing is right. */
    float *slope;  /* how fast the students' log-odds of `said` against `truth` grow along it, through the decoder; mean
                    * of the pictures, measured one band to either side */
    float *shift;  /* mean of the cell less mean of those that are right, standard deviations of the prior */
    float *effect; /* their product: what the shift is worth in log-odds. A dimension matters where pictures differ and
                    * the teacher heeds it; either alone would name others, too */
    int *order;    /* latent: the largest |effect| first, |slope| where there is none */
    double kl, agreement; /* of the students, means over the pictures */
    int64_t distrusted;   /* pictures whose verdict is do not trust */
} dv_cell_findings;

/* The work, which goes on where it was stopped. Borrows the bundle; copies the wish. NULL and an error for classes or
 * options that cannot be, for bundles where several labels may hold, and for a cell of pictures without labels. */
typedef struct dv_cell_study dv_cell_study;
dv_cell_study *dv_cell_study_new(dv_bundle *bundle, const dv_cell_wish *wish, dv_error *error);
void dv_cell_study_free(dv_cell_study *study);

/* Asks the teacher about all pictures of the bundle, where that was not done before; explains those of the cell, each
 * at about the price of one explanation; sums up. NULL and an error when cancelled, whereupon the next call goes on, or
 * where there is no such picture. The same wish gives the same bits for any number of threads, stopped or not. */
dv_cell_findings *dv_cell_study_run(dv_cell_study *study, const dv_progress *progress, dv_error *error);
void dv_cell_findings_free(dv_cell_findings *cell);

/* The `count` pixels (y x width + x) of the largest |mean|, the largest first; of equal ones the first. At most as many
 * as there are. */
void dv_cell_rank_pixels(const dv_cell_findings *cell, int count, int *pixel);

/* ---- latent space ------------------------------------------------------- */

/* All of these start from a wish: its picture, knobs (offset), bands and neighbourhood; what it says of a student does
 * not matter. The wish's centre is the encoder's mean plus the offset. With DV_NEIGHBORHOOD_RESIDUAL the pictures are
 * x + decode(z) - decode(mean), clipped to 0..1, else decode(z). Latent lengths are in standard deviations of the
 * prior. The same wish gives the same bits for any number of threads. NULL or false and an error for impossible
 * arguments (DV_ERROR_ARGUMENT) and when cancelled. */

enum { DV_MAX_STRIP = 1000 };

/* A row of pictures made from latent vectors, with the teacher's word on each. */
typedef struct dv_strip {
    int count, classes, pixels, latent; /* pixels: channels x height x width */
    float *value;                       /* count: where each stands on the row */
    float *latents;                     /* count x latent */
    float *pictures;                    /* count x pixels, 0..1 */
    float *probabilities;               /* count x classes, the teacher's at temperature 1 */
    int *class_index;                   /* count, the teacher's word */
} dv_strip;
void dv_strip_free(dv_strip *strip);

/* What one latent dimension means: 2 .. DV_MAX_STRIP pictures whose coordinate along it goes from -reach to +reach in
 * equal steps, all other coordinates those of the wish's centre. value: that coordinate. */
dv_strip *dv_traverse(dv_bundle *bundle, const dv_explain_options *wish, int dimension, int count, double reach,
                      const dv_progress *progress, dv_error *error);

/* How far each latent dimension moves the teacher, for putting axes in order: influence[d], 0..1, is the total
 * variation between the teacher's probabilities at the wish's centre and one band away from it along d, mean of both
 * directions. `influence` has an entry for each dimension. */
bool dv_influence(dv_bundle *bundle, const dv_explain_options *wish, float *influence, const dv_progress *progress,
                  dv_error *error);

/* Where the teacher changes its word: at t, within 1e-4, from `before` to `after`. */
typedef struct dv_turning {
    double t;
    int before, after;
} dv_turning;

/* The straight way through latent space to another picture. */
typedef struct dv_morph {
    dv_strip *strip; /* value: t, 0..1 */
    int turning_count;
    dv_turning *turning; /* in order; one's `after` is the next one's `before` */
} dv_morph;

/* 2 .. DV_MAX_STRIP frames in equal steps from the wish's centre (t = 0) to the latent mean of picture `to_index`
 * (t = 1). With DV_NEIGHBORHOOD_RESIDUAL the residuals x - decode(mean) of both pictures are blended by their share of
 * the way, so that it ends in the other picture itself. Turnings are looked for by bisection between frames with
 * different words, further words met on the way included; between two frames with the same word nobody looks. */
dv_morph *dv_morph_make(dv_bundle *bundle, const dv_explain_options *from, int64_t to_index, int steps,
                        const dv_progress *progress, dv_error *error);
void dv_morph_free(dv_morph *morph);

/* How faithful the ridge student is at one lambda, on the wish's fresh neighbours; cf. dv_fidelity. */
typedef struct dv_lambda_point {
    double lambda;
    double kl, agreement; /* NaN where lambda is so small that rounding drowns it */
} dv_lambda_point;

enum { DV_MAX_LAMBDAS = 1000 };

/* The path of the ridge student, whatever student the wish names: neighbours and Gram matrix are made once, or taken
 * from the last explanation, and each lambda costs one Cholesky factorisation. The caller gives the lambdas, or a first
 * one of 0: then all `count` are set, in equal ratios from 1/100 to 100 times the lambda of the rule, which is the
 * middle one where `count` is odd. kl and agreement are those of an explanation with that lambda, to the bit; where the
 * wish is to stop once its map is steady (options.until), of one with as many neighbours as that takes at its own. */
bool dv_lambda_path(dv_bundle *bundle, const dv_explain_options *wish, dv_lambda_point *point, int count,
                    const dv_progress *progress, dv_error *error);

/* The smallest step in latent space that was found to change the teacher's word. */
typedef struct dv_flip {
    bool found;        /* when not: only the centre, `before` and `reason` are filled */
    bool by_gradient;  /* found along the gradient of teacher and decoder; false: in random directions */
    bool looks_unreal; /* so far (beyond 1.5) that the picture may look like none of the data's */
    int classes, latent, pixels;
    int from_class, to_class;        /* the teacher's words before and after; -1 where none was found */
    double distance;                 /* from the centre to the border, L2, standard deviations of the prior */
    double shown_factor;             /* the picture shown lies so many times as far: 1.3 unless its word is another */
    int64_t teacher_calls;           /* pictures that the teacher was shown for all of this */
    float *center;                   /* latent, where the step starts */
    float *border, *shown;           /* latent each: just beyond the border, and of the picture `after` */
    float *before, *after;           /* pixels each, 0..1 */
    float *difference;               /* pixels, after - before, -1..1 */
    float *before_probabilities;     /* classes, temperature 1 */
    float *after_probabilities;      /* classes */
    char reason[2 * DV_REASON_SIZE]; /* why not by gradient, or why nothing was found; else "" */
} dv_flip;

/* From the wish's centre to any other word of the teacher (target_class -1) or to the class named. The residual is
 * always kept: without knobs the start is the picture itself. Three likely classes are headed for, 60 steps each at
 * most, each to the nearest point of the border as the gradient tells it (Rackwitz and Fiessler 1978). Where an
 * operator has no gradient, or it finds nothing nearer than 1.5, 128 directions drawn by the wish's seed are followed
 * up to 6 standard deviations too. Bisection finds the border to 1e-4, and 8 times 32 directions around the best one
 * bring it nearer where they can. */
dv_flip *dv_flip_find(dv_bundle *bundle, const dv_explain_options *from, int target_class, const dv_progress *progress,
                      dv_error *error);
void dv_flip_free(dv_flip *flip);

#ifdef __cplusplus
}
#endif
#endif
