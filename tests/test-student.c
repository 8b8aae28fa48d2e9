/* Students and the figures of their fidelity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "vid/fidelity.h"
#include "vid/softmax.h"
#include "vid/steadiness.h"
#include "vid/student.h"
#include "vid/teacher.h"

#include <math.h>
#include <string.h>

/* ---- lessons of random numbers ------------------------------------------------ */

typedef struct fixture {
    dv_lesson lesson;
    dv_explain_options options;
    float *pictures, *logits, *soft_labels;
    float *anchor, *anchor_logits; /* in the lesson when set_anchor says so */
    double *weight;
    dv_student student;
} fixture;

static double uniform(uint64_t seed, uint64_t index)
{
    return dv_random_uniform(seed, DV_PURPOSE_TEST, index);
}

/* Pictures in 0..1, logits in -3..3, weights in 0.5..1.5. */
static fixture make_fixture(int64_t count, int pixels, int classes, uint64_t seed)
{
    fixture it = {.options = dv_explain_defaults()};
    uint64_t drawn = 0;
    it.pictures = calloc(count * pixels, sizeof(float));
    it.logits = calloc(count * classes, sizeof(float));
    it.soft_labels = calloc(count * classes, sizeof(float));
    it.weight = calloc(count, sizeof(double));
    it.anchor = calloc(pixels, sizeof(float));
    it.anchor_logits = calloc(classes, sizeof(float));
    it.student.weights = calloc((size_t)classes * pixels, sizeof(float));
    it.student.bias = calloc(classes, sizeof(float));
    for (int64_t i = 0; i < count * pixels; i++)
        it.pictures[i] = (float)uniform(seed, drawn++);
    for (int64_t i = 0; i < count * classes; i++)
        it.logits[i] = (float)(6 * uniform(seed, drawn++) - 3);
    for (int64_t i = 0; i < count; i++)
        it.weight[i] = 0.5 + uniform(seed, drawn++);
    for (int p = 0; p < pixels; p++)
        it.anchor[p] = (float)uniform(seed, drawn++);
    for (int k = 0; k < classes; k++)
        it.anchor_logits[k] = (float)(6 * uniform(seed, drawn++) - 3);
    it.lesson = (dv_lesson){.count = count, .pixels = pixels, .classes = classes};
    return it;
}

/* The picture itself takes part, with a share of the weight. */
static void set_anchor(fixture *it, double share)
{
    it->lesson.anchor = it->anchor;
    it->lesson.anchor_logits = it->anchor_logits;
    it->options.anchor = share;
}

static bool distil(fixture *it, dv_error *error)
{
    for (int64_t i = 0; i < it->lesson.count; i++)
        dv_softmax(it->logits + i * it->lesson.classes, it->lesson.classes, it->options.temperature,
                   it->soft_labels + i * it->lesson.classes);
    it->lesson.pictures = it->pictures;
    it->lesson.logits = it->logits;
    it->lesson.soft_labels = it->soft_labels;
    it->lesson.weight = it->weight;
    it->lesson.options = &it->options;
    free(it->student.loss_curve);
    it->student.loss_curve = NULL;
    return dv_student_distil(&it->lesson, &it->student, error);
}

static void distil_well(fixture *it)
{
    dv_error error = {0};
    if (!distil(it, &error))
        fail_msg("%s", error.message);
}

static void clear(fixture *it)
{
    free(it->pictures);
    free(it->logits);
    free(it->soft_labels);
    free(it->weight);
    free(it->anchor);
    free(it->anchor_logits);
    free(it->student.weights);
    free(it->student.bias);
    free(it->student.loss_curve);
}

/* ---- ridge -------------------------------------------------------------------- */

/* Gaussian elimination with pivoting; a is n x n, b n x columns. */
static void solve(int n, double *a, int columns, double *b)
{
    for (int i = 0; i < n; i++) {
        int pivot = i;
        for (int r = i + 1; r < n; r++)
            if (fabs(a[r * n + i]) > fabs(a[pivot * n + i]))
                pivot = r;
        for (int c = 0; c < n; c++) {
            double swap = a[i * n + c];
            a[i * n + c] = a[pivot * n + c];
            a[pivot * n + c] = swap;
        }
        for (int c = 0; c < columns; c++) {
            double swap = b[i * columns + c];
            b[i * columns + c] = b[pivot * columns + c];
            b[pivot * columns + c] = swap;
        }
        for (int r = 0; r < n; r++) {
            double factor = r == i ? 0 : a[r * n + i] / a[i * n + i];
            for (int c = 0; c < n; c++)
                a[r * n + c] -= factor * a[i * n + c];
            for (int c = 0; c < columns; c++)
                b[r * columns + c] -= factor * b[i * columns + c];
        }
    }
    for (int i = 0; i < n; i++)
        for (int c = 0; c < columns; c++)
            b[i * columns + c] /= a[i * n + i];
}

/* The normal equations of one sample: pictures with a one behind them, targets log q less their mean. */
static void add_sample(int n, int classes, double weight, const float *picture, const double *log_q, double *a,
                       double *b)
{
    double mean = 0;
    for (int k = 0; k < classes; k++)
        mean += log_q[k] / classes;
    for (int r = 0; r < n; r++) {
        double x = r + 1 < n ? picture[r] : 1;
        for (int c = 0; c < n; c++)
            a[r * n + c] += weight * x * (c + 1 < n ? picture[c] : 1);
        for (int k = 0; k < classes; k++)
            b[r * classes + k] += weight * x * (log_q[k] - mean);
    }
}

