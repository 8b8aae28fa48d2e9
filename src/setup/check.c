/* A check from the first file to the last finding. */
#include "setup/check.h"

#include "base/error.h"
#include "base/number.h"
#include "setup/check_parts.h"
#include "vid/bundle_parts.h"
#include "vid/preprocessing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the teacher and its pictures ----------------------------------------------------- */

static dv_inspect_wish make_wish(const dv_check *check, const dv_bundle_settings *settings)
{
    const dv_dataset *data = check->data;
    dv_inspect_wish wish = data ? dv_bundle_wish(data) : (dv_inspect_wish){0};
    wish.layout = settings->layout;
    wish.output = settings->teacher_output;
    wish.output_name = settings->output_name;
    wish.class_names = data && !check->name_count ? data->class_count : check->name_count;
    return wish;
}

/* How a bundle shows its pictures, or the caller by flags; false where neither says anything, or what they say is
 * wrong. */
static bool read_given(dv_check *check, const dv_bundle_settings *settings, bool is_bundle, dv_trial *given)
{
    const dv_network_input *input = &check->model.facts.input;
    const struct {
        const char *key, *said;
    } all[] = {
        {"preset", settings->preset}, {"mean", settings->mean},     {"std", settings->std},
        {"scale", settings->scale},   {"order", settings->order},   {"invert", settings->invert},
        {"crop", settings->crop},     {"filter", settings->filter},
    };
    *given = (dv_trial){.input = *input};
    given->form = (dv_picture_form){.channels = input->channels, .height = input->height, .width = input->width};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].said) {
            const char *words =
                dv_check_text(check, "%s%s%s %s", given->name, *given->name ? ", " : "", all[i].key, all[i].said);
            snprintf(given->name, sizeof given->name, "%s", words);
        }
    if (!is_bundle && !*given->name)
        return false;
    dv_error why;
    if (dv_preprocessing_set(settings, check->data, &given->input, &given->form, &why)) {
        given->inverted = given->input.deviation[0] < 0;
        return true;
    }
    dv_check_find(check, DV_FINDING_PROBLEM, "settings", "%s", why.message);
    return false;
}

/* "0.5" for all channels or "0.4,0.5,0.6". */
static bool read_channels(const char *text, int channels, float *value, bool is_positive)
{
    char part[DV_NUMBER_SIZE];
    int count = 0;
    for (const char *at = text; count < channels; at++) {
        size_t length = strcspn(at, ",");
        double number;
        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : sizeof part), at);
        if (!dv_number_read(part, &number) || (is_positive && number <= 0))
            return false;
        value[count++] = (float)number;
        at += length;
        if (!*at)
            break;
    }
    for (int c = count; count == 1 && c < channels; c++)
        value[c] = value[0];
    return count == 1 || count == channels;
}

/* Mean and deviation that the model's file tells by itself. */
static const dv_trial *read_metadata(const dv_check *check, dv_trial *hint)
{
    const dv_onnx_survey *survey = check->model.survey;
    const dv_network_input *input = &check->model.facts.input;
    *hint = (dv_trial){.name = "the model's metadata", .input = *input};
    hint->form = (dv_picture_form){input->channels, input->height, input->width, 1, DV_FILTER_BILINEAR};
    bool is_told = false;
    for (int k = 0; k < survey->pair_count; k++) {
        bool mean = strcmp(survey->keys[k], "mean") == 0;
        if (!mean && strcmp(survey->keys[k], "std") != 0)
            continue;
        if (!read_channels(survey->texts[k], input->channels, mean ? hint->input.mean : hint->input.deviation, !mean))
            return NULL;
        is_told = true;
    }
    return is_told ? hint : NULL;
}

/* What the pictures tell of the teacher, or what it answers to any if none has a label. */
static bool try_pictures(dv_check *check, const dv_inspect_wish *inspect, const dv_trial *given,
                         const dv_check_options *options, dv_team *team, const dv_progress *progress, dv_error *error)
{
    dv_error why, unreadable;
    dv_trial hint;
    const dv_trial_wish wish = {.inspect = inspect,
                                .facts = &check->model.facts,
                                .given = given,
                                .hint = read_metadata(check, &hint),
                                .count = options->count,
                                .seed = options->seed,
                                .is_single = !check->labelled};
    check->trials = dv_preprocessing_try(check->model.graph, check->data, &wish, team, progress, &why);
    if (dv_dataset_unreadable(check->data, &unreadable))
        dv_check_find(check, DV_FINDING_NOTE, "unreadable", "%s", unreadable.message);
    if (check->trials)
        return dv_check_judge(check, error);
    if (why.code == DV_ERROR_CANCELLED || why.code == DV_ERROR_MEMORY) {
        *error = why;
        return false;
    }
    dv_check_find(check, DV_FINDING_PROBLEM, "run", "%s", why.message);
    return true;
}

