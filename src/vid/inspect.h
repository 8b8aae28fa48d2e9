/* What a network takes and what a classifier puts out, told from the graph: so that a file can be used as it comes.
 * What is inferred and might be otherwise is said in notes. */
#ifndef DV_VID_INSPECT_H
#define DV_VID_INSPECT_H

#include "graph/plan.h"

enum { DV_MAX_CHANNELS = 3, DV_MAX_NOTES = 12, DV_NOTE_SIZE = 160 };

/* Sentences without a full stop, for people. */
typedef struct dv_notes {
    int count;
    char text[DV_MAX_NOTES][DV_NOTE_SIZE];
} dv_notes;
/* One more; those beyond DV_MAX_NOTES are lost. */
void dv_notes_add(dv_notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- pictures ---------------------------------------------------------------- */

typedef enum dv_layout { DV_LAYOUT_NCHW, DV_LAYOUT_NHWC } dv_layout;
const char *dv_layout_name(dv_layout layout); /* "NCHW", "NHWC" */

/* How pictures of 0..1 become what a network takes: (picture - mean) / deviation * scale, in its layout. The same says
 * what a decoder puts out. */
typedef struct dv_network_input {
    dv_layout layout; /* the order of a sample's numbers */
    bool flat;        /* which lie in one row */
    bool reversed;    /* channels stand as blue, green, red; mean and deviation are given as red, green, blue */
    dv_type type;     /* of integer types: rounded */
    int channels, height, width;
    float mean[DV_MAX_CHANNELS], deviation[DV_MAX_CHANNELS], scale;
} dv_network_input;

/* What is known from elsewhere. Texts may be NULL and numbers 0: to be told from the graph. */
typedef struct dv_inspect_wish {
    const char *layout;          /* nchw | nhwc */
    const char *output;          /* a word of dv_head_find */
    const char *output_name;     /* name of an output, or its number from 0 */
    int channels, height, width; /* of the pictures */
    bool mixed;                  /* the pictures are of several sizes */
    int class_names;             /* how many names there are */
    bool marks;                  /* the data mark several labels a picture */
} dv_inspect_wish;

/* The pictures that the graph's only input takes, and its shape with every free dimension but the first one bound.
 * mean 0, deviation 1; scale 255 for integers, else 1. *plan is one for a batch of 2, or of as many as the graph takes;
 * freed by the caller. */
bool dv_inspect_input(const dv_graph *graph, const dv_inspect_wish *wish, dv_network_input *input, dv_shape *shape,
                      dv_plan **plan, dv_notes *notes, dv_error *error);
/* The same for what a decoder puts out, a sample of the given shape. */
bool dv_inspect_sample(const dv_shape *sample, const dv_inspect_wish *wish, dv_network_input *input, dv_notes *notes,
                       dv_error *error);
/* Makes the graph take floats of that shape, whatever the type it declares. */
bool dv_inspect_bind(dv_graph *graph, const dv_shape *shape, dv_error *error);

/* ---- the classifier's answer ---------------------------------------------------- */

/* How logits are got from what a classifier puts out: a row of a table. */
typedef struct dv_head {
    const char *name;
    const char *meaning; /* "probabilities that sum to 1" */
    float (*logit)(float output);
    float (*slope)(float output); /* its derivative */
    bool multi_label;             /* several labels may hold at once: the logits are log-odds of each */
} dv_head;

/* "logits", "probabilities", "log-probabilities", "sigmoid" (independent probabilities) or "log-odds" (their logits).
 * NULL and an error for any other word. */
const dv_head *dv_head_find(const char *name, dv_error *error);

typedef struct dv_teacher_facts {
    dv_network_input input;
    dv_shape shape; /* of the input, the first dimension as declared */
    int output;     /* which of the graph's outputs */
    int value;      /* the value that is read: that output, or what its final softmax or sigmoid is made of */
    const dv_head *head;
    int width;   /* numbers that are read for each picture */
    int classes; /* 2 where the width is 1: the number speaks for the second class */
    dv_notes notes;
} dv_teacher_facts;

/* Logits of every class (facts->classes) from the numbers that are read for one picture (facts->width). */
void dv_head_logits(const dv_teacher_facts *facts, const float *row, float *logits);
/* The gradient by these numbers (facts->width), given that by the logits (facts->classes). */
void dv_head_gradient(const dv_teacher_facts *facts, const float *row, const float *by_logits, float *by_row);

/* Works all of it out. The graph is as the file has it, or simplified. */
bool dv_inspect_teacher(const dv_graph *graph, const dv_inspect_wish *wish, dv_teacher_facts *facts, dv_error *error);
/* Makes the graph one of floats in, facts->width numbers a picture out, and simplifies it. */
bool dv_inspect_prepare(dv_graph *graph, const dv_teacher_facts *facts, dv_error *error);
/* "NHWC uint8 pictures of 3 x 224 x 224". Returns text. */
const char *dv_network_input_text(const dv_network_input *input, char *text, size_t size);

/* ---- graphs --------------------------------------------------------------------- */

/* The node that computes a value, NULL for inputs and constants. */
const dv_node *dv_inspect_producer(const dv_graph *graph, int value);
/* The value behind what changes no numbers: Identity, Reshape, Cast to floats, Squeeze and their like. */
int dv_inspect_origin(const dv_graph *graph, int value);
/* Sets needed[v] for every value that `value` rests on, and for itself; returns how many nodes compute these. */
int dv_inspect_mark(const dv_graph *graph, int value, bool *needed);

#endif