/* The minimiser of (1 - s) (sum_i w_i |W x_i + b - y_i|^2 / sum w + lambda |W|^2) + s |W x + b - y|^2 over W AND b at
 * once, x the anchor and s its share, without centring anything but the targets: another way to the same student.
 * D + 1 rows, the last one of b. */
static double *plain_ridge(const fixture *it, double lambda)
{
    int n = it->lesson.pixels + 1, classes = it->lesson.classes;
    double *a = calloc((size_t)n * n, sizeof *a), *b = calloc((size_t)n * classes, sizeof *b), sum = 0;
    double share = it->lesson.anchor ? it->options.anchor : 0, log_q[8];
    for (int64_t i = 0; i < it->lesson.count; i++)
        sum += it->weight[i];
    for (int64_t i = 0; i < it->lesson.count; i++) {
        for (int k = 0; k < classes; k++)
            log_q[k] = log(it->soft_labels[i * classes + k]);
        add_sample(n, classes, (1 - share) * it->weight[i] / sum, it->pictures + i * (n - 1), log_q, a, b);
    }
    for (int k = 0; k < classes; k++)
        log_q[k] = it->anchor_logits[k] / it->options.temperature;
    add_sample(n, classes, share, it->anchor, log_q, a, b);
    for (int r = 0; r + 1 < n; r++)
        a[r * n + r] += (1 - share) * lambda;
    solve(n, a, classes, b);
    free(a);
    return b;
}

static void check_ridge(int64_t count, int pixels, int classes, double lambda, double share)
{
    fixture it = make_fixture(count, pixels, classes, 11);
    it.options.ridge = lambda;
    it.options.temperature = 2.5;
    if (share > 0)
        set_anchor(&it, share);
    distil_well(&it);
    double *wanted = plain_ridge(&it, lambda), largest = 0;
    for (int i = 0; i < pixels * classes; i++)
        largest = fmax(largest, fabs(wanted[i]));
    for (int k = 0; k < classes; k++) {
        for (int p = 0; p < pixels; p++)
            assert_true(fabs(it.student.weights[k * pixels + p] - wanted[p * classes + k]) < 1e-4 * largest);
        assert_true(fabs(it.student.bias[k] - wanted[pixels * classes + k]) < 1e-4 * (largest + 1));
    }
    for (int p = 0; p < pixels; p++) {
        double sum = 0;
        for (int k = 0; k < classes; k++)
            sum += it.student.weights[k * pixels + p];
        assert_true(fabs(sum) < 1e-4 * largest);
    }
    assert_true(it.student.lambda == lambda);
    free(wanted);
    clear(&it);
}

static void test_ridge_primal(void **state)
{
    (void)state;
    for (double share = 0; share < 1; share += 0.3) {
        check_ridge(50, 20, 3, 0.01, share);
        check_ridge(400, 150, 5, 0.001, share); /* more than one tile */
    }
}

static void test_ridge_dual(void **state)
{
    (void)state;
    for (double share = 0; share < 1; share += 0.3) {
        check_ridge(12, 20, 3, 0.01, share);
        check_ridge(140, 200, 4, 0.005, share);
        check_ridge(128, 200, 4, 0.005, share);
        check_ridge(2, 9, 2, 0.1, share);
    }
}

/* How far the student's answer to the anchor is from the teacher's. */
static double miss_anchor(const fixture *it)
{
    const int classes = it->lesson.classes;
    const double mean = dv_average(it->anchor_logits, classes);
    double square = 0;
    float logits[8];
    dv_student_logits(NULL, it->student.weights, it->student.bias, it->lesson.pixels, classes, it->anchor, 1, logits);
    for (int k = 0; k < classes; k++)
        square += pow(logits[k] - (it->anchor_logits[k] - mean) / it->options.temperature, 2);
    return sqrt(square);
}

/* The larger the anchor's share, the closer the student is to the teacher there; with all of it they say the same,
 * however strong the ridge is. */
static void test_anchor(void **state)
{
    (void)state;
    for (int pixels = 30; pixels <= 130; pixels += 100) { /* primal and dual */
        fixture it = make_fixture(100, pixels, 4, 13);
        it.options.ridge = 0.2;
        distil_well(&it);
        double before = miss_anchor(&it);
        assert_true(before > 0.1);
        for (double share = 0.125; share <= 1; share += 0.125) {
            set_anchor(&it, share);
            distil_well(&it);
            assert_true(miss_anchor(&it) < before);
            before = miss_anchor(&it);
        }
        assert_true(before < 1e-5);
        clear(&it);
    }
}

/* A share that changes is noticed by a system that is kept. */
static void test_anchor_of_a_kept_system(void **state)
{
    enum { CLASSES = 3 };
    (void)state;
    for (int pixels = 30; pixels <= 130; pixels += 100) {
        dv_ridge_system *system = NULL;
        fixture kept = make_fixture(100, pixels, CLASSES, 14), anew = make_fixture(100, pixels, CLASSES, 14);
        kept.lesson.kept = &system;
        kept.lesson.generation = 1;
        for (int step = 0; step < 4; step++) {
            set_anchor(&kept, 0.25 * (step % 3));
            set_anchor(&anew, 0.25 * (step % 3));
            distil_well(&kept);
            distil_well(&anew);
            assert_memory_equal(kept.student.weights, anew.student.weights, (size_t)CLASSES * pixels * sizeof(float));
            assert_memory_equal(kept.student.bias, anew.student.bias, CLASSES * sizeof(float));
        }
        dv_ridge_system_free(system);
        clear(&kept);
        clear(&anew);
    }
}

