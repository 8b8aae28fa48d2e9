/* The points stand in the order of a Hilbert curve; the tree is laid over the order: LEAF of them make a leaf, FAN
 * nodes make a node of the next level. So its shape depends on their number alone, it is built without a search, and
 * its boxes are right for any order. A group of points, which is a node of the first level, collects what it feels
 * (centres of far nodes, single points of near ones) as a list of bodies, and then all its points meet the list in
 * vectors. */
#include "embed/repulsion.h"

#include "base/memory.h"
#include "base/part.h"
#include "embed/hilbert.h"
#include "kernel/isa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF = 16, FAN = 4, GROUP = LEAF * FAN, MAX_LEVELS = 20, MAX_BODIES = 2048, TASK_GROUPS = 16 };

/* The c of the header. A node below theta / 2 across is one body to whoever is in it. */
static const float softening = 0.25F;

typedef struct dv_bodies {
    int count;
    float x[MAX_BODIES], y[MAX_BODIES], mass[MAX_BODIES];
} dv_bodies;

typedef struct box {
    float left, right, bottom, top;
} box;

typedef struct node {
    box box;
    float x, y, mass; /* the centre of its points, and how many they are */
} node;

typedef void interact(const float *x, const float *y, const dv_bodies *bodies, float *force_x, float *force_y,
                      float *sum);

struct dv_repulsion {
    int64_t count, padded; /* padded: to whole groups, by copies of the last point without mass */
    float theta2;
    int32_t *order;
    dv_hilbert_key *keys, *spare;
    const float *from_x, *from_y; /* while the tree is built */
    float *x, *y, *mass;          /* padded, in order */
    int levels;
    int64_t width[MAX_LEVELS];
    node *level[MAX_LEVELS]; /* leaves first, the root last */
    node *nodes;
    dv_bodies *bodies; /* one list a thread */
};

/* ---- meeting bodies --------------------------------------------------------------- */

#define INTERACT interact_generic
#define LANES 4
#include "embed/interact.h"

#if DV_ISA_X86
DV_BEGIN_AVX2
#define INTERACT interact_avx2
#define LANES 8
#include "embed/interact.h"
DV_END

DV_BEGIN_AVX512
#define INTERACT interact_avx512
#define LANES 16
#include "embed/interact.h"
DV_END
#endif

static interact *const interacts[] = DV_BY_ISA(interact_generic, interact_avx2, interact_avx512);

/* ---- memory ------------------------------------------------------------------------ */

/* One instruction; fminf and fmaxf are calls, for the sake of NaN. */
static float least(float a, float b)
{
    return a < b ? a : b;
}

static float most(float a, float b)
{
    return a > b ? a : b;
}

/* How many nodes each level has, one at the last. */
static int64_t shape_levels(dv_repulsion *it)
{
    int64_t nodes = 0, width = it->padded / LEAF;
    for (;; width = dv_parts(width, FAN)) {
        it->width[it->levels++] = width;
        nodes += width;
        if (width == 1)
            return nodes;
    }
}

dv_repulsion *dv_repulsion_new(int64_t count, double theta, int threads, dv_error *error)
{
    dv_repulsion *it = dv_alloc(1, sizeof *it, error);
    if (!it)
        return NULL;
    it->count = count;
    it->padded = dv_parts(count, GROUP) * GROUP;
    it->theta2 = (float)(theta * theta);
    int64_t nodes = shape_levels(it);
    if (!(it->order = dv_alloc(count, sizeof *it->order, error)) ||
        !(it->keys = dv_alloc(count, sizeof *it->keys, error)) ||
        !(it->spare = dv_alloc(count, sizeof *it->spare, error)) ||
        !(it->x = dv_alloc(it->padded, sizeof(float), error)) ||
        !(it->y = dv_alloc(it->padded, sizeof(float), error)) ||
        !(it->mass = dv_alloc(it->padded, sizeof(float), error)) ||
        !(it->nodes = dv_alloc(nodes, sizeof *it->nodes, error)) ||
        !(it->bodies = dv_alloc(threads, sizeof *it->bodies, error))) {
        dv_repulsion_free(it);
        return NULL;
    }
    it->level[0] = it->nodes;
    for (int l = 1; l < it->levels; l++)
        it->level[l] = it->level[l - 1] + it->width[l - 1];
    return it;
}

void dv_repulsion_free(dv_repulsion *repulsion)
{
    if (!repulsion)
        return;
    free(repulsion->order);
    free(repulsion->keys);
    free(repulsion->spare);
    free(repulsion->x);
    free(repulsion->y);
    free(repulsion->mass);
    free(repulsion->nodes);
    free(repulsion->bodies);
    free(repulsion);
}

/* ---- the tree ------------------------------------------------------------------------ */

void dv_repulsion_sort(dv_repulsion *repulsion, const float *x, const float *y)
{
    dv_hilbert_order(x, y, repulsion->count, repulsion->order, repulsion->keys, repulsion->spare);
}

static node empty_node(void)
{
    return (node){.box = {INFINITY, -INFINITY, INFINITY, -INFINITY}};
}

/* Adds a box and a mass; until it is finished, x and y are sums. */
static void join(node *to, const box *b, float x, float y, float mass)
{
    to->box.left = least(to->box.left, b->left);
    to->box.right = most(to->box.right, b->right);
    to->box.bottom = least(to->box.bottom, b->bottom);
    to->box.top = most(to->box.top, b->top);
    to->x += mass * x;
    to->y += mass * y;
    to->mass += mass;
}

