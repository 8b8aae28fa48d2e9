/* The matrix as it acts on the space that its powers span from the first vector on is tridiagonal, and its largest
 * eigenvalue there grows towards that of the whole. Vectors lose their right angles in time, which this eigenvalue does
 * not mind (Paige 1980). */
#include "kernel/lanczos.h"

#include "base/memory.h"
#include "base/part.h"
#include "base/random.h"
#include "kernel/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BAND = 64 /* rows of a task */, MOST_STEPS = 100 };

typedef struct lanczos {
    int64_t n, row;
    const float *a;
    double *vector, *before, *product;
    double *partial; /* n for each band: what it gives */
    double diagonal[MOST_STEPS], beside[MOST_STEPS];
} lanczos;

/* What the rows of a band, and the columns below the diagonal that they stand for, give. */
static void multiply_band(void *context, int64_t band, int thread)
{
    const lanczos *it = context;
    double *product = it->partial + band * it->n;
    (void)thread;
    memset(product + band * BAND, 0, (size_t)(it->n - band * BAND) * sizeof *product);
    for (int64_t i = band * BAND; i < dv_part_end(band, BAND, it->n); i++) {
        const float *a = it->a + i * it->row + i;
        product[i] += dv_vector_dot_double(it->n - i, a, it->vector + i);
        dv_vector_add_double(it->n - i - 1, it->vector[i], a + 1, product + i + 1);
    }
}

static void multiply(const lanczos *it, dv_team *team)
{
    const int64_t bands = dv_parts(it->n, BAND);
    dv_team_run(team, multiply_band, (void *)it, bands);
    memset(it->product, 0, (size_t)it->n * sizeof *it->product);
    for (int64_t band = 0; band < bands; band++)
        for (int64_t i = band * BAND; i < it->n; i++)
            it->product[i] += it->partial[band * it->n + i];
}

static double dot(int64_t n, const double *x, const double *y)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Another row of the tridiagonal matrix, and the vector after that. */
static void step(lanczos *it, int k, dv_team *team)
{
    const double back = k > 0 ? it->beside[k - 1] : 0;
    multiply(it, team);
    const double along = it->diagonal[k] = dot(it->n, it->product, it->vector);
    for (int64_t i = 0; i < it->n; i++)
        it->product[i] -= along * it->vector[i] + back * it->before[i];
    const double length = it->beside[k] = sqrt(dot(it->n, it->product, it->product));
    for (int64_t i = 0; i < it->n; i++) {
        it->before[i] = it->vector[i];
        it->vector[i] = length > 0 ? it->product[i] / length : 0;
    }
}

/* Whether an eigenvalue of the first `size` rows of the tridiagonal matrix is larger than x: whether a pivot of the
 * matrix less x is positive (Sylvester 1852). */
static bool has_larger(const lanczos *it, int size, double x)
{
    double pivot = it->diagonal[0] - x;
    for (int k = 1; k < size && pivot < 0; k++)
        pivot = it->diagonal[k] - x - it->beside[k - 1] * it->beside[k - 1] / pivot;
    return pivot >= 0;
}

/* By halving, between `low` and the bound of Gershgorin (1931). */
static double find_largest(const lanczos *it, int size, double low)
{
    double high = low;
    for (int k = 0; k < size; k++)
        high = fmax(high, it->diagonal[k] + (k > 0 ? it->beside[k - 1] : 0) + (k + 1 < size ? it->beside[k] : 0));
    while (high - low > 1e-9 * high) {
        const double middle = low + (high - low) / 2;
        if (has_larger(it, size, middle))
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* A direction that a matrix from elsewhere has no reason to stand square to, as it may to one axis: returns a bound
 * from below, the largest entry on the diagonal. */
static double start(lanczos *it)
{
    double most = -INFINITY;
    for (int64_t i = 0; i < it->n; i++) {
        most = fmax(most, (double)it->a[i * it->row + i]);
        it->vector[i] = dv_random_normal(0, DV_PURPOSE_SUBSPACE, (uint64_t)i);
    }
    const double length = sqrt(dot(it->n, it->vector, it->vector));
    for (int64_t i = 0; i < it->n; i++)
        it->vector[i] /= length;
    return most;
}

static double find(lanczos *it, dv_team *team)
{
    const double most = start(it);
    double value = 0;
    for (int k = 0; k < MOST_STEPS && most > 0; k++) {
        const double last = value;
        step(it, k, team);
        value = find_largest(it, k + 1, last);
        if (!(it->beside[k] > 1e-9 * value) || (last > 0 && value - last <= 1e-6 * value))
            break;
    }
    return most > 0 ? fmax(most, value) : most;
}

bool dv_largest_eigenvalue(int64_t n, const float *a, int64_t row, dv_team *team, double *value, dv_error *error)
{
    lanczos it = {.n = n, .row = row, .a = a};
    it.vector = dv_alloc((size_t)(3 + dv_parts(n, BAND)) * (size_t)n, sizeof(double), error);
    if (!it.vector)
        return false;
    it.before = it.vector + n;
    it.product = it.before + n;
    it.partial = it.product + n;
    *value = n > 0 ? find(&it, team) : 0;
    free(it.vector);
    return true;
}