/* A linear teacher is found again. */
static void test_ridge_exact(void **state)
{
    enum { COUNT = 300, PIXELS = 12, CLASSES = 4 };
    fixture it = make_fixture(COUNT, PIXELS, CLASSES, 5);
    double map[CLASSES][PIXELS];
    (void)state;
    for (int k = 0; k < CLASSES; k++)
        for (int p = 0; p < PIXELS; p++)
            map[k][p] = uniform(6, k * PIXELS + p);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < CLASSES; k++) {
            double sum = k;
            for (int p = 0; p < PIXELS; p++)
                sum += map[k][p] * it.pictures[i * PIXELS + p];
            it.logits[i * CLASSES + k] = (float)sum;
        }
    it.options.ridge = 1e-6;
    distil_well(&it);
    for (int p = 0; p < PIXELS; p++) {
        double mean = 0;
        for (int k = 0; k < CLASSES; k++)
            mean += map[k][p] / CLASSES;
        for (int k = 0; k < CLASSES; k++)
            assert_true(fabs(it.student.weights[k * PIXELS + p] - (map[k][p] - mean) / it.options.temperature) < 1e-3);
    }
    clear(&it);
}

/* Two pictures: the centred Gram matrix has rank one and its eigenvalue is known. lambda is the stated part of it. */
static void test_ridge_rule(void **state)
{
    enum { PIXELS = 30, CLASSES = 3 };
    fixture it = make_fixture(2, PIXELS, CLASSES, 3);
    double square = 0, total = it.weight[0] + it.weight[1];
    (void)state;
    for (int p = 0; p < PIXELS; p++)
        square += pow((double)it.pictures[p] - it.pictures[PIXELS + p], 2);
    distil_well(&it);
    double wanted = it.weight[0] * it.weight[1] / total / total * square;
    assert_true(fabs(it.student.top_eigenvalue - wanted) < 1e-5 * wanted);
    assert_true(fabs(it.student.lambda / it.student.top_eigenvalue - 0.0014) < 1e-9);
    /* The rule follows the pictures: twice as far apart, four times lambda, half the weights. */
    float before = it.student.weights[0];
    for (int i = 0; i < 2 * PIXELS; i++)
        it.pictures[i] *= 2;
    distil_well(&it);
    assert_true(fabs(it.student.top_eigenvalue - 4 * wanted) < 4e-5 * wanted);
    assert_true(fabs(it.student.weights[0] - before / 2) < 1e-4 * fabs(before));
    clear(&it);
}

/* Where one half of the neighbours has no weight nobody can say how steady the map is; and what is kept does not bear
 * the mark of it. */
static void test_half_without_weight(void **state)
{
    enum { CLASSES = 3 };
    (void)state;
    for (int pixels = 16; pixels <= 400; pixels += 384) { /* primal and dual */
        fixture it = make_fixture(300, pixels, CLASSES, 21);
        struct dv_ridge_system *kept = NULL;
        const size_t size = (size_t)CLASSES * pixels * sizeof(float);
        float *before = malloc(size);
        set_anchor(&it, 0.1);
        for (int64_t i = 0; i < it.lesson.count; i++)
            it.weight[i] *= i / DV_CHUNK % 2;
        it.lesson.kept = &kept;
        it.lesson.row = 0;
        for (it.lesson.generation = 1; it.lesson.generation <= 2; it.lesson.generation++) {
            it.student.steadiness = 0;
            distil_well(&it);
            assert_true(isnan(it.student.steadiness));
            if (it.lesson.generation == 2)
                assert_memory_equal(it.student.weights, before, size);
            memcpy(before, it.student.weights, size);
        }
        free(before);
        dv_ridge_system_free(kept);
        clear(&it);
    }
}

/* Neighbours that are all alike: no map, the mean answer. */
static void test_ridge_of_one_picture(void **state)
{
    enum { COUNT = 9, CLASSES = 3 };
    (void)state;
    for (int pixels = 4; pixels <= 16; pixels += 12) { /* primal and dual */
        fixture it = make_fixture(COUNT, pixels, CLASSES, 8);
        double mean[CLASSES] = {0}, total = 0;
        for (int i = 0; i < COUNT; i++) {
            memcpy(it.pictures + i * pixels, it.pictures, pixels * sizeof(float));
            total += it.weight[i];
        }
        for (int i = 0; i < COUNT; i++)
            for (int k = 0; k < CLASSES; k++)
                mean[k] += it.weight[i] / total *
                           (it.logits[i * CLASSES + k] - dv_average(it.logits + i * CLASSES, CLASSES)) /
                           it.options.temperature;
        distil_well(&it);
        for (int k = 0; k < CLASSES; k++) {
            for (int p = 0; p < pixels; p++)
                assert_true(fabs(it.student.weights[k * pixels + p]) < 1e-3);
            float logits[CLASSES];
            dv_student_logits(NULL, it.student.weights, it.student.bias, pixels, CLASSES, it.pictures, 1, logits);
            assert_true(fabs(logits[k] - mean[k]) < 1e-3);
        }
        clear(&it);
    }
}

