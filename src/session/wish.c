/* What is to be explained and how. */
#include "session/wish.h"
#include "base/hash.h"
#include "base/memory.h"
#include "vid/limits.h"
#include "vid/options.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TURN_LIMIT = 6; /* of a knob, in latent units */

bool dv_wish_init(dv_wish *wish, const dv_explain_options *options, int latent, dv_error *error)
{
    *wish = (dv_wish){.options = *options, .latent = latent};
    wish->offset = dv_alloc((size_t)latent, sizeof(*wish->offset), error);
    wish->bands = dv_alloc((size_t)latent, sizeof(*wish->bands), error);
    if (!wish->offset || !wish->bands) {
        dv_wish_clear(wish);
        return false;
    }
    if (options->offset)
        memcpy(wish->offset, options->offset, (size_t)latent * sizeof(float));
    if (options->bands)
        memcpy(wish->bands, options->bands, (size_t)latent * sizeof(float));
    wish->options.offset = wish->offset;
    wish->options.bands = options->bands ? wish->bands : NULL;
    return true;
}

void dv_wish_clear(dv_wish *wish)
{
    free(wish->offset);
    free(wish->bands);
    *wish = (dv_wish){0};
}

void dv_wish_copy(dv_wish *wish, const dv_wish *from)
{
    assert(wish->latent == from->latent);
    wish->options = from->options;
    wish->options.offset = wish->offset;
    wish->options.bands = from->options.bands ? wish->bands : NULL;
    memcpy(wish->offset, from->offset, (size_t)from->latent * sizeof(float));
    memcpy(wish->bands, from->bands, (size_t)from->latent * sizeof(float));
}

static bool same_place(const dv_wish *a, const dv_wish *b)
{
    for (int d = 0; d < a->latent; d++)
        if (a->offset[d] != b->offset[d] || (float)dv_wish_band(a, d) != (float)dv_wish_band(b, d))
            return false;
    return true;
}

bool dv_wish_equal(const dv_wish *a, const dv_wish *b)
{
    return a->latent == b->latent && dv_options_equal(&a->options, &b->options) && same_place(a, b);
}

uint64_t dv_wish_digest(const dv_wish *wish)
{
    uint64_t hash = dv_options_hash(&wish->options, DV_HASH_START);
    for (int d = 0; d < wish->latent; d++) {
        float place[2] = {wish->offset[d], (float)dv_wish_band(wish, d)};
        hash = dv_hash(hash, place, sizeof(place));
    }
    return hash;
}

bool dv_wish_go(dv_wish *wish, int64_t index)
{
    if (index == wish->options.index)
        return false;
    wish->options.index = index;
    dv_wish_reset_knobs(wish);
    dv_wish_reset_bands(wish);
    return true;
}

/* ---- knobs -------------------------------------------------------------------- */

bool dv_wish_turn(dv_wish *wish, int dimension, double step)
{
    double knob = wish->offset[dimension];
    double turned = round((knob + step) * 100) / 100;
    double limit = fmax(TURN_LIMIT, fabs(knob));
    if (fabs(turned) > limit)
        turned = copysign(limit, turned);
    return dv_wish_set_knob(wish, dimension, (float)turned);
}

bool dv_wish_set_knob(dv_wish *wish, int dimension, float value)
{
    assert(dimension >= 0 && dimension < wish->latent && !isnan(value));
    float held = fmaxf(-DV_MAX_OFFSET, fminf(DV_MAX_OFFSET, value)) + 0.0f; /* no negative zero */
    if (wish->offset[dimension] == held)
        return false;
    wish->offset[dimension] = held;
    return true;
}

bool dv_wish_reset_knob(dv_wish *wish, int dimension)
{
    return dv_wish_set_knob(wish, dimension, 0);
}

bool dv_wish_reset_knobs(dv_wish *wish)
{
    bool changed = false;
    for (int d = 0; d < wish->latent; d++)
        changed |= dv_wish_reset_knob(wish, d);
    return changed;
}

bool dv_wish_is_turned(const dv_wish *wish)
{
    for (int d = 0; d < wish->latent; d++)
        if (wish->offset[d] != 0)
            return true;
    return false;
}

/* ---- bands --------------------------------------------------------------------- */

double dv_wish_band(const dv_wish *wish, int dimension)
{
    return wish->options.bands ? (double)wish->bands[dimension] : wish->options.band;
}

bool dv_wish_can_still(const dv_wish *wish, int dimension)
{
    for (int d = 0; d < wish->latent; d++)
        if (d != dimension && dv_wish_band(wish, d) >= DV_MIN_BAND)
            return true;
    return false;
}

bool dv_wish_set_band(dv_wish *wish, int dimension, double band)
{
    assert(dimension >= 0 && dimension < wish->latent && !isnan(band));
    double least = dv_wish_can_still(wish, dimension) ? 0 : DV_MIN_BAND;
    float held = (float)fmax(least, fmin(DV_MAX_BAND, band)) + 0.0f;
    if ((float)dv_wish_band(wish, dimension) == held)
        return false;
    for (int d = 0; !wish->options.bands && d < wish->latent; d++)
        wish->bands[d] = (float)wish->options.band;
    wish->options.bands = wish->bands;
    wish->bands[dimension] = held;
    return true;
}

bool dv_wish_reset_band(dv_wish *wish, int dimension)
{
    if (!wish->options.bands || wish->bands[dimension] == (float)wish->options.band)
        return false;
    wish->bands[dimension] = (float)wish->options.band;
    bool own = false;
    for (int d = 0; d < wish->latent; d++)
        own |= wish->bands[d] != (float)wish->options.band;
    if (!own)
        wish->options.bands = NULL;
    return true;
}

bool dv_wish_reset_bands(dv_wish *wish)
{
    bool own = wish->options.bands != NULL;
    wish->options.bands = NULL;
    return own;
}
