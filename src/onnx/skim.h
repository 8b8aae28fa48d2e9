/* A model without the elements of its large initializers: each says instead where in the file they lie, as external
 * data does. So they are read straight into their places, and are never there twice. For this room only. */
#ifndef DV_ONNX_SKIM_H
#define DV_ONNX_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum dv_skimmed {
    DV_SKIM_DONE,
    DV_SKIM_DAMAGED, /* the file is no message, or is cut */
    DV_SKIM_NOT      /* it is small, or no regular file, or there is no memory: it may be read as it is */
} dv_skimmed;

/* Reads a regular file; *data, freed by the caller where it is done, is a model message. */
dv_skimmed dv_model_skim(const char *path, uint8_t **data, size_t *size);

/* The name under which the file refers to itself. */
const char *dv_model_own_name(const char *path);

#endif
