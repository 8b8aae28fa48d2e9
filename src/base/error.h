/* Errors: filled by the callee, owned by the caller, one sentence for the user. */
#ifndef DV_BASE_ERROR_H
#define DV_BASE_ERROR_H

#include "deepvid.h"

#include <stddef.h>

/* Fills `error` (which may be NULL) and returns false, so that a failing
 * function can end in `return dv_error_set(...)`. The result is cleaned as by
 * dv_text_clean: file names and labels are not trusted. */
bool dv_error_set(dv_error *error, dv_error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<format>: " before the message that is there; returns false. */
bool dv_error_prefix(dv_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Replaces C0 and C1 controls, DEL, invalid UTF-8, ends of lines and what turns a line's order (embeddings, overrides,
 * isolates) by '?', in place: never longer than it was. */
void dv_text_clean(char *text);

#endif
