/* The functions that a model defines itself. For this room only. */
#ifndef DV_ONNX_FUNCTION_H
#define DV_ONNX_FUNCTION_H

#include "deepvid.h"

#include "onnx/onnx.pb-c.h"

#include <stddef.h>

/* Deeper nesting of calls and branches is an error. */
enum { DV_NESTING_LIMIT = 64 };
/* More nodes are, calls counted in: a small file may ask for any number. */
enum { DV_NODE_LIMIT = 1 << 18 };

/* Starts zeroed, ends with dv_functions_clear. */
typedef struct dv_functions {
    size_t count;
    const Onnx__FunctionProto **sorted;
} dv_functions;

/* Borrows the model. */
bool dv_functions_init(dv_functions *it, const Onnx__ModelProto *model, dv_error *error);
void dv_functions_clear(dv_functions *it);

/* The function that a node calls; NULL: none of the model's own. */
const Onnx__FunctionProto *dv_functions_find(const dv_functions *it, const Onnx__NodeProto *node);

#endif
