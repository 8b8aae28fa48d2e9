/* deepvid classify: the teacher's answers to all pictures of a bundle. */
#include "base/memory.h"
#include "cmd/command.h"
#include "vid/json.h"

#include <stdio.h>
#include <stdlib.h>

/* Of each class: how many, how many named right, and what they are taken for most often. */
static void print_class(const dv_classification *classification, const dv_bundle_facts *facts, int class)
{
    const int64_t *row = classification->confusion + class * (int64_t)classification->classes;
    int64_t count = 0;
    int rival = -1;
    for (int k = 0; k < classification->classes; k++) {
        count += row[k];
        if (k != class && row[k] > 0 && (rival < 0 || row[k] > row[rival]))
            rival = k;
    }
    printf("%8lld  ", (long long)count);
    if (count)
        printf("%6.2f %%  %s", 100.0 * row[class] / count, facts->class_names[class]);
    else
        printf("       -  %s", facts->class_names[class]);
    if (rival >= 0)
        printf(", taken for %s %lld times", facts->class_names[rival], (long long)row[rival]);
    putchar('\n');
}

/* Of each label: how many pictures have it, how many are given it, and how many it is right about. */
static void print_labels(const dv_classification *classification, const dv_bundle_facts *facts)
{
    printf("   known     holds     given     right  label\n");
    for (int k = 0; k < classification->classes; k++) {
        const dv_label_tally *tally = &classification->labels[k];
        printf("%8lld  %8lld  %8lld  ", (long long)tally->known, (long long)tally->holds, (long long)tally->given);
        if (tally->known)
            printf("%6.2f %%  %s\n", 100.0 * tally->right / tally->known, facts->class_names[k]);
        else
            printf("       -  %s\n", facts->class_names[k]);
    }
}

enum { MOST_LINES = 50 };

/* Pictures of a class that are named otherwise, and others that are named so. */
static int64_t errors_of(const dv_classification *classification, int class)
{
    int64_t classes = classification->classes, errors = 0;
    for (int64_t k = 0; k < classes; k++)
        if (k != class)
            errors += classification->confusion[class * classes + k] + classification->confusion[k * classes + class];
    return errors;
}

/* Every class; where there are too many to be read, those with the most errors, the worst first. */
static void print_worst(const dv_classification *classification, const dv_bundle_facts *facts)
{
    int classes = classification->classes;
    int64_t *errors = classes > MOST_LINES ? dv_alloc((size_t)classes, sizeof *errors, NULL) : NULL;
    for (int k = 0; errors && k < classes; k++)
        errors[k] = errors_of(classification, k);
    for (int line = 0; line < classes && (!errors || line < MOST_LINES); line++) {
        int class = line;
        for (int k = 0; errors && k < classes; k++)
            if (k == 0 || errors[k] > errors[class])
                class = k;
        print_class(classification, facts, class);
        if (errors)
            errors[class] = -1;
    }
    if (errors)
        printf("... and %d more classes with fewer errors; --json tells all\n", classes - MOST_LINES);
    free(errors);
}

static void print_words(const dv_classification *classification, const dv_bundle_facts *facts)
{
    printf("%s: %lld pictures", facts->name, (long long)classification->count);
    if (!classification->labelled) {
        printf(" without labels\n");
        for (int i = 0; i < facts->note_count; i++) /* among them why labels that were given are not used */
            fprintf(stderr, "deepvid: %s\n", facts->notes[i]);
        return;
    }
    if (classification->labels) {
        printf(", %lld with marks; the teacher is right about %.2f %% of these\n\n",
               (long long)classification->labelled, 100 * classification->accuracy);
        print_labels(classification, facts);
        return;
    }
    printf(", %lld with a label; the teacher names %.2f %% of these right\n\npictures     right  class\n",
           (long long)classification->labelled, 100 * classification->accuracy);
    print_worst(classification, facts);
}

static int classify(dv_bundle *bundle, bool json)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_error error;
    dv_classification *classification = dv_classify(bundle, &progress, &error);
    bool ok = classification != NULL;
    if (ok && json) {
        ok = dv_command_print_json(dv_json_classification(classification, facts, &error), &error);
    } else if (ok) {
        print_words(classification, facts);
        ok = dv_command_finish_output(&error);
    }
    dv_classification_free(classification);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

static int run(const dv_command *command, int argc, char **argv)
{
    dv_bundle_source source = {0};
    bool json = false;
    int64_t threads = 0;
    const dv_option options[] = {
        DV_FLAG_OPTION("json", &json, "print one JSON object"),
        DV_THREADS_OPTION(threads),
        DV_BUNDLE_OPTIONS(source),
        {0},
    };
    int first;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    source.threads = (int)threads;
    dv_bundle *bundle = dv_command_open_bundle(command, argc - first, argv + first, &source, &status);
    if (!bundle)
        return status;
    status = classify(bundle, json);
    dv_command_close_bundle(bundle, status == DV_EXIT_DONE);
    return status;
}

const dv_command dv_command_classify = {
    .name = "classify",
    .arguments = "BUNDLE",
    .summary = "Let the teacher name every picture, and count how often it is right.",
    .examples = "  deepvid classify models/fashion-mnist\n  deepvid classify models/fashion-mnist --json\n",
    .run = run,
};
