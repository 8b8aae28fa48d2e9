/* Checked allocation and arenas. */
#ifndef DV_BASE_MEMORY_H
#define DV_BASE_MEMORY_H

#include "deepvid.h"

#include <stddef.h>

/* product = a * b; false on overflow. */
bool dv_size_multiply(size_t a, size_t b, size_t *product);

/* count * size zeroed bytes, aligned to 64, freed by free(). NULL and
 * DV_ERROR_MEMORY on overflow, when there is no memory, or for more than
 * dv_memory_allowed(). A count of zero gives a valid pointer. */
void *dv_alloc(size_t count, size_t size, dv_error *error);

/* Bytes that a plan may ask for unless the user says otherwise: three quarters of what the machine, the process or its
 * control group has at most. */
size_t dv_memory_allowed(void);
/* Says it in place of what was found; 0 takes that back. While nobody else asks. */
void dv_memory_allow(size_t bytes);
/* DV_ERROR_MEMORY, with both sizes in words; returns false. */
bool dv_memory_refuse(double bytes, size_t limit, dv_error *error);

/* Many allocations, one owner, freed together. */
typedef struct dv_arena dv_arena;
dv_arena *dv_arena_new(dv_error *error);
void dv_arena_free(dv_arena *arena);
/* Refuses from now on to hold more than so many bytes beyond what it holds; at first, more than dv_memory_allowed(). */
void dv_arena_limit(dv_arena *arena, size_t more);
/* Zeroed, aligned to 64; lives as long as the arena. */
void *dv_arena_alloc(dv_arena *arena, size_t count, size_t size, dv_error *error);
/* A copy of `text`, or of its first `length` bytes, with a terminating zero. */
char *dv_arena_text(dv_arena *arena, const char *text, dv_error *error);
char *dv_arena_text_n(dv_arena *arena, const char *text, size_t length, dv_error *error);

#endif
