/* Tensors: an ONNX element type, a shape, and elements in one of two stores.
 *
 * Floating-point types (float, double, float16, bfloat16) are stored and
 * computed as float32; integer and bool types as int64. The declared type stays
 * with the tensor, so that integer results wrap as their type does and files are
 * written back in the type they came in. */
#ifndef DV_OP_TENSOR_H
#define DV_OP_TENSOR_H

#include "base/memory.h"
#include "deepvid.h"

#include <stddef.h>

/* Numbers of TensorProto.DataType in onnx.proto. */
typedef enum dv_type {
    DV_TYPE_NONE = 0,
    DV_TYPE_FLOAT = 1,
    DV_TYPE_UINT8 = 2,
    DV_TYPE_INT8 = 3,
    DV_TYPE_UINT16 = 4,
    DV_TYPE_INT16 = 5,
    DV_TYPE_INT32 = 6,
    DV_TYPE_INT64 = 7,
    DV_TYPE_STRING = 8, /* never stored */
    DV_TYPE_BOOL = 9,
    DV_TYPE_FLOAT16 = 10,
    DV_TYPE_DOUBLE = 11,
    DV_TYPE_UINT32 = 12,
    DV_TYPE_UINT64 = 13,
    DV_TYPE_BFLOAT16 = 16,
} dv_type;

enum { DV_MAX_RANK = 8 };

/* A dimension of -1 is free (only in declared shapes of graph values). */
typedef struct dv_shape {
    int rank;
    int64_t dim[DV_MAX_RANK];
} dv_shape;

typedef struct dv_tensor {
    dv_type type;
    dv_shape shape;
    union {
        void *data; /* NULL where only type and shape are known */
        float *f;   /* dv_type_is_float(type) */
        int64_t *i; /* otherwise */
    };
} dv_tensor;

const char *dv_type_name(dv_type type); /* "float", "int64", ... as ONNX writes them */
bool dv_type_is_known(dv_type type);    /* can be stored */
bool dv_type_is_float(dv_type type);
size_t dv_type_stored_size(dv_type type); /* 4 or 8: bytes of an element as stored */
/* Brings an integer to the range of its type, as two's complement does; bool to 0 or 1. */
int64_t dv_type_wrap(dv_type type, int64_t value);
/* The nearest integer of a type of 8 or 16 bits to a whole number; 0 for NaN. */
int64_t dv_type_clamp(dv_type type, double value);

/* Whether a < b as integers of a type: uint64 lies in an int64, and its order is that with the top bit flipped. */
static inline bool dv_type_less(dv_type type, int64_t a, int64_t b)
{
    const int64_t flip = type == DV_TYPE_UINT64 ? INT64_MIN : 0;
    return (a ^ flip) < (b ^ flip);
}

dv_shape dv_shape_make(int rank, const int64_t *dims);
bool dv_shape_equal(const dv_shape *a, const dv_shape *b);
/* Number of elements; false on overflow, a negative dimension, or above 2^40. */
bool dv_shape_count(const dv_shape *shape, int64_t *count);
/* Number of elements of a shape already checked. */
int64_t dv_shape_elements(const dv_shape *shape);
/* "[1, 28, 28]", with "?" for free; for messages. Returns text. */
const char *dv_shape_text(const dv_shape *shape, char *text, size_t size);

/* A tensor with zeroed data, struct and data in the arena. */
dv_tensor *dv_tensor_new(dv_arena *arena, dv_type type, const dv_shape *shape, dv_error *error);

#endif
