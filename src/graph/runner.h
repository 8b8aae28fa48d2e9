/* A runner from inside: the plans it keeps. For this room only. */
#ifndef DV_GRAPH_RUNNER_H
#define DV_GRAPH_RUNNER_H

#include "graph/plan.h"
#include "graph/run.h"

/* Plans kept: the micro-batch's, the tail's, one for single runs, each with the team inside or not, and some spare. */
enum { CACHED_PLANS = 8 };

typedef struct dv_prepared_plan {
    dv_plan *plan; /* NULL: unused */
    int frame_room;
    dv_frame **frame; /* frame_room entries, NULL: not made yet */
    uint64_t used;    /* by the runner's clock */
} dv_prepared_plan;

/* A graph to plan, and what its operators packed. */
typedef struct dv_planned {
    const dv_graph *graph;
    dv_packing *packing;
} dv_planned;

struct dv_runner {
    const dv_graph *graph;
    /* The graph with its channels in blocks, which is run where it can be, and as it is, which tells what is wrong
     * where neither can. Values have the same numbers in both. */
    dv_planned blocked, plain;
    dv_graph *owned; /* the former; NULL: there is none */
    dv_team *team;
    size_t memory_limit;
    dv_rounding rounding;
    bool tried; /* rounding is what a trial came to */
    uint64_t clock;
    dv_prepared_plan cache[CACHED_PLANS];
    dv_shape *input_shape;   /* one per input of the graph */
    const void **input_data; /* likewise; filled where a plan needs it */
    dv_tensor *output;       /* one per output of the graph */
    int64_t micro_batch;     /* 0: not decided yet */
    bool fixed_batch;        /* the graph takes micro_batch samples and no other number */
};

/* The plan for runner->input_shape, and perhaps for the elements of `inputs` (may be NULL), with `frames` frames;
 * `team` works inside the operators. Valid until the next one is asked for CACHED_PLANS times. */
dv_prepared_plan *dv_runner_prepare(dv_runner *runner, const dv_tensor *inputs, dv_team *team, int frames,
                                    dv_error *error);

/* Tries, once, what ways that round more than others do to the outputs of a sample, the shape of the graph's only
 * input: where it can be seen, they are not chosen from now on. Nor are they where it cannot be tried, for want of
 * memory or since the graph has other inputs than one of floats. */
void dv_runner_try_rounding(dv_runner *runner, const dv_shape *sample);

#endif
