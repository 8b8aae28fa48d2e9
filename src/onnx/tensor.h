/* TensorProto -> tensors. For this room only. */
#ifndef DV_ONNX_TENSOR_H
#define DV_ONNX_TENSOR_H

#include "onnx/external.h"
#include "op/tensor.h"

/* Type and shape, checked, also against the amount of data that is there. */
bool dv_proto_tensor_check(const Onnx__TensorProto *proto, dv_external *external, dv_type *type, dv_shape *shape,
                           dv_error *error);

/* Elements, wherever they are, into the data of a tensor as dv_proto_tensor_check found it. */
bool dv_proto_tensor_decode(const Onnx__TensorProto *proto, dv_external *external, dv_tensor *tensor, dv_error *error);

#endif
