/* Results as JSON, by jansson. */
#include "vid/json.h"

#include "base/error.h"
#include "vid/json_object.h"
#include "vid/neighbors.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 256 };

/* ---- explanation ------------------------------------------------------------ */

static json_t *class_name(const dv_bundle_facts *facts, int class)
{
    return class < 0 ? json_null() : text(facts->class_names[class]);
}

/* "one": a picture has one of the classes; "multi": any number of them, each with a probability of its own. */
static json_t *labels_json(bool multi_label)
{
    return text(multi_label ? "multi" : "one");
}

/* true, false, or null where it is not known. */
static json_t *marks_json(const dv_bundle_facts *facts, int64_t index, bool *failed)
{
    const int8_t *mark = facts->marks + index * facts->classes;
    json_t *array = json_array();
    for (int k = 0; k < facts->classes; k++)
        append(array, mark[k] < 0 ? json_null() : json_boolean(mark[k]), failed);
    return array;
}

/* The class of each row of the student; null: the rest. */
static json_t *rows_json(const dv_explanation *explanation, bool *failed)
{
    json_t *array = json_array();
    for (int row = 0; row < explanation->rows; row++)
        append(array, explanation->row_class[row] < 0 ? json_null() : json_integer(explanation->row_class[row]),
               failed);
    return array;
}

static json_t *instance_json(const dv_explanation *explanation, const dv_bundle_facts *facts, bool *failed)
{
    object it = object_new(failed);
    put(it, "index", json_integer(explanation->options.index));
    put(it, "label", explanation->label < 0 ? json_null() : json_integer(explanation->label));
    put(it, "label_name", class_name(facts, explanation->label));
    if (facts->marks)
        put(it, "marks", marks_json(facts, explanation->options.index, failed));
    return it.json;
}

static json_t *teacher_json(const dv_explanation *explanation, const dv_bundle_facts *facts, bool *failed)
{
    object it = object_new(failed);
    put(it, "class", json_integer(explanation->teacher_class));
    put(it, "class_name", class_name(facts, explanation->teacher_class));
    put(it, "probabilities", numbers(explanation->teacher_probabilities, explanation->classes, failed));
    if (!facts->same_size)
        put(it, "class_in_vae_size", json_integer(explanation->picture_class));
    return it.json;
}

static json_t *number_or_null(double value)
{
    return value > 0 ? number(value) : json_null();
}

void dv_json_put_student(object it, const dv_explain_options *options)
{
    put(it, "method", text(dv_student_method_name(options->method)));
    put(it, "temperature", number(options->temperature));
    put(it, "anchor", number(options->anchor));
    if (options->method == DV_STUDENT_RIDGE) {
        put(it, "ridge", number_or_null(options->ridge));
        return;
    }
    put(it, "epochs", json_integer(options->epochs));
    if (options->method != DV_STUDENT_GD)
        put(it, "batch", json_integer(options->batch));
    put(it, "learning_rate", number_or_null(options->learning_rate));
}

static json_t *student_json(const dv_explanation *explanation, bool *failed)
{
    object it = object_new(failed);
    dv_json_put_student(it, &explanation->options);
    put(it, "lambda", number(explanation->lambda));
    put(it, "class", json_integer(explanation->student_class));
    put(it, "probabilities", numbers(explanation->student_probabilities, explanation->rows, failed));
    put(it, "classes", rows_json(explanation, failed));
    put(it, "maps", dv_json_own_maps(explanation, failed));
    return it.json;
}

/* A class's name; where several classes share it, its number behind it. */
static void unique_name(const dv_bundle_facts *facts, int class, char name[NAME_SIZE])
{
    bool shared = false;
    for (int k = 0; k < facts->classes; k++)
        shared |= k != class && strcmp(facts->class_names[k], facts->class_names[class]) == 0;
    if (shared)
        snprintf(name, NAME_SIZE, "%.200s (%d)", facts->class_names[class], class);
    else
        snprintf(name, NAME_SIZE, "%.250s", facts->class_names[class]);
    dv_text_clean(name);
}

