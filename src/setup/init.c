#include "setup/init.h"

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "train/checkpoint.h"
#include "vid/bundle_settings.h"
#include "setup/init_teacher.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HELD_SHARE = 10,        /* one picture of so many is not learned from, */
    MOST_HELD = 1000,       /* up to these, */
    FEWEST_HELD = 10,       /* unless they would be fewer than these */
    HELD_FLOATS = 1 << 24,  /* that the pictures held back may be in memory */
    SHOWN = 36,             /* pairs that are kept to be shown */
    GUIDE_COST = 100000000, /* multiplications that a teacher may take to guide the training where nobody asks for it */
};

static const char checkpoint_name[] = "vae.checkpoint";

struct dv_init {
    dv_arena *arena; /* owns the texts and the lists of numbers */
    dv_init_wish wish;
    dv_init_listener listener;
    dv_team *team;
    dv_dataset *data;
    dv_init_teacher teacher;
    dv_picture_form form; /* of what the auto-encoder learns */
    int64_t *order;       /* of the pictures: the first `held` are held back */
    int64_t held, learned;
    bool is_apart; /* the pictures held back are not learned from */
    dv_vae_options options;
    char *checkpoint;
    dv_guide *guide;
    dv_vae *vae;
    dv_report *report;
    dv_bundle *bundle;
    dv_vae_judgement *judgement;
};

static void say(const dv_init *init, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const dv_init *init, const char *format, ...)
{
    dv_error text;
    char sentence[sizeof text.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    dv_error_set(&text, DV_OK, "%s", sentence);
    if (init->listener.say)
        init->listener.say(init->listener.context, text.message);
}

/* ---- what there is ------------------------------------------------------------- */

static bool open_data(dv_init *init, dv_error *error)
{
    const dv_bundle_source *source = &init->wish.source;
    const dv_dataset_source data = {.images = source->images, .labels = source->image_labels};
    init->data = dv_dataset_open(&data, error);
    if (!init->data)
        return false;
    const dv_dataset *it = init->data;
    say(init, "%s: %lld pictures, %s%d x %d x %d%s", source->images, (long long)it->count,
        it->mixed ? "of several sizes, the first " : "", it->channels, it->height, it->width,
        it->marks    ? ", several labels each"
        : it->labels ? ", labelled"
                     : "");
    return true;
}

/* As large as the pictures are, and no larger than what the teacher sees; as many colours as both have. */
static void choose_form(dv_init *init)
{
    const dv_picture_form *teacher = &init->teacher.form;
    const int largest = 128, side = teacher->height < teacher->width ? teacher->height : teacher->width;
    dv_picture_form native = dv_dataset_native(init->data);
    init->form = dv_model_form(init->data, init->wish.size);
    if (init->wish.size == 0 && side <= largest && (init->data->mixed || native.height > side || native.width > side)) {
        init->form.height = teacher->height;
        init->form.width = teacher->width;
    }
    if (teacher->channels < init->form.channels)
        init->form.channels = teacher->channels;
    init->form.crop = teacher->crop;
    init->form.filter = teacher->filter;
}

static bool split(dv_init *init, dv_error *error)
{
    const int64_t count = init->data->count, room = HELD_FLOATS / (int64_t)dv_picture_form_values(&init->form);
    int64_t held = count / HELD_SHARE;
    init->order = dv_arena_alloc(init->arena, (size_t)count, sizeof *init->order, error);
    if (!init->order)
        return false;
    dv_random_order(init->wish.seed, DV_PURPOSE_SPLIT, 0, count, init->order);
    init->is_apart = held >= FEWEST_HELD;
    if (!init->is_apart)
        held = count;
    held = held < MOST_HELD ? held : MOST_HELD;
    init->held = held < room ? held : room > 0 ? room : 1;
    init->learned = init->is_apart ? count - init->held : count;
    return true;
}

static void choose_options(dv_init *init)
{
    init->options = dv_vae_defaults(&init->form, init->learned);
    if (init->wish.latent > 0)
        init->options.latent = init->wish.latent;
    if (init->wish.epochs > 0)
        init->options.training.epochs = init->wish.epochs;
    if (init->wish.teacher_weight >= 0)
        init->options.guide_weight = init->wish.teacher_weight;
    init->options.training.seed = init->wish.seed;
    init->options.training.checkpoint = init->checkpoint;
    say(init, "the auto-encoder takes pictures of %d x %d x %d to %d latent dimensions, by %s", init->form.channels,
        init->form.height, init->form.width, init->options.latent,
        init->options.channels.count ? "convolutions" : "dense layers");
}

static bool look(dv_init *init, dv_error *error)
{
    const dv_bundle_source *source = &init->wish.source;
    if (!source->teacher || !source->images)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "a bundle is made of a teacher and pictures; the %s missing",
                            source->teacher ? "pictures are" : "teacher is");
    if (!(init->team = dv_team_new(source->threads, error)) || !open_data(init, error) ||
        !dv_init_look_at_teacher(&init->teacher, &init->wish.source, init->data, init->team, init->arena,
                                 init->listener.progress, error))
        return false;
    for (int i = 0; i < init->teacher.notes.count; i++)
        say(init, "%s", init->teacher.notes.text[i]);
    choose_form(init);
    init->checkpoint = dv_path_join(init->wish.folder, checkpoint_name);
    if (!init->checkpoint)
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    if (!split(init, error))
        return false;
    choose_options(init);
    return true;
}

