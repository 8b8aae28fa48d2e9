#include "setup/init_teacher.h"

#include "base/error.h"
#include "onnx/onnx.h"
#include "setup/check_preprocessing.h"
#include "vid/bundle_parts.h"
#include "vid/preprocessing.h"

#include <stdlib.h>
#include <string.h>

enum { TRIED = 300 }; /* labelled pictures that a preprocessing is found by */

/* What comes together here. */
struct look {
    dv_init_teacher *teacher;
    dv_bundle_source *source;
    dv_dataset *data;
    dv_arena *arena;
    dv_inspect_wish wish;
    dv_teacher_facts facts;
    const char *mean, *std, *classes; /* of the file's metadata; NULL: it says nothing */
};

/* ---- what the file says ---------------------------------------------------------- */

static bool read_metadata(struct look *it, dv_error *error)
{
    const struct {
        const char *key;
        const char **text;
    } wanted[] = {{"mean", &it->mean}, {"std", &it->std}, {"classes", &it->classes}};
    dv_onnx_survey *survey = dv_onnx_survey_read(it->source->teacher, error);
    bool ok = survey != NULL;
    for (int p = 0; ok && p < survey->pair_count; p++)
        for (size_t w = 0; ok && w < sizeof wanted / sizeof wanted[0]; w++)
            if (strcmp(survey->keys[p], wanted[w].key) == 0 && *survey->texts[p])
                ok = (*wanted[w].text = dv_arena_text(it->arena, survey->texts[p], error)) != NULL;
    dv_onnx_survey_free(survey);
    return ok;
}

static dv_inspect_wish make_wish(const struct look *it)
{
    dv_inspect_wish wish = dv_bundle_wish(it->data);
    wish.layout = it->source->layout;
    wish.output = it->source->teacher_output;
    wish.output_name = it->source->output_name;
    wish.class_names = it->data->class_count;
    return wish;
}

/* ---- classes ------------------------------------------------------------------------ */

/* The lines of a text as names, in the arena. */
static const char *const *split_lines(const char *text, int count, dv_arena *arena, dv_error *error)
{
    const char **names = dv_arena_alloc(arena, (size_t)count, sizeof *names, error);
    for (int k = 0; names && k < count; k++) {
        const size_t length = strcspn(text, "\n");
        if (!(names[k] = dv_arena_text_n(arena, text, length, error)))
            return NULL;
        text += length + (text[length] == '\n');
    }
    return names;
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; *text; count++) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return count;
}

/* Brings the data's labels to the order of the teacher's classes where they go by names. */
static bool match_classes(struct look *it, const char *const *names, int count, dv_error *error)
{
    error->code = DV_OK;
    return dv_dataset_match_classes(it->data, names, count, error) || error->code == DV_OK;
}

static bool name_classes(struct look *it, dv_error *error)
{
    int count;
    char **names;
    if (it->source->class_names) {
        if (!dv_labels_read(it->source->class_names, &names, &count, error))
            return false;
        const bool fits = count == it->facts.classes || (count == 1 && it->facts.width == 1);
        const bool ok = !fits ? dv_error_set(error, DV_ERROR_FORMAT, "tells %d classes apart, but %s names %d",
                                             it->facts.classes, it->source->class_names, count)
                              : count == 1 || match_classes(it, (const char *const *)names, count, error);
        free(names);
        return ok;
    }
    if (!it->classes || count_lines(it->classes) != it->facts.classes)
        return true;
    const char *const *lines = split_lines(it->classes, it->facts.classes, it->arena, error);
    it->teacher->class_names = it->classes;
    return lines && match_classes(it, lines, it->facts.classes, error);
}

/* Opening the bundle would tell it, too, but only when the auto-encoder has been trained. */
static bool check_labels(const struct look *it, dv_error *error)
{
    const dv_dataset *data = it->data;
    const char *path = it->source->image_labels ? it->source->image_labels : it->source->images;
    if (data->class_names && data->class_count != it->facts.classes)
        return true; /* they are of other classes, and are not used */
    for (int64_t i = 0; data->labels && i < data->count; i++)
        if (data->labels[i] >= it->facts.classes)
            return dv_error_set(error, DV_ERROR_FORMAT, "tells %d classes apart, but picture %lld has label %d in %s",
                                it->facts.classes, (long long)i, data->labels[i], path);
    return true;
}

/* ---- how pictures come to it ----------------------------------------------------------- */

static bool is_prepared(const dv_bundle_source *source)
{
    return source->preset || source->mean || source->std || source->scale || source->order || source->invert ||
           source->crop || source->filter;
}

/* Whether the labels of the data are numbers of the teacher's classes. */
static bool has_labels(const struct look *it)
{
    const dv_dataset *data = it->data;
    if (data->class_count && data->class_count != it->facts.classes)
        return false;
    if (data->marks)
        return it->facts.head->multi_label;
    return data->labels != NULL; /* check_labels has looked at each */
}

