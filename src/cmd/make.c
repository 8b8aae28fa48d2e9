#include "cmd/make.h"

#include "base/error.h"
#include "base/file.h"
#include "cmd/train.h"
#include "figure/pages.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char pairs_name[] = "reconstructions.png";

/* ---- words ------------------------------------------------------------------- */

static void say(void *context, const char *sentence)
{
    (void)context;
    fprintf(stderr, "%s\n", sentence);
}

/* "reconstructions of 1000 pictures keep ..." */
static void numbers_text(const dv_vae_judgement *it, const dv_bundle_facts *facts, char *text, size_t size)
{
    char share[64] = "";
    if (isfinite(it->nearness.share))
        snprintf(share, sizeof share, "keep %.1f %% of what differs between them", 100 * it->nearness.share);
    else
        snprintf(share, sizeof share, "are to be compared with pictures that are all alike");
    snprintf(text, size,
             "Reconstructions of %lld pictures %s (error of a pixel %.3f, of the mean picture %.3f); %.1f %% %s. Of "
             "neighbours %.1f %% %s, of residual ones %.1f %%.",
             (long long)it->count, share, it->nearness.error, it->nearness.baseline, 100 * it->keeps_word,
             facts->multi_label ? "of the teacher's yes and no stay" : "keep the teacher's word",
             100 * it->neighbors_keep, facts->multi_label ? "stay" : "keep the picture's", 100 * it->residual_keep);
}

static bool draw_pairs(dv_init *init, const dv_vae_judgement *it, const dv_bundle_facts *facts, dv_error *error)
{
    char title[192], subtitle[512], note[384];
    numbers_text(it, facts, subtitle, sizeof subtitle);
    snprintf(title, sizeof title, "%.100s: pictures and their reconstructions", facts->name);
    snprintf(
        note, sizeof note,
        "The teacher's word stands below each picture, in green where the reconstruction keeps it. The auto-encoder is "
        "%s. %s.",
        dv_vae_grade_name(it->grade), it->advice);
    const dv_page_words words = {.title = title,
                                 .subtitle = subtitle,
                                 .note = note,
                                 .classes = facts->classes,
                                 .class_names = facts->class_names};
    const dv_pairs pairs = {.count = it->shown,
                            .channels = facts->channels,
                            .height = facts->height,
                            .width = facts->width,
                            .picture = it->picture,
                            .again = it->again,
                            .word = it->word,
                            .word_on_again = it->word_on_again};
    dv_image *image = dv_figure_page_pairs(&words, &pairs, error);
    char *path = image ? dv_report_path(dv_init_report(init), pairs_name, error) : NULL;
    const bool ok =
        path && (dv_png_write(image, path, error) || dv_report_blame(dv_init_report(init), pairs_name, error));
    free(path);
    dv_image_free(image);
    return ok;
}

static void tell_judgement(const dv_vae_judgement *it, const dv_bundle_facts *facts, const char *folder, FILE *stream)
{
    char numbers[512];
    numbers_text(it, facts, numbers, sizeof numbers);
    fprintf(stream, "%s: the auto-encoder is %s\n  %s\n  %s.\n  See %s/%s.\n", folder, dv_vae_grade_name(it->grade),
            numbers, it->advice, folder, pairs_name);
}

/* ---- making ------------------------------------------------------------------------ */

bool dv_make_would_overwrite(const char *folder, const char **name)
{
    static const char *const names[] = {"deepvid.ini", DV_VAE_ENCODER, DV_VAE_DECODER, DV_INIT_CLASS_NAMES, pairs_name};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = dv_path_join(folder, names[i]);
        const bool there = path && access(path, F_OK) == 0;
        free(path);
        *name = names[i];
        if (there)
            return true;
    }
    return false;
}

static dv_made finish(dv_init *init, const dv_init_wish *wish, FILE *verdict, dv_error *error)
{
    const dv_vae_judgement *judgement = dv_init_judge(init, error);
    if (!judgement || !draw_pairs(init, judgement, dv_init_facts(init), error) || !dv_init_commit(init, error))
        return DV_MADE_FAILED;
    tell_judgement(judgement, dv_init_facts(init), wish->folder, verdict);
    return dv_command_finish_output(error) ? DV_MADE : DV_MADE_FAILED;
}

dv_made dv_make_bundle(const dv_init_wish *wish, FILE *verdict, dv_error *error)
{
    dv_training_line training_line;
    dv_progress_line progress_line = {0};
    const dv_progress progress = dv_command_progress(&progress_line);
    const dv_training_observer observer = dv_training_line_start(&training_line);
    const dv_init_listener listener = {.say = say, .progress = &progress, .observer = &observer};
    bool stopped = false;
    dv_init *init = dv_init_open(wish, &listener, error);
    bool ok = init && dv_init_train(init, &stopped, error);
    dv_training_line_end(&training_line);
    dv_made made = ok && !stopped ? finish(init, wish, verdict, error) : ok ? DV_MADE_STOPPED : DV_MADE_FAILED;
    if (made == DV_MADE_STOPPED)
        fprintf(stderr, "deepvid: stopped; the same command goes on from %s\n", dv_init_checkpoint(init));
    dv_init_close(init);
    return made;
}