/* How many neighbours the teacher gives each class that it gives any. */
static json_t *census_json(const dv_explanation *explanation, const dv_bundle_facts *facts, bool *failed)
{
    object it = object_new(failed);
    int64_t *census = dv_alloc(explanation->classes, sizeof *census, NULL);
    *failed |= !census;
    for (int64_t i = 0; census && i < explanation->count; i++)
        census[explanation->neighbor_classes[i]]++;
    for (int k = 0; census && k < explanation->classes; k++) {
        char name[NAME_SIZE];
        if (!census[k])
            continue;
        unique_name(facts, k, name);
        put(it, name, json_integer(census[k]));
    }
    free(census);
    return it.json;
}

void dv_json_put_neighborhood(object it, const dv_explain_options *options)
{
    put(it, "sampling", text(dv_sampling_name(options->sampling)));
    put(it, "neighborhood", text(dv_neighborhood_name(options->neighborhood)));
    double masked = dv_neighbors_masked(options);
    if (masked == 0)
        return;
    put(it, "masked", number(masked));
    put(it, "cells", json_integer(options->cells));
    put(it, "keep", number(options->keep));
}

/* null: they were not judged. */
static json_t *realism_json(const dv_explanation *explanation, bool *failed)
{
    const dv_realism *realism = &explanation->fidelity.realism;
    if (realism->judged == 0)
        return json_null();
    object it = object_new(failed);
    put(it, "judged", json_integer(realism->judged));
    put(it, "unrealistic", json_integer(realism->unrealistic));
    put(it, "limit", number(realism->limit));
    put(it, "dropped", json_boolean(explanation->options.unrealistic == DV_UNREALISTIC_DROP));
    return it.json;
}

static json_t *neighbors_json(const dv_explanation *explanation, const dv_bundle_facts *facts, bool *failed)
{
    object it = object_new(failed);
    put(it, "count", json_integer(explanation->count));
    put(it, "seed", json_integer((json_int_t)explanation->options.seed));
    put(it, "band", numbers(explanation->band, explanation->latent, failed));
    put(it, "latent", numbers(explanation->center, explanation->latent, failed));
    put(it, "teacher_classes", census_json(explanation, facts, failed));
    dv_json_put_neighborhood(it, &explanation->options);
    if (*dv_explanation_why(explanation))
        put(it, "why", text(dv_explanation_why(explanation)));
    put(it, "realism", realism_json(explanation, failed));
    return it.json;
}

/* null: it was not measured. */
static json_t *worth_json(const dv_worth *worth, bool *failed)
{
    if (!worth->pictures)
        return json_null();
    object it = object_new(failed);
    put(it, "pictures", json_integer(worth->pictures));
    put(it, "bad", json_integer(worth->bad));
    put(it, "real", number(worth->real));
    return it.json;
}

static json_t *fidelity_json(const dv_fidelity *fidelity, bool *failed)
{
    object it = object_new(failed);
    json_t *reasons = json_array();
    for (int i = 0; i < fidelity->reason_count; i++)
        append(reasons, text(fidelity->reasons[i]), failed);
    put(it, "fresh", json_integer(fidelity->fresh));
    put(it, "kl", number(fidelity->kl));
    put(it, "kl_at_1", number(fidelity->kl_at_1));
    put(it, "agreement", number(fidelity->agreement));
    put(it, "r2", number(fidelity->r2));
    put(it, "keeps_label", number(fidelity->keeps_label));
    put(it, "entropy", number(fidelity->entropy));
    put(it, "reconstruction_label", json_integer(fidelity->reconstruction_label));
    put(it, "verdict", text(dv_verdict_name(fidelity->verdict)));
    put(it, "reasons", reasons);
    put(it, "steadiness", number(fidelity->steadiness));
    put(it, "distrust", number(fidelity->distrust));
    put(it, "worth", worth_json(&fidelity->worth, failed));
    return it.json;
}

/* Whole microseconds: more would be noise. */
static json_t *milliseconds(double value)
{
    return number(round(value * 1000) / 1000);
}