/* Lays the settings of a trial over the source. */
static bool take_settings(struct look *it, const dv_trials *trials, dv_error *error)
{
    const struct {
        const char *key;
        const char **text;
    } fields[] = {
        {"layout", &it->source->layout}, {"preset", &it->source->preset}, {"mean", &it->source->mean},
        {"std", &it->source->std},       {"scale", &it->source->scale},   {"order", &it->source->order},
        {"invert", &it->source->invert}, {"crop", &it->source->crop},     {"filter", &it->source->filter},
    };
    dv_trial_setting setting[DV_TRIAL_SETTINGS];
    const int count = dv_trial_settings(trials, &trials->trial[0], setting);
    for (int s = 0; s < count; s++)
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
            if (strcmp(setting[s].key, fields[f].key) == 0 &&
                !(*fields[f].text = dv_arena_text(it->arena, setting[s].value, error)))
                return false;
    return true;
}

static void tell_trial(struct look *it, const dv_trials *trials)
{
    const dv_trial *best = &trials->trial[0];
    dv_notes *notes = &it->teacher->notes;
    if (trials->is_consistent) {
        dv_notes_add(notes,
                     "pictures are shown to it as '%s': so its answers fit the labels best, in ANOTHER ORDER of "
                     "the classes",
                     best->name);
        return;
    }
    dv_notes_add(notes, "pictures are shown to it as '%s': so it names %.1f %% of %lld labelled ones right%s",
                 best->name, 100 * best->accuracy, (long long)best->told,
                 trials->is_sure ? "" : ", but others fare as well");
    if (!it->facts.head->multi_label && best->accuracy < 2.0 / it->facts.classes)
        dv_notes_add(notes, "THAT IS NEAR CHANCE: 'deepvid check' looks for what is wrong");
}

/* By trying what is usual. Nothing found is no error: pictures are shown as 0..1. */
static bool try_usual(struct look *it, dv_graph *graph, dv_team *team, const dv_progress *progress, dv_error *error)
{
    const dv_trial_wish wish = {.inspect = &it->wish, .facts = &it->facts, .count = TRIED, .seed = 1};
    dv_error none = {.code = DV_OK};
    dv_trials *trials = dv_preprocessing_try(graph, it->data, &wish, team, progress, &none);
    if (!trials && none.code == DV_ERROR_CANCELLED)
        return dv_error_set(error, none.code, "%s", none.message);
    const bool ok = !trials || take_settings(it, trials, error);
    if (trials)
        tell_trial(it, trials);
    dv_trials_free(trials);
    return ok;
}

static bool prepare(struct look *it, dv_graph *graph, dv_team *team, const dv_progress *progress, dv_error *error)
{
    if (is_prepared(it->source))
        return true;
    if (it->mean && it->std) {
        it->source->mean = it->mean;
        it->source->std = it->std;
        dv_notes_add(&it->teacher->notes, "its file says how pictures are prepared: mean %.40s, std %.40s", it->mean,
                     it->std);
        return true;
    }
    if (has_labels(it))
        return try_usual(it, graph, team, progress, error);
    dv_notes_add(&it->teacher->notes, "NOTHING TELLS how pictures are prepared for it, so they are shown as 0..1; "
                                      "--preset, or --mean and --std, say it");
    return true;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool choose_form(struct look *it, dv_error *error)
{
    dv_bundle_settings settings;
    if (!dv_bundle_settings_gather(&settings, it->source, it->arena, error))
        return false;
    dv_network_input *input = &it->facts.input;
    it->teacher->form = (dv_picture_form){.channels = input->channels, .height = input->height, .width = input->width};
    return dv_preprocessing_set(&settings, it->data, input, &it->teacher->form, error);
}

bool dv_init_look_at_teacher(dv_init_teacher *teacher, dv_bundle_source *source, dv_dataset *data, dv_team *team,
                             dv_arena *arena, const dv_progress *progress, dv_error *error)
{
    char text[128];
    struct look it = {.teacher = teacher, .source = source, .data = data, .arena = arena};
    if (!read_metadata(&it, error))
        return false;
    dv_graph *graph = dv_onnx_read(source->teacher, error);
    if (!graph)
        return false;
    it.wish = make_wish(&it);
    bool ok = dv_inspect_teacher(graph, &it.wish, &it.facts, error);
    if (ok) {
        dv_notes_add(&teacher->notes, "%.60s takes %s and tells %d %s apart, by %s", source->teacher,
                     dv_network_input_text(&it.facts.input, text, sizeof text), it.facts.classes,
                     it.facts.head->multi_label ? "labels" : "classes", it.facts.head->name);
        for (int i = 0; i < it.facts.notes.count; i++)
            dv_notes_add(&teacher->notes, "%s", it.facts.notes.text[i]);
        ok = name_classes(&it, error) && check_labels(&it, error) && prepare(&it, graph, team, progress, error) &&
             choose_form(&it, error);
    }
    dv_graph_free(graph);
    return ok || dv_error_prefix(error, "%s", source->teacher);
}
