#include "data/cache.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One picture: in the chain of its bucket, and in the circle of all by the time they were asked for. */
typedef struct entry {
    struct entry *next; /* in the bucket */
    struct entry *older, *newer;
    int64_t index;
    int form;
    size_t size;
    uint8_t bytes[];
} entry;

enum { FIRST_BUCKETS = 1024, HEAP_BYTES = 16 /* what malloc keeps for itself */ };

struct dv_cache {
    pthread_mutex_t lock;
    entry **bucket;
    size_t buckets; /* a power of two */
    size_t count, used, limit;
    entry circle; /* circle.older is the newest, circle.newer the oldest */
};

dv_cache *dv_cache_new(size_t limit, dv_error *error)
{
    dv_cache *cache = dv_alloc(1, sizeof *cache, error);
    if (!cache) {
        return NULL;
    }
    cache->bucket = dv_alloc(FIRST_BUCKETS, sizeof(entry *), error);
    if (!cache->bucket) {
        free(cache);
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    cache->buckets = FIRST_BUCKETS;
    cache->used = FIRST_BUCKETS * sizeof(entry *);
    cache->limit = limit;
    cache->circle.older = cache->circle.newer = &cache->circle;
    return cache;
}

void dv_cache_free(dv_cache *cache)
{
    if (!cache) {
        return;
    }
    for (entry *e = cache->circle.older, *older; e != &cache->circle; e = older) {
        older = e->older;
        free(e);
    }
    free(cache->bucket);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static size_t bucket_of(const dv_cache *cache, int form, int64_t index)
{
    uint64_t mixed = ((uint64_t)index + (uint64_t)form * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(mixed >> 32) & (cache->buckets - 1);
}

/* The place that points to an entry, or where one would be put. */
static entry **find(dv_cache *cache, int form, int64_t index)
{
    entry **at = &cache->bucket[bucket_of(cache, form, index)];
    while (*at && ((*at)->index != index || (*at)->form != form)) {
        at = &(*at)->next;
    }
    return at;
}

static void unlink_by_age(entry *e)
{
    e->older->newer = e->newer;
    e->newer->older = e->older;
}

static void make_newest(dv_cache *cache, entry *e)
{
    e->newer = &cache->circle;
    e->older = cache->circle.older;
    e->older->newer = e;
    cache->circle.older = e;
}

static size_t cost(size_t size)
{
    return sizeof(entry) + size + HEAP_BYTES;
}

static void forget_oldest(dv_cache *cache)
{
    entry *e = cache->circle.newer;
    *find(cache, e->form, e->index) = e->next;
    unlink_by_age(e);
    cache->used -= cost(e->size);
    cache->count--;
    free(e);
}

/* Twice the buckets, where there is room for them. */
static void grow(dv_cache *cache)
{
    size_t more = cache->buckets * sizeof(entry *);
    if (cache->limit - cache->used < more) {
        return;
    }
    entry **bucket = calloc(cache->buckets * 2, sizeof *bucket);
    if (!bucket) {
        return;
    }
    free(cache->bucket);
    cache->bucket = bucket;
    cache->buckets *= 2;
    cache->used += more;
    for (entry *e = cache->circle.older; e != &cache->circle; e = e->older) {
        entry **at = &bucket[bucket_of(cache, e->form, e->index)];
        e->next = *at;
        *at = e;
    }
}

bool dv_cache_get(dv_cache *cache, int form, int64_t index, void *to, size_t size)
{
    pthread_mutex_lock(&cache->lock);
    entry *e = *find(cache, form, index);
    bool found = e && e->size == size;
    if (found) {
        memcpy(to, e->bytes, size);
        unlink_by_age(e);
        make_newest(cache, e);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void dv_cache_put(dv_cache *cache, int form, int64_t index, const void *from, size_t size)
{
    if (cache->limit < FIRST_BUCKETS * sizeof(entry *) || size > cache->limit / 2) {
        return;
    }
    entry *made = malloc(sizeof *made + size);
    if (!made) {
        return;
    }
    made->form = form;
    made->index = index;
    made->size = size;
    memcpy(made->bytes, from, size);
    pthread_mutex_lock(&cache->lock);
    if (*find(cache, form, index)) { /* another thread was faster */
        pthread_mutex_unlock(&cache->lock);
        free(made);
        return;
    }
    if (cache->count >= cache->buckets) {
        grow(cache);
    }
    while (cache->count && cache->used + cost(size) > cache->limit) {
        forget_oldest(cache);
    }
    if (cache->used + cost(size) <= cache->limit) {
        entry **at = find(cache, form, index);
        made->next = NULL;
        *at = made;
        make_newest(cache, made);
        cache->used += cost(size);
        cache->count++;
        made = NULL;
    }
    pthread_mutex_unlock(&cache->lock);
    free(made);
}

size_t dv_cache_used(dv_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    size_t used = cache->used;
    pthread_mutex_unlock(&cache->lock);
    return used;
}
