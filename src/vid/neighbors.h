/* Neighbours: pictures like the one explained, with the teacher's word on each. */
#ifndef DV_VID_NEIGHBORS_H
#define DV_VID_NEIGHBORS_H

#include "base/random.h"
#include "vid/place.h"

/* A neighbour is a function of its place in the sequence, not of how many there are: a set goes on where it ended, and
 * what it holds then is, to the bit, what it would hold had it been asked for all of them at once. So networks run on
 * stretches that begin and end at fixed places. A chunk is what a mixed neighbourhood is mixed in. */
enum { DV_CHUNK = 128, DV_STRETCH = 2 * DV_CHUNK };

/* A set of them. It remembers what it was made of, and how far. */
typedef struct dv_neighbors {
    int64_t count;   /* in use */
    int64_t kept;    /* of all that are made the pictures of the first so many are held */
    float *latents;  /* count x L, center + band * point; the mean for masked copies */
    float *pictures; /* kept x D */
    float *logits;   /* count x K, the teacher's */
    int *words;      /* count, the largest of these */
    double *weight;  /* count, of locality; 1 for masked copies, 0 for what is left out */
    double *error;   /* judged: dv_realism's; NaN where there is none */

    uint64_t generation; /* differs from set to set, and whenever a set is begun anew */

    int64_t made;               /* count or more */
    int64_t judged;             /* of these the errors of the first so many are there */
    int64_t room, picture_room; /* rows that there is memory for */
    int64_t index;
    uint64_t seed;
    dv_sampling sampling;
    dv_neighborhood neighborhood;
    double masked; /* share of masked copies; 0 where the neighbourhood has none */
    int cells;     /* of their masks */
    double keep;
    bool drops;           /* unrealistic ones are left out */
    float *picture;       /* D, that they are neighbours of */
    float *blurred;       /* D, what hides the picture in every other one of them */
    float *center, *band; /* L each */
    float *points;        /* DV_CHUNK x L, those of one chunk */
} dv_neighbors;

/* Gets each stretch that is made, while its pictures are there. */
typedef struct dv_neighbors_taker {
    bool (*take)(void *context, const dv_neighbors *set, int64_t first, int64_t count, const float *pictures,
                 dv_error *error);
    void *context;
} dv_neighbors_taker;

/* Brings *neighbors (NULL at first) to `count` neighbours around `place`, by sampling, neighbourhood and seed of the
 * options; of what is there as much stays as holds. The pictures of the first `kept` stay at least, and
 * `taker` gets what is made; it may be NULL where all pictures stay. Sets of another purpose are independent;
 * DV_PURPOSE_FRESH has no masked copies, which teach but are no neighbours. Adds to the times of decoder and teacher.
 * Cancelled, the set is good as far as it got. */
bool dv_neighbors_make(dv_neighbors **neighbors, dv_bundle *bundle, const dv_place *place,
                       const dv_explain_options *options, dv_purpose purpose, int64_t count, int64_t kept,
                       const dv_neighbors_taker *taker, dv_timing *timing, const dv_progress *progress,
                       dv_error *error);
/* Whether a set (NULL: no) holds `count` neighbours around `place`, by the options, without making any. */
bool dv_neighbors_are_there(const dv_neighbors *neighbors, const dv_bundle *bundle, const dv_place *place,
                            const dv_explain_options *options, int64_t count);
void dv_neighbors_free(dv_neighbors *neighbors);

/* Brings the errors to all neighbours in use; those of sets that leave unrealistic ones out are there. */
bool dv_neighbors_judge(dv_neighbors *set, dv_bundle *bundle, dv_purpose purpose, const dv_progress *progress,
                        dv_error *error);

/* Share of masked copies among neighbours by the options; 0 where their kind has none. */
double dv_neighbors_masked(const dv_explain_options *options);

/* Locality weight exp(-d^2 / 2 h^2) of a neighbour, d the latent distance from the centre in units of the band, h = 2
 * (up to ten dimensions; beyond, h^2 grows with them, so that the weights stay as even), divided by its mean over the
 * normal distribution, (1 + 1 / h^2)^(-L / 2). Only dimensions with a band count. */
double dv_neighbors_locality(const float *point, const float *band, int latent);

/* Standard normal points first .. first + count - 1 of `dimensions` coordinates. Dimensions beyond the Sobol table are
 * drawn. */
void dv_neighbors_points(dv_team *team, dv_sampling sampling, uint64_t seed, dv_purpose purpose, int64_t first,
                         int64_t count, int dimensions, float *points);

#endif