static json_t *timing_json(const dv_timing *timing, bool *failed)
{
    object it = object_new(failed);
    put(it, "encode", milliseconds(timing->encode));
    put(it, "decode", milliseconds(timing->decode));
    put(it, "teacher", milliseconds(timing->teacher));
    put(it, "distill", milliseconds(timing->distill));
    put(it, "total", milliseconds(timing->total));
    return it.json;
}

char *dv_json_explanation(const dv_explanation *explanation, const dv_attributions *others,
                          const dv_bundle_facts *facts, bool timing, dv_error *error)
{
    bool failed = false;
    object whole = object_new(&failed);
    put(whole, "instance", instance_json(explanation, facts, &failed));
    put(whole, "teacher", teacher_json(explanation, facts, &failed));
    put(whole, "student", student_json(explanation, &failed));
    put(whole, "neighbors", neighbors_json(explanation, facts, &failed));
    put(whole, "fidelity", fidelity_json(&explanation->fidelity, &failed));
    put(whole, "labels", labels_json(explanation->multi_label));
    if (others)
        put(whole, "attributions", dv_json_attributions(others, timing, &failed));
    if (timing)
        put(whole, "timing_ms", timing_json(&explanation->timing, &failed));
    return finish(whole, error);
}

/* ---- classification --------------------------------------------------------- */

static json_t *names_json(const dv_bundle_facts *facts, bool *failed)
{
    json_t *array = json_array();
    for (int k = 0; k < facts->classes; k++)
        append(array, class_name(facts, k), failed);
    return array;
}

static json_t *tallies_json(const dv_classification *classification, bool *failed)
{
    json_t *array = json_array();
    for (int k = 0; k < classification->classes; k++) {
        const dv_label_tally *tally = &classification->labels[k];
        object it = object_new(failed);
        put(it, "known", json_integer(tally->known));
        put(it, "holds", json_integer(tally->holds));
        put(it, "given", json_integer(tally->given));
        put(it, "right", json_integer(tally->right));
        put(it, "accuracy", number(tally->known ? (double)tally->right / tally->known : NAN));
        append(array, it.json, failed);
    }
    return array;
}

char *dv_json_classification(const dv_classification *classification, const dv_bundle_facts *facts, dv_error *error)
{
    bool failed = false;
    object whole = object_new(&failed);
    json_t *confusion = json_array();
    for (int row = 0; row < classification->classes; row++) {
        json_t *cells = json_array();
        for (int column = 0; column < classification->classes; column++)
            append(cells, json_integer(classification->confusion[(int64_t)row * classification->classes + column]),
                   &failed);
        append(confusion, cells, &failed);
    }
    put(whole, "count", json_integer(classification->count));
    put(whole, "accuracy", number(classification->accuracy));
    put(whole, "confusion", confusion);
    put(whole, "classes", names_json(facts, &failed));
    put(whole, "labels", labels_json(classification->multi_label));
    if (classification->labels)
        put(whole, "each_label", tallies_json(classification, &failed));
    return finish(whole, error);
}

/* ---- networks and bundles ---------------------------------------------------- */

json_t *dv_json_shape(const dv_shape *shape, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < shape->rank; i++)
        append(array, shape->dim[i] < 0 ? json_null() : json_integer(shape->dim[i]), failed);
    return array;
}

static json_t *value_json(const dv_value *value, bool *failed)
{
    object it = object_new(failed);
    put(it, "name", text(value->name));
    put(it, "type", text(dv_type_name(value->type)));
    put(it, "shape", value->has_shape ? dv_json_shape(&value->shape, failed) : json_null());
    return it.json;
}

static json_t *values_json(const dv_graph *graph, int count, const int *value, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        append(array, value_json(&graph->value[value[i]], failed), failed);
    return array;
}

json_t *dv_json_operators(const dv_onnx_survey *survey, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < survey->operator_count; i++) {
        object it = object_new(failed);
        put(it, "name", text(survey->item[i].name));
        put(it, "count", json_integer(survey->item[i].count));
        put(it, "missing", text(survey->item[i].missing));
        put(it, "node", text(survey->item[i].node));
        append(array, it.json, failed);
    }
    return array;
}

