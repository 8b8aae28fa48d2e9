/* The file as the schema sees it. For this room only. */
#ifndef DV_ONNX_MODEL_H
#define DV_ONNX_MODEL_H

#include "deepvid.h"

#include "onnx/onnx.pb-c.h"

/* Reads and parses a file; freed by onnx__model_proto__free_unpacked. It has a graph. Elements of large initializers
 * are left in the file: the initializers say where. */
Onnx__ModelProto *dv_model_load(const char *path, dv_error *error);

/* Version of the default domain that the model asks for; 1 where it says nothing, as files did before IR version 3. An
 * error where it asks for two. */
bool dv_model_opset(const Onnx__ModelProto *model, int64_t *opset, dv_error *error);

/* A text that may be absent. */
static inline const char *dv_text_of(const char *text)
{
    return text ? text : "";
}

/* True for the two names of the default domain. */
bool dv_model_is_default_domain(const char *domain);

#endif
