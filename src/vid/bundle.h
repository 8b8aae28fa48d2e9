/* The inside of a bundle: networks ready to run, pictures, and what is kept between explanations. */
#ifndef DV_VID_BUNDLE_H
#define DV_VID_BUNDLE_H

#include "data/data.h"
#include "graph/run.h"
#include "vid/encoder_outputs.h"
#include "vid/feed.h"
#include "vid/inspect.h"
#include "vid/verdict.h"

/* A network from a file. */
typedef struct dv_network {
    const char *path;
    dv_graph *graph;
    dv_runner *runner;
} dv_network;

/* What the numbers of a decoder are. */
typedef enum dv_decoder_range {
    DV_RANGE_UNIT,  /* 0..1 */
    DV_RANGE_TANH,  /* -1..1; the encoder takes the same */
    DV_RANGE_LOGITS /* of Bernoulli pixels */
} dv_decoder_range;
enum { DV_DECODER_RANGES = DV_RANGE_LOGITS + 1 };

struct dv_neighbors;
struct dv_ridge_system;
struct dv_shortlist;
struct dv_survey;

/* One thread at a time may use a bundle: the networks' memory belongs to one run. */
struct dv_bundle {
    dv_arena *arena;
    uint64_t file_hash;             /* of a second teacher */
    const struct dv_bundle *lender; /* owns threads, pictures and auto-encoder; NULL: they are the bundle's own */
    dv_bundle_facts facts;
    dv_notes notes;
    int pixels; /* D = channels * height * width */
    dv_team *team;
    dv_dataset *dataset;
    char **class_names;                     /* one block; NULL when they are made up */
    dv_network teacher, encoder, decoder;   /* one output each but for the encoder */
    dv_teacher_facts head;                  /* what the teacher takes and puts out */
    dv_picture_form form, teacher_form;     /* of pictures from files: for the auto-encoder, for the teacher */
    dv_feed *teacher_feed, *teacher_direct; /* to the teacher from pictures of `form`, of `teacher_form` */
    dv_feed *encoder_feed;                  /* to the encoder from pictures of `form` */
    dv_network_input decoded;               /* how pictures lie in what the decoder puts out */
    dv_decoder_range range;
    dv_spread spread;                       /* what the encoder tells beside means, if facts.has_deviation */
    bool halves;                            /* its only output is means, then spreads */
    struct dv_neighbors *neighbors, *fresh; /* of the last explanation; NULL before the first */
    struct dv_shortlist *shortlist;         /* of these */
    struct dv_ridge_system *primal, *dual;  /* of the last ridge students of more and of fewer neighbours than pixels */
    struct dv_survey *survey;               /* of all pictures, as far as anybody asked; NULL before */
    const float *stand_in;                  /* D: explained in place of picture `stood_for`; NULL: there is none */
    int64_t stood_for;
    double realism; /* error beyond which a decoded picture is unrealistic; 0: not asked for yet; infinite: unknown */
    dv_calibration calibration; /* of verdicts on the students that explanations start from */
    uint64_t generations;       /* of neighbours, so far */
};

/* What of it is made anew from explanation to explanation. */
typedef struct dv_workings {
    struct dv_neighbors *neighbors, *fresh;
    struct dv_shortlist *shortlist;
    struct dv_ridge_system *primal, *dual;
} dv_workings;
/* The bundle's workings and the other ones (zeros at first) change places: so an explanation can be made beside the one
 * that is looked at. */
void dv_bundle_exchange(dv_bundle *bundle, dv_workings *other);
void dv_workings_clear(dv_workings *workings);

/* False and an error unless first .. first + count - 1 are pictures of the bundle. */
bool dv_bundle_check_range(const dv_bundle *bundle, int64_t first, int64_t count, dv_error *error);

/* "unit", "tanh", "logits" */
const char *dv_decoder_range_name(dv_decoder_range range);

#endif
