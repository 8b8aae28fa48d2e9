/* Every plane is parted into phases (kernel/phases.h), where each tap reads one run. */
#include "kernel/depthwise.h"

#include "kernel/isa.h"
#include "kernel/phases.h"

enum { PLANES = 4 };

/* ---- many windows of one plane --------------------------------------------------------------- */

/* y[i] = bias + sum over taps of w[t] * x[offset[t] + i], i < total rounded up to whole blocks. */
typedef void convolve(int64_t total, int64_t taps, const float *w, const int64_t *offset, float bias, const float *x,
                      float *y);

/* BLOCK sums in 4 vectors at a time, so that they stay in registers whatever the processor's width. */
#define CONVOLVE(NAME, LANES)                                                                                          \
    typedef float NAME##_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));                        \
    static void NAME(int64_t total, int64_t taps, const float *w, const int64_t *offset, float bias, const float *x,   \
                     float *y)                                                                                         \
    {                                                                                                                  \
        for (int64_t i = 0; i < total; i += 4 * LANES) {                                                               \
            NAME##_vector a = bias - (NAME##_vector){0}, b = a, c = a, d = a;                                          \
            for (int64_t t = 0; t < taps; t++) {                                                                       \
                const NAME##_vector *from = (const NAME##_vector *)(x + offset[t] + i);                                \
                a += w[t] * from[0];                                                                                   \
                b += w[t] * from[1];                                                                                   \
                c += w[t] * from[2];                                                                                   \
                d += w[t] * from[3];                                                                                   \
            }                                                                                                          \
            NAME##_vector *to = (NAME##_vector *)(y + i);                                                              \
            to[0] = a;                                                                                                 \
            to[1] = b;                                                                                                 \
            to[2] = c;                                                                                                 \
            to[3] = d;                                                                                                 \
        }                                                                                                              \
    }

CONVOLVE(convolve_4, 4)
#if DV_ISA_X86
DV_BEGIN_AVX2
CONVOLVE(convolve_8, 8)
DV_END
DV_BEGIN_AVX512
CONVOLVE(convolve_16, 16)
DV_END
#endif

static convolve *const convolves[] = DV_BY_ISA(convolve_4, convolve_8, convolve_16);

bool dv_depthwise_fits(const dv_convolution *c)
{
    return c->groups == c->in_channels && c->in_channels > 1 && dv_phases_fit(&c->window);
}

/* The phases and the windows of a plane. */
int64_t dv_depthwise_workspace(const dv_convolution *c)
{
    const dv_phases p = dv_phases_lay_out(&c->window);
    return p.size + p.windows;
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

typedef struct depthwise_run {
    const dv_convolution *c;
    dv_phases phases;
    convolve *convolve;
    const float *x, *w, *bias;
    float *y, *workspace;
    int64_t thread_workspace, planes; /* of the input */
} depthwise_run;

static void run_plane(const depthwise_run *run, int64_t plane, const int64_t *offset, float *phases, float *windows)
{
    const dv_window *w = &run->c->window;
    const int64_t taps = w->kernel[1] * w->kernel[2];
    const int64_t many = run->c->out_channels / run->c->in_channels, first = plane % run->c->in_channels * many;
    dv_phases_fill(w, &run->phases, run->x + plane * w->in[1] * w->in[2], 0, phases);
    for (int64_t k = 0; k < many; k++) {
        run->convolve(run->phases.total, taps, run->w + (first + k) * taps, offset,
                      run->bias ? run->bias[first + k] : 0, phases, windows);
        dv_phases_pick(w, &run->phases, windows, run->y + (plane * many + k) * w->out[1] * w->out[2]);
    }
}

static void run_planes(void *context, int64_t task, int thread)
{
    const depthwise_run *run = context;
    int64_t offset[DV_PHASE_TAPS];
    const int64_t to = (task + 1) * PLANES;
    float *phases = run->workspace + thread * run->thread_workspace;
    dv_phases_offsets(&run->c->window, &run->phases, offset);
    for (int64_t p = task * PLANES; p < to && p < run->planes; p++)
        run_plane(run, p, offset, phases, phases + run->phases.size);
}

void dv_depthwise_forward(const dv_convolution *c, const float *x, const float *w, const float *bias, float *y,
                          float *workspace, dv_team *team)
{
    depthwise_run run = {.c = c,
                         .phases = dv_phases_lay_out(&c->window),
                         .convolve = convolves[dv_isa_choose()],
                         .x = x,
                         .w = w,
                         .bias = bias,
                         .y = y,
                         .workspace = workspace,
                         .thread_workspace = dv_convolution_workspace(c),
                         .planes = c->batch * c->in_channels};
    dv_team_run(team, run_planes, &run, (run.planes + PLANES - 1) / PLANES);
}
