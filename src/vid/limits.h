/* What an explanation can be asked for; the command line and dv_explain hold to the same. */
#ifndef DV_VID_LIMITS_H
#define DV_VID_LIMITS_H

enum { DV_MIN_NEIGHBORS = 2, DV_MAX_NEIGHBORS = 1000000, DV_MAX_EPOCHS = 100000, DV_MAX_BATCH = DV_MAX_NEIGHBORS };

/* A whole number that every reader of JSON takes as it is. */
#define DV_MAX_SEED 9e15

#define DV_MIN_BAND 0.001
#define DV_MAX_BAND 100.0
#define DV_MAX_OFFSET 1000.0
#define DV_MIN_ANCHOR 1e-6
#define DV_MAX_ANCHOR 1.0
#define DV_MIN_MASKED 0.05
#define DV_MAX_MASKED 0.9
#define DV_MIN_KEEP 0.05
#define DV_MAX_KEEP 0.95
#define DV_MIN_TEMPERATURE 0.01
#define DV_MAX_TEMPERATURE 1000.0
#define DV_MIN_RIDGE 1e-9
#define DV_MAX_RIDGE 1e9
#define DV_MIN_UNTIL 0.5
#define DV_MAX_UNTIL 0.9999
#define DV_MIN_RATE 1e-9
#define DV_MAX_RATE 1e3

/* Of other explainers. */
enum { DV_MAX_SAMPLES = 1000000, DV_MAX_WINDOW = 100000 };

/* Of projections. */
enum { DV_MIN_ITERATIONS = 250, DV_MAX_ITERATIONS = 100000 };
#define DV_MIN_PERPLEXITY 1.0
#define DV_MAX_PERPLEXITY 10000.0

#endif
