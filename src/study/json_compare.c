/* Two teachers compared, as JSON. */
#include "study/compare.h"
#include "vid/json_object.h"

static json_t *classes_json(const dv_bundle_facts *facts, bool *failed)
{
    json_t *array = json_array();
    for (int k = 0; k < facts->classes; k++)
        append(array, text(facts->class_names[k]), failed);
    return array;
}

/* ---- all pictures ----------------------------------------------------------------- */

static json_t *teacher_json(const dv_bundle_facts *facts, double accuracy, bool *failed)
{
    object it = object_new(failed);
    put(it, "file", text(facts->teacher));
    put(it, "accuracy", number(accuracy));
    put(it, "notes", dv_json_notes(facts, failed));
    return it.json;
}

static json_t *right_json(const dv_comparison *comparison, bool *failed)
{
    object it = object_new(failed);
    for (int r = 0; r < DV_RIGHTS; r++)
        put(it, dv_right_name((dv_right)r), json_integer(comparison->right[r]));
    return it.json;
}

static json_t *changes_json(const dv_comparison *comparison, bool *failed)
{
    json_t *rows = json_array();
    for (int row = 0; row < comparison->classes; row++) {
        json_t *cells = json_array();
        for (int column = 0; column < comparison->classes; column++)
            append(cells, json_integer(comparison->changes[(int64_t)row * comparison->classes + column]), failed);
        append(rows, cells, failed);
    }
    return rows;
}

static json_t *picture_json(const dv_comparison *comparison, const dv_bundle_facts *facts, int64_t i, bool *failed)
{
    object it = object_new(failed);
    int label = facts->labels ? facts->labels[i] : -1;
    put(it, "index", json_integer(i));
    put(it, "label", label < 0 ? json_null() : json_integer(label));
    put(it, "first", json_integer(comparison->word[0][i]));
    put(it, "second", json_integer(comparison->word[1][i]));
    put(it, "divergence", number(comparison->divergence[i]));
    return it.json;
}

char *dv_json_comparison(const dv_comparison *comparison, const dv_bundle_facts *first, const dv_bundle_facts *second,
                         dv_error *error)
{
    bool failed = false;
    object whole = object_new(&failed);
    json_t *pictures = json_array();
    put(whole, "first", teacher_json(first, comparison->accuracy[0], &failed));
    put(whole, "second", teacher_json(second, comparison->accuracy[1], &failed));
    put(whole, "classes", classes_json(first, &failed));
    put(whole, "labels", text(first->multi_label ? "multi" : "one"));
    put(whole, "count", json_integer(comparison->count));
    put(whole, "compared", json_integer(comparison->compared));
    put(whole, "labelled", json_integer(comparison->labelled));
    put(whole, "right", right_json(comparison, &failed));
    put(whole, "mcnemar_p", number(comparison->p_value));
    put(whole, "changed", json_integer(comparison->changed));
    put(whole, "changes", changes_json(comparison, &failed));
    for (int64_t i = 0; i < comparison->changed; i++)
        append(pictures, picture_json(comparison, first, comparison->order[i], &failed), &failed);
    put(whole, "pictures", pictures);
    return finish(whole, error);
}

/* ---- one picture ------------------------------------------------------------------ */

static json_t *side_json(const dv_explanation *explanation, const dv_bundle_facts *facts, bool *failed)
{
    const dv_fidelity *fidelity = &explanation->fidelity;
    object it = object_new(failed);
    put(it, "file", text(facts->teacher));
    put(it, "notes", dv_json_notes(facts, failed));
    put(it, "class", json_integer(explanation->teacher_class));
    put(it, "class_name", text(facts->class_names[explanation->teacher_class]));
    put(it, "probabilities", numbers(explanation->teacher_probabilities, explanation->classes, failed));
    put(it, "lambda", number(explanation->lambda));
    put(it, "kl", number(fidelity->kl));
    put(it, "agreement", number(fidelity->agreement));
    put(it, "steadiness", number(fidelity->steadiness));
    put(it, "verdict", text(dv_verdict_name(fidelity->verdict)));
    return it.json;
}

/* What both students were asked for by. */
static json_t *student_json(const dv_explain_options *options, bool *failed)
{
    object it = object_new(failed);
    dv_json_put_student(it, options);
    return it.json;
}

static json_t *problem_json(const dv_map_pair *pair, int side)
{
    return text(pair->map[side]->map ? NULL : pair->map[side]->problem);
}

/* The rival; null: all other classes. */
static json_t *against_json(const dv_map_pair *pair, int side)
{
    return pair->map[side]->against < 0 ? json_null() : json_integer(pair->map[side]->against);
}

static json_t *pair_json(const dv_map_pair *pair, bool *failed)
{
    object it = object_new(failed);
    put(it, "name", text(pair->explainer->name));
    put(it, "class", json_integer(pair->class_index));
    put(it, "first_against", against_json(pair, 0));
    put(it, "second_against", against_json(pair, 1));
    put(it, "first_problem", problem_json(pair, 0));
    put(it, "second_problem", problem_json(pair, 1));
    put(it, "largest", number(pair->largest));
    put(it, "cosine", number(pair->cosine));
    return it.json;
}

char *dv_json_contrast(const dv_contrast *contrast, const dv_bundle_facts *first, const dv_bundle_facts *second,
                       dv_error *error)
{
    const dv_explanation *explanation = contrast->explanation[0];
    bool failed = false;
    object whole = object_new(&failed);
    json_t *maps = json_array();
    put(whole, "index", json_integer(explanation->options.index));
    put(whole, "label", explanation->label < 0 ? json_null() : json_integer(explanation->label));
    put(whole, "classes", classes_json(first, &failed));
    put(whole, "seed", json_integer((json_int_t)explanation->options.seed));
    put(whole, "neighbors", json_integer(explanation->count));
    put(whole, "band", numbers(explanation->band, explanation->latent, &failed));
    dv_json_put_neighborhood(whole, &explanation->options);
    put(whole, "unrealistic", text(dv_unrealistic_name(explanation->options.unrealistic)));
    put(whole, "student", student_json(&explanation->options, &failed));
    put(whole, "divergence", number(contrast->divergence));
    put(whole, "first", side_json(explanation, first, &failed));
    put(whole, "second", side_json(contrast->explanation[1], second, &failed));
    for (int i = 0; i < contrast->count; i++)
        append(maps, pair_json(&contrast->pair[i], &failed), &failed);
    put(whole, "maps", maps);
    return finish(whole, error);
}
