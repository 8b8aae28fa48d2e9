/* Other explainers on the command line. */
#include "cmd/explainers.h"

#include "vid/regions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *dv_explainers_word(int i, const char **meaning)
{
    const dv_explainer *explainer = dv_explainer_at(i);
    *meaning = explainer ? explainer->meaning : NULL;
    return explainer ? explainer->name : NULL;
}

/* ---- the wish ----------------------------------------------------------------- */

/* One name more, unless it is there. */
static void add(dv_explainers_wish *wish, int index)
{
    for (int i = 0; i < wish->count; i++)
        if (wish->index[i] == index)
            return;
    if (wish->count < DV_MOST_EXPLAINERS)
        wish->index[wish->count++] = index;
}

int dv_explainers_find(const dv_command *command, dv_explainers_wish *wish)
{
    for (const char *at = wish->names; at && *at;) {
        size_t length = strcspn(at, ",");
        char name[64];
        dv_error error;
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), at);
        if (strcmp(name, "all") == 0) {
            for (int i = 0; dv_explainer_at(i); i++)
                add(wish, i);
        } else {
            int index = dv_explainer_find(name, &error);
            if (index < 0)
                return dv_command_usage(command, "%s", error.message);
            add(wish, index);
        }
        at += length + (at[length] == ',');
    }
    if (wish->names && wish->count == 0)
        return dv_command_usage(command, "--explainer takes names with commas between them, or all, not '%s'",
                                wish->names);
    return -1;
}

dv_attribution_options dv_explainers_options(const dv_explainers_wish *wish)
{
    dv_attribution_options options = dv_attribution_defaults();
    options.score = (dv_score)wish->score;
    options.baseline = (dv_baseline)wish->baseline;
    options.segmenter = (dv_segmenter)wish->segmenter;
    options.samples = wish->samples;
    options.window = (int)wish->window;
    options.stride = (int)wish->stride;
    return options;
}

/* ---- words -------------------------------------------------------------------- */

/* "for: middle +0.32, top +0.10; against: left -0.03": the shares of what the map says. */
static void print_regions(const dv_attribution *attribution)
{
    char text[DV_REGIONS_SIZE];
    int named = 0;
    for (int sign = 1; sign >= -1; sign -= 2)
        if (dv_regions_tell(attribution, sign, text))
            printf("%s%s: %s", named++ ? "; " : "", sign > 0 ? "for" : "against", text);
    if (named == 0)
        printf("no region stands out");
    putchar('\n');
}

static void print_map(const dv_attribution *attribution, const char *const *class_names)
{
    double sum = 0, all = 0;
    int64_t values = (int64_t)attribution->channels * attribution->height * attribution->width;
    for (int64_t i = 0; i < values; i++) {
        sum += attribution->map[i];
        all += fabs(attribution->map[i]);
    }
    printf("%-21s %s, %lld call%s, %.0f ms", attribution->explainer->name, dv_score_name(attribution->score),
           (long long)attribution->teacher_calls, attribution->teacher_calls == 1 ? "" : "s",
           attribution->milliseconds);
    if (attribution->baseline != DV_BASELINE_USUAL)
        printf(", baseline %s", dv_baseline_words(attribution->baseline));
    if (attribution->against >= 0)
        printf(", against %s", class_names[attribution->against]);
    if (attribution->segments)
        printf(", %d superpixels, R2 %.3f", attribution->segment_count, attribution->r2);
    if (isfinite(attribution->goal))
        printf(", adds up to %.4g of %.4g", sum, attribution->goal);
    printf("\n%22s", "");
    if (all > 0)
        print_regions(attribution);
    else
        puts("zero everywhere");
}

bool dv_explainers_print_own(const dv_explanation *explanation, dv_error *error)
{
    static const char *const own[][2] = {{"direction", "student"}, {"evidence", "evidence-half"}};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        dv_attribution *made = dv_attribution_own(explanation, own[i][1], error);
        if (!made)
            return false;
        printf("%-12s%s\n%12s", own[i][0], made->explainer->meaning, "");
        if (made->map)
            print_regions(made);
        else
            puts(made->problem);
        dv_attribution_free(made);
    }
    return true;
}

void dv_explainers_print(const dv_attributions *attributions, const char *const *class_names)
{
    for (int i = 0; i < attributions->count; i++) {
        const dv_attribution *attribution = attributions->item[i];
        if (attribution->map)
            print_map(attribution, class_names);
        else
            printf("%-21s no map: %s\n", attribution->explainer->name, attribution->problem);
    }
}
