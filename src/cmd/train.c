/* deepvid train: makes a classifier or a variational auto-encoder from pictures. */
#include "cmd/train.h"

#include <stdio.h>
#include <string.h>

static const dv_command *const kinds[] = {&dv_train_classifier, &dv_train_vae};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int print_help(void)
{
    puts("Usage: deepvid train classifier|vae [OPTION]...\n");
    for (int k = 0; k < KINDS; k++)
        printf("  deepvid %s --help\n      %s\n", kinds[k]->name, kinds[k]->summary);
    puts("\nExamples:");
    for (int k = 0; k < KINDS; k++)
        fputs(kinds[k]->examples, stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

/* The manual has the options of all kinds. */
static int print_manual(char **argv)
{
    int status = DV_EXIT_DONE;
    for (int k = 0; k < KINDS && status == DV_EXIT_DONE; k++)
        status = kinds[k]->run(kinds[k], 2, argv);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    for (int k = 0; k < KINDS; k++)
        if (strcmp(word, kinds[k]->name + strlen("train ")) == 0)
            return kinds[k]->run(kinds[k], argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print_help();
    if (strcmp(word, "--help-mdoc") == 0)
        return print_manual(argv);
    return dv_command_usage(command, "train takes classifier or vae, not '%s'", word);
}

const dv_command dv_command_train = {
    .name = "train",
    .arguments = "classifier|vae",
    .summary = "Train a classifier or a variational auto-encoder.",
    .examples = NULL,
    .run = run,
};
