/* Making a bundle from a teacher and pictures: the auto-encoder is trained here. */
#ifndef DV_SETUP_INIT_H
#define DV_SETUP_INIT_H

#include "train/train.h"
#include "network/model.h"
#include "vid/report.h"
#include "setup/vae_judgement.h"

/* The file of a bundle that names its classes. */
#define DV_INIT_CLASS_NAMES "labels.txt"

typedef struct dv_init_wish {
    /* Teacher and images are needed; what else it says stands in the bundle, too. Nothing of an auto-encoder. */
    dv_bundle_source source;
    const char *folder;       /* of the bundle */
    const char *name;         /* NULL: the folder's */
    int size, latent, epochs; /* 0: by the pictures */
    double
        teacher_weight; /* of what the teacher says of reconstructions; negative: by the pictures, if it can say it */
    double minutes;     /* that the training may take, above 0: fewer epochs if need be; 0: no limit */
    uint64_t seed;
} dv_init_wish;

/* Who is told; NULL: nobody. `say` takes one sentence at a time about what was found out. */
typedef struct dv_init_listener {
    void *context;
    void (*say)(void *context, const char *sentence);
    const dv_training_observer *observer;
    const dv_progress *progress;
} dv_init_listener;

typedef struct dv_init dv_init;

/* Looks at everything: the teacher (what it takes, how its pictures are prepared: as the wish says, else as its own
 * metadata say, else by trying what is usual on labelled pictures), the pictures, what auto-encoder suits them. NULL
 * and an error if something does not fit; so far nothing is written. */
dv_init *dv_init_open(const dv_init_wish *wish, const dv_init_listener *listener, dv_error *error);
void dv_init_close(dv_init *init);

/* Trains the auto-encoder. A checkpoint is kept in the folder, which is made if need be; a later init with the same
 * wish goes on from it, also where the number of epochs came from a limit of minutes. True with *stopped set when the
 * observer stopped it. */
bool dv_init_train(dv_init *init, bool *stopped, dv_error *error);
/* Where the checkpoint is. */
const char *dv_init_checkpoint(const dv_init *init);

/* Puts the files of the bundle together, aside, opens it and judges the auto-encoder by pictures that it did not learn
 * from. The judgement belongs to the init. */
const dv_vae_judgement *dv_init_judge(dv_init *init, dv_error *error);
/* Of the bundle that was put together; its name is the wish's, or the folder's. */
const dv_bundle_facts *dv_init_facts(const dv_init *init);
/* For a further file of the bundle. */
const dv_report *dv_init_report(const dv_init *init);

/* Lets the files appear in the folder, all together, and removes the checkpoint. */
bool dv_init_commit(dv_init *init, dv_error *error);

#endif
