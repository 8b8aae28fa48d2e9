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
    {                                                                                                                  \
        .name = "threads", .kind = DV_OPTION_COUNT, .argument = "N", .minimum = 1, .maximum = 1024,                    \
        .target = &(count), .help = "threads to work with (all cores); the result is the same"                         \
    }

/* Options that several commands have, each with its own word on them: what is learned from, and chance. The targets are
 * of int64_t, double, int and int64_t. */
#define DV_NEIGHBORS_OPTION(count, text)                                                                               \
    {                                                                                                                  \
        .name = "neighbors", .kind = DV_OPTION_COUNT, .argument = "N", .minimum = DV_MIN_NEIGHBORS,                    \
        .maximum = DV_MAX_NEIGHBORS, .target = &(count), .help = (text)                                                \
    }
#define DV_BAND_OPTION(band, text)                                                                                     \
    {                                                                                                                  \
        .name = "band", .kind = DV_OPTION_NUMBER, .argument = "B", .minimum = DV_MIN_BAND, .maximum = DV_MAX_BAND,     \
        .target = &(band), .help = (text)                                                                              \
    }
#define DV_NEIGHBORHOOD_OPTION(choice, text)                                                                           \
    {                                                                                                                  \
        .name = "neighborhood", .kind = DV_OPTION_CHOICE, .choices = "vae|residual|mixed|masked|auto",                 \
        .target = &(choice), .help = (text)                                                                            \
    }
#define DV_SEED_OPTION(seed, text)                                                                                     \
    {                                                                                                                  \
        .name = "seed", .kind = DV_OPTION_COUNT, .argument = "S", .minimum = 0, .maximum = DV_MAX_SEED,                \
        .target = &(seed), .help = (text)                                                                              \
    }

/* Options for what a bundle is made of, to be put into a table of options: the teacher, the auto-encoder, the
 * pictures; and all of them. */
#define DV_TEACHER_OPTIONS(source)                                                                                     \
    {.name = "teacher",                                                                                                \
     .kind = DV_OPTION_TEXT,                                                                                           \
     .argument = "FILE",                                                                                               \
     .target = &(source).teacher,                                                                                      \
     .help = "ONNX file of the classifier"},                                                                           \
        {.name = "teacher-output",                                                                                     \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "KIND",                                                                                           \
         .target = &(source).teacher_output,                                                                           \
         .help = "what it puts out: logits, probabilities, log-probabilities, sigmoid or log-odds (told from the "     \
                 "file)"},                                                                                             \
        {.name = "output-name",                                                                                        \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "NAME",                                                                                           \
         .target = &(source).output_name,                                                                              \
         .help = "which of its outputs holds the classes: a name or a number from 0 (told from the file)"},            \
        {.name = "layout",                                                                                             \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "nchw|nhwc",                                                                                      \
         .target = &(source).layout,                                                                                   \
         .help = "where channels stand in what it takes (told from the file)"},                                        \
        {.name = "preset",                                                                                             \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "NAME",                                                                                           \
         .target = &(source).preset,                                                                                   \
         .help = "how its pictures are prepared: imagenet, inception, clip or none (none)"},                           \
        {.name = "mean",                                                                                               \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "M,...",                                                                                          \
         .target = &(source).mean,                                                                                     \
         .help = "mean per channel that the teacher's input is freed of, pictures being 0..1"},                        \
        {.name = "std",                                                                                                \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "S,...",                                                                                          \
         .target = &(source).std,                                                                                      \
         .help = "standard deviation per channel that it is divided by"},                                              \
        {.name = "scale",                                                                                              \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "1|255",                                                                                          \
         .target = &(source).scale,                                                                                    \
         .help = "it takes pictures of 0..1 or of 0..255 (1, for whole numbers 255)"},                                 \
        {.name = "order",                                                                                              \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "rgb|bgr",                                                                                        \
         .target = &(source).order,                                                                                    \
         .help = "of the colours in what it takes (rgb)"},                                                             \
        {.name = "invert",                                                                                             \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "no|yes",                                                                                         \
         .target = &(source).invert,                                                                                   \
         .help = "it takes negatives: white for black (no)"},                                                          \
        {.name = "crop",                                                                                               \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "C",                                                                                              \
         .target = &(source).crop,                                                                                     \
         .help = "share of a picture's shorter side that it is shown; 0: all, squeezed (1, or the preset's)"},         \
        {.name = "filter",                                                                                             \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "NAME",                                                                                           \
         .target = &(source).filter,                                                                                   \
         .help = "how pictures are brought to its size: bilinear or bicubic (bilinear, or the preset's)"},             \
    {                                                                                                                  \
        .name = "class-names", .kind = DV_OPTION_TEXT, .argument = "FILE", .target = &(source).class_names,            \
        .help = "names of the classes, one a line"                                                                     \
    }

#define DV_VAE_OPTIONS(source)                                                                                         \
    {.name = "encoder",                                                                                                \
     .kind = DV_OPTION_TEXT,                                                                                           \
     .argument = "FILE",                                                                                               \
     .target = &(source).encoder,                                                                                      \
     .help = "ONNX file of the VAE's encoder"},                                                                        \
        {.name = "decoder",                                                                                            \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "FILE",                                                                                           \
         .target = &(source).decoder,                                                                                  \
         .help = "ONNX file of the VAE's decoder"},                                                                    \
        {.name = "vae",                                                                                                \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "FILE",                                                                                           \
         .target = &(source).vae,                                                                                      \
         .help = "one ONNX file for both: pictures to reconstruction, mean and log-variance"},                         \
        {.name = "vae-layout",                                                                                         \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "nchw|nhwc",                                                                                      \
         .target = &(source).vae_layout,                                                                               \
         .help = "where channels stand in its pictures (told from the file)"},                                         \
    {                                                                                                                  \
        .name = "vae-output", .kind = DV_OPTION_TEXT, .argument = "KIND", .target = &(source).vae_output,              \
        .help = "what the decoder puts out: unit (0..1), tanh (-1..1) or logits (told from the file)"                  \
    }

#define DV_DATA_OPTIONS(source)                                                                                        \
    {.name = "images",                                                                                                 \
     .kind = DV_OPTION_TEXT,                                                                                           \
     .argument = "PATH",                                                                                               \
     .target = &(source).images,                                                                                       \
     .help = "pictures: a folder, a file or a list"},                                                                  \
        {.name = "memory",                                                                                             \
         .kind = DV_OPTION_TEXT,                                                                                       \
         .argument = "MIB",                                                                                            \
         .target = &(source).memory,                                                                                   \
         .help = "of decoded pictures kept at most (512)"},                                                            \
    {                                                                                                                  \
        .name = "image-labels", .kind = DV_OPTION_TEXT, .argument = "FILE", .target = &(source).image_labels,          \
        .help = "labels of the pictures: numbers, names or several of them"                                            \
    }

#define DV_BUNDLE_OPTIONS(source) DV_TEACHER_OPTIONS(source), DV_VAE_OPTIONS(source), DV_DATA_OPTIONS(source)

/* The subcommands, each in its own file. */
extern const dv_command dv_command_cell, dv_command_check, dv_command_compare, dv_command_eval, dv_command_explain,
    dv_command_train, dv_command_classify, dv_command_run, dv_command_info, dv_command_init, dv_command_project,
    dv_command_replay, dv_command_tui;

#endif
