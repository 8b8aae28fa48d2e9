#include "base/error.h"
#include "base/file.h"
#include "cmd/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- options -------------------------------------------------------------- */

const dv_train_settings dv_train_defaults = {
    .seed = 1,
    .learning_rate = -1,
    .weight_decay = -1,
    .momentum = -1,
    .optimizer = -1,
};

int dv_train_parse_layers(const dv_command *command, const char *option, const char *text, dv_layers *layers)
{
    *layers = (dv_layers){.count = 0};
    if (!*text || strcmp(text, "none") == 0)
        return -1;
    for (const char *at = text;; at++) {
        char *end;
        long width = strtol(at, &end, 10);
        if (end == at || width < 1 || width > DV_MODEL_MAX_WIDTH || (*end && *end != ','))
            return dv_command_usage(command, "--%s takes widths from 1 to %d with commas between them, not '%s'",
                                    option, DV_MODEL_MAX_WIDTH, text);
        if (layers->count == DV_MODEL_MAX_LAYERS)
            return dv_command_usage(command, "--%s takes at most %d layers", option, DV_MODEL_MAX_LAYERS);
        layers->width[layers->count++] = (int)width;
        at = end;
        if (!*at)
            return -1;
    }
}

int dv_train_check(const dv_command *command, const dv_train_settings *settings, int first, int argc, char **argv)
{
    if (first < argc)
        return dv_command_usage(command, "what is '%s' for?", argv[first]);
    if (!settings->images || !settings->out)
        return dv_command_usage(command, "%s is missing", settings->images ? "--out" : "--images");
    if (settings->weight_decay > 0 && settings->weight_decay * settings->learning_rate >= 1)
        return dv_command_usage(command, "--weight-decay %g with --learning-rate %g would wipe out the weights",
                                settings->weight_decay, settings->learning_rate);
    return -1;
}

void dv_train_settle(const dv_train_run *run, const dv_train_settings *settings, dv_training_options *options)
{
    if (settings->optimizer >= 0)
        options->optimizer = (dv_optimizer)settings->optimizer;
    if (settings->epochs > 0)
        options->epochs = (int)settings->epochs;
    if (settings->batch > 0)
        options->batch = (int)settings->batch;
    if (settings->learning_rate >= 0)
        options->learning_rate = settings->learning_rate;
    if (settings->weight_decay >= 0)
        options->weight_decay = settings->weight_decay;
    if (settings->momentum >= 0)
        options->momentum = settings->momentum;
    options->seed = (uint64_t)settings->seed;
    options->checkpoint = run->checkpoint;
}

/* ---- a run ---------------------------------------------------------------- */

static bool can_write(const char *path, dv_error *error)
{
    dv_output *output = dv_output_open(path, error);
    dv_output_discard(output);
    return output != NULL;
}

/* The set keeps what it needs, so the dataset need not. */
static dv_dataset *open_data(const char *images, const char *labels, dv_error *error)
{
    const dv_dataset_source source = {.images = images, .labels = labels, .memory = (size_t)64 << 20};
    return dv_dataset_open(&source, error);
}

/* Test pictures come in the form of the others, and their classes by the same numbers. */
static bool open_test(dv_train_run *run, const dv_train_settings *settings, dv_error *error)
{
    if (!settings->test_images)
        return true;
    run->test = open_data(settings->test_images, settings->test_labels, error);
    if (!run->test)
        return false;
    error->code = DV_OK;
    if (run->data->class_names && run->test->class_names &&
        !dv_dataset_match_classes(run->test, (const char *const *)run->data->class_names, run->data->class_count,
                                  error) &&
        error->code == DV_OK)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "%s names classes that %s does not have", settings->test_images,
                            settings->images);
    if (error->code != DV_OK)
        return false;
    run->test_set = dv_picture_set_open(run->test, &run->set->form, NULL, 0, DV_PICTURE_SET_MEMORY, run->team,
                                        &run->progress, error);
    return run->test_set || dv_error_prefix(error, "%s", settings->test_images);
}

bool dv_train_open(dv_train_run *run, const dv_train_settings *settings, const char *target, const char *checkpoint,
                   dv_error *error)
{
    *run = (dv_train_run){
        .checkpoint = checkpoint,
    };
    run->observer = dv_training_line_start(&run->training_line);
    run->progress = dv_command_progress(&run->line);
    if (!can_write(target, error) || !(run->team = dv_team_new((int)settings->threads, error)) ||
        !(run->data = open_data(settings->images, settings->labels, error)))
        return false;
    const dv_picture_form form = dv_model_form(run->data, (int)settings->size);
    run->set = dv_picture_set_open(run->data, &form, NULL, 0, DV_PICTURE_SET_MEMORY, run->team, &run->progress, error);
    return run->set ? open_test(run, settings, error) : dv_error_prefix(error, "%s", settings->images);
}

/* One sentence about pictures that could not be read. */
static void tell_unreadable(const dv_dataset *data)
{
    dv_error what;
    if (data && dv_dataset_unreadable(data, &what) > 0)
        fprintf(stderr, "deepvid: %s\n", what.message);
}

void dv_train_close(dv_train_run *run)
{
    tell_unreadable(run->test);
    tell_unreadable(run->data);
    dv_picture_set_close(run->test_set);
    dv_picture_set_close(run->set);
    dv_dataset_close(run->test);
    dv_dataset_close(run->data);
    dv_team_free(run->team);
}

int dv_train_end(dv_train_run *run, bool has_result, const dv_error *error)
{
    dv_training_line_end(&run->training_line);
    if (has_result)
        return -1;
    if (error->code != DV_OK)
        return dv_command_fail(error);
    fprintf(stderr, "deepvid: stopped; the same command goes on from %s\n", run->checkpoint);
    return DV_EXIT_FAILED;
}
