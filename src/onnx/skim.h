/* A model without the elements of its large initializers: each says instead where in the file they lie, as external
 * data does. So they are read straight into their places, and are never there twice. For this room only. */
#ifndef DV_ONNX_SKIM_H
#define DV_ONNX_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a regular file; *data, freed by the caller, is a model message. False, without an error, where the file is none
 * or is not what it should be: parsing it tells why. */
bool dv_model_skim(const char *path, uint8_t **data, size_t *size);

/* The name under which the file refers to itself. */
const char *dv_model_own_name(const char *path);

#endif
