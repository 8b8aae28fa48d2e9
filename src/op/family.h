/* The families of operators, one file each. A family is an array of rows that ends with a row without a name;
 * this list of them makes the table. */
#ifndef DV_OP_FAMILY_H
#define DV_OP_FAMILY_H

#include "op/op.h"

#define DV_FAMILIES(FAMILY)                                                                                            \
    FAMILY(activation)                                                                                                 \
    FAMILY(arithmetic)                                                                                                 \
    FAMILY(attention)                                                                                                  \
    FAMILY(axis_normalization)                                                                                         \
    FAMILY(batch_normalization)                                                                                        \
    FAMILY(cast)                                                                                                       \
    FAMILY(clip)                                                                                                       \
    FAMILY(col2im)                                                                                                     \
    FAMILY(concat)                                                                                                     \
    FAMILY(constant)                                                                                                   \
    FAMILY(conv)                                                                                                       \
    FAMILY(cumsum)                                                                                                     \
    FAMILY(determinant)                                                                                                \
    FAMILY(dropout)                                                                                                    \
    FAMILY(einsum)                                                                                                     \
    FAMILY(fill)                                                                                                       \
    FAMILY(gather)                                                                                                     \
    FAMILY(global_pool)                                                                                                \
    FAMILY(grid_sample)                                                                                                \
    FAMILY(logic)                                                                                                      \
    FAMILY(loss)                                                                                                       \
    FAMILY(lrn)                                                                                                        \
    FAMILY(math)                                                                                                       \
    FAMILY(matmul)                                                                                                     \
    FAMILY(normalization)                                                                                              \
    FAMILY(one_hot)                                                                                                    \
    FAMILY(order)                                                                                                      \
    FAMILY(pad)                                                                                                        \
    FAMILY(pixel_block)                                                                                                \
    FAMILY(pool)                                                                                                       \
    FAMILY(power)                                                                                                      \
    FAMILY(quantize)                                                                                                   \
    FAMILY(quantized_product)                                                                                          \
    FAMILY(random)                                                                                                     \
    FAMILY(reduce)                                                                                                     \
    FAMILY(repeat)                                                                                                     \
    FAMILY(reshape)                                                                                                    \
    FAMILY(resize)                                                                                                     \
    FAMILY(reverse_sequence)                                                                                           \
    FAMILY(rotary)                                                                                                     \
    FAMILY(scatter)                                                                                                    \
    FAMILY(select)                                                                                                     \
    FAMILY(shape)                                                                                                      \
    FAMILY(signal_window)                                                                                              \
    FAMILY(slice)                                                                                                      \
    FAMILY(softmax)                                                                                                    \
    FAMILY(transpose)                                                                                                  \
    FAMILY(trilu)                                                                                                      \
    FAMILY(unpool)                                                                                                     \
    FAMILY(variadic)                                                                                                   \
    FAMILY(where)

#define DV_FAMILY_DECLARE(NAME) extern const dv_operator dv_family_##NAME[];
DV_FAMILIES(DV_FAMILY_DECLARE)
#undef DV_FAMILY_DECLARE

#endif
