/* Elements of tensors in files beside the model ("external data"). For this room only. */
#ifndef DV_ONNX_EXTERNAL_H
#define DV_ONNX_EXTERNAL_H

#include "onnx/onnx.pb-c.h"
#include "op/tensor.h"

/* The folder of a model, and the file of it that was read last. */
typedef struct dv_external {
    const char *model; /* its path */
    char *location;    /* of the open file, as the model writes it; NULL: none */
    int file;
    int64_t size; /* its bytes */
} dv_external;

/* Where a tensor's elements lie, as it says. */
typedef struct dv_extent {
    const char *location;
    int64_t offset, length; /* bytes; -1: to the end */
} dv_extent;

/* Borrows the path. */
void dv_external_init(dv_external *it, const char *model);
void dv_external_clear(dv_external *it);

bool dv_external_is_used(const Onnx__TensorProto *proto);
bool dv_extent_read(const Onnx__TensorProto *proto, dv_extent *extent, dv_error *error);

/* Opens the file, which must be a regular one in the model's folder or below, and checks that it holds the extent;
 * a length of -1 becomes what there is. */
bool dv_external_open(dv_external *it, dv_extent *extent, dv_error *error);
/* Elements from the file that dv_external_open opened into the data of a tensor, which takes extent->length bytes of
 * it. */
bool dv_external_decode(dv_external *it, const dv_extent *extent, dv_tensor *tensor, dv_error *error);

#endif
