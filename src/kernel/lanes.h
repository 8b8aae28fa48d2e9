/* Vectors of LANES floats, and choices among their elements. Included once for each width by the loops that are written
 * over it, with NAME and LANES defined; compiled for the target that is in force. */

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(mask) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline __attribute__((always_inline)) NAME(vector) NAME(choose)(NAME(mask) first, NAME(vector) a, NAME(vector) b)
{
    return (NAME(vector))(((NAME(mask))a & first) | ((NAME(mask))b & ~first));
}

/* The larger; NaN if there is one. */
static inline __attribute__((always_inline)) NAME(vector) NAME(larger)(NAME(vector) a, NAME(vector) b)
{
    return NAME(choose)((b > a) | (b != b), b, a);
}

/* NaN stays what it is; the upper bound has the last word. */
static inline __attribute__((always_inline)) NAME(vector) NAME(clamp)(NAME(vector) x, float low, float high)
{
    const NAME(vector) least = low - (NAME(vector)){0}, most = high - (NAME(vector)){0};
    x = NAME(choose)(x < least, least, x);
    return NAME(choose)(x > most, most, x);
}
