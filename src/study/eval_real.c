/* A student tried on real pictures: those nearest in latent space. */
#include "base/error.h"
#include "base/memory.h"
#include "study/eval.h"
#include "vid/fidelity.h"
#include "vid/student.h"

#include <math.h>
#include <stdlib.h>

struct near {
    double distance;
    int64_t index;
};

/* The nearest in order, equally near ones by their number; returns how many there are. */
static int find(const dv_eval *eval, int64_t index, struct near *near)
{
    int latent = eval->bundle->facts.latent, count = 0;
    const float *center = eval->mean + index * latent;
    for (int64_t i = 0; i < eval->bundle->facts.count; i++) {
        double distance = 0;
        if (i == index || dv_dataset_is_unreadable(eval->bundle->dataset, i))
            continue;
        for (int d = 0; d < latent; d++)
            distance += pow((double)eval->mean[i * latent + d] - center[d], 2);
        if (count == eval->wish.near && distance >= near[count - 1].distance)
            continue;
        int at = count < eval->wish.near ? count++ : count - 1;
        for (; at > 0 && near[at - 1].distance > distance; at--)
            near[at] = near[at - 1];
        near[at] = (struct near){distance, i};
    }
    return count;
}

bool dv_eval_real(const dv_eval *eval, const dv_explanation *explanation, double *agreement, dv_error *error)
{
    dv_bundle *bundle = eval->bundle;
    int rows = explanation->rows, names = 0, agree = 0;
    struct near *near = dv_alloc(eval->wish.near, sizeof *near, error);
    float *picture = dv_alloc(bundle->pixels, sizeof *picture, error);
    float *logits = dv_alloc(rows, sizeof *logits, error);
    bool ok = near && picture && logits;
    int count = ok ? find(eval, explanation->options.index, near) : 0;
    for (int row = 0; row < rows; row++)
        names += explanation->row_class[row] >= 0;
    for (int i = 0; ok && i < count; i++) {
        ok = dv_bundle_get_picture(bundle, near[i].index, picture, error);
        if (!ok)
            break;
        dv_student_logits(NULL, explanation->weights, explanation->bias, bundle->pixels, rows, picture, 1, logits);
        agree += dv_student_word(explanation->row_class, names, logits) == eval->word[near[i].index];
    }
    *agreement = count ? (double)agree / count : NAN;
    free(logits);
    free(picture);
    free(near);
    return ok;
}
