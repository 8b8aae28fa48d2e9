/* Subcommands: one file and one row of the table in main.c each. */
#ifndef DV_CMD_COMMAND_H
#define DV_CMD_COMMAND_H

#include "deepvid.h"

typedef enum dv_option_kind {
    DV_OPTION_FLAG,   /* target: bool */
    DV_OPTION_TEXT,   /* const char * */
    DV_OPTION_TEXTS,  /* dv_texts: may be given several times */
    DV_OPTION_COUNT,  /* int64_t, minimum..maximum */
    DV_OPTION_NUMBER, /* double, minimum..maximum, finite */
    DV_OPTION_CHOICE, /* int: index of the word in `choices` ("ridge|adam|sgd|gd") */
} dv_option_kind;

typedef struct dv_texts {
    int count;
    const char *text[256];
} dv_texts;

/* One row makes the parser, --help and the man page. */
typedef struct dv_option {
    const char *name; /* long name without dashes */
    char letter;      /* short name, 0: none */
    dv_option_kind kind;
    const char *argument; /* what stands for the value in --help: "N"; NULL for flags */
    const char *choices;  /* CHOICE only */
    double minimum, maximum;
    const char *help; /* one sentence with the default in it */
    void *target;
} dv_option;

/* Rows of each kind. */
#define DV_FLAG_OPTION(NAME, TARGET, HELP)                                                                             \
    {                                                                                                                  \
        .name = (NAME), .kind = DV_OPTION_FLAG, .target = (TARGET), .help = (HELP)                                     \
    }
#define DV_TEXT_OPTION(NAME, ARGUMENT, TARGET, HELP)                                                                   \
    {                                                                                                                  \
        .name = (NAME), .kind = DV_OPTION_TEXT, .argument = (ARGUMENT), .target = (TARGET), .help = (HELP)             \
    }
#define DV_TEXTS_OPTION(NAME, ARGUMENT, TARGET, HELP)                                                                  \
    {                                                                                                                  \
        .name = (NAME), .kind = DV_OPTION_TEXTS, .argument = (ARGUMENT), .target = (TARGET), .help = (HELP)            \
    }
#define DV_COUNT_OPTION(NAME, ARGUMENT, MINIMUM, MAXIMUM, TARGET, HELP)                                                \
    {                                                                                                                  \
        .name = (NAME), .kind = DV_OPTION_COUNT, .argument = (ARGUMENT), .minimum = (MINIMUM), .maximum = (MAXIMUM),   \
        .target = (TARGET), .help = (HELP)                                                                             \
    }
#define DV_NUMBER_OPTION(NAME, ARGUMENT, MINIMUM, MAXIMUM, TARGET, HELP)                                               \
    {                                                                                                                  \
        .name = (NAME), .kind = DV_OPTION_NUMBER, .argument = (ARGUMENT), .minimum = (MINIMUM), .maximum = (MAXIMUM),  \
        .target = (TARGET), .help = (HELP)                                                                             \
    }
#define DV_CHOICE_OPTION(NAME, CHOICES, TARGET, HELP)                                                                  \
    {                                                                                                                  \
        .name = (NAME), .kind = DV_OPTION_CHOICE, .choices = (CHOICES), .target = (TARGET), .help = (HELP)             \
    }

typedef struct dv_command {
    const char *name;                                                    /* NULL: the program without a subcommand */
    const char *arguments;                                               /* "BUNDLE" */
    const char *summary;                                                 /* one line */
    const char *examples;                                                /* lines "  deepvid ...\n" */
    int (*run)(const struct dv_command *command, int argc, char **argv); /* argv[0] is the subcommand */
    /* Words that one of the options takes, below all of them: their heading, and word i with one line on it; NULL ends
     * them. Or NULL both. */
    const char *words;
    const char *(*word)(int i, const char **meaning);
} dv_command;

enum { DV_EXIT_DONE = 0, DV_EXIT_FAILED = 1, DV_EXIT_USAGE = 2 };

/* Parses options by the table (name NULL ends it). *first is the index in argv of the first positional argument (they
 * are moved to the end). Returns -1 to go on, or an exit status: --help was printed, or the usage was wrong and said
 * so. */
int dv_options_parse(const dv_command *command, const dv_option *options, int argc, char **argv, int *first);