/* Temperature only scales it. */
static void test_ridge_and_temperature(void **state)
{
    fixture it = make_fixture(80, 30, 3, 21);
    float before[90];
    (void)state;
    it.options.temperature = 1;
    distil_well(&it);
    memcpy(before, it.student.weights, sizeof before);
    it.options.temperature = 5;
    distil_well(&it);
    for (int i = 0; i < 90; i++)
        assert_true(fabs(it.student.weights[i] * 5 - before[i]) < 1e-4);
    clear(&it);
}

/* A Gram matrix of one eigenvalue and hundreds of zeros: single precision loses such a lambda beside it. */
static void test_ridge_too_small(void **state)
{
    enum { COUNT = 300, PIXELS = 400 };
    fixture it = make_fixture(COUNT, PIXELS, 3, 2);
    dv_error error = {0};
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int p = 1; p < PIXELS; p++)
            it.pictures[i * PIXELS + p] = it.pictures[i * PIXELS];
    it.options.ridge = 1e-30;
    assert_false(distil(&it, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "lambda"));
    it.options.ridge = 1e-6 * it.student.top_eigenvalue;
    distil_well(&it);
    clear(&it);
}

/* Pixels that mostly go together, as those of pictures do: four patterns and a little noise. */
static void smooth_pictures(fixture *it)
{
    enum { PATTERNS = 4 };
    const int pixels = it->lesson.pixels;
    for (int64_t i = 0; i < it->lesson.count; i++)
        for (int p = 0; p < pixels; p++) {
            double sum = 0;
            for (int f = 1; f <= PATTERNS; f++)
                sum += (uniform(8, i * PATTERNS + f) - 0.5) * cos(3.14 * f * p / pixels) / PATTERNS;
            it->pictures[i * pixels + p] = (float)(0.5 + sum + 0.004 * it->pictures[i * pixels + p]);
        }
}

/* A lambda that is beside the largest eigenvalue next to nothing is refused, or maps are right to a hundredth; and the
 * one that is named instead is taken. */
static void test_ridge_refused_or_right(void **state)
{
    enum { COUNT = 600, PIXELS = 100, CLASSES = 3 };
    fixture it = make_fixture(COUNT, PIXELS, CLASSES, 4);
    dv_error error = {0};
    (void)state;
    smooth_pictures(&it);
    distil_well(&it);
    const double top = it.student.top_eigenvalue;
    for (double lambda = 1e-7 * top; lambda < 1e-4 * top; lambda *= 1.3) {
        it.options.ridge = lambda;
        if (!distil(&it, &error)) {
            const char *other = strstr(error.message, "take ");
            assert_non_null(other);
            it.options.ridge = strtod(other + strlen("take "), NULL);
            distil_well(&it);
        }
        double *wanted = plain_ridge(&it, it.options.ridge), square = 0, size = 0;
        for (int k = 0; k < CLASSES; k++)
            for (int p = 0; p < PIXELS; p++) {
                square += pow(it.student.weights[k * PIXELS + p] - wanted[p * CLASSES + k], 2);
                size += pow(wanted[p * CLASSES + k], 2);
            }
        assert_true(sqrt(square) < 1e-2 * sqrt(size));
        free(wanted);
    }
    clear(&it);
}

/* ---- steadiness ------------------------------------------------------------------ */

/* The cosine between two parts of a map whose noise is v / s of its signal, and what is told from it. */
static void test_steadiness_of_parts(void **state)
{
    (void)state;
    for (double v = 0; v < 3; v += 0.25)
        for (double share = 0.1; share < 0.95; share += 0.1) {
            double cosine = 1 / sqrt((1 + v / share) * (1 + v / (1 - share)));
            assert_true(fabs(dv_steadiness_of_parts(cosine, share) - 1 / (1 + v)) < 1e-12);
        }
    assert_true(fabs(dv_steadiness_of_parts(0.9, 0.5) - 1.8 / 1.9) < 1e-12);
    assert_true(dv_steadiness_of_parts(1, 0.3) == 1);
    assert_true(dv_steadiness_of_parts(0, 0.5) == 0 && dv_steadiness_of_parts(-0.4, 0.5) == 0);
    assert_true(isnan(dv_steadiness_of_parts(NAN, 0.5)));
    /* The bound has a third more noise. */
    for (double s = 0.05; s < 1; s += 0.05)
        assert_true(fabs((1 / dv_steadiness_bound(s) - 1) - 4 * (1 / s - 1) / 3) < 1e-9);
    assert_true(dv_steadiness_bound(1) == 1 && dv_steadiness_bound(0) == 0 && isnan(dv_steadiness_bound(NAN)));
}

/* The neighbours of one part alone. */
static fixture fixture_of_part(const fixture *whole, dv_ridge_part part)
{
    const dv_lesson *lesson = &whole->lesson;
    fixture it = make_fixture(lesson->count, lesson->pixels, lesson->classes, 1);
    int64_t count = 0;
    for (int64_t i = 0; i < lesson->count; i++) {
        if (i / 128 % 2 != (int64_t)part)
            continue;
        memcpy(it.pictures + count * lesson->pixels, whole->pictures + i * lesson->pixels,
               (size_t)lesson->pixels * sizeof(float));
        memcpy(it.logits + count * lesson->classes, whole->logits + i * lesson->classes,
               (size_t)lesson->classes * sizeof(float));
        it.weight[count++] = whole->weight[i];
    }
    it.lesson.count = count;
    return it;
}

