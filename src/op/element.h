/* Elements as files hold them (little endian, in their own size) and as tensors store them (float32 or int64). */
#ifndef DV_OP_ELEMENT_H
#define DV_OP_ELEMENT_H

#include "op/tensor.h"

/* Bytes of one element in a file; 0 for types that are not stored. */
size_t dv_element_size(dv_type type);

/* True if the bytes of a file are those of the stored elements on this machine, so that they can be read in place. */
bool dv_elements_are_as_stored(dv_type type);

/* count * dv_element_size(type) bytes -> the data of a tensor of that type. */
void dv_elements_decode(dv_type type, int64_t count, const void *bytes, void *stored);
/* The way back: floats are rounded to nearest even, integers keep their low bits. */
void dv_elements_encode(dv_type type, int64_t count, const void *stored, void *bytes);

/* IEEE 754 binary16 and bfloat16, by their bits. */
float dv_float_from_half(uint16_t bits);
uint16_t dv_half_from_float(float value);
float dv_float_from_bfloat16(uint16_t bits);
uint16_t dv_bfloat16_from_float(float value);

#endif
