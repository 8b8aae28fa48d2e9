/* Columns of words about files: what info and check print. */
#ifndef DV_CMD_WORDS_H
#define DV_CMD_WORDS_H

#include "onnx/onnx.h"

/* Texts from files, safe for a terminal. */
void dv_words_text(const char *text);
/* The left column of a line. */
void dv_words_label(const char *label);
void dv_words_line(const char *label, const char *text);
/* 1234567 as 1,234,567. */
void dv_words_number(int64_t number);
/* What goes before an item of a list `column` wide so far: a comma, or a new line where the item does not fit.
 * Returns the width with the item, which is not printed yet. */
int dv_words_separator(int column, int width);

/* "pytorch 2.1, opset 17, IR version 8" */
void dv_words_origin(const dv_onnx_survey *survey);
/* Each with how often it is called. */
void dv_words_operators(const dv_onnx_survey *survey);

#endif
