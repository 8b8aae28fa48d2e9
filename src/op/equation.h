/* The equation of Einsum: what each dimension of each operand is called, and how long what is so called is. */
#ifndef DV_OP_EQUATION_H
#define DV_OP_EQUATION_H

#include "op/op.h"

enum {
    DV_LETTERS = 52,
    DV_LABELS =
        DV_LETTERS + DV_MAX_RANK, /* the dimensions that ... stands for have labels of their own, from the last */
    DV_MOST_OPERANDS = 16,
};

/* One operand, or the result. The stride of a label along a tensor: 0 where it is not or repeats; the sum of strides
 * where several dimensions have the same label, which leads along the diagonal. */
typedef struct dv_term {
    int rank;
    int label[DV_MAX_RANK];
    int64_t stride[DV_LABELS];
} dv_term;

typedef struct dv_equation {
    int operands;
    dv_term operand[DV_MOST_OPERANDS];
    dv_term result;
    dv_shape shape; /* of the result */
    int64_t size[DV_LABELS];
    int labels; /* in use: first those of the result in its order, then those that are summed over */
    int order[DV_LABELS];
} dv_equation;

/* Reads the attribute `equation` for the shapes of the inputs. */
bool dv_equation_read(const dv_call *call, dv_equation *equation, dv_error *error);

static inline bool dv_term_has(const dv_term *term, int label)
{
    for (int i = 0; i < term->rank; i++)
        if (term->label[i] == label)
            return true;
    return false;
}

#endif
