/* Keys from what the terminal sends for them. */
#ifndef DV_TERM_KEY_H
#define DV_TERM_KEY_H

#include "term/input.h"

/* The DV_KEY_* or code point a token means; -1 for none (unknown sequences are no keys). */
int dv_key_of(const dv_token *token);

#endif
