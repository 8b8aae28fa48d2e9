/* deepvid: finds the subcommand and runs it. */
#include "cmd/command.h"
#include "config.h"
#include "kernel/blas.h"
#include "kernel/isa.h"
#include "tui/view.h"
#include "tui/preferences.h"

#include <stdio.h>
#include <string.h>

/* In the order of the help. */
static const dv_command *const commands[] = {
    &dv_command_tui,
    &dv_command_check,
    &dv_command_explain,
    &dv_command_classify,
    &dv_command_project,
    &dv_command_compare,
    &dv_command_eval,
    &dv_command_cell,
    &dv_command_init,
    &dv_command_train,
    &dv_command_run,
    &dv_command_info,
    &dv_command_replay,
    NULL,
};

static const dv_command *find(const char *name)
{
    for (const dv_command *const *command = commands; *command; command++)
        if ((*command)->name && strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

static int run_with(const dv_command *command, const char *argument)
{
    char program[] = "deepvid", text[16];
    snprintf(text, sizeof text, "%s", argument);
    char *arguments[] = {program, text, NULL};
    return command->run(command, 2, arguments);
}

/* Characters to its first full stop. */
static int first_sentence(const char *text)
{
    const char *end = strstr(text, ". ");
    return (int)(end ? (size_t)(end - text) + 1 : strlen(text));
}

static int print_help(void)
{
    puts("deepvid shows why an image classifier decided what it decided.\n\nCommands:");
    for (const dv_command *const *command = commands; *command; command++)
        if ((*command)->name)
            printf("  deepvid %-9s %.*s\n", (*command)->name, first_sentence((*command)->summary), (*command)->summary);
    puts("\n'deepvid COMMAND --help' tells the options of a command, 'deepvid --print-config' what can stand in\n"
         "the settings file. Without a command:\n");
    return run_with(&dv_command_tui, "--help");
}

static int print_version(void)
{
    printf("deepvid %s\n", PACKAGE_VERSION);
    printf("instruction set: %s\nBLAS: %s\n", dv_isa_name(dv_isa_choose()), dv_blas_description());
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

/* The manual's sections on options and keys, for the build. */
static int print_options_mdoc(void)
{
    int status = DV_EXIT_DONE;
    for (const dv_command *const *command = commands; *command && status == DV_EXIT_DONE; command++)
        status = run_with(*command, "--help-mdoc");
    return status;
}

static int print_keys_mdoc(void)
{
    dv_context context = {0};
    dv_view_all_actions(&context);
    dv_actions_print_mdoc(stdout, &context);
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

static int print_preferences(void)
{
    dv_preferences_print(stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

static int print_preferences_mdoc(void)
{
    dv_preferences_print_mdoc(stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? DV_EXIT_DONE : DV_EXIT_FAILED;
}

/* What the program tells of itself. */
static const struct {
    const char *word;
    int (*tell)(void);
} words[] = {
    {"--help", print_help},
    {"-h", print_help},
    {"help", print_help},
    {"--version", print_version},
    {"--help-mdoc", print_options_mdoc},
    {"--keys-mdoc", print_keys_mdoc},
    {"--print-config", print_preferences},
    {"--config-mdoc", print_preferences_mdoc},
};

int main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : "";
    dv_error error;
    if (!dv_isa_check(&error))
        return dv_command_fail(&error);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(first, words[i].word) == 0)
            return words[i].tell();
    const dv_command *command = find(first);
    return command ? command->run(command, argc - 1, argv + 1) : dv_command_tui.run(&dv_command_tui, argc, argv);
}