/* "deepvid: message" on stderr; returns the exit status for the error's code. */
int dv_command_fail(const dv_error *error);
/* One line on stderr about wrong usage, with a hint at --help; returns DV_EXIT_USAGE. */
int dv_command_usage(const dv_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends what was printed: false and an error if it could not be written, to a full disk for one. */
bool dv_command_finish_output(dv_error *error);
/* Prints a text of JSON, ends the output and frees the text; NULL: it could not be made, and the error is there. */
bool dv_command_print_json(char *text, dv_error *error);

/* Opens the one bundle that `count` arguments name, or none do. NULL: what is wrong is said, *status is the exit's. */
dv_bundle *dv_command_open_bundle(const dv_command *command, int count, char **argument, dv_bundle_source *source,
                                  int *status);
/* Closes it; when all is `done`, after a line on stderr about pictures that could not be read, if there are any. NULL
 * is allowed when it is not. */
void dv_command_close_bundle(dv_bundle *bundle, bool done);

/* What the line of progress shows; zero it first. */
typedef struct dv_progress_line {
    char stage[64];
    double started, drawn; /* dv_clock_ms */
    bool visible;
} dv_progress_line;

/* A progress that keeps one line on stderr, if that is a terminal, with an estimate of the time left, and that
 * Ctrl-C cancels. Borrows `line`. */
dv_progress dv_command_progress(dv_progress_line *line);
/* Set by SIGINT and SIGTERM once dv_command_progress was called. */
bool dv_command_interrupted(void);

/* The option for the number of threads, to be put into a table of options; `count` is an int64_t, 0 for all cores. */
#define DV_THREADS_OPTION(count)                                                                                       \
    DV_COUNT_OPTION("threads", "N", 1, 1024, &(count), "threads to work with (all cores); the result is the same")

/* Options that several commands have, each with its own word on them: what is learned from, and chance. The targets are
 * of int64_t, double, int and int64_t. */
#define DV_NEIGHBORS_OPTION(count, text)                                                                               \
    DV_COUNT_OPTION("neighbors", "N", DV_MIN_NEIGHBORS, DV_MAX_NEIGHBORS, &(count), (text))
#define DV_BAND_OPTION(band, text) DV_NUMBER_OPTION("band", "B", DV_MIN_BAND, DV_MAX_BAND, &(band), (text))
#define DV_NEIGHBORHOOD_OPTION(choice, text)                                                                           \
    DV_CHOICE_OPTION("neighborhood", "vae|residual|mixed|masked|auto", &(choice), (text))
#define DV_SEED_OPTION(seed, text) DV_COUNT_OPTION("seed", "S", 0, DV_MAX_SEED, &(seed), (text))

/* Options for what a bundle is made of, to be put into a table of options: the teacher, the auto-encoder, the
 * pictures; and all of them. */
#define DV_TEACHER_OPTIONS(source)                                                                                     \
    DV_TEXT_OPTION("teacher", "FILE", &(source).teacher, "ONNX file of the classifier"),                               \
        DV_TEXT_OPTION(                                                                                                \
            "teacher-output", "KIND", &(source).teacher_output,                                                        \
            "what it puts out: logits, probabilities, log-probabilities, sigmoid or log-odds (told from the file)"),   \
        DV_TEXT_OPTION("output-name", "NAME", &(source).output_name,                                                   \
                       "which of its outputs holds the classes: a name or a number from 0 (told from the file)"),      \
        DV_TEXT_OPTION("layout", "nchw|nhwc", &(source).layout,                                                        \
                       "where channels stand in what it takes (told from the file)"),                                  \
        DV_TEXT_OPTION("preset", "NAME", &(source).preset,                                                             \
                       "how its pictures are prepared: imagenet, inception, clip or none (none)"),                     \
        DV_TEXT_OPTION("mean", "M,...", &(source).mean,                                                                \
                       "mean per channel that the teacher's input is freed of, pictures being 0..1"),                  \
        DV_TEXT_OPTION("std", "S,...", &(source).std, "standard deviation per channel that it is divided by"),         \
        DV_TEXT_OPTION("scale", "1|255", &(source).scale,                                                              \
                       "it takes pictures of 0..1 or of 0..255 (1, for whole numbers 255)"),                           \
        DV_TEXT_OPTION("order", "rgb|bgr", &(source).order, "of the colours in what it takes (rgb)"),                  \
        DV_TEXT_OPTION("invert", "no|yes", &(source).invert, "it takes negatives: white for black (no)"),              \
        DV_TEXT_OPTION("crop", "C", &(source).crop,                                                                    \
                       "share of a picture's shorter side that it is shown; 0: all, squeezed (1, or the preset's)"),   \
        DV_TEXT_OPTION("filter", "NAME", &(source).filter,                                                             \
                       "how pictures are brought to its size: bilinear or bicubic (bilinear, or the preset's)"),       \
        DV_TEXT_OPTION("class-names", "FILE", &(source).class_names, "names of the classes, one a line")

#define DV_VAE_OPTIONS(source)                                                                                         \
    DV_TEXT_OPTION("encoder", "FILE", &(source).encoder, "ONNX file of the VAE's encoder"),                            \
        DV_TEXT_OPTION("decoder", "FILE", &(source).decoder, "ONNX file of the VAE's decoder"),                        \
        DV_TEXT_OPTION("vae", "FILE", &(source).vae,                                                                   \
                       "one ONNX file for both: pictures to reconstruction, mean and log-variance"),                   \
        DV_TEXT_OPTION("vae-layout", "nchw|nhwc", &(source).vae_layout,                                                \
                       "where channels stand in its pictures (told from the file)"),                                   \
        DV_TEXT_OPTION("vae-output", "KIND", &(source).vae_output,                                                     \
                       "what the decoder puts out: unit (0..1), tanh (-1..1) or logits (told from the file)")

#define DV_DATA_OPTIONS(source)                                                                                        \
    DV_TEXT_OPTION("images", "PATH", &(source).images, "pictures: a folder, a file or a list"),                        \
        DV_TEXT_OPTION("memory", "MIB", &(source).memory, "of decoded pictures kept at most (512)"),                   \
        DV_TEXT_OPTION("image-labels", "FILE", &(source).image_labels,                                                 \
                       "labels of the pictures: numbers, names or several of them")

#define DV_BUNDLE_OPTIONS(source) DV_TEACHER_OPTIONS(source), DV_VAE_OPTIONS(source), DV_DATA_OPTIONS(source)

/* The subcommands, each in its own file. */
extern const dv_command dv_command_cell, dv_command_check, dv_command_compare, dv_command_eval, dv_command_explain,
    dv_command_train, dv_command_classify, dv_command_run, dv_command_info, dv_command_init, dv_command_project,
    dv_command_replay, dv_command_tui;

#endif
