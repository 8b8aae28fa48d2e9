#include "base/memory.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64,
    CHUNK_SIZE = 64 * 1024,
    LARGE_PAGE = 2 << 20, /* of most processors */
    LARGE = 4 << 20,      /* blocks of so many bytes and more lie on such pages, where they can */
};

bool dv_size_multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Bytes of count * size elements, rounded up to the alignment and never 0. */
static bool block_size(size_t count, size_t size, size_t *bytes)
{
    if (!dv_size_multiply(count, size, bytes) || *bytes > PTRDIFF_MAX - LARGE_PAGE) {
        return false;
    }
    *bytes = *bytes ? (*bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    return true;
}

/* Large blocks are gone through again and again, and the processor knows where only some thousand pages lie. */
static void *take_block(size_t bytes)
{
    void *block = NULL;
    if (bytes < LARGE)
        return posix_memalign(&block, ALIGNMENT, bytes) == 0 ? block : NULL;
    const size_t whole = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    if (posix_memalign(&block, LARGE_PAGE, whole) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, whole, MADV_HUGEPAGE); /* a wish: it may fail */
#endif
    return block;
}

void *dv_alloc(size_t count, size_t size, dv_error *error)
{
    size_t bytes, allowed = dv_memory_allowed();
    void *block = NULL;
    const bool countable = block_size(count, size, &bytes);
    if (countable && bytes > allowed) {
        dv_memory_refuse((double)bytes, allowed, error);
        return NULL;
    }
    if (!countable || !(block = take_block(bytes))) {
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory: %zu elements of %zu bytes are too much", count, size);
        return NULL;
    }
    return memset(block, 0, bytes);
}

typedef struct chunk {
    struct chunk *next;
    size_t size, used; /* of data */
    _Alignas(ALIGNMENT) uint8_t data[];
} chunk;

struct dv_arena {
    chunk *chunks;      /* the first one is the one that is being filled */
    size_t held, limit; /* bytes asked for */
};

dv_arena *dv_arena_new(dv_error *error)
{
    dv_arena *arena = dv_alloc(1, sizeof(dv_arena), error);
    if (arena) {
        arena->limit = dv_memory_allowed();
    }
    return arena;
}

void dv_arena_limit(dv_arena *arena, size_t more)
{
    arena->limit = more < SIZE_MAX - arena->held ? arena->held + more : SIZE_MAX;
}

void dv_arena_free(dv_arena *arena)
{
    if (!arena) {
        return;
    }
    for (chunk *next, *c = arena->chunks; c; c = next) {
        next = c->next;
        free(c);
    }
    free(arena);
}

static chunk *chunk_new(size_t bytes, dv_error *error)
{
    chunk *c = dv_alloc(1, sizeof *c + bytes, error);
    if (c) {
        c->size = bytes;
    }
    return c;
}

void *dv_arena_alloc(dv_arena *arena, size_t count, size_t size, dv_error *error)
{
    size_t bytes;
    if (!block_size(count, size, &bytes)) {
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory: %zu elements of %zu bytes are too much", count, size);
        return NULL;
    }
    if (arena->held > arena->limit || bytes > arena->limit - arena->held) {
        dv_memory_refuse((double)arena->held + (double)bytes, arena->limit, error);
        return NULL;
    }
    chunk *c = arena->chunks;
    if (!c || bytes > c->size - c->used) {
        c = chunk_new(bytes > CHUNK_SIZE / 4 ? bytes : CHUNK_SIZE, error);
        if (!c) {
            return NULL;
        }
        /* A chunk for one large block goes behind the one that still has room. */
        chunk **place = bytes > CHUNK_SIZE / 4 && arena->chunks ? &arena->chunks->next : &arena->chunks;
        c->next = *place;
        *place = c;
    }
    void *block = c->data + c->used;
    c->used += bytes;
    arena->held += bytes;
    return block;
}

char *dv_arena_text_n(dv_arena *arena, const char *text, size_t length, dv_error *error)
{
    char *copy = dv_arena_alloc(arena, length + 1, 1, error);
    return copy ? memcpy(copy, text, length) : NULL;
}

char *dv_arena_text(dv_arena *arena, const char *text, dv_error *error)
{
    return dv_arena_text_n(arena, text, strlen(text), error);
}
