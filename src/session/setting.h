/* The settings of an explanation as a table: what the form, the command line, files and the log know them by. */
#ifndef DV_SESSION_SETTING_H
#define DV_SESSION_SETTING_H

#include "base/number.h"
#include "session/wish.h"

#include <stddef.h>

/* In the order of the form. */
typedef enum dv_setting_id {
    DV_SETTING_STUDENT,
    DV_SETTING_LAMBDA,
    DV_SETTING_TEMPERATURE,
    DV_SETTING_NEIGHBORS,
    DV_SETTING_UNTIL,
    DV_SETTING_BAND,
    DV_SETTING_BAND_SCALE,
    DV_SETTING_SAMPLING,
    DV_SETTING_NEIGHBORHOOD,
    DV_SETTING_SEED,
    DV_SETTING_EPOCHS,
    DV_SETTING_BATCH,
    DV_SETTING_RATE,
    DV_SETTING_START,
    DV_SETTING_FRESH,
    DV_SETTING_MASKED,
    DV_SETTING_CELLS,
    DV_SETTING_KEEP,
    DV_SETTING_UNREALISTIC,
    DV_SETTING_ANCHOR,
    DV_SETTING_COUNT
} dv_setting_id;

typedef enum dv_value_kind {
    DV_VALUE_WHOLE,  /* a whole number of the range */
    DV_VALUE_NUMBER, /* a number of the range */
    DV_VALUE_CHOICE, /* one of the words; steps go round */
} dv_value_kind;

typedef struct dv_setting {
    const char *name;    /* in text that is typed: "neighbors" */
    const char *label;   /* on the screen: "neighbours" */
    const char *meaning; /* half a sentence */
    dv_value_kind kind;
    size_t field, size; /* of dv_explain_options */
    double minimum, maximum;
    const char *words;                    /* of a choice: "ridge|adam|sgd|gd" */
    const char *automatic;                /* the word for a number that the program finds; NULL: there is none */
    double usual;                         /* of an automatic number, where it is not known better; 0: unknown */
    double (*rule)(const dv_wish *wish);  /* what finds that number; NULL: no rule of the wish alone */
    const double *ladder;                 /* rising values to step along; NULL: by one */
    int ladder_count;                     /* and how many */
    bool (*matters)(const dv_wish *wish); /* NULL: always */
    const char *why_not;                  /* when it does not matter: "scales only" */
} dv_setting;

/* The row of a setting, 0 .. DV_SETTING_COUNT - 1. */
const dv_setting *dv_setting_get(dv_setting_id id);
/* By its name; NULL if there is none. */
const dv_setting *dv_setting_find(const char *name);

/* Whether it changes anything for this wish. */
bool dv_setting_matters(const dv_setting *setting, const dv_wish *wish);

enum { DV_SETTING_TEXT_SIZE = DV_NUMBER_SIZE, DV_SETTING_RANGE_SIZE = 96 };
/* The value as text that dv_setting_set takes back to the same bits. */
void dv_setting_write(const dv_setting *setting, const dv_wish *wish, char text[DV_SETTING_TEXT_SIZE]);
/* What may be set: "a number from 0.01 to 1000", "ridge, adam, sgd or gd". */
void dv_setting_write_range(const dv_setting *setting, char text[DV_SETTING_RANGE_SIZE]);
/* False, and an error that tells what may be set, for anything else; the wish is as before then. */
bool dv_setting_set(const dv_setting *setting, dv_wish *wish, const char *text, dv_error *error);

/* The next round value above (direction 1) or below (-1) `now`; `now` itself at the end of the ladder. */
double dv_setting_next(const dv_setting *setting, double now, int direction);
/* One step up or down; true if that changes the wish. `in_use` is the number that stands for an automatic one now,
 * lambda for instance, and 0 if that is not known; for all other settings it does not matter. A step of the band takes
 * the own bands of dimensions along. */
bool dv_setting_step(const dv_setting *setting, dv_wish *wish, int direction, double in_use);

#endif
