/* What the teacher says to a picture and to what the auto-encoder makes of it. */
#include "vid/words.h"

#include "base/error.h"
#include "base/file.h"
#include "vid/shortlist.h"
#include "vid/softmax.h"
#include "vid/teacher.h"

#include <stdlib.h>
#include <string.h>

/* The three pictures that lie in memory, behind the one from the file; where that is the first of them to the bit, it
 * need not be asked about twice. */
static bool ask(dv_words *words, dv_bundle *bundle, const dv_place *place, float *pictures, const dv_progress *progress,
                dv_error *error)
{
    size_t pixels = bundle->pixels, classes = bundle->facts.classes;
    const float *asked[] = {place->picture, place->mean_picture, place->center_picture};
    float *file = words->logits, *seen = words->logits + DV_WORD_PICTURE * classes;
    for (int i = 0; i < 3; i++)
        memcpy(pictures + i * pixels, asked[i], pixels * sizeof(float));
    if (!dv_teacher_run(bundle, pictures, 3, seen, progress, error))
        return false;
    if (!bundle->facts.same_size && !bundle->stand_in)
        return dv_teacher_run_files(bundle, place->index, 1, file, progress, error);
    memcpy(file, seen, classes * sizeof(float));
    return true;
}

bool dv_words_ask(dv_words *words, dv_bundle *bundle, const dv_place *place, dv_timing *timing,
                  const dv_progress *progress, dv_error *error)
{
    double start = dv_clock_ms();
    int classes = bundle->facts.classes;
    float *pictures = dv_alloc(3 * (size_t)bundle->pixels, sizeof *pictures, error);
    words->logits = dv_alloc(DV_WORDS * (size_t)classes, sizeof *words->logits, error);
    bool ok = pictures && words->logits && ask(words, bundle, place, pictures, progress, error);
    for (int i = 0; ok && i < DV_WORDS; i++)
        words->word[i] = dv_largest(words->logits + (size_t)i * classes, classes);
    free(pictures);
    timing->teacher += dv_clock_ms() - start;
    return ok;
}

dv_neighborhood dv_words_neighborhood(const dv_words *words, dv_neighborhood wished)
{
    if (wished != DV_NEIGHBORHOOD_AUTO)
        return wished;
    bool kept = words->word[DV_WORD_RECONSTRUCTION] == words->word[DV_WORD_PICTURE];
    return kept ? DV_NEIGHBORHOOD_VAE : DV_NEIGHBORHOOD_MIXED;
}

void dv_words_clear(dv_words *words)
{
    free(words->logits);
    words->logits = NULL;
}

bool dv_words_shortlist(const dv_words *words, dv_bundle *bundle, int label, dv_error *error)
{
    const int always[DV_SHORTLIST_ALWAYS] = {words->word[0], words->word[1], words->word[2], words->word[3], label};
    if (!dv_shortlist_update(bundle, always, error))
        return false;
    dv_shortlist_group(bundle->shortlist, bundle->facts.classes, words->logits + DV_WORD_FILE * bundle->facts.classes,
                       bundle->shortlist->picture);
    return true;
}