/* One of points that are copies has no centre of its own. */
static void finish(node *it)
{
    it->x = it->mass > 0 ? it->x / it->mass : it->box.left;
    it->y = it->mass > 0 ? it->y / it->mass : it->box.bottom;
}

static void make_leaf(dv_repulsion *it, int64_t leaf)
{
    node made = empty_node();
    for (int64_t i = leaf * LEAF; i < (leaf + 1) * LEAF; i++) {
        int32_t point = it->order[dv_smaller(i, it->count - 1)];
        it->x[i] = it->from_x[point];
        it->y[i] = it->from_y[point];
        it->mass[i] = i < it->count;
        box at = {it->x[i], it->x[i], it->y[i], it->y[i]};
        join(&made, &at, it->x[i], it->y[i], it->mass[i]);
    }
    finish(&made);
    it->level[0][leaf] = made;
}

static void make_node(dv_repulsion *it, int level, int64_t i)
{
    node made = empty_node();
    for (int64_t c = i * FAN; c < dv_part_end(i, FAN, it->width[level - 1]); c++) {
        const node *child = &it->level[level - 1][c];
        join(&made, &child->box, child->x, child->y, child->mass);
    }
    finish(&made);
    it->level[level][i] = made;
}

static void make_leaves(void *context, int64_t task, int thread)
{
    dv_repulsion *it = context;
    (void)thread;
    for (int64_t leaf = task * TASK_GROUPS * FAN; leaf < dv_part_end(task, TASK_GROUPS * FAN, it->width[0]); leaf++)
        make_leaf(it, leaf);
}

void dv_repulsion_place(dv_repulsion *repulsion, const float *x, const float *y, dv_team *team)
{
    dv_repulsion *it = repulsion;
    it->from_x = x;
    it->from_y = y;
    dv_team_run(team, make_leaves, it, dv_parts(it->width[0], TASK_GROUPS * FAN));
    for (int level = 1; level < it->levels; level++)
        for (int64_t i = 0; i < it->width[level]; i++)
            make_node(it, level, i);
}

/* ---- forces ------------------------------------------------------------------------------ */

int64_t dv_repulsion_groups(const dv_repulsion *repulsion)
{
    return repulsion->padded / GROUP;
}

/* What the points of a group have felt so far. */
typedef struct feeling {
    dv_repulsion *repulsion;
    dv_bodies *bodies; /* still to be met */
    int64_t group;
    const box *box;
    float x[GROUP] __attribute__((aligned(64))), y[GROUP] __attribute__((aligned(64)));
    float sum[GROUP] __attribute__((aligned(64)));
} feeling;

static void meet(feeling *it)
{
    const dv_repulsion *r = it->repulsion;
    interacts[dv_isa_choose()](r->x + it->group * GROUP, r->y + it->group * GROUP, it->bodies, it->x, it->y, it->sum);
    it->bodies->count = 0;
}

static void add_leaf(feeling *it, int64_t leaf)
{
    const dv_repulsion *r = it->repulsion;
    dv_bodies *to = it->bodies;
    memcpy(to->x + to->count, r->x + leaf * LEAF, LEAF * sizeof *to->x);
    memcpy(to->y + to->count, r->y + leaf * LEAF, LEAF * sizeof *to->y);
    memcpy(to->mass + to->count, r->mass + leaf * LEAF, LEAF * sizeof *to->mass);
    to->count += LEAF;
}

static void add_center(feeling *it, const node *far)
{
    dv_bodies *to = it->bodies;
    to->x[to->count] = far->x;
    to->y[to->count] = far->y;
    to->mass[to->count++] = far->mass;
}

static bool is_far(const feeling *it, const node *other)
{
    float dx = most(most(it->box->left - other->x, other->x - it->box->right), 0);
    float dy = most(most(it->box->bottom - other->y, other->y - it->box->top), 0);
    float side = most(other->box.right - other->box.left, other->box.top - other->box.bottom);
    return side * side < it->repulsion->theta2 * (dx * dx + dy * dy + softening);
}

static void feel(feeling *it, int level, int64_t i)
{
    const dv_repulsion *r = it->repulsion;
    const node *other = &r->level[level][i];
    if (it->bodies->count > MAX_BODIES - LEAF)
        meet(it);
    if (is_far(it, other))
        add_center(it, other);
    else if (level == 0)
        add_leaf(it, i);
    else
        for (int64_t c = i * FAN; c < dv_part_end(i, FAN, r->width[level - 1]); c++)
            feel(it, level - 1, c);
}

double dv_repulsion_push(dv_repulsion *repulsion, int64_t group, int thread, float *force_x, float *force_y)
{
    dv_repulsion *r = repulsion;
    feeling it = {.repulsion = r, .bodies = &r->bodies[thread], .group = group, .box = &r->level[1][group].box};
    double sum = 0;
    feel(&it, r->levels - 1, 0);
    meet(&it);
    for (int64_t i = 0; i < dv_smaller(GROUP, r->count - group * GROUP); i++) {
        int32_t point = r->order[group * GROUP + i];
        force_x[point] = it.x[i];
        force_y[point] = it.y[i];
        sum += it.sum[i] - 1; /* a point stands at distance 0 of itself */
    }
    return sum;
}
