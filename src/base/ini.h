/* Files of sections, keys and values, read with inih. */
#ifndef DV_BASE_INI_H
#define DV_BASE_INI_H

#include "deepvid.h"

/* Takes one key; value is "" where there is none. False and an error about it, without file and line, when it is wrong.
 */
typedef bool (*dv_ini_take)(void *context, const char *section, const char *name, const char *value, dv_error *error);

/* Reads a file key by key. What is wrong is told with file and line, and ends the reading; with `go_on` the other lines
 * are taken all the same, and the first that is wrong is told at the end. Long lines and zero bytes, which inih would
 * misread, are refused before anything is taken. */
bool dv_ini_read(const char *path, bool go_on, dv_ini_take take, void *context, dv_error *error);

/* strtod with a decimal point, whatever the program's locale. */
double dv_ini_number(const char *text, char **end);

typedef struct dv_ini_pair {
    const char *name, *value;
} dv_ini_pair;

/* Gives `count` keys of one section these values, in a file that replaces the old one whole. Other lines and comments
 * stay as they are, a missing section is added at the end. Values are of one line and hold no comment. */
bool dv_ini_set(const char *path, const char *section, int count, const dv_ini_pair *pairs, dv_error *error);

#endif
