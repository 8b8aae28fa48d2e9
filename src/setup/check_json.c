/* A check as JSON. */
#include "setup/check.h"

#include "vid/json_object.h"

/* ---- the model ---------------------------------------------------------------------- */

static json_t *values_json(const dv_check_value *value, int count, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++) {
        object it = object_new(failed);
        put(it, "name", text(value[i].name));
        put(it, "type", text(dv_type_name(value[i].type)));
        put(it, "shape", value[i].has_shape ? dv_json_shape(&value[i].shape, failed) : json_null());
        append(array, it.json, failed);
    }
    return array;
}

static json_t *takes_json(const dv_network_input *input, bool *failed)
{
    object it = object_new(failed);
    put(it, "layout", text(dv_layout_name(input->layout)));
    put(it, "flat", json_boolean(input->flat));
    put(it, "type", text(dv_type_name(input->type)));
    put(it, "channels", json_integer(input->channels));
    put(it, "height", json_integer(input->height));
    put(it, "width", json_integer(input->width));
    return it.json;
}

static json_t *puts_out_json(const dv_check_model *model, bool *failed)
{
    object it = object_new(failed);
    put(it, "output", text(model->output_name));
    put(it, "head", text(model->facts.head->name));
    put(it, "meaning", text(model->facts.head->meaning));
    put(it, "classes", json_integer(model->facts.classes));
    put(it, "multi_label", json_boolean(model->facts.head->multi_label));
    return it.json;
}

static json_t *whole_or_null(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static json_t *model_json(const dv_check_model *model, bool *failed)
{
    const dv_onnx_survey *survey = model->survey;
    object it = object_new(failed);
    put(it, "file", text(model->path));
    if (survey) {
        put(it, "producer", text(survey->producer));
        put(it, "producer_version", text(survey->producer_version));
        put(it, "ir_version", json_integer(survey->ir_version));
        put(it, "opset", json_integer(survey->opset));
        put(it, "parameters", json_integer(survey->parameters));
        put(it, "operators", dv_json_operators(survey, failed));
        put(it, "external_data", dv_json_companions(survey, failed));
        put(it, "inputs", values_json(model->input, model->inputs, failed));
        put(it, "outputs", values_json(model->output, model->outputs, failed));
    }
    put(it, "takes", model->is_teacher ? takes_json(&model->facts.input, failed) : json_null());
    put(it, "puts_out", model->is_teacher ? puts_out_json(model, failed) : json_null());
    put(it, "multiply_adds", whole_or_null(model->multiply_adds));
    put(it, "memory", whole_or_null(model->memory));
    return it.json;
}

/* ---- pictures and trials --------------------------------------------------------------- */

static json_t *pictures_json(const dv_check *check, bool *failed)
{
    const dv_dataset *data = check->data;
    if (!data)
        return json_null();
    object it = object_new(failed);
    json_t *classes = data->class_names ? json_array() : json_null();
    for (int k = 0; data->class_names && k < data->class_count; k++)
        append(classes, text(data->class_names[k]), failed);
    put(it, "file", text(check->images));
    put(it, "format", text(data->format));
    put(it, "channels", json_integer(data->channels));
    put(it, "height", json_integer(data->height));
    put(it, "width", json_integer(data->width));
    put(it, "mixed", json_boolean(data->mixed));
    put(it, "count", json_integer(data->count));
    put(it, "labelled", json_integer(check->labelled));
    put(it, "classes", classes);
    return it.json;
}

static json_t *settings_json(const dv_trial_setting *setting, int count, bool *failed)
{
    object it = object_new(failed);
    for (int s = 0; s < count; s++)
        put(it, setting[s].key, text(setting[s].value));
    return it.json;
}

static json_t *trial_json(const dv_check *check, const dv_trial *trial, bool *failed)
{
    dv_trial_setting setting[DV_TRIAL_SETTINGS];
    int count = dv_trial_settings(check->trials, trial, setting);
    bool is_told = trial->told > 0;
    object it = object_new(failed);
    put(it, "name", text(trial->name));
    put(it, "settings", settings_json(setting, count, failed));
    put(it, "transposed", json_boolean(trial->transposed));
    put(it, "usual", json_boolean(trial == check->usual));
    put(it, "shown", json_integer(trial->shown));
    put(it, "labelled", json_integer(trial->told));
    put(it, "accuracy", is_told ? number(trial->accuracy) : json_null());
    put(it, "relabelled", is_told && !check->trials->multi_label ? number(trial->match.matched) : json_null());
    put(it, "loss", is_told ? number(trial->loss) : json_null());
    put(it, "confidence", number(trial->confidence));
    put(it, "not_finite", json_integer(trial->strange));
    return it.json;
}

static json_t *trials_json(const dv_check *check, bool *failed)
{
    json_t *array = json_array();
    for (int t = 0; check->trials && t < check->trials->trials; t++)
        append(array, trial_json(check, &check->trials->trial[t], failed), failed);
    return array;
}

static json_t *vae_json(const dv_check_vae *vae, bool *failed)
{
    if (!vae->is_open)
        return json_null();
    object it = object_new(failed);
    put(it, "channels", json_integer(vae->channels));
    put(it, "height", json_integer(vae->height));
    put(it, "width", json_integer(vae->width));
    put(it, "latent", json_integer(vae->latent));
    put(it, "shown", json_integer(vae->shown));
    put(it, "keeps_label", json_integer(vae->keeps));
    put(it, "kept", number(vae->kept));
    return it.json;
}

/* ---- the whole --------------------------------------------------------------------------- */

static json_t *findings_json(const dv_check *check, bool *failed)
{
    json_t *array = json_array();
    for (int f = 0; f < check->findings; f++) {
        const dv_finding *finding = &check->finding[f];
        object it = object_new(failed);
        put(it, "kind", text(dv_finding_kind_name(finding->kind)));
        put(it, "code", text(finding->code));
        put(it, "text", text(finding->text));
        put(it, "remedy", text(finding->remedy));
        put(it, "command", text(finding->command));
        append(array, it.json, failed);
    }
    return array;
}

static json_t *classes_json(const dv_check *check, bool *failed)
{
    json_t *array = json_array();
    for (int l = 0; l < check->classes; l++)
        append(array, check->class_of[l] < 0 ? json_null() : json_integer(check->class_of[l]), failed);
    return array;
}

static json_t *names_json(const dv_check *check, bool *failed)
{
    json_t *array = json_array();
    for (int k = 0; k < check->classes; k++)
        append(array, text(check->names_in_order[k]), failed);
    return array;
}

char *dv_check_json(const dv_check *check, dv_error *error)
{
    bool failed = false;
    object it = object_new(&failed);
    put(it, "usable", json_boolean(check->is_usable));
    put(it, "model", check->model.path ? model_json(&check->model, &failed) : json_null());
    put(it, "pictures", pictures_json(check, &failed));
    put(it, "bundle", text(check->folder));
    put(it, "vae", vae_json(&check->vae, &failed));
    put(it, "trials", trials_json(check, &failed));
    put(it, "best", check->best ? text(check->best->name) : json_null());
    put(it, "settings", check->best ? settings_json(check->setting, check->settings, &failed) : json_null());
    put(it, "class_of_label", check->class_of ? classes_json(check, &failed) : json_null());
    put(it, "names_in_order", check->names_in_order ? names_json(check, &failed) : json_null());
    put(it, "findings", findings_json(check, &failed));
    return finish(it, error);
}
