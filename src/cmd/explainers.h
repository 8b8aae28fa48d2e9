/* Other explainers on the command line. */
#ifndef DV_CMD_EXPLAINERS_H
#define DV_CMD_EXPLAINERS_H

#include "cmd/command.h"
#include "vid/limits.h"

enum { DV_MOST_EXPLAINERS = 32 };

/* What the command line says of them. */
typedef struct dv_explainers_wish {
    const char *names; /* with commas between them, or "all"; NULL: none */
    int64_t samples, window, stride;
    int score, baseline, segmenter;
    int count, index[DV_MOST_EXPLAINERS]; /* what the names mean */
} dv_explainers_wish;

/* Options, to be put into a table. */
#define DV_EXPLAINER_OPTIONS(wish)                                                                                     \
    DV_TEXT_OPTION("explainer", "NAME,...", &(wish).names, "explain by these, too, or by all: see below"),             \
        DV_CHOICE_OPTION("score", "usual|logit|log-probability|probability", &(wish).score,                            \
                         "what of the teacher's answer they explain (what their authors do)"),                         \
        DV_CHOICE_OPTION(                                                                                              \
            "baseline", "usual|black|mean|blurred|both", &(wish).baseline,                                             \
            "what they show where a part is taken away (black); both: black and blurred, the mean of both maps"),      \
        DV_CHOICE_OPTION("superpixels", "slic|quickshift", &(wish).segmenter, "how lime cuts the picture (slic)"),     \
        DV_COUNT_OPTION("samples", "N", 1, DV_MAX_SAMPLES, &(wish).samples,                                            \
                        "pictures that they draw or steps that they take (as many as each needs)"),                    \
        DV_COUNT_OPTION("window", "N", 1, DV_MAX_WINDOW, &(wish).window,                                               \
                        "side of what occlusion covers, in pixels (5 in 28)"),                                         \
        DV_COUNT_OPTION("stride", "N", 1, DV_MAX_WINDOW, &(wish).stride, "pixels from window to window (1 in 28)")

/* Finds the names in the table: -1, or the exit status after saying what is wrong. */
int dv_explainers_find(const dv_command *command, dv_explainers_wish *wish);
/* What else it says. */
dv_attribution_options dv_explainers_options(const dv_explainers_wish *wish);
/* Some lines for each on standard output. */
void dv_explainers_print(const dv_attributions *attributions, const char *const *class_names);
/* The two maps that every explanation has, class direction and evidence: what they mean and where they are strongest.
 */
bool dv_explainers_print_own(const dv_explanation *explanation, dv_error *error);

/* For dv_command.word: those there are. */
const char *dv_explainers_word(int i, const char **meaning);

#endif