/* Maps of a part, with more and with fewer neighbours than pixels, are those of a student of that part alone; and the
 * whole's steadiness is told from the cosine between them. */
static void test_parts(void **state)
{
    enum { CLASSES = 3, ROW = 1 };
    static const int sizes[][2] = {{600, 70}, {600, 650}, {300, 40}, {256, 300}, {600, 400}, {500, 500}};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        int pixels = sizes[s][1];
        fixture whole = make_fixture(sizes[s][0], pixels, CLASSES, 9);
        float *maps = calloc(2 * (size_t)pixels, sizeof *maps);
        double ab = 0, aa = 0, bb = 0, weight[2] = {0};
        dv_ridge_system *system = NULL;
        dv_error error;
        whole.options.temperature = 1;
        whole.options.ridge = 0.05;
        whole.lesson.row = ROW;
        if (s % 2)
            set_anchor(&whole, 0.2);
        distil_well(&whole);
        assert_non_null(dv_ridge_system_of(&whole.lesson, &system, &error));
        for (dv_ridge_part part = DV_RIDGE_EVEN; part <= DV_RIDGE_ODD; part++) {
            fixture alone = fixture_of_part(&whole, part);
            alone.options = whole.options;
            memcpy(alone.anchor, whole.anchor, (size_t)pixels * sizeof(float));
            memcpy(alone.anchor_logits, whole.anchor_logits, CLASSES * sizeof(float));
            if (s % 2)
                set_anchor(&alone, 0.2);
            distil_well(&alone);
            float *map = maps + (int)part * pixels, *wanted = alone.student.weights + ROW * pixels;
            assert_true(dv_ridge_maps(system, &whole.lesson, part, 0.05, ROW, 1, map, &error));
            double largest = 0;
            for (int p = 0; p < pixels; p++)
                largest = fmax(largest, fabs(wanted[p]));
            for (int p = 0; p < pixels; p++)
                assert_true(fabs(map[p] - wanted[p]) < 1e-4 * largest);
            for (int64_t i = 0; i < alone.lesson.count; i++)
                weight[part] += alone.weight[i];
            clear(&alone);
        }
        for (int p = 0; p < pixels; p++) {
            ab += (double)maps[p] * maps[pixels + p];
            aa += (double)maps[p] * maps[p];
            bb += (double)maps[pixels + p] * maps[pixels + p];
        }
        double wanted = dv_steadiness_of_parts(ab / sqrt(aa * bb), weight[0] / (weight[0] + weight[1]));
        assert_true(fabs(whole.student.steadiness - wanted) < 1e-6);
        dv_ridge_system_free(system);
        free(maps);
        clear(&whole);
    }
}

/* Too few neighbours for two parts, and maps of nothing. */
static void test_no_steadiness(void **state)
{
    fixture few = make_fixture(128, 20, 3, 4), flat = make_fixture(300, 20, 3, 4);
    (void)state;
    distil_well(&few);
    assert_true(isnan(few.student.steadiness));
    for (int i = 0; i < 300; i++)
        memcpy(flat.pictures + 20 * i, flat.pictures, 20 * sizeof(float));
    distil_well(&flat);
    assert_true(isnan(flat.student.steadiness));
    clear(&few);
    clear(&flat);
}

/* ---- the team ------------------------------------------------------------------- */

static void test_team(void **state)
{
    enum { PIXELS = 300, CLASSES = 7 };
    (void)state;
    for (dv_student_method method = DV_STUDENT_RIDGE; method <= DV_STUDENT_GD; method++)
        for (int count = 200; count <= 500; count += 300) { /* dual and primal */
            fixture it = make_fixture(count, PIXELS, CLASSES, 31);
            float *alone = calloc(PIXELS * CLASSES, sizeof(float)), bias[CLASSES];
            it.options.method = method;
            it.options.epochs = 3;
            set_anchor(&it, 0.1);
            distil_well(&it);
            memcpy(alone, it.student.weights, PIXELS * CLASSES * sizeof(float));
            memcpy(bias, it.student.bias, sizeof bias);
            for (int threads = 2; threads <= 4; threads++) {
                dv_error error;
                it.lesson.team = dv_team_new(threads, &error);
                assert_non_null(it.lesson.team);
                distil_well(&it);
                assert_memory_equal(alone, it.student.weights, PIXELS * CLASSES * sizeof(float));
                assert_memory_equal(bias, it.student.bias, sizeof bias);
                dv_team_free(it.lesson.team);
                it.lesson.team = NULL;
            }
            free(alone);
            clear(&it);
        }
}

/* ---- softmax regression ----------------------------------------------------------- */

/* The loss by its definition, in double precision; parameters are K x (D + 1), the last of a row its bias. */
static double loss_of_one(const fixture *it, const double *parameter, const float *picture, const float *label)
{
    int pixels = it->lesson.pixels, classes = it->lesson.classes;
    double score[8], sum = 0, loss = 0;
    for (int k = 0; k < classes; k++) {
        score[k] = parameter[k * (pixels + 1) + pixels];
        for (int p = 0; p < pixels; p++)
            score[k] += parameter[k * (pixels + 1) + p] * picture[p];
        sum += exp(score[k]);
    }
    for (int k = 0; k < classes; k++)
        loss -= label[k] * (score[k] - log(sum));
    return loss;
}

