/* What is measured, and of which rows: names and their meanings. */
#include "base/error.h"
#include "study/eval.h"

#include <stdio.h>
#include <string.h>

const dv_measure_facts *dv_measure_get(dv_measure measure)
{
    static const dv_measure_facts facts[DV_MEASURES] = {
        [DV_MEASURE_SCORE] = {"score",
                              "area under insertion less deletion, mean of the black and the blurred baseline"},
        [DV_MEASURE_DELETION_BLACK] = {"deletion_black", "area under the probability while the picture turns black"},
        [DV_MEASURE_DELETION_BLURRED] = {"deletion_blurred", "the same while it is blurred"},
        [DV_MEASURE_INSERTION_BLACK] = {"insertion_black", "the same while the picture appears from black"},
        [DV_MEASURE_INSERTION_BLURRED] = {"insertion_blurred", "the same while it appears from a blurred one"},
        [DV_MEASURE_CALLS] = {"teacher_calls", "pictures that the teacher is shown for the map"},
        [DV_MEASURE_MU] = {"mu_fidelity",
                           "correlation of the map's sums over random fifths of the picture's cells with "
                           "what the probability loses without them, mean of both baselines"},
        [DV_MEASURE_GINI] = {"gini", "0 where all pixels matter alike, near 1 where few hold all of the map"},
        [DV_MEASURE_SHUFFLED] = {"shuffled",
                                 "rank correlation with the map of the teacher whose weights are all shuffled: "
                                 "what stays has not to do with what was learnt"},
        [DV_MEASURE_SENSITIVITY] = {"sensitivity",
                                    "the map's largest change by noise within 0.02 of the picture, as a part of its "
                                    "length"},
        [DV_MEASURE_KL] = {"kl", "divergence of student from teacher on fresh neighbours, at the temperature that it "
                                 "learns at, nats"},
        [DV_MEASURE_KL_AT_1] = {"kl_at_1", "the same with both at temperature 1"},
        [DV_MEASURE_AGREEMENT] = {"agreement", "share of fresh neighbours that both name alike"},
        [DV_MEASURE_R2] = {"r2", "of the centred log-probabilities on fresh neighbours"},
        [DV_MEASURE_REAL] = {"real", "share of the nearest real pictures that both name alike"},
        [DV_MEASURE_STEADINESS] = {"steadiness", "mean cosine between the maps of different seeds"},
        [DV_MEASURE_RIGHT] = {"right", "1 where the student names the picture itself as the teacher does"},
        [DV_MEASURE_KEEPS] = {"keeps_label", "share of fresh neighbours that the teacher names like the picture"},
        [DV_MEASURE_ENTROPY] = {"entropy", "of the teacher's classes over the neighbours, nats"},
        [DV_MEASURE_DISTRUST] = {"distrust", "1 - keeps_label + 5 (1 - agreement): what verdicts go by"},
        [DV_MEASURE_SUSPECT] = {"suspect", "1 where the student is not called good whatever the distrust"},
        [DV_MEASURE_UNDECIDED] = {"undecided", "1 where the teacher is, and no student to be trusted"},
    };
    return &facts[measure];
}

dv_eval_wish dv_eval_defaults(void)
{
    dv_explain_options usual = dv_explain_defaults();
    return (dv_eval_wish){.pictures = 40, .neighbors = usual.neighbors, .near = 30, .seed = 1};
}

/* ---- rows ------------------------------------------------------------------------ */

static bool set_kind(dv_eval_row *row, const char *word, dv_error *error)
{
    for (int method = DV_STUDENT_RIDGE; method <= DV_STUDENT_GD; method++)
        if (strcmp(word, dv_student_method_name((dv_student_method)method)) == 0) {
            row->method = (dv_student_method)method;
            return true;
        }
    for (int kind = DV_NEIGHBORHOOD_VAE; kind <= DV_NEIGHBORHOOD_AUTO; kind++)
        if (strcmp(word, dv_neighborhood_name((dv_neighborhood)kind)) == 0) {
            row->neighborhood = (dv_neighborhood)kind;
            return true;
        }
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "row %s: '%s' is neither a student (ridge, adam, sgd, gd) nor a neighbourhood (vae, residual, "
                        "mixed, masked, auto)",
                        row->name, word);
}

