/* deepvid: finds the subcommand and runs it. */
#include "cmd/command.h"
#include "config.h"

#include <stdio.h>
#include <string.h>

/* In the order of the help. */
static const dv_command *const commands[] = {
    &dv_command_tui,
    &dv_command_explain,
    &dv_command_classify,
    &dv_command_train,
    &dv_command_run,
    &dv_command_info,
    NULL,
};

static const dv_command *find(const char *name)
{
    for (const dv_command *const *command = commands; *command; command++)
        if (name ? (*command)->name && strcmp((*command)->name, name) == 0 : !(*command)->name)
            return *command;
    return NULL;
}

static int print_help(void)
{
    puts("deepvid shows why an image classifier decided what it decided.\n\nCommands:");
    for (const dv_command *const *command = commands; *command; command++)
        if ((*command)->name)
            printf("  deepvid %-9s %s\n", (*command)->name, (*command)->summary);
    puts("\n'deepvid COMMAND --help' tells the options of a command. Without a command:\n");
    char program[] = "deepvid", help[] = "--help";
    char *arguments[] = {program, help, NULL};
    const dv_command *screen = find(NULL);
    return screen ? screen->run(screen, 2, arguments) : DV_EXIT_DONE;
}

int main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : NULL;
    if (first && (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0))
        return print_help();
    if (first && strcmp(first, "--version") == 0) {
        printf("deepvid %s\n", PACKAGE_VERSION);
        return fflush(stdout) == 0 ? DV_EXIT_DONE : DV_EXIT_FAILED;
    }
    const dv_command *command = first ? find(first) : NULL;
    if (command)
        return command->run(command, argc - 1, argv + 1);
    command = find(NULL);
    return command ? command->run(command, argc, argv) : print_help();
}
