/* Scaled dot-product attention: what a node says about its heads, and where the rows of each lie. */
#ifndef DV_OP_ATTENTION_H
#define DV_OP_ATTENTION_H

#include "op/op.h"

enum {
    DV_ATTENTION_QUERY,
    DV_ATTENTION_KEY,
    DV_ATTENTION_VALUE,
    DV_ATTENTION_MASK,
    DV_ATTENTION_PAST_KEY,
    DV_ATTENTION_PAST_VALUE,
    DV_ATTENTION_FILLED, /* keys of each sample that are not padding */
};

/* The rows of each head of a tensor: batch x heads x length x size, or with the heads side by side in the last axis. */
typedef struct dv_heads {
    int64_t heads, length, size;
    int64_t batch_step, head_step, row_step; /* in elements */
} dv_heads;

typedef struct dv_attention {
    int64_t batch;
    dv_heads query, key, value, output; /* as given */
    int64_t past, total;                /* keys before those given, and all of them */
    dv_heads all_keys, all_values;      /* batch x heads x total x size where `joins`; else as given */
    bool joins;                         /* past and given ones are put together, or asked for as outputs */
    int64_t mask_step[4];               /* by batch, head, query, key; 0 where it repeats */
    int64_t mask_keys;                  /* keys behind those that the mask knows are masked */
    float scale, softcap;
    bool causal;
    int64_t score_output; /* which stage of the scores output 3 is */
} dv_attention;

bool dv_attention_read(const dv_call *call, dv_attention *a, dv_error *error);

/* Of a tensor batch x heads x length x size. */
static inline dv_heads dv_heads_apart(int64_t heads, int64_t length, int64_t size)
{
    return (dv_heads){heads, length, size, heads * length * size, length * size, size};
}

static inline int64_t dv_heads_at(const dv_heads *h, int64_t batch, int64_t head)
{
    return batch * h->batch_step + head * h->head_step;
}

#endif
