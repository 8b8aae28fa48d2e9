/* An evaluation as JSON. */
#include "study/eval.h"
#include "vid/json_object.h"

static json_t *sample_json(const dv_eval *eval, bool *failed)
{
    object it = object_new(failed);
    json_t *pictures = json_array(), *wrong = json_array();
    put(it, "asked", json_integer(eval->wish.pictures));
    put(it, "count", json_integer(eval->done));
    put(it, "misclassified", json_integer(eval->misclassified));
    put(it, "labelled_of_all", json_integer(eval->labelled));
    for (int64_t i = 0; i < eval->done; i++) {
        append(pictures, json_integer(eval->index[i]), failed);
        append(wrong, json_boolean(eval->wrong[i]), failed);
    }
    put(it, "pictures", pictures);
    put(it, "is_misclassified", wrong);
    return it.json;
}

static json_t *notes_json(const dv_eval *eval, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < eval->notes; i++)
        append(array, text(eval->note[i]), failed);
    return array;
}

static json_t *meanings_json(bool *failed)
{
    object it = object_new(failed);
    for (int measure = 0; measure < DV_MEASURES; measure++)
        put(it, dv_measure_get((dv_measure)measure)->name, text(dv_measure_get((dv_measure)measure)->meaning));
    return it.json;
}

static json_t *difference_json(const dv_statistics *difference, bool *failed)
{
    object it = object_new(failed);
    double reach = dv_statistics_reach(difference);
    put(it, "count", json_integer(difference->count));
    put(it, "mean", number(difference->count ? difference->mean : NAN));
    put(it, "low", number(difference->mean - reach));
    put(it, "high", number(difference->mean + reach));
    return it.json;
}

static json_t *measure_json(const dv_eval *eval, int row, int against, dv_measure measure, bool *failed)
{
    object it = object_new(failed);
    dv_statistics mean = dv_eval_mean(eval, row, measure);
    dv_statistics difference = dv_eval_difference(eval, row, against, measure);
    json_t *values = json_array();
    for (int64_t i = 0; i < eval->done; i++)
        append(values, number(dv_eval_at(eval, i, row)->value[measure]), failed);
    put(it, "count", json_integer(mean.count));
    put(it, "mean", number(mean.count ? mean.mean : NAN));
    put(it, "standard_error", number(dv_statistics_error(&mean)));
    put(it, "difference", row == against ? json_null() : difference_json(&difference, failed));
    put(it, "values", values);
    return it.json;
}

static json_t *curves_json(const dv_eval *eval, int row, bool *failed)
{
    object it = object_new(failed);
    for (int curve = 0; curve < DV_EVAL_CURVES; curve++) {
        double point[DV_EVAL_POINTS];
        json_t *points = json_array();
        dv_eval_mean_curve(eval, row, (dv_eval_curve)curve, point);
        for (int p = 0; p < DV_EVAL_POINTS; p++)
            append(points, number(point[p]), failed);
        put(it, dv_eval_curve_name((dv_eval_curve)curve), points);
    }
    return it.json;
}

/* After each stage, from the output on. */
static json_t *shuffled_json(const dv_eval *eval, int row, bool *failed)
{
    json_t *array = json_array();
    for (int stage = 0; stage < dv_eval_stages(eval->bundle); stage++) {
        dv_statistics likeness = dv_eval_shuffled(eval, row, stage);
        append(array, number(likeness.count ? likeness.mean : NAN), failed);
    }
    return array;
}

static json_t *verdict_json(const dv_eval *eval, int row, bool *failed)
{
    static const dv_measure signs[] = {DV_MEASURE_DISTRUST, DV_MEASURE_KEEPS, DV_MEASURE_AGREEMENT, DV_MEASURE_ENTROPY,
                                       DV_MEASURE_KL_AT_1};
    const dv_calibration it = dv_eval_worth(eval, row);
    object whole = object_new(failed), area = object_new(failed);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        double value = NAN;
        *failed |= !dv_eval_auc(eval, row, signs[i], &value, NULL);
        put(area, dv_measure_get(signs[i])->name, number(value));
    }
    put(whole, "auc", area.json);
    for (int verdict = 0; verdict < DV_VERDICTS; verdict++) {
        object one = object_new(failed);
        put(one, "from", number(it.from[verdict]));
        put(one, "pictures", json_integer(it.worth[verdict].pictures));
        put(one, "bad", json_integer(it.worth[verdict].bad));
        put(one, "real", number(it.worth[verdict].pictures ? it.worth[verdict].real : NAN));
        put(whole, dv_verdict_name((dv_verdict)verdict), one.json);
    }
    put(whole, "precision", number(dv_calibration_precision(&it)));
    put(whole, "recall", number(dv_calibration_recall(&it)));
    return whole.json;
}

static json_t *row_json(const dv_eval *eval, int row, int against, bool *failed)
{
    const dv_eval_row *facts = &eval->wish.row[row];
    object it = object_new(failed), measures = object_new(failed);
    int64_t problems;
    const char *problem = dv_eval_problem(eval, row, &problems);
    put(it, "name", text(facts->name));
    put(it, "title", text(dv_explainer_at(facts->explainer)->title));
    put(it, "student", facts->is_student ? text(dv_student_method_name(facts->method)) : json_null());
    put(it, "neighborhood", facts->is_student ? text(dv_neighborhood_name(facts->neighborhood)) : json_null());
    put(it, "baseline", facts->baseline == DV_BASELINE_USUAL ? json_null() : text(dv_baseline_name(facts->baseline)));
    put(it, "without_map", json_integer(problems));
    put(it, "problem", text(problem));
    for (int measure = 0; measure < DV_MEASURES; measure++)
        if (facts->is_student || measure < DV_MEASURE_KL)
            put(measures, dv_measure_get((dv_measure)measure)->name,
                measure_json(eval, row, against, (dv_measure)measure, failed));
    put(it, "measures", measures.json);
    if (facts->is_student)
        put(it, "verdict", verdict_json(eval, row, failed));
    if (eval->wish.shuffle) {
        put(it, "shuffled", shuffled_json(eval, row, failed));
        put(it, "ignores_teacher", json_boolean(dv_eval_ignores_teacher(eval, row)));
    }
    put(it, "curves", curves_json(eval, row, failed));
    return it.json;
}

char *dv_json_eval(const dv_eval *eval, int against, dv_error *error)
{
    bool failed = false;
    object it = object_new(&failed);
    json_t *rows = json_array();
    put(it, "bundle", text(eval->bundle->facts.name));
    put(it, "seed", json_integer((json_int_t)eval->wish.seed));
    put(it, "neighbors", json_integer(eval->wish.neighbors));
    put(it, "near", json_integer(eval->wish.near));
    put(it, "noise", json_boolean(eval->wish.noise));
    put(it, "shuffle", json_boolean(eval->wish.shuffle));
    put(it, "thresholds_chosen_by", json_integer(eval->chosen_by));
    put(it, "against", text(eval->wish.row[against].name));
    put(it, "sample", sample_json(eval, &failed));
    put(it, "notes", notes_json(eval, &failed));
    put(it, "measures", meanings_json(&failed));
    for (int row = 0; row < eval->wish.rows; row++)
        append(rows, row_json(eval, row, against, &failed), &failed);
    put(it, "rows", rows);
    return finish(it, error);
}
