/* The teacher as a guide of the auto-encoder's training: what it says of a picture and of the picture's reconstruction
 * should be the same (perceptual losses: Johnson, Alahi, Fei-Fei 2016; here of the soft labels, as Hinton, Vinyals,
 * Dean 2015 compare them). */
#ifndef DV_NETWORK_GUIDE_H
#define DV_NETWORK_GUIDE_H

#include "vid/bundle_settings.h"
#include "network/picture_set.h"

/* A teacher whose parameters stay as they are, and its soft labels of all pictures of a set. */
typedef struct dv_guide dv_guide;

/* The teacher that the settings name, its pictures prepared as they say; it is asked about every picture of the set, in
 * the set's size. `temperature` softens its labels. Borrows the set. NULL and an error that names the teacher's file,
 * and the operator where no gradient passes; so, too, of code DV_ERROR_UNSUPPORTED, if one picture takes more
 * multiplications than `most`, unless that is 0. */
dv_guide *dv_guide_open(const dv_bundle_settings *settings, const dv_picture_set *set, double temperature, int64_t most,
                        dv_team *team, const dv_progress *progress, dv_error *error);
void dv_guide_free(dv_guide *guide);

/* A checksum of the teacher's file, the temperature and all soft labels, going on from `hash`. */
uint64_t dv_guide_hash(const dv_guide *guide, uint64_t hash);

/* How far the soft labels of `count` reconstructions, given by the logits of their pixels, are from those of the set's
 * pictures `index`: the sum of the Kullback-Leibler divergences, in nats; of several labels a picture, of all of them.
 * Adds `weight` times its gradient by the logits to `gradient`. `thread` is below the size of the team that the guide
 * was opened with; no other one may come with the same number meanwhile. */
double dv_guide_measure(const dv_guide *guide, int thread, const int64_t *index, int64_t count, double weight,
                        const float *logits, float *gradient);

#endif
