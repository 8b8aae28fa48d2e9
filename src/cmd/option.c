/* Options: one table makes the parser, --help and the man page. */
#include "base/number.h"
#include "cmd/command.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 64, HELP_COLUMN = 30 };

/* What getopt_long returns for row i of the table, and for the two every command has. */
enum { FIRST_ROW = 256, HELP = 1000, MANUAL };

static const char *value_name(const dv_option *option)
{
    return option->kind == DV_OPTION_CHOICE ? option->choices : option->argument;
}

static bool print_help(const dv_command *command, const dv_option *options)
{
    printf("Usage: deepvid%s%s%s%s\n\n%s\n\nOptions:\n", command->name ? " " : "", command->name ? command->name : "",
           command->arguments[0] ? " [OPTION]... " : " [OPTION]...", command->arguments, command->summary);
    for (const dv_option *option = options; option->name; option++) {
        int width =
            option->letter ? printf("  -%c, --%s", option->letter, option->name) : printf("  --%s", option->name);
        if (option->kind != DV_OPTION_FLAG)
            width += printf(" %s", value_name(option));
        if (width >= HELP_COLUMN)
            printf("\n%*s%s\n", HELP_COLUMN, "", option->help);
        else
            printf("%*s%s\n", HELP_COLUMN - width, "", option->help);
    }
    printf("%-*sthis text\n", HELP_COLUMN, "  --help");
    const char *meaning, *word;
    if (command->words)
        printf("\n%s:\n", command->words);
    for (int i = 0; command->words && (word = command->word(i, &meaning)); i++)
        printf("  %-*s%s\n", HELP_COLUMN - 2, word, meaning);
    if (command->examples)
        printf("\nExamples:\n%s", command->examples);
    return fflush(stdout) == 0 && !ferror(stdout);
}

/* mdoc that is safe for any text: backslashes escaped, no control line by accident, a line for each sentence. */
static void print_mdoc_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (const char *start = text; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (text > start && text[0] == ' ' && text[-1] == '.' && isupper((unsigned char)text[1]))
            putchar('\n');
        else
            putchar(*text);
    }
}

/* The words that an option takes, as a list of their own. */
static void print_words_manual(const dv_command *command)
{
    const char *meaning, *word;
    puts(".Pp");
    print_mdoc_text(command->words);
    puts(":\n.Bl -tag -width Ds");
    for (int i = 0; (word = command->word(i, &meaning)); i++) {
        fputs(".It Cm ", stdout);
        print_mdoc_text(word);
        putchar('\n');
        print_mdoc_text(meaning);
        putchar('\n');
    }
    puts(".El");
}

/* The command's part of the man page's list of options. */
static bool print_manual(const dv_command *command, const dv_option *options)
{
    printf(".Ss deepvid%s%s%s%s\n", command->name ? " " : "", command->name ? command->name : "",
           command->arguments[0] ? " " : "", command->arguments);
    print_mdoc_text(command->summary);
    puts("\n.Bl -tag -width Ds");
    for (const dv_option *option = options; option->name; option++) {
        fputs(".It Fl ", stdout);
        if (option->letter)
            printf("%c , Fl ", option->letter);
        putchar('-');
        print_mdoc_text(option->name);
        if (option->kind != DV_OPTION_FLAG) {
            fputs(" Ar ", stdout);
            print_mdoc_text(value_name(option));
        }
        putchar('\n');
        print_mdoc_text(option->help);
        putchar('\n');
    }
    puts(".El");
    if (command->words)
        print_words_manual(command);
    return fflush(stdout) == 0 && !ferror(stdout);
}

/* Index of `word` among "a|b|c", -1 if it is none of them. */
static int choice_index(const char *choices, const char *word)
{
    size_t length = strlen(word);
    for (int index = 0; length; index++) {
        size_t part = strcspn(choices, "|");
        if (part == length && memcmp(choices, word, length) == 0)
            return index;
        if (!choices[part])
            break;
        choices += part + 1;
    }
    return -1;
}

