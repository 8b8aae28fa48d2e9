/* What the kinds of training share: options, a line that tells how it goes, data and threads. */
#ifndef DV_CMD_TRAIN_H
#define DV_CMD_TRAIN_H

#include "cmd/command.h"
#include "network/model.h"

/* The kinds, each in its own file. */
extern const dv_command dv_train_classifier, dv_train_vae;

/* ---- options -------------------------------------------------------------- */

/* What every kind asks for. */
typedef struct dv_train_settings {
    const char *images, *labels, *test_images, *test_labels, *out;
    int64_t size, seed, threads;
    int64_t epochs, batch;                        /* 0: by the pictures */
    double learning_rate, weight_decay, momentum; /* negative: by the pictures */
    int optimizer;                                /* dv_optimizer; negative: by the pictures */
} dv_train_settings;

extern const dv_train_settings dv_train_defaults;

/* The rows that end every table. */
#define DV_TRAIN_OPTIONS(common, default_epochs)                                                                       \
    DV_COUNT_OPTION("size", "N", 4, 1024, &(common).size,                                                              \
                    "bring the middle square of every picture to N x N pixels (as they are; 64 if they are larger "    \
                    "than 128 or of several sizes)"),                                                                  \
        DV_COUNT_OPTION("epochs", "N", 1, 100000, &(common).epochs,                                                    \
                        "how often every picture is seen (" default_epochs ")"),                                       \
        DV_COUNT_OPTION("batch", "N", 1, 65536, &(common).batch,                                                       \
                        "pictures of one step (128; 64 for convolutions of colour and from 32 pixels on)"),            \
        DV_CHOICE_OPTION("optimizer", "adam|sgd", &(common).optimizer,                                                 \
                         "adam (default), or stochastic gradient descent with momentum"),                              \
        DV_NUMBER_OPTION("learning-rate", "R", 1e-9, 100, &(common).learning_rate,                                     \
                         "of the first step; it falls along a half cosine to R/100 (0.001; 0.002 for convolutional "   \
                         "auto-encoders)"),                                                                            \
        DV_NUMBER_OPTION("weight-decay", "D", 0, 100, &(common).weight_decay,                                          \
                         "weights shrink by learning rate x D each step (0; 0.05 for classifiers of colour and from "  \
                         "32 pixels on)"),                                                                             \
        DV_NUMBER_OPTION("momentum", "M", 0, 0.9999, &(common).momentum, "of sgd (default 0.9)"),                      \
        DV_COUNT_OPTION("seed", "N", 0, 4294967295.0, &(common).seed,                                                  \
                        "of all random numbers; the same seed gives the same bytes (default 1)"),                      \
        DV_COUNT_OPTION("threads", "N", 0, 1024, &(common).threads,                                                    \
                        "0 (default): all cores; does not change the result")

/* Of those kinds that a teacher guides. */
#define DV_TEACHER_WEIGHT_OPTION(weight)                                                                               \
    DV_NUMBER_OPTION("teacher-weight", "W", 0, 1e6, &(weight),                                                         \
                     "of what the teacher says of reconstructions: the divergence of its soft labels from those of "   \
                     "the pictures, beside the nats of all pixels (an eighth of their number; gaussian a third)")

/* "16,32" -> layers; "none" or nothing at all: no layers. Returns -1, or the exit status after saying what is wrong. */
int dv_train_parse_layers(const dv_command *command, const char *option, const char *text, dv_layers *layers);

/* Returns -1, or the exit status after saying what is missing or left over. `first` is that of dv_options_parse. */
int dv_train_check(const dv_command *command, const dv_train_settings *settings, int first, int argc, char **argv);

/* ---- a run ---------------------------------------------------------------- */

/* A line on stderr that tells how training goes: one that is drawn again and again on a terminal, else one an epoch. */
typedef struct dv_training_line {
    bool terminal;
    double drawn_ms;
} dv_training_line;

/* Stops the training when the program was told to. Borrows `line`. */
dv_training_observer dv_training_line_start(dv_training_line *line);
void dv_training_line_end(dv_training_line *line);

/* What a run works with, and how it is told. */
typedef struct dv_train_run {
    dv_team *team;
    dv_dataset *data, *test;
    dv_picture_set *set, *test_set; /* of these; test NULL: not asked for */
    const char *checkpoint;
    dv_training_line training_line;
    dv_training_observer observer;
    dv_progress_line line;
    dv_progress progress; /* of what comes before and after the training */
} dv_train_run;

/* Opens data and threads; Ctrl-C now stops the run. `target`, the file to be written in the end, is tried first: that
 * is no thing to find out after hours. The run must not be moved; close it also after an error. */
bool dv_train_open(dv_train_run *run, const dv_train_settings *settings, const char *target, const char *checkpoint,
                   dv_error *error);
void dv_train_close(dv_train_run *run);
/* Lays what the user said over options that are made by the pictures. */
void dv_train_settle(const dv_train_run *run, const dv_train_settings *settings, dv_training_options *options);
/* Ends the line that tells how it goes. Without a result it says why, and returns the exit status; otherwise -1. */
int dv_train_end(dv_train_run *run, bool has_result, const dv_error *error);

#endif
