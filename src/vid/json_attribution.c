/* Attributions as JSON. */
#include "vid/json_object.h"

#include <stdio.h>

json_t *dv_json_regions(const dv_attribution *attribution, bool *failed)
{
    dv_map_region region[DV_MAP_REGIONS];
    json_t *array = json_array();
    dv_attribution_regions(attribution, region);
    for (int r = 0; r < DV_MAP_REGIONS; r++) {
        object it = object_new(failed);
        put(it, "name", text(region[r].name));
        put(it, "share", number(region[r].share));
        append(array, it.json, failed);
    }
    return array;
}

/* Where a report keeps the array: "lime.npy", "lime-segments.npy". */
static json_t *file_json(const dv_attribution *attribution, const char *end)
{
    char name[DV_REASON_SIZE];
    snprintf(name, sizeof name, "%s%s.npy", attribution->explainer->name, end);
    return text(name);
}

static json_t *shape_json(const dv_attribution *attribution, bool *failed)
{
    json_t *array = json_array();
    append(array, json_integer(attribution->channels), failed);
    append(array, json_integer(attribution->height), failed);
    append(array, json_integer(attribution->width), failed);
    return array;
}

static void put_map(object it, const dv_attribution *attribution)
{
    double sum = 0;
    int64_t values = (int64_t)attribution->channels * attribution->height * attribution->width;
    for (int64_t i = 0; i < values; i++)
        sum += attribution->map[i];
    put(it, "file", file_json(attribution, ""));
    put(it, "shape", shape_json(attribution, it.failed));
    put(it, "sum", number(sum));
    if (isfinite(attribution->goal))
        put(it, "goal", number(attribution->goal));
    if (isfinite(attribution->r2))
        put(it, "r2", number(attribution->r2));
    if (isfinite(attribution->fitted))
        put(it, "fitted", number(attribution->fitted));
    if (attribution->segments) {
        put(it, "segments", json_integer(attribution->segment_count));
        put(it, "segments_file", file_json(attribution, "-segments"));
    }
    put(it, "regions", dv_json_regions(attribution, it.failed));
}

static json_t *attribution_json(const dv_attribution *attribution, bool timing, bool *failed)
{
    const dv_explainer *explainer = attribution->explainer;
    object it = object_new(failed);
    put(it, "name", text(explainer->name));
    put(it, "title", text(explainer->title));
    put(it, "meaning", text(explainer->meaning));
    put(it, "citation", text(*explainer->citation ? explainer->citation : NULL));
    put(it, "class", json_integer(attribution->class_index));
    put(it, "against", attribution->against < 0 ? json_null() : json_integer(attribution->against));
    put(it, "score", text(dv_score_name(attribution->score)));
    put(it, "baseline",
        attribution->baseline == DV_BASELINE_USUAL ? json_null() : text(dv_baseline_name(attribution->baseline)));
    put(it, "samples", attribution->samples ? json_integer(attribution->samples) : json_null());
    put(it, "teacher_calls", json_integer(attribution->teacher_calls));
    put(it, "problem", text(attribution->map ? NULL : attribution->problem));
    if (attribution->map)
        put_map(it, attribution);
    if (timing)
        put(it, "milliseconds", number(round(attribution->milliseconds * 1000) / 1000));
    return it.json;
}

json_t *dv_json_own_maps(const dv_explanation *explanation, bool *failed)
{
    static const char *const own[] = {"student", "evidence-half"};
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        dv_attribution *made = dv_attribution_own(explanation, own[i], NULL);
        object it = object_new(failed);
        *failed |= !made;
        if (made) {
            put(it, "name", text(made->explainer->name));
            put(it, "title", text(made->explainer->title));
            put(it, "meaning", text(made->explainer->meaning));
            put(it, "regions", dv_json_regions(made, failed));
        }
        append(array, it.json, failed);
        dv_attribution_free(made);
    }
    return array;
}

json_t *dv_json_attributions(const dv_attributions *attributions, bool timing, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < attributions->count; i++)
        append(array, attribution_json(attributions->item[i], timing, failed), failed);
    return array;
}
