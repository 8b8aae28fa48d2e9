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
    {.name = "explainer",                                                                                              \
     .kind = DV_OPTION_TEXT,                                                                                           \
     .argument = "NAME,...",                                                                                           \
     .target = &(wish).names,                                                                                          \
     .help = "explain by these, too, or by all: see below"},                                                           \
        {.name = "score",                                                                                              \
         .kind = DV_OPTION_CHOICE,                                                                                     \
         .choices = "usual|logit|log-probability|probability",                                                         \
         .target = &(wish).score,                                                                                      \
         .help = "what of the teacher's answer they explain (what their authors do)"},                                 \
        {.name = "baseline",                                                                                           \
         .kind = DV_OPTION_CHOICE,                                                                                     \
         .choices = "usual|black|mean|blurred|both",                                                                   \
         .target = &(wish).baseline,                                                                                   \
         .help = "what they show where a part is taken away (black); both: black and blurred, the mean of both maps"}, \
        {.name = "superpixels",                                                                                        \
         .kind = DV_OPTION_CHOICE,                                                                                     \
         .choices = "slic|quickshift",                                                                                 \
         .target = &(wish).segmenter,                                                                                  \
         .help = "how lime cuts the picture (slic)"},                                                                  \
        {.name = "samples",                                                                                            \
         .kind = DV_OPTION_COUNT,                                                                                      \
         .argument = "N",                                                                                              \
         .minimum = 1,                                                                                                 \
         .maximum = DV_MAX_SAMPLES,                                                                                    \
         .target = &(wish).samples,                                                                                    \
         .help = "pictures that they draw or steps that they take (as many as each needs)"},                           \
        {.name = "window",                                                                                             \
         .kind = DV_OPTION_COUNT,                                                                                      \
         .argument = "N",                                                                                              \
         .minimum = 1,                                                                                                 \
         .maximum = DV_MAX_WINDOW,                                                                                     \
         .target = &(wish).window,                                                                                     \
         .help = "side of what occlusion covers, in pixels (5 in 28)"},                                                \
    {                                                                                                                  \
        .name = "stride", .kind = DV_OPTION_COUNT, .argument = "N", .minimum = 1, .maximum = DV_MAX_WINDOW,            \
        .target = &(wish).stride, .help = "pixels from window to window (1 in 28)"                                     \
    }

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