dv_init *dv_init_open(const dv_init_wish *wish, const dv_init_listener *listener, dv_error *error)
{
    dv_init *init = dv_alloc(1, sizeof *init, error);
    if (!init)
        return NULL;
    init->wish = *wish;
    init->listener = *listener;
    init->arena = dv_arena_new(error);
    if (init->arena && look(init, error))
        return init;
    dv_init_close(init);
    return NULL;
}

void dv_init_close(dv_init *init)
{
    if (!init)
        return;
    dv_vae_judgement_free(init->judgement);
    dv_bundle_close(init->bundle);
    dv_report_discard(init->report);
    dv_vae_free(init->vae);
    dv_guide_free(init->guide);
    free(init->checkpoint);
    dv_dataset_close(init->data);
    dv_team_free(init->team);
    dv_arena_free(init->arena);
    free(init);
}

/* ---- training -------------------------------------------------------------------- */

/* The teacher guides the training if it can; not being able to is an error only where its weight was given. */
static bool open_guide(dv_init *init, const dv_picture_set *set, dv_error *error)
{
    const bool is_asked = init->wish.teacher_weight >= 0;
    dv_bundle_settings settings;
    dv_error why = {.code = DV_OK};
    if (init->options.guide_weight == 0)
        return true;
    if (!dv_bundle_settings_gather(&settings, &init->wish.source, init->arena, error))
        return false;
    init->guide =
        dv_guide_open(&settings, set, 1, is_asked ? 0 : GUIDE_COST, init->team, init->listener.progress, &why);
    init->options.guide = init->guide;
    if (!init->guide && (is_asked || why.code != DV_ERROR_UNSUPPORTED))
        return dv_error_set(error, why.code, "%s", why.message);
    if (init->guide)
        say(init, "the teacher guides the training: reconstructions are to mean the same to it as their pictures");
    else
        say(init, "%s: it does not guide the training", why.message);
    return true;
}

/* Fewer epochs where not all fit; what is counted is measured first. */
static bool fit_epochs(dv_init *init, const dv_picture_set *set, dv_error *error)
{
    const double measured_seconds = 3;
    double pictures_per_second;
    if (!dv_vae_speed(set, &init->options, init->team, measured_seconds, &pictures_per_second, error))
        return false;
    const double seconds = 60 * init->wish.minutes - measured_seconds;
    const double epochs = seconds * pictures_per_second / (double)set->count;
    const int most = init->options.training.epochs;
    init->options.training.epochs = epochs < 1 ? 1 : epochs < most ? (int)epochs : most;
    return true;
}

/* A run that was interrupted goes on with the epochs that it had. */
static bool settle_epochs(dv_init *init, const dv_picture_set *set, dv_error *error)
{
    const int64_t begun = dv_checkpoint_epochs(init->checkpoint);
    if (begun > 0 && init->wish.epochs == 0)
        init->options.training.epochs = (int)begun;
    else if (init->wish.minutes > 0 && !fit_epochs(init, set, error))
        return false;
    say(init, "%s on %lld pictures, %d epochs%s", begun > 0 ? "going on with the training" : "training",
        (long long)set->count, init->options.training.epochs,
        init->is_apart ? "" : "; they are so few that it is judged by the same ones");
    return true;
}

bool dv_init_train(dv_init *init, bool *stopped, dv_error *error)
{
    *stopped = false;
    if (!dv_folder_create(init->wish.folder, error))
        return false;
    dv_picture_set *set =
        dv_picture_set_open(init->data, &init->form, init->order + (init->is_apart ? init->held : 0), init->learned,
                            DV_PICTURE_SET_MEMORY, init->team, init->listener.progress, error);
    bool ok = set && open_guide(init, set, error) && settle_epochs(init, set, error);
    if (ok) {
        dv_error none = {.code = DV_OK};
        init->vae = dv_vae_train(set, &init->options, init->team, init->listener.observer, &none);
        *stopped = !init->vae && none.code == DV_OK;
        ok = init->vae || *stopped || dv_error_set(error, none.code, "%s", none.message);
    }
    dv_guide_free(init->guide);
    init->guide = NULL;
    dv_picture_set_close(set);
    return ok;
}

const char *dv_init_checkpoint(const dv_init *init)
{
    return init->checkpoint;
}

/* ---- putting together ---------------------------------------------------------------- */

