/* Operators: what an ONNX node does. One operator is one row of a table: its
 * ONNX name and versions, shape inference, forward, backward. Each family of
 * operators has a file with its rows; family.h lists the families. */
#ifndef DV_OP_OP_H
#define DV_OP_OP_H

#include "base/memory.h"
#include "base/team.h"
#include "kernel/rounding.h"
#include "op/tensor.h"

/* ---- attributes --------------------------------------------------------- */

typedef enum dv_attribute_kind {
    DV_ATTRIBUTE_FLOAT = 1, /* numbers of AttributeProto.AttributeType */
    DV_ATTRIBUTE_INT = 2,
    DV_ATTRIBUTE_TEXT = 3,
    DV_ATTRIBUTE_TENSOR = 4,
    DV_ATTRIBUTE_FLOATS = 6,
    DV_ATTRIBUTE_INTS = 7,
} dv_attribute_kind;

typedef struct dv_attribute {
    const char *name;
    dv_attribute_kind kind;
    int count; /* of floats and ints */
    union {
        float f;
        int64_t i;
        const char *text;
        const dv_tensor *tensor;
        const float *floats;
        const int64_t *ints;
    };
} dv_attribute;

typedef struct dv_attributes {
    int count;
    const dv_attribute *item;
} dv_attributes;

/* NULL when the node does not have it, or not of that kind. */
const dv_attribute *dv_attribute_find(const dv_attributes *attributes, const char *name, dv_attribute_kind kind);
int64_t dv_attribute_int(const dv_attributes *attributes, const char *name, int64_t otherwise);
float dv_attribute_float(const dv_attributes *attributes, const char *name, float otherwise);
const char *dv_attribute_text(const dv_attributes *attributes, const char *name, const char *otherwise);
/* False and an error for a name that operators ask for with a value of another kind: they would take it for absent. */
bool dv_attribute_check(const dv_attribute *attribute, dv_error *error);

/* ---- a call ------------------------------------------------------------- */

enum { DV_MAX_INPUTS = 256, DV_MAX_OUTPUTS = 256 };

/* What differs between using a network and training it (Dropout, BatchNormalization). */
typedef struct dv_training_state {
    uint64_t seed;
    uint64_t counter; /* differs for every micro-batch of a run */
} dv_training_state;

/* One node with concrete shapes. infer() reads the inputs' types and shapes
 * (and the data of constants: `data` is NULL for what is not known before the
 * run), sets the outputs' types and shapes, and may leave `prepared` and
 * `workspace_size` for the forward and backward that follow with the same shapes. */
typedef struct dv_call {
    const dv_attributes *attributes;
    int opset;
    const char *node_name; /* for messages */
    int input_count;
    const dv_tensor *const *input; /* NULL entries: optional inputs left out */
    int output_count;
    dv_tensor *const *output; /* NULL entries: optional outputs nobody wants */
    dv_arena *arena;          /* infer only: where `prepared` may be allocated */
    dv_rounding rounding;     /* infer only: which ways may be chosen from */
    bool rounds;              /* set by infer: there are ways that round more than others */
    void *prepared;
    const void *packed;                /* what pack made; NULL: nothing */
    size_t workspace_size;             /* bytes; set by infer */
    void *workspace;                   /* that many bytes, aligned to 64; content undefined */
    dv_team *team;                     /* NULL: this thread alone */
    const dv_training_state *training; /* NULL: inference */
} dv_call;

typedef struct dv_operator {
    const char *name;
    int since; /* first and last opset version this row serves, by the ONNX specification; */
    int until; /* 0: up to the newest opset read */
    int min_inputs, max_inputs;
    int min_outputs, max_outputs;
    /* False and an error without the node's name (the caller adds it) if the
     * inputs or attributes are against the specification or unsupported. */
    bool (*infer)(dv_call *call, dv_error *error);
    /* What forward can use that follows from constant inputs alone, such as weights in another order: made once for a
     * network, whatever the sizes of its input: *packed is what was made of them so far, by a call of other sizes
     * perhaps, and is given to forward for all of them. NULL: never. */
    bool (*pack)(const dv_call *call, dv_arena *arena, const void **packed, dv_error *error);
    /* Writes the outputs. Cannot fail: whatever can be wrong is found by infer.
     * Where results of division are split over call->team, the split depends on
     * shapes only, so any team gives the same bits. */
    void (*forward)(const dv_call *call);
    /* ADDS to input_gradient[i] (NULL: not wanted) the gradient of a scalar loss,
     * given that of the outputs (NULL: zero). call holds inputs and outputs of the forward pass.
     * NULL: cannot be differentiated through. */
    void (*backward)(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient);
    /* The gradient by input 1, weights that several calls of the same shapes share as the micro-batches of a batch do:
     * what backward adds up call by call, found for all of them at once. sums_weights tells whether that is so for
     * such a call (NULL: for none); sum_weights writes rows from..to-1 of it, along the first axis, given the
     * gradients of the calls' outputs and a call's workspace for one thread. */
    bool (*sums_weights)(const dv_call *call);
    void (*sum_weights)(const dv_call *const *call, const dv_tensor *const *output_gradient, int count, int64_t from,
                        int64_t to, float *rows, void *workspace);
    /* The output may share the memory of input 0 (same count, elementwise). */
    bool in_place;
    /* Every element of the output is a function of that of input 0 alone (other inputs are single numbers): forward may
     * be given any run of the elements. */
    bool pointwise;
    /* forward reads the types and shapes of its inputs but not their elements: the output is known when they are. */
    bool shape_only;
} dv_operator;

/* Opsets that are read. */
enum { DV_OPSET_OLDEST = 1, DV_OPSET_NEWEST = 24, DV_OPSET_WRITTEN = 13 };

/* The row for an operator of the default domain at an opset. NULL and
 * DV_ERROR_UNSUPPORTED ("operator X is not supported", or not at this opset). */
const dv_operator *dv_operator_find(const char *name, int opset, dv_error *error);
/* Row `index` of the table, NULL behind the last; for listings and tests. */
const dv_operator *dv_operator_at(int index);

#endif