static double loss_of(const fixture *it, const double *parameter)
{
    int pixels = it->lesson.pixels, classes = it->lesson.classes;
    double loss = 0, share = it->lesson.anchor ? it->options.anchor : 0;
    float label[8];
    for (int64_t i = 0; i < it->lesson.count; i++)
        loss += loss_of_one(it, parameter, it->pictures + i * pixels, it->soft_labels + i * classes) /
                (double)it->lesson.count;
    dv_softmax(it->anchor_logits, classes, it->options.temperature, label);
    return (1 - share) * loss + share * loss_of_one(it, parameter, it->anchor, label);
}

/* One step of gradient descent shows the gradient, which finite differences check. */
static void check_gradient(double share)
{
    enum { COUNT = 40, PIXELS = 6, CLASSES = 3 };
    fixture it = make_fixture(COUNT, PIXELS, CLASSES, 41);
    double parameter[CLASSES * (PIXELS + 1)] = {0};
    const double rate = 0.5, small = 1e-5;
    if (share > 0)
        set_anchor(&it, share);
    it.options.method = DV_STUDENT_GD;
    it.options.learning_rate = rate;
    it.options.epochs = 1;
    distil_well(&it);
    assert_true(fabs(it.student.loss_curve[0] - log(CLASSES)) < 1e-6);
    for (int k = 0; k < CLASSES; k++)
        for (int p = 0; p <= PIXELS; p++) {
            double *moved = &parameter[k * (PIXELS + 1) + p];
            *moved = small;
            double above = loss_of(&it, parameter);
            *moved = -small;
            double below = loss_of(&it, parameter);
            *moved = 0;
            float step = p < PIXELS ? it.student.weights[k * PIXELS + p] : it.student.bias[k];
            assert_true(fabs(-step / rate - (above - below) / (2 * small)) < 1e-6);
        }
    clear(&it);
}

static void test_gradient(void **state)
{
    (void)state;
    check_gradient(0);
    check_gradient(0.3);
}

/* Black pictures leave only the bias, whose best answer is the mean label; a black anchor has its share in that. */
static void test_known_optimum(void **state)
{
    enum { COUNT = 64, PIXELS = 4, CLASSES = 3 };
    (void)state;
    for (dv_student_method method = DV_STUDENT_ADAM; method <= DV_STUDENT_GD; method++) {
        fixture it = make_fixture(COUNT, PIXELS, CLASSES, 51);
        double mean[CLASSES] = {0};
        const double share = 0.25;
        float p[CLASSES], label[CLASSES];
        memset(it.pictures, 0, COUNT * PIXELS * sizeof(float));
        memset(it.anchor, 0, PIXELS * sizeof(float));
        set_anchor(&it, share);
        it.options.method = method;
        it.options.epochs = 500;
        it.options.batch = 64;
        it.options.learning_rate = method == DV_STUDENT_ADAM ? 0.05 : 0;
        distil_well(&it);
        for (int i = 0; i < COUNT; i++)
            for (int k = 0; k < CLASSES; k++)
                mean[k] += it.soft_labels[i * CLASSES + k] / COUNT;
        dv_softmax(it.student.bias, CLASSES, 1, p);
        dv_softmax(it.anchor_logits, CLASSES, it.options.temperature, label);
        for (int k = 0; k < CLASSES; k++)
            assert_true(fabs(p[k] - (1 - share) * mean[k] - share * label[k]) < 1e-3);
        for (int i = 0; i < CLASSES * PIXELS; i++)
            assert_true(it.student.weights[i] == 0);
        clear(&it);
    }
}

/* A teacher that is a softmax regression is found: the loss falls to the entropy of its labels. */
static void test_realizable(void **state)
{
    enum { COUNT = 200, PIXELS = 5, CLASSES = 3 };
    (void)state;
    for (dv_student_method method = DV_STUDENT_ADAM; method <= DV_STUDENT_GD; method++)
        for (int random = 0; random < 2; random++) {
            fixture it = make_fixture(COUNT, PIXELS, CLASSES, 61);
            double entropy = 0;
            for (int i = 0; i < COUNT; i++)
                for (int k = 0; k < CLASSES; k++) {
                    double sum = 0.3 * k;
                    for (int p = 0; p < PIXELS; p++)
                        sum += 2 * cos(k + 2 * p) * it.pictures[i * PIXELS + p];
                    it.logits[i * CLASSES + k] = (float)sum;
                }
            it.options.method = method;
            it.options.random_start = random;
            it.options.learning_rate = method == DV_STUDENT_ADAM ? 0.01 : 0;
            it.options.epochs = method == DV_STUDENT_GD ? 4000 : 800;
            distil_well(&it);
            for (int i = 0; i < COUNT * CLASSES; i++)
                entropy -= it.soft_labels[i] * log(it.soft_labels[i]) / COUNT;
            double last = it.student.loss_curve[it.student.loss_count - 1];
            assert_int_equal(it.student.loss_count, it.options.epochs);
            assert_true(last >= entropy - 1e-5 && last < entropy + 1e-3);
            /* At the default rate gradient descent never goes uphill. */
            for (int e = 1; method == DV_STUDENT_GD && e < it.student.loss_count; e++)
                assert_true(it.student.loss_curve[e] <= it.student.loss_curve[e - 1] + 1e-6);
            clear(&it);
        }
}