static bool write_file(dv_init *init, const char *name, const char *text, dv_error *error)
{
    char *path = dv_report_path(init->report, name, error);
    bool ok = path && (dv_file_write(path, text, strlen(text), error) || dv_report_blame(init->report, name, error));
    free(path);
    return ok;
}

static bool write_networks(dv_init *init, dv_error *error)
{
    char *encoder = dv_report_path(init->report, DV_VAE_ENCODER, error);
    char *folder = encoder ? strndup(encoder, strlen(encoder) - strlen("/" DV_VAE_ENCODER)) : NULL;
    bool ok = folder && dv_vae_write(init->vae, folder, error);
    free(folder);
    free(encoder);
    return ok;
}

/* "b" of "a/b/"; the path itself without memory. */
static const char *last_part(dv_arena *arena, const char *path)
{
    dv_error none;
    size_t end = strlen(path), start;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/';)
        start--;
    const char *part = dv_arena_text_n(arena, path + start, end - start, &none);
    return part && *part ? part : path;
}

/* Opened where the files are now, by the names that they will have. */
static bool open_bundle(dv_init *init, dv_error *error)
{
    dv_bundle_source source = init->wish.source;
    char *encoder = dv_report_path(init->report, DV_VAE_ENCODER, error);
    char *decoder = dv_report_path(init->report, DV_VAE_DECODER, error);
    char *names = dv_report_path(init->report, DV_INIT_CLASS_NAMES, error);
    bool ok = encoder && decoder && names;
    source.encoder = encoder;
    source.decoder = decoder;
    if (init->teacher.class_names)
        source.class_names = names;
    init->bundle = ok ? dv_bundle_open(&source, error) : NULL;
    if (init->bundle)
        init->bundle->facts.name = init->wish.name ? init->wish.name : last_part(init->arena, init->wish.folder);
    free(encoder);
    free(decoder);
    free(names);
    return init->bundle != NULL;
}

const dv_vae_judgement *dv_init_judge(dv_init *init, dv_error *error)
{
    if (!(init->report = dv_report_open(init->wish.folder, error)) || !write_networks(init, error) ||
        (init->teacher.class_names && !write_file(init, DV_INIT_CLASS_NAMES, init->teacher.class_names, error)) ||
        !open_bundle(init, error))
        return NULL;
    init->judgement = dv_vae_judge(init->bundle, init->order, init->held, SHOWN, init->listener.progress, error);
    return init->judgement;
}

const dv_bundle_facts *dv_init_facts(const dv_init *init)
{
    return dv_bundle_get_facts(init->bundle);
}

const dv_report *dv_init_report(const dv_init *init)
{
    return init->report;
}

/* ---- the end --------------------------------------------------------------------------- */

/* A file of the bundle's folder is named as such, any other one by its whole path. */
static char *place_of(const char *folder, const char *path, dv_error *error)
{
    char *inside = realpath(folder, NULL), *whole = dv_path_real(path), *place = NULL;
    const size_t length = inside ? strlen(inside) : 0;
    if (!whole)
        dv_error_set(error, DV_ERROR_FILE, "%s has gone", path);
    else if (inside && strncmp(whole, inside, length) == 0 && whole[length] == '/')
        place = strdup(whole + length + 1);
    else
        place = strdup(whole);
    if (whole && !place)
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    free(inside);
    free(whole);
    return place;
}

static bool write_ini(dv_init *init, dv_error *error)
{
    dv_bundle_source source = init->wish.source;
    const char **paths[] = {&source.teacher, &source.images, &source.image_labels, &source.class_names};
    enum { PATHS = sizeof paths / sizeof paths[0] };
    char *place[PATHS] = {NULL};
    bool ok = true;
    for (int p = 0; ok && p < PATHS; p++)
        if (*paths[p]) {
            *paths[p] = place[p] = place_of(init->wish.folder, *paths[p], error);
            ok = place[p] != NULL;
        }
    source.encoder = DV_VAE_ENCODER;
    source.decoder = DV_VAE_DECODER;
    if (init->teacher.class_names)
        source.class_names = DV_INIT_CLASS_NAMES;
    if (!source.neighborhood && init->judgement->neighborhood != DV_NEIGHBORHOOD_VAE)
        source.neighborhood = dv_neighborhood_name(init->judgement->neighborhood);
    char *ini = ok ? dv_report_path(init->report, "deepvid.ini", error) : NULL;
    ok = ini && (dv_bundle_settings_write(ini, init->wish.name, &source, error) ||
                 dv_report_blame(init->report, "deepvid.ini", error));
    free(ini);
    for (int p = 0; p < PATHS; p++)
        free(place[p]);
    return ok;
}

bool dv_init_commit(dv_init *init, dv_error *error)
{
    if (!write_ini(init, error))
        return false;
    dv_report *report = init->report;
    init->report = NULL;
    if (!dv_report_commit(report, error))
        return false;
    unlink(init->checkpoint);
    return true;
}
