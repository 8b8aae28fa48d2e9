#include "kernel/blocked.h"

#include <math.h>

static const dv_blocked_way *const ways[DV_BLOCKED_WAYS] = {
    &dv_blocked_depthwise,     &dv_blocked_product,        &dv_blocked_winograd_2, &dv_blocked_winograd_4,
#if DV_ISA_HAS_AMX
    &dv_blocked_tiled_product, &dv_blocked_tiled_winograd,
#endif
};

const dv_blocked_way *dv_blocked_way_at(int way)
{
    return ways[way];
}

/* Groups are made of whole blocks, or a block of whole groups. */
static bool groups_fit(const dv_convolution *c)
{
    const int64_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
    return c->groups == 1 || (in % DV_BLOCK == 0 && out % DV_BLOCK == 0) || (in == out && DV_BLOCK % in == 0);
}

bool dv_blocked_fits(const dv_convolution *c)
{
    return c->window.kernel[0] == 1 && groups_fit(c);
}

int dv_blocked_choose(const dv_blocked *b, double packing)
{
    int best = 0;
    double least = INFINITY;
    for (int way = 0; way < DV_BLOCKED_WAYS; way++) {
        const double cost = ways[way]->cost(b);
        if (isfinite(cost) && cost + packing * (double)ways[way]->packed(b) < least) {
            best = way;
            least = cost + packing * (double)ways[way]->packed(b);
        }
    }
    return best;
}

bool dv_blocked_rounds(const dv_blocked *b)
{
    dv_blocked most = *b;
    most.rounding = DV_ROUNDING_MOST;
    for (int way = 0; way < DV_BLOCKED_WAYS; way++) {
        const double cost = ways[way]->cost(&most);
        if (isfinite(cost) && cost < 1) /* as ways that round more have it then */
            return true;
    }
    return false;
}
