/* Classes by what the user types of their names. */
#ifndef DV_TUI_CLASS_NAME_H
#define DV_TUI_CLASS_NAME_H

#include "tui/prompt.h"

/* The class whose name begins so, or else holds it, in any case of letters; -1: none. */
int dv_class_find(const dv_bundle_facts *facts, const char *text);
/* Completes the beginning of a name: a `complete` of prompts. */
int dv_class_complete(struct dv_control *control, const char *text, const char **candidate, int room);

#endif
