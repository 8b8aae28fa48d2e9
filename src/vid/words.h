/* What the teacher says to a picture and to what the auto-encoder makes of it. */
#ifndef DV_VID_WORDS_H
#define DV_VID_WORDS_H

#include "vid/place.h"

/* The pictures it is asked about. */
enum { DV_WORD_FILE, DV_WORD_PICTURE, DV_WORD_RECONSTRUCTION, DV_WORD_CENTER, DV_WORDS };

typedef struct dv_words {
    float *logits;      /* DV_WORDS x K */
    int word[DV_WORDS]; /* the largest of each */
} dv_words;

/* About the picture as its file has it, in the teacher's own size; in the auto-encoder's size; its reconstruction; what
 * the knobs made of it. Adds to the time of the teacher. Cleared by the caller, whatever comes back. */
bool dv_words_ask(dv_words *words, dv_bundle *bundle, const dv_place *place, dv_timing *timing,
                  const dv_progress *progress, dv_error *error);
/* What an automatic neighbourhood stands for at this picture; others stand for themselves. */
dv_neighborhood dv_words_neighborhood(const dv_words *words, dv_neighborhood wished);
void dv_words_clear(dv_words *words);

/* The shortlist of the bundle's neighbours, with these words and the true label (-1: unknown) on it. */
bool dv_words_shortlist(const dv_words *words, dv_bundle *bundle, int label, dv_error *error);

#endif