static bool set_baseline(dv_eval_row *row, const char *word, dv_error *error)
{
    for (int baseline = DV_BASELINE_BLACK; baseline <= DV_BASELINE_BOTH; baseline++)
        if (strcmp(word, dv_baseline_name((dv_baseline)baseline)) == 0) {
            row->baseline = (dv_baseline)baseline;
            return true;
        }
    return dv_error_set(error, DV_ERROR_ARGUMENT, "row %s: '%s' is no baseline (black, mean, blurred, both)", row->name,
                        word);
}

/* The words of row->name, one slash after the other. */
static bool parse(dv_eval_row *row, const dv_bundle_facts *facts, dv_error *error)
{
    char words[sizeof row->name], *next = words;
    memcpy(words, row->name, sizeof words);
    row->explainer = dv_explainer_find(strsep(&next, "/"), error);
    if (row->explainer < 0)
        return false;
    const dv_explainer *explainer = dv_explainer_at(row->explainer);
    row->is_student = !*explainer->citation;
    row->neighborhood = explainer->by_masks ? DV_NEIGHBORHOOD_MASKED : facts->neighborhood;
    row->baseline = explainer->has_baseline ? DV_BASELINE_BLACK : DV_BASELINE_USUAL;
    if (next && !row->is_student && !explainer->has_baseline)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "row %s: it has neither a student whose kind nor a baseline that could be chosen",
                            row->name);
    while (next)
        if (!(row->is_student ? set_kind : set_baseline)(row, strsep(&next, "/"), error))
            return false;
    if (!explainer->by_masks || row->neighborhood == DV_NEIGHBORHOOD_MASKED)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "row %s: its student learns from masked neighbours only", row->name);
}

static bool add(dv_eval_wish *wish, const char *name, size_t length, const dv_bundle_facts *facts, dv_error *error)
{
    dv_eval_row row = {.method = DV_STUDENT_RIDGE};
    if (length >= sizeof row.name)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "row %.40s...: no row has so long a name", name);
    memcpy(row.name, name, length);
    if (!parse(&row, facts, error))
        return false;
    for (int i = 0; i < wish->rows; i++) {
        const dv_eval_row *other = &wish->row[i];
        if (other->explainer == row.explainer && other->method == row.method &&
            other->neighborhood == row.neighborhood && other->baseline == row.baseline)
            return true;
    }
    if (wish->rows == DV_EVAL_MOST_ROWS)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there are more than %d rows", DV_EVAL_MOST_ROWS);
    wish->row[wish->rows++] = row;
    return true;
}

bool dv_eval_add_rows(dv_eval_wish *wish, const char *names, const dv_bundle_facts *facts, dv_error *error)
{
    static const char *const kinds[] = {"evidence-half/adam", "evidence-half/mixed", "lime/both", "rise/both",
                                        "integrated-gradients/both"};
    for (const char *at = names; at && *at;) {
        size_t length = strcspn(at, ",");
        if (!add(wish, at, length, facts, error))
            return false;
        at += length + (at[length] == ',');
    }
    for (int i = 0; !names && dv_explainer_at(i); i++)
        if (!add(wish, dv_explainer_at(i)->name, strlen(dv_explainer_at(i)->name), facts, error))
            return false;
    for (size_t i = 0; !names && i < sizeof kinds / sizeof kinds[0]; i++)
        if (!add(wish, kinds[i], strlen(kinds[i]), facts, error))
            return false;
    return wish->rows > 0 || dv_error_set(error, DV_ERROR_ARGUMENT, "no rows are named that could be measured");
}

int dv_eval_find_row(const dv_eval_wish *wish, const char *name, dv_error *error)
{
    for (int i = 0; i < wish->rows; i++)
        if (strcmp(wish->row[i].name, name) == 0)
            return i;
    dv_error_set(error, DV_ERROR_ARGUMENT, "there is no row '%s' among those that are measured", name);
    return -1;
}
