/* Opening a bundle: files read, networks made ready, everything checked against everything. */
#include "vid/bundle_parts.h"

#include "base/error.h"
#include "base/number.h"
#include "vid/neighbors.h"
#include "vid/ridge_system.h"
#include "vid/shortlist.h"
#include "vid/survey.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_MEMORY = 1 << 20 };

/* ---- pictures ------------------------------------------------------------- */

/* MiB as bytes; 0 where nothing is said. */
static bool read_memory(const char *text, size_t *bytes, dv_error *error)
{
    int64_t number = 0;
    *bytes = 0;
    if (text && (!dv_number_read_whole(text, &number) || number < 1 || number > MAX_MEMORY))
        return dv_error_set(error, DV_ERROR_FORMAT, "memory = '%s' is no number of MiB from 1 to %d", text, MAX_MEMORY);
    *bytes = (size_t)number << 20;
    return true;
}

bool dv_bundle_name_pictures(const dv_bundle_settings *settings, dv_dataset_source *source, dv_error *error)
{
    *source = (dv_dataset_source){.images = settings->images, .labels = settings->image_labels};
    return read_memory(settings->memory, &source->memory, error);
}

static bool open_pictures(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_dataset_source source;
    if (!dv_bundle_name_pictures(settings, &source, error))
        return false;
    bundle->dataset = dv_dataset_open(&source, error);
    if (!bundle->dataset)
        return false;
    bundle->facts.count = bundle->dataset->count;
    if (*bundle->dataset->note)
        dv_notes_add(&bundle->notes, "%.60s: %.90s", settings->images, bundle->dataset->note);
    if (bundle->facts.count > 0)
        return true;
    return dv_error_set(error, DV_ERROR_FORMAT, "%s holds no picture", settings->images);
}

dv_inspect_wish dv_bundle_wish(const dv_dataset *data)
{
    return (dv_inspect_wish){.channels = data->channels,
                             .height = data->height,
                             .width = data->width,
                             .mixed = data->mixed,
                             .marks = data->marks != NULL};
}

/* ---- notes ------------------------------------------------------------------ */

void dv_bundle_note(dv_bundle *bundle, const char *path, const dv_notes *notes)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (int i = 0; i < notes->count; i++)
        dv_notes_add(&bundle->notes, "%.40s: %s", name, notes->text[i]);
}

bool dv_bundle_list_notes(dv_bundle *bundle, dv_error *error)
{
    const char **notes = dv_arena_alloc(bundle->arena, (size_t)bundle->notes.count, sizeof *notes, error);
    for (int i = 0; notes && i < bundle->notes.count; i++)
        notes[i] = bundle->notes.text[i];
    bundle->facts.notes = notes;
    bundle->facts.note_count = notes ? bundle->notes.count : 0;
    return notes != NULL;
}

/* ---- the whole ------------------------------------------------------------ */

/* Its own name, else that of its folder, else that of the teacher's file. */
static const char *choose_name(const dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                               dv_error *error)
{
    const char *path = source->folder ? source->folder : settings->teacher;
    if (settings->name)
        path = settings->name;
    size_t length = strlen(path);
    while (!settings->name && length > 1 && path[length - 1] == '/')
        length--;
    char *name = dv_arena_text_n(arena, path, length, error);
    if (!name)
        return NULL;
    char *slash = settings->name ? NULL : strrchr(name, '/');
    if (slash && slash[1])
        name = slash + 1;
    dv_text_clean(name);
    return name;
}

bool dv_bundle_keep_paths(dv_bundle *bundle, dv_bundle_settings *settings, dv_error *error)
{
    const char **kept[] = {&settings->teacher, &settings->encoder, &settings->decoder, &settings->vae};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (*kept[i] && !(*kept[i] = dv_arena_text(bundle->arena, *kept[i], error)))
            return false;
    return true;
}

/* Copies of the texts that the bundle keeps: the source's may go. */
static bool keep_texts(dv_bundle *bundle, dv_bundle_settings *settings, const dv_bundle_source *source, dv_error *error)
{
    if (!dv_bundle_keep_paths(bundle, settings, error))
        return false;
    bundle->facts.name = choose_name(settings, source, bundle->arena, error);
    bundle->facts.folder = dv_arena_text(bundle->arena, source->folder ? source->folder : "", error);
    return bundle->facts.name && bundle->facts.folder;
}

static bool take_neighborhood(dv_bundle *bundle, const char *name, dv_error *error)
{
    static const dv_neighborhood all[] = {DV_NEIGHBORHOOD_VAE, DV_NEIGHBORHOOD_RESIDUAL, DV_NEIGHBORHOOD_MIXED,
                                          DV_NEIGHBORHOOD_MASKED, DV_NEIGHBORHOOD_AUTO};
    for (size_t n = 0; name && n < sizeof all / sizeof all[0]; n++)
        if (strcmp(name, dv_neighborhood_name(all[n])) == 0) {
            bundle->facts.neighborhood = all[n];
            return true;
        }
    return !name ||
           dv_error_set(error, DV_ERROR_FORMAT,
                        "there is no neighborhood '%s'; there are vae, residual, mixed, masked and auto", name);
}