static void test_divergence(void **state)
{
    fixture it = make_fixture(50, 10, 3, 71);
    dv_error error = {0};
    (void)state;
    for (int i = 0; i < 500; i++)
        it.pictures[i] *= 1e18f;
    it.options.method = DV_STUDENT_SGD;
    it.options.learning_rate = 1000;
    assert_false(distil(&it, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    clear(&it);
}

static bool refuse(void *context, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return --*(int *)context > 0;
}

static void test_cancel(void **state)
{
    (void)state;
    for (dv_student_method method = DV_STUDENT_RIDGE; method <= DV_STUDENT_GD; method++) {
        fixture it = make_fixture(50, 10, 3, 81);
        int calls = method == DV_STUDENT_RIDGE ? 1 : 3;
        dv_progress progress = {refuse, &calls};
        dv_error error = {0};
        it.options.method = method;
        it.lesson.progress = &progress;
        assert_false(distil(&it, &error));
        assert_int_equal(error.code, DV_ERROR_CANCELLED);
        clear(&it);
    }
}

/* ---- fidelity --------------------------------------------------------------------- */

/* Of few classes: each is a row of the student, and the teacher's words are its largest logits. */
static dv_fidelity measure(const dv_evidence *evidence)
{
    enum { MOST = 16, MOST_NEIGHBORS = 1000 };
    static int row_class[MOST], words[MOST_NEIGHBORS];
    dv_evidence whole = *evidence;
    dv_fidelity fidelity;
    dv_error error;
    whole.rows = whole.names = whole.classes;
    whole.row_class = row_class;
    whole.words = words;
    whole.seen_class = whole.picture_class;
    assert_true(whole.classes <= MOST && whole.count <= MOST_NEIGHBORS);
    for (int k = 0; k < whole.classes; k++)
        row_class[k] = k;
    for (int64_t i = 0; i < whole.count; i++)
        words[i] = dv_largest(whole.teacher + i * whole.classes, whole.classes);
    assert_true(dv_fidelity_measure(&whole, &fidelity, &error));
    return fidelity;
}

/* A student that says the teacher's logits over T is perfect. */
static void test_perfect_student(void **state)
{
    enum { COUNT = 100, CLASSES = 5 };
    float teacher[COUNT * CLASSES], student[COUNT * CLASSES];
    (void)state;
    for (int i = 0; i < COUNT * CLASSES; i++) {
        teacher[i] = (float)(8 * uniform(1, i)) + (i % CLASSES == 2 ? 20 : 0);
        student[i] = teacher[i] / 4 + 7; /* a constant changes nothing */
    }
    dv_fidelity fidelity = measure(&(dv_evidence){.count = COUNT,
                                                  .classes = CLASSES,
                                                  .teacher = teacher,
                                                  .student = student,
                                                  .temperature = 4,
                                                  .picture_class = 2,
                                                  .reconstruction_class = 2,
                                                  .student_class = 2,
                                                  .around_reconstruction = true});
    assert_true(fabs(fidelity.kl) < 1e-6 && fabs(fidelity.kl_at_1) < 1e-5);
    assert_true(fidelity.agreement == 1 && fidelity.keeps_label == 1 && fidelity.entropy == 0);
    assert_true(fabs(fidelity.r2 - 1) < 1e-9);
    assert_int_equal(fidelity.verdict, DV_VERDICT_GOOD);
    assert_int_equal(fidelity.reason_count, 0);
    assert_int_equal(fidelity.fresh, COUNT);
}

/* A student without an opinion: KL = log K - entropy of the labels, half of the neighbours each way. */
static void test_empty_student(void **state)
{
    enum { COUNT = 10 };
    float teacher[COUNT][2], student[COUNT][2] = {{0}};
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        teacher[i][0] = i % 2 ? 3 : -3;
        teacher[i][1] = i % 2 ? -3 : 3;
    }
    dv_fidelity fidelity = measure(&(dv_evidence){.count = COUNT,
                                                  .classes = 2,
                                                  .teacher = teacher[0],
                                                  .student = student[0],
                                                  .temperature = 2,
                                                  .picture_class = 0,
                                                  .reconstruction_class = 1,
                                                  .student_class = 1,
                                                  .around_reconstruction = true});
    double q = 1 / (1 + exp(-3)), sharp = 1 / (1 + exp(-6));
    assert_true(fabs(fidelity.kl - (log(2) + q * log(q) + (1 - q) * log(1 - q))) < 1e-9);
    assert_true(fabs(fidelity.kl_at_1 - (log(2) + sharp * log(sharp) + (1 - sharp) * log(1 - sharp))) < 1e-9);
    assert_true(fidelity.agreement == 0.5 && fidelity.keeps_label == 0.5);
    assert_true(fabs(fidelity.entropy - log(2)) < 1e-12);
    assert_true(fabs(fidelity.r2) < 1e-12); /* no better than the mean */
    assert_int_equal(fidelity.verdict, DV_VERDICT_DO_NOT_TRUST);
    assert_int_equal(fidelity.reason_count, 4);
    assert_true(fabs(fidelity.distrust - 3) < 1e-12); /* half of the labels, half of the answers */
    assert_non_null(strstr(fidelity.reasons[0], "reconstruction"));
    assert_non_null(strstr(fidelity.reasons[1], "picture itself"));
    assert_non_null(strstr(fidelity.reasons[2], "50 %"));
}

/* Twelve of a hundred neighbours have the other label, and the student misses them. */
static void test_doubtful_student(void **state)
{
    enum { COUNT = 100 };
    float teacher[COUNT][2], student[COUNT][2];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        teacher[i][0] = i < 12 ? -1 : 4;
        teacher[i][1] = 0;
        student[i][0] = i < 12 ? 0.1f : 2;
        student[i][1] = 0;
    }
    dv_evidence evidence = {
        .count = COUNT, .classes = 2, .teacher = teacher[0], .student = student[0], .temperature = 2};
    evidence.around_reconstruction = true;
    dv_fidelity fidelity = measure(&evidence);
    assert_true(fabs(fidelity.agreement - 0.88) < 1e-12);
    assert_int_equal(fidelity.verdict, DV_VERDICT_DOUBTFUL);
    assert_int_equal(fidelity.reason_count, 1);
    assert_non_null(strstr(fidelity.reasons[0], "88 %"));
    /* A reconstruction with another label matters only to neighbours around it. */
    evidence.reconstruction_class = 1;
    assert_int_equal(measure(&evidence).reason_count, 2);
    evidence.around_reconstruction = false;
    assert_int_equal(measure(&evidence).reason_count, 1);
}