static bool parse_count(const dv_option *option, const char *text, int64_t *count)
{
    int64_t value;
    if (!dv_number_read_whole(text, &value) || (double)value < option->minimum || (double)value > option->maximum)
        return false;
    *count = value;
    return true;
}

static bool parse_number(const dv_option *option, const char *text, double *number)
{
    double value;
    if (!dv_number_read(text, &value) || value < option->minimum || value > option->maximum)
        return false;
    *number = value;
    return true;
}

/* Stores the value of one option; -1, or the exit status after saying what is wrong. */
static int store(const dv_command *command, const dv_option *option, const char *text)
{
    switch (option->kind) {
    case DV_OPTION_FLAG:
        *(bool *)option->target = true;
        return -1;
    case DV_OPTION_TEXT:
        *(const char **)option->target = text;
        return -1;
    case DV_OPTION_TEXTS: {
        dv_texts *texts = option->target;
        if (texts->count == (int)(sizeof texts->text / sizeof texts->text[0]))
            return dv_command_usage(command, "--%s is given more than %d times", option->name, texts->count);
        texts->text[texts->count++] = text;
        return -1;
    }
    case DV_OPTION_COUNT:
        if (!parse_count(option, text, option->target))
            return dv_command_usage(command, "--%s takes a whole number from %.0f to %.0f, not '%s'", option->name,
                                    option->minimum, option->maximum, text);
        return -1;
    case DV_OPTION_NUMBER:
        if (!parse_number(option, text, option->target))
            return dv_command_usage(command, "--%s takes a number from %g to %g, not '%s'", option->name,
                                    option->minimum, option->maximum, text);
        return -1;
    case DV_OPTION_CHOICE: {
        int index = choice_index(option->choices, text);
        if (index < 0)
            return dv_command_usage(command, "--%s takes %s, not '%s'", option->name, option->choices, text);
        *(int *)option->target = index;
        return -1;
    }
    }
    return DV_EXIT_USAGE;
}

/* By what getopt_long found: a row's number or its letter. */
static const dv_option *find_option(const dv_option *options, int found)
{
    if (found >= FIRST_ROW)
        return &options[found - FIRST_ROW];
    while (options->letter != found)
        options++;
    return options;
}

int dv_options_parse(const dv_command *command, const dv_option *options, int argc, char **argv, int *first)
{
    struct option rows[MAX_OPTIONS + 3];
    char letters[2 * MAX_OPTIONS + 3] = ":h";
    int count = 0;
    for (; options[count].name && count < MAX_OPTIONS; count++) {
        bool takes_value = options[count].kind != DV_OPTION_FLAG;
        rows[count] = (struct option){options[count].name, takes_value ? required_argument : no_argument, NULL,
                                      FIRST_ROW + count};
        if (options[count].letter)
            snprintf(letters + strlen(letters), 3, "%c%s", options[count].letter, takes_value ? ":" : "");
    }
    rows[count] = (struct option){"help", no_argument, NULL, HELP};
    rows[count + 1] = (struct option){"help-mdoc", no_argument, NULL, MANUAL};
    rows[count + 2] = (struct option){0};

    opterr = 0;
    optind = 1;
    for (;;) {
        int found = getopt_long(argc, argv, letters, rows, NULL);
        if (found == -1)
            break;
        if (found == 'h' || found == HELP)
            return print_help(command, options) ? DV_EXIT_DONE : DV_EXIT_FAILED;
        if (found == MANUAL)
            return print_manual(command, options) ? DV_EXIT_DONE : DV_EXIT_FAILED;
        if (found == ':')
            return dv_command_usage(command, "%s needs a value", argv[optind - 1]);
        if (found == '?' && optopt)
            return dv_command_usage(command, "unknown option '-%c'", optopt);
        if (found == '?')
            return dv_command_usage(command, "unknown or ambiguous option '%s'", argv[optind - 1]);
        int status = store(command, find_option(options, found), optarg);
        if (status >= 0)
            return status;
    }
    *first = optind;
    return -1;
}