static bool judge(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    return dv_bundle_settings_judge(settings, &bundle->calibration, error) ||
           dv_error_prefix(error, "%s/deepvid.ini", bundle->facts.folder);
}

dv_bundle *dv_bundle_open(const dv_bundle_source *source, dv_error *error)
{
    dv_bundle_settings settings;
    dv_bundle *bundle = dv_alloc(1, sizeof *bundle, error);
    if (!bundle)
        return NULL;
    if (!(bundle->arena = dv_arena_new(error)) || !dv_bundle_settings_read(&settings, source, bundle->arena, error) ||
        !keep_texts(bundle, &settings, source, error) || !take_neighborhood(bundle, settings.neighborhood, error) ||
        !judge(bundle, &settings, error) || !(bundle->team = dv_team_new(source->threads, error)))
        goto fail;
    bundle->facts.threads = dv_team_size(bundle->team);
    if (!open_pictures(bundle, &settings, error) || !dv_bundle_open_vae(bundle, &settings, error) ||
        !dv_bundle_open_teacher(bundle, &settings, error) || !dv_bundle_list_notes(bundle, error))
        goto fail;
    return bundle;
fail:
    dv_bundle_close(bundle);
    return NULL;
}

static void close_network(dv_network *network)
{
    dv_runner_free(network->runner);
    dv_graph_free(network->graph);
}

void dv_bundle_exchange(dv_bundle *bundle, dv_workings *other)
{
    dv_workings own = {bundle->neighbors, bundle->fresh, bundle->shortlist, bundle->primal, bundle->dual};
    bundle->neighbors = other->neighbors;
    bundle->fresh = other->fresh;
    bundle->shortlist = other->shortlist;
    bundle->primal = other->primal;
    bundle->dual = other->dual;
    *other = own;
}

void dv_workings_clear(dv_workings *workings)
{
    dv_neighbors_free(workings->neighbors);
    dv_neighbors_free(workings->fresh);
    dv_shortlist_free(workings->shortlist);
    dv_ridge_system_free(workings->primal);
    dv_ridge_system_free(workings->dual);
    *workings = (dv_workings){0};
}

/* What a bundle may lend to another one. */
static void close_shared(dv_bundle *bundle)
{
    dv_feed_free(bundle->encoder_feed);
    close_network(&bundle->encoder);
    close_network(&bundle->decoder);
    dv_dataset_close(bundle->dataset);
    dv_team_free(bundle->team);
}

void dv_bundle_close(dv_bundle *bundle)
{
    if (!bundle)
        return;
    dv_workings workings = {0};
    dv_bundle_exchange(bundle, &workings);
    dv_workings_clear(&workings);
    dv_survey_free(bundle->survey);
    dv_feed_free(bundle->teacher_feed);
    dv_feed_free(bundle->teacher_direct);
    close_network(&bundle->teacher);
    free(bundle->class_names);
    if (!bundle->lender)
        close_shared(bundle);
    dv_arena_free(bundle->arena);
    free(bundle);
}

const dv_bundle_facts *dv_bundle_get_facts(const dv_bundle *bundle)
{
    return &bundle->facts;
}

bool dv_bundle_get_picture(const dv_bundle *bundle, int64_t index, float *picture, dv_error *error)
{
    if (index < 0 || index >= bundle->facts.count)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no picture %lld; they go from 0 to %lld",
                            (long long)index, (long long)bundle->facts.count - 1);
    if (bundle->stand_in && bundle->stood_for == index) {
        memcpy(picture, bundle->stand_in, bundle->pixels * sizeof *picture);
        return true;
    }
    return dv_dataset_picture(bundle->dataset, index, &bundle->form, picture, error);
}

bool dv_bundle_is_labelled(const dv_bundle_facts *facts, int64_t index)
{
    bool labelled = facts->labels && facts->labels[index] >= 0;
    for (int k = 0; facts->marks && k < facts->classes && !labelled; k++)
        labelled = facts->marks[index * facts->classes + k] >= 0;
    return labelled;
}

int64_t dv_bundle_unreadable(const dv_bundle *bundle, dv_error *what)
{
    return dv_dataset_unreadable(bundle->dataset, what);
}

bool dv_bundle_check_range(const dv_bundle *bundle, int64_t first, int64_t count, dv_error *error)
{
    if (first >= 0 && count >= 0 && first <= bundle->facts.count - count)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "there are no %lld pictures from %lld on; they go from 0 to %lld",
                        (long long)count, (long long)first, (long long)bundle->facts.count - 1);
}
