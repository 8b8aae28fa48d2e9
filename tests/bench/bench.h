/* What the measuring programs share. Each is the server of one question: it says what it is by one line of JSON, and
 * for every line of its standard input it does its work for a while and answers by another. bench.py asks them and
 * their peers in turn, so that all meet the same noise. */
#ifndef DEEPVID_TESTS_BENCH_BENCH_H
#define DEEPVID_TESTS_BENCH_BENCH_H

#include "deepvid.h"

#include <jansson.h>

typedef struct bench_question {
    const char *program; /* in messages */
    void *context;
    /* Gets ready for what a line asks for, unless the last one asked for the same; not timed. NULL: lines are alike. */
    bool (*prepare)(void *context, const char *wish, dv_error *error);
    /* Does the work once. May add figures of its own to the answer. */
    bool (*work)(void *context, json_t *answer, dv_error *error);
} bench_question;

/* Serves until standard input ends. A turn is as many works as fit into 0.2 seconds, at least one; the first one
 * of a new wish is not counted unless it takes a second. An answer holds means over its works: "ms" by the clock
 * (unless the work has added its own), "processor_ms" of all threads, and what the works added. Takes the facts over;
 * NULL: none. The program's exit status. */
int bench_serve(const bench_question *question, json_t *facts);

/* Adds to a figure of the answer, which is 0 at first. */
void bench_add(json_t *answer, const char *name, double value);

/* Says what went wrong; 1, for the exit status. */
int bench_fail(const char *program, const dv_error *error);

/* Multiply-adds of one picture through the model in a file; 0 and an error if it cannot be read. */
int64_t bench_multiply_adds(const char *path, dv_error *error);
/* Those of a ridge student: half a Gram matrix, its Cholesky factor, and its answers to `answered` pictures. */
double bench_student_multiply_adds(const dv_bundle_facts *facts, double neighbors, double answered);

#endif
