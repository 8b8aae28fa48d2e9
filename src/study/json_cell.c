/* Why a cell is confused, as JSON. */
#include "study/cell_words.h"
#include "vid/json.h"
#include "vid/json_object.h"

#include <math.h>

enum { PIXELS = 10 };

static json_t *class_json(const dv_bundle_facts *facts, int class, bool *failed)
{
    object it = object_new(failed);
    put(it, "class", json_integer(class));
    put(it, "name", text(facts->class_names[class]));
    return it.json;
}

static json_t *pictures_json(const dv_cell_findings *cell, bool *failed)
{
    object it = object_new(failed);
    json_t *index = json_array(), *group = json_array();
    for (int64_t i = 0; i < cell->count; i++) {
        append(index, json_integer(cell->index[i]), failed);
        append(group, json_integer(cell->group[i]), failed);
    }
    put(it, "selected", json_boolean(cell->selected));
    put(it, "asked", json_integer(cell->asked));
    put(it, "count", json_integer(cell->count));
    put(it, "index", index);
    put(it, "prototype", group);
    put(it, "rightly_named", json_integer(cell->right));
    return it.json;
}

static json_t *neighbors_json(const dv_cell_findings *cell, bool *failed)
{
    object it = object_new(failed);
    put(it, "count", json_integer(cell->options.neighbors));
    if (cell->options.until > 0)
        put(it, "until", number(cell->options.until));
    put(it, "seed", json_integer((json_int_t)cell->options.seed));
    put(it, "band", numbers(cell->band, cell->latent, failed));
    put(it, "band_scale", text(dv_band_scale_name(cell->options.band_scale)));
    dv_json_put_neighborhood(it, &cell->options);
    put(it, "unrealistic", text(dv_unrealistic_name(cell->options.unrealistic)));
    return it.json;
}

static json_t *students_json(const dv_cell_findings *cell, bool *failed)
{
    object it = object_new(failed);
    dv_json_put_student(it, &cell->options);
    put(it, "kl", number(cell->kl));
    put(it, "agreement", number(cell->agreement));
    put(it, "distrusted", json_integer(cell->distrusted));
    return it.json;
}

static json_t *pixels_json(const dv_cell_findings *cell, bool *failed)
{
    int pixel[PIXELS], all = cell->height * cell->width;
    json_t *array = json_array();
    dv_cell_rank_pixels(cell, PIXELS, pixel);
    for (int i = 0; i < PIXELS && i < all; i++) {
        object it = object_new(failed);
        put(it, "row", json_integer(pixel[i] / cell->width));
        put(it, "column", json_integer(pixel[i] % cell->width));
        put(it, "mean", number((double)cell->map[pixel[i]]));
        put(it, "same_sign", number((double)cell->same_sign[pixel[i]]));
        append(array, it.json, failed);
    }
    return array;
}

static json_t *map_json(const dv_cell_findings *cell, bool *failed)
{
    object it = object_new(failed);
    json_t *shape = json_array();
    int64_t plane = (int64_t)cell->height * cell->width;
    const dv_attribution map = {.channels = 1, .height = cell->height, .width = cell->width, .map = cell->map};
    append(shape, json_integer(cell->height), failed);
    append(shape, json_integer(cell->width), failed);
    put(it, "shape", shape);
    put(it, "regions", dv_json_regions(&map, failed));
    put(it, "pixels", pixels_json(cell, failed));
    put(it, "mean", numbers(cell->map, plane, failed));
    put(it, "same_sign", numbers(cell->same_sign, plane, failed));
    return it.json;
}

static json_t *exemplars_json(const dv_cell_prototype *prototype, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < prototype->exemplars; i++) {
        object it = object_new(failed);
        put(it, "index", json_integer(prototype->exemplar[i]));
        put(it, "likeness", number(prototype->likeness[i]));
        put(it, "counter", prototype->counter[i] < 0 ? json_null() : json_integer(prototype->counter[i]));
        put(it, "distance", number(prototype->distance[i]));
        append(array, it.json, failed);
    }
    return array;
}

static json_t *prototypes_json(const dv_cell_findings *cell, bool *failed)
{
    json_t *array = json_array();
    for (int g = 0; g < cell->prototypes; g++) {
        const dv_cell_prototype *prototype = &cell->prototype[g];
        object it = object_new(failed);
        put(it, "count", json_integer(prototype->count));
        put(it, "exemplars", exemplars_json(prototype, failed));
        put(it, "map", numbers(prototype->map, (int64_t)cell->height * cell->width, failed));
        append(array, it.json, failed);
    }
    return array;
}

static json_t *dimensions_json(const dv_cell_findings *cell, bool *failed)
{
    json_t *array = json_array();
    for (int i = 0; i < cell->latent; i++) {
        int d = cell->order[i];
        object it = object_new(failed);
        put(it, "dimension", json_integer(d));
        put(it, "slope", number((double)cell->slope[d]));
        put(it, "shift", number((double)cell->shift[d]));
        put(it, "effect", number((double)cell->effect[d]));
        append(array, it.json, failed);
    }
    return array;
}

char *dv_json_cell(const dv_cell_findings *cell, const dv_bundle_facts *facts, dv_error *error)
{
    bool failed = false;
    object it = object_new(&failed);
    put(it, "bundle", text(facts->name));
    put(it, "teacher", text(facts->teacher));
    put(it, "truth", class_json(facts, cell->truth, &failed));
    put(it, "said", class_json(facts, cell->said, &failed));
    put(it, "pictures", pictures_json(cell, &failed));
    put(it, "neighbors", neighbors_json(cell, &failed));
    put(it, "students", students_json(cell, &failed));
    put(it, "silhouette", number(cell->silhouette));
    put(it, "prototypes", prototypes_json(cell, &failed));
    put(it, "dimensions", dimensions_json(cell, &failed));
    put(it, "map", map_json(cell, &failed));
    return finish(it, error);
}