static void test_flat_teacher(void **state)
{
    enum { COUNT = 50, CLASSES = 10 };
    float teacher[COUNT * CLASSES], student[COUNT * CLASSES] = {0};
    (void)state;
    for (int i = 0; i < COUNT * CLASSES; i++)
        teacher[i] = (float)(0.1 * uniform(9, i));
    dv_evidence evidence = {
        .count = COUNT, .classes = CLASSES, .teacher = teacher, .student = student, .temperature = 1};
    dv_fidelity fidelity = measure(&evidence);
    assert_int_equal(fidelity.verdict, DV_VERDICT_DO_NOT_TRUST);
    assert_non_null(strstr(fidelity.reasons[0], "undecided"));
    /* Sure, but of the same everywhere: there is nothing to explain the change of, and no variance to share in. */
    for (int i = 0; i < COUNT * CLASSES; i++)
        student[i] = teacher[i] = i % CLASSES == 0 ? 5 : 0;
    fidelity = measure(&evidence);
    assert_int_equal(fidelity.verdict, DV_VERDICT_DOUBTFUL);
    assert_non_null(strstr(fidelity.reasons[0], "hardly changes"));
    assert_true(isnan(fidelity.r2));
}

/* ---- probabilities ------------------------------------------------------------------ */

static void test_softmax(void **state)
{
    const float logits[3] = {1000, 1001, -1e30f};
    float p[3];
    double log_p[3];
    (void)state;
    dv_softmax(logits, 3, 1, p);
    dv_log_softmax(logits, 3, 1, log_p);
    assert_true(fabs(p[1] - 1 / (1 + exp(-1))) < 1e-7 && fabs(p[0] + p[1] - 1) < 1e-7 && p[2] == 0);
    assert_true(fabs(log_p[0] + 1 + log1p(exp(-1))) < 1e-12 && log_p[2] < -1e29);
    dv_softmax(logits, 2, 1000, p);
    assert_true(fabs(p[1] - 1 / (1 + exp(-0.001))) < 1e-7);
    assert_int_equal(dv_largest((const float[]){2, 5, 5}, 3), 1);
}

static void test_teacher_outputs(void **state)
{
    dv_error error = {0};
    (void)state;
    assert_true(dv_head_find("logits", &error)->logit(1.5f) == 1.5f);
    assert_true(dv_head_find("log-probabilities", &error)->logit(-1.5f) == -1.5f);
    const dv_head *probabilities = dv_head_find("probabilities", &error);
    assert_true(fabs(probabilities->logit(0.25f) - log(0.25)) < 1e-6);
    assert_true(isfinite(probabilities->logit(0)));
    const dv_head *sigmoid = dv_head_find("sigmoid", &error);
    assert_true(fabs(sigmoid->logit(0.8f) - log(4)) < 1e-6);
    assert_true(isfinite(sigmoid->logit(0)) && isfinite(sigmoid->logit(1)));
    assert_true(sigmoid->multi_label && !probabilities->multi_label);
    assert_null(dv_head_find("softmax", &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ridge_primal),
        cmocka_unit_test(test_ridge_dual),
        cmocka_unit_test(test_anchor),
        cmocka_unit_test(test_anchor_of_a_kept_system),
        cmocka_unit_test(test_ridge_exact),
        cmocka_unit_test(test_ridge_rule),
        cmocka_unit_test(test_half_without_weight),
        cmocka_unit_test(test_ridge_of_one_picture),
        cmocka_unit_test(test_ridge_and_temperature),
        cmocka_unit_test(test_ridge_too_small),
        cmocka_unit_test(test_ridge_refused_or_right),
        cmocka_unit_test(test_steadiness_of_parts),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_no_steadiness),
        cmocka_unit_test(test_team),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_known_optimum),
        cmocka_unit_test(test_realizable),
        cmocka_unit_test(test_divergence),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_perfect_student),
        cmocka_unit_test(test_empty_student),
        cmocka_unit_test(test_doubtful_student),
        cmocka_unit_test(test_flat_teacher),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_teacher_outputs),
    };
    return cmocka_run_group_tests_name("student", tests, NULL, NULL);
}
