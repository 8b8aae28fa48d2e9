/* Plans: what running a graph needs, worked out once for given input shapes. A
 * plan is read-only and shared; a frame is the memory that one thread runs it in. */
#ifndef DV_GRAPH_PLAN_H
#define DV_GRAPH_PLAN_H

#include "graph/graph.h"

/* What a plan is made for. */
typedef struct dv_plan_options {
    const dv_shape *input_shape; /* one per input of the graph */
    /* The elements of each input (NULL: not known), where shapes depend on them. The plan then holds for these elements
     * only: its inputs have data. NULL: none are known. */
    const void *const *input_data;
    dv_team *team; /* to work inside the operators; NULL: one thread alone */
    /* For gradients: every value keeps memory of its own, inputs too, and the constants that `variable` marks (by
     * value) may change between runs: nothing is derived from them beforehand. NULL: for inference. */
    const bool *variable;
    size_t memory_limit; /* bytes, of results and workspace; 0: dv_memory_allowed() */
    dv_rounding rounding;
} dv_plan_options;

/* What operators made of the constants of a graph for running it, shared by its plans. Starts with dv_packing_new. */
typedef struct dv_packing {
    dv_arena *arena;     /* owns everything below and this */
    const void **packed; /* by node; NULL: nothing so far */
} dv_packing;

dv_packing *dv_packing_new(const dv_graph *graph, dv_error *error);
void dv_packing_free(dv_packing *packing);

/* One call of an operator. */
typedef struct dv_step {
    const dv_node *node;
    void *prepared;     /* of the operator */
    const void *packed; /* likewise, by dv_plan_pack */
    size_t workspace_size;
} dv_step;

#define DV_NOWHERE SIZE_MAX

typedef struct dv_plan {
    dv_arena *arena; /* owns everything below */
    const dv_graph *graph;
    dv_team *team;
    size_t memory_limit, known_limit;
    dv_rounding rounding;
    bool rounds;      /* some step could be done in a way that rounds more than another */
    dv_tensor *value; /* by value: type and shape; data where it is known before the run */
    size_t *offset;   /* by value: in the memory of a frame, or DV_NOWHERE */
    bool *wanted;     /* by value: somebody reads it */
    int step_count;
    dv_step *step;
    size_t known_size;  /* bytes of what was computed beforehand */
    size_t value_size;  /* bytes of a frame's values */
    size_t memory_size; /* the same with the workspace, which lies behind them */
} dv_plan;

/* An error that names the node where more memory would be needed than may be used: before any of it is asked for. */
dv_plan *dv_plan_new(const dv_graph *graph, const dv_plan_options *options, dv_error *error);
void dv_plan_free(dv_plan *plan);

/* Has operators pack their constants, or takes what is there. Before frames are made of the plan. */
bool dv_plan_pack(dv_plan *plan, dv_packing *packing, dv_error *error);

/* The declared input shapes with every free dimension set to `batch`; `shape` has room for all inputs. */
bool dv_plan_bind(const dv_graph *graph, int64_t batch, dv_shape *shape, dv_error *error);

/* Memory for a plan, and its calls bound to it. Borrows the plan. */
typedef struct dv_frame {
    dv_arena *arena; /* owns everything below */
    const dv_plan *plan;
    dv_tensor *value; /* by value, with data where there is any */
    dv_call *call;    /* by step */
} dv_frame;

dv_frame *dv_frame_new(const dv_plan *plan, dv_error *error);
void dv_frame_free(dv_frame *frame);
/* Feeds input i (graph order): copied if the frame has memory for it, borrowed for the next run otherwise. */
void dv_frame_feed(dv_frame *frame, int i, const void *data);
/* Runs every step, in order. */
void dv_frame_run(dv_frame *frame, const dv_training_state *training);

#endif
