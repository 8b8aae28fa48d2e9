/* The families of operators, one file each. A family is an array of rows that ends with a row without a name;
 * table.c lists the families. */
#ifndef DV_OP_FAMILY_H
#define DV_OP_FAMILY_H

#include "op/op.h"

extern const dv_operator dv_family_activation[];
extern const dv_operator dv_family_arithmetic[];
extern const dv_operator dv_family_batch_normalization[];
extern const dv_operator dv_family_concat[];
extern const dv_operator dv_family_constant[];
extern const dv_operator dv_family_conv[];
extern const dv_operator dv_family_dropout[];
extern const dv_operator dv_family_matmul[];
extern const dv_operator dv_family_pool[];
extern const dv_operator dv_family_reshape[];
extern const dv_operator dv_family_softmax[];
extern const dv_operator dv_family_transpose[];

#endif
