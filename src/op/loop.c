#include "op/loop.h"

#include "base/error.h"

bool dv_shape_broadcast(const dv_shape *a, const dv_shape *b, dv_shape *result, dv_error *error)
{
    char a_text[160], b_text[160];
    const int rank = a->rank > b->rank ? a->rank : b->rank;
    result->rank = rank;
    for (int i = 0; i < rank; i++) {
        const int ia = i - (rank - a->rank), ib = i - (rank - b->rank);
        const int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1)
            return dv_error_set(error, DV_ERROR_FORMAT, "shapes %s and %s cannot be broadcast together",
                                dv_shape_text(a, a_text, sizeof a_text), dv_shape_text(b, b_text, sizeof b_text));
        result->dim[i] = da == 1 ? db : da;
    }
    return true;
}

static void set_strides(int64_t *stride, const dv_shape *shape, int rank)
{
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        const int own = i - (rank - shape->rank);
        const int64_t dim = own < 0 ? 1 : shape->dim[own];
        stride[i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

dv_loop dv_loop_broadcast(const dv_shape *a, const dv_shape *b, const dv_shape *output)
{
    dv_loop loop = {.rank = output->rank};
    for (int i = 0; i < output->rank; i++)
        loop.dim[i] = output->dim[i];
    if (a)
        set_strides(loop.stride[0], a, loop.rank);
    if (b)
        set_strides(loop.stride[1], b, loop.rank);
    dv_loop_simplify(&loop);
    return loop;
}

/* Whether dimension `outer` continues `inner` without a gap in every input. */
static bool continues(const dv_loop *loop, int outer, int inner)
{
    for (int k = 0; k < 2; k++)
        if (loop->stride[k][outer] != loop->stride[k][inner] * loop->dim[inner])
            return false;
    return true;
}

void dv_loop_simplify(dv_loop *loop)
{
    int last = -1; /* of the dimensions kept so far */
    for (int i = 0; i < loop->rank; i++) {
        if (loop->dim[i] == 1)
            continue;
        const bool merge = last >= 0 && continues(loop, last, i);
        if (!merge)
            last++;
        loop->dim[last] = merge ? loop->dim[last] * loop->dim[i] : loop->dim[i];
        for (int k = 0; k < 2; k++)
            loop->stride[k][last] = loop->stride[k][i];
    }
    if (last < 0) {
        last = 0;
        loop->dim[0] = 1;
        loop->stride[0][0] = loop->stride[1][0] = 0;
    }
    loop->rank = last + 1;
}

void dv_loop_run(const dv_loop *loop, void *context, void (*row)(void *context, int64_t y, int64_t a, int64_t b))
{
    const int inner = loop->rank - 1;
    int64_t at[DV_MAX_RANK] = {0};
    int64_t y = 0, a = 0, b = 0;
    for (int i = 0; i < loop->rank; i++)
        if (loop->dim[i] == 0)
            return;
    for (;;) {
        row(context, y, a, b);
        y += loop->dim[inner];
        int i = inner - 1;
        for (; i >= 0; i--) {
            a += loop->stride[0][i];
            b += loop->stride[1][i];
            if (++at[i] < loop->dim[i])
                break;
            at[i] = 0;
            a -= loop->stride[0][i] * loop->dim[i];
            b -= loop->stride[1][i] * loop->dim[i];
        }
        if (i < 0)
            return;
    }
}