/* Without pictures: whether it can be made ready at all. */
static void try_alone(dv_check *check)
{
    dv_error why;
    if (!dv_inspect_prepare(check->model.graph, &check->model.facts, &why))
        dv_check_find(check, DV_FINDING_PROBLEM, "run", "%s: %s", check->model.path, why.message);
}

static bool look(dv_check *check, const dv_bundle_settings *settings, const dv_check_options *options, dv_team *team,
                 const dv_progress *progress, dv_error *error)
{
    bool is_bundle = check->folder != NULL;
    if (!dv_check_read_model(check, settings->teacher, error))
        return false;
    if (settings->images)
        dv_check_open_pictures(check, settings);
    dv_check_read_names(check, settings->class_names);
    dv_inspect_wish wish = make_wish(check, settings);
    if (check->model.graph && !dv_check_inspect(check, &wish, error))
        return false;
    if (!dv_check_name_classes(check, settings->class_names, error))
        return false;
    dv_check_labels(check);
    dv_trial given;
    bool is_given = check->model.is_teacher && check->data && read_given(check, settings, is_bundle, &given);
    if (check->model.is_teacher && !check->data)
        try_alone(check);
    else if (check->model.is_teacher &&
             !try_pictures(check, &wish, is_given ? &given : NULL, options, team, progress, error))
        return false;
    dv_check_weigh(check);
    return true;
}

/* ---- the whole --------------------------------------------------------------------------- */

static bool look_at_all(dv_check *check, const dv_bundle_source *source, const dv_check_options *options, dv_team *team,
                        const dv_progress *progress, dv_error *error)
{
    dv_bundle_settings settings;
    dv_error why;
    check->folder = source->folder ? dv_check_text(check, "%s", source->folder) : NULL;
    if (!dv_bundle_settings_gather(&settings, source, check->arena, &why)) {
        dv_check_find(check, DV_FINDING_PROBLEM, "bundle", "%s", why.message);
        return true;
    }
    if (!settings.teacher) {
        dv_check_find(check, DV_FINDING_PROBLEM, "bundle", "%s/deepvid.ini names no model: [teacher] model is missing",
                      check->folder ? check->folder : "");
        return true;
    }
    return look(check, &settings, options, team, progress, error) &&
           (!check->folder || dv_check_bundle(check, source, &settings, options, progress, error));
}

/* The kinds in their order, each as it was found. */
static void sort_findings(dv_check *check)
{
    dv_finding sorted[DV_MAX_FINDINGS];
    int count = 0;
    for (int kind = DV_FINDING_OK; kind <= DV_FINDING_PROBLEM; kind++)
        for (int f = 0; f < check->findings; f++)
            if (check->finding[f].kind == (dv_finding_kind)kind)
                sorted[count++] = check->finding[f];
    memcpy(check->finding, sorted, (size_t)count * sizeof *sorted);
    check->is_usable = !count || sorted[count - 1].kind != DV_FINDING_PROBLEM;
}

dv_check *dv_check_run(const dv_bundle_source *source, const dv_check_options *options, const dv_progress *progress,
                       dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_check *check = arena ? dv_arena_alloc(arena, 1, sizeof *check, error) : NULL;
    if (!check) {
        dv_arena_free(arena);
        return NULL;
    }
    check->arena = arena;
    dv_team *team = dv_team_new(source->threads, error);
    bool ok = team && look_at_all(check, source, options, team, progress, error);
    dv_team_free(team);
    if (ok) {
        sort_findings(check);
        return check;
    }
    dv_check_free(check);
    return NULL;
}

void dv_check_free(dv_check *check)
{
    if (!check)
        return;
    dv_trials_free(check->trials);
    dv_dataset_close(check->data);
    free(check->name_block);
    dv_graph_free(check->model.graph);
    dv_onnx_survey_free(check->model.survey);
    dv_arena_free(check->arena);
}