json_t *dv_json_companions(const dv_onnx_survey *survey, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < survey->companion_count; i++) {
        object it = object_new(failed);
        put(it, "file", text(survey->companion[i].location));
        put(it, "bytes", survey->companion[i].size < 0 ? json_null() : json_integer(survey->companion[i].size));
        append(array, it.json, failed);
    }
    return array;
}

/* Keys that are no valid UTF-8 are left out. */
static json_t *metadata_json(const dv_onnx_survey *survey, bool *failed)
{
    object it = object_new(failed);
    for (int i = 0; i < survey->pair_count; i++) {
        json_t *key = json_string(survey->keys[i]);
        if (key)
            put(it, survey->keys[i], text(survey->texts[i]));
        json_decref(key);
    }
    return it.json;
}

static json_t *network_json(const dv_network_facts *network, bool *failed)
{
    const dv_onnx_survey *survey = network->survey;
    const dv_graph *graph = network->graph;
    object it = object_new(failed);
    put(it, "file", text(network->file));
    put(it, "producer", text(survey->producer));
    put(it, "ir_version", json_integer(survey->ir_version));
    put(it, "opset", json_integer(survey->opset));
    put(it, "parameters", json_integer(survey->parameters));
    put(it, "operators", dv_json_operators(survey, failed));
    put(it, "functions", json_integer(survey->function_count));
    put(it, "external_data", dv_json_companions(survey, failed));
    put(it, "metadata", metadata_json(survey, failed));
    put(it, "runs", json_boolean(!network->problem));
    put(it, "problem", text(network->problem));
    put(it, "inputs", graph ? values_json(graph, graph->input_count, graph->input, failed) : json_null());
    put(it, "outputs", graph ? values_json(graph, graph->output_count, graph->output, failed) : json_null());
    put(it, "multiply_adds", network->multiply_adds < 0 ? json_null() : json_integer(network->multiply_adds));
    return it.json;
}

char *dv_json_network(const dv_network_facts *network, dv_error *error)
{
    bool failed = false;
    object whole = {network_json(network, &failed), &failed};
    return finish(whole, error);
}

char *dv_json_array(const char *file, const char *format, const char *type, const dv_shape *shape, dv_error *error)
{
    bool failed = false;
    object whole = object_new(&failed);
    put(whole, "file", text(file));
    put(whole, "format", text(format));
    put(whole, "type", text(type));
    put(whole, "shape", dv_json_shape(shape, &failed));
    return finish(whole, error);
}

static json_t *picture_json(int channels, int height, int width, bool *failed)
{
    json_t *array = json_array();
    append(array, json_integer(channels), failed);
    append(array, json_integer(height), failed);
    append(array, json_integer(width), failed);
    return array;
}

json_t *dv_json_notes(const dv_bundle_facts *facts, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < facts->note_count; i++)
        append(array, text(facts->notes[i]), failed);
    return array;
}

char *dv_json_bundle(const dv_bundle_facts *facts, double negative_elbo, const dv_network_facts *teacher,
                     const dv_network_facts *encoder, const dv_network_facts *decoder, dv_error *error)
{
    bool failed = false;
    object whole = object_new(&failed);
    int64_t labelled = 0;
    for (int64_t i = 0; i < facts->count; i++)
        labelled += dv_bundle_is_labelled(facts, i);
    put(whole, "name", text(facts->name));
    put(whole, "classes", names_json(facts, &failed));
    put(whole, "latent", json_integer(facts->latent));
    put(whole, "picture", picture_json(facts->channels, facts->height, facts->width, &failed));
    put(whole, "count", json_integer(facts->count));
    put(whole, "labelled", json_integer(labelled));
    put(whole, "negative_elbo", number(negative_elbo));
    put(whole, "labels", labels_json(facts->multi_label));
    put(whole, "teacher_picture",
        picture_json(facts->teacher_channels, facts->teacher_height, facts->teacher_width, &failed));
    put(whole, "notes", dv_json_notes(facts, &failed));
    put(whole, "teacher", network_json(teacher, &failed));
    put(whole, "encoder", network_json(encoder, &failed));
    put(whole, "decoder", network_json(decoder, &failed));
    return finish(whole, error);
}
