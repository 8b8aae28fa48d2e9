/* What a command says: results on standard output, what went wrong on standard error. */
#include "base/error.h"
#include "cmd/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int dv_command_usage(const dv_command *command, const char *format, ...)
{
    dv_error text;
    char message[sizeof text.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    dv_error_set(&text, DV_ERROR_ARGUMENT, "%s", message);
    fprintf(stderr, "deepvid: %s; try 'deepvid %s%s--help'\n", text.message, command->name ? command->name : "",
            command->name ? " " : "");
    return DV_EXIT_USAGE;
}

int dv_command_fail(const dv_error *error)
{
    fprintf(stderr, "deepvid: %s\n", error->message);
    return error->code == DV_ERROR_ARGUMENT ? DV_EXIT_USAGE : DV_EXIT_FAILED;
}

bool dv_command_finish_output(dv_error *error)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return dv_error_set(error, DV_ERROR_FILE, "standard output: cannot be written: %s", strerror(errno));
}

dv_bundle *dv_command_open_bundle(const dv_command *command, int count, char **argument, dv_bundle_source *source,
                                  int *status)
{
    dv_error error;
    dv_bundle *bundle = NULL;
    source->folder = count > 0 ? argument[0] : NULL;
    if (count > 1)
        *status = dv_command_usage(command, "it takes one bundle at a time; '%s' is too much", argument[1]);
    else if (!(bundle = dv_bundle_open(source, &error)))
        *status = dv_command_fail(&error);
    return bundle;
}

void dv_command_close_bundle(dv_bundle *bundle, bool done)
{
    dv_error what;
    if (done && dv_bundle_unreadable(bundle, &what) > 0)
        fprintf(stderr, "deepvid: %s\n", what.message);
    dv_bundle_close(bundle);
}

bool dv_command_print_json(char *text, dv_error *error)
{
    if (!text)
        return false;
    puts(text);
    free(text);
    return dv_command_finish_output(error);
}
