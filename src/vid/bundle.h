/* The inside of a bundle: networks ready to run, pictures, and what is kept between explanations. */
#ifndef DV_VID_BUNDLE_H
#define DV_VID_BUNDLE_H

#include "data/data.h"
#include "graph/run.h"

/* A network from a file. */
typedef struct dv_network {
    const char *path;
    dv_graph *graph;
    dv_runner *runner;
} dv_network;

struct dv_neighbors;
struct dv_ridge_system;
struct dv_teacher_output;

/* One thread at a time may use a bundle: the networks' memory belongs to one run. */
struct dv_bundle {
    dv_arena *arena;
    dv_bundle_facts facts;
    int pixels; /* D = channels * height * width */
    dv_team *team;
    dv_dataset *dataset;
    char **class_names; /* one block; NULL when they are made up */
    dv_network teacher, encoder, decoder;
    const struct dv_teacher_output *teacher_output; /* how logits are got from what the teacher puts out */
    float *mean, *deviation;                        /* per channel, of the teacher's input */
    int mean_output, log_variance_output;           /* of the encoder */
    struct dv_neighbors *neighbors, *fresh;         /* of the last explanation; NULL before the first */
    struct dv_ridge_system *ridge;                  /* of the last ridge student; NULL before the first */
    uint64_t generations;                           /* of neighbours, so far */
};

/* False and an error unless first .. first + count - 1 are pictures of the bundle. */
bool dv_bundle_check_range(const dv_bundle *bundle, int64_t first, int64_t count, dv_error *error);

#endif
