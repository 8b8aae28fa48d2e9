/* The inside of a study of a cell. */
#ifndef DV_STUDY_CELL_H
#define DV_STUDY_CELL_H

#include "vid/bundle.h"
#include "vid/survey.h"

struct dv_cell_study {
    dv_bundle *bundle;
    dv_cell_wish wish; /* owns its arrays */
    float *bands;
    int64_t *chosen;
    bool is_found;
    int64_t asked, done; /* pictures of the cell; explained, or found to be impossible */
    int64_t *picture;    /* asked, ascending */
    int64_t count;       /* of those explained whose student tells both classes apart: */
    int64_t *index;      /* count: each, */
    float *map;          /* count x height x width: its map */
    double *slope;       /* latent: sums over them of how fast the log-odds grow */
    double kl, agreement;
    int64_t distrusted;
};

/* Explains picture number `done` and adds it to the sums (cell_picture.c). */
bool dv_cell_explain_next(dv_cell_study *study, const dv_progress *progress, dv_error *error);
/* Of a study that is done (cell_summary.c). */
dv_cell_findings *dv_cell_sum_up(const dv_cell_study *study, const dv_survey *survey, dv_error *error);

#endif
