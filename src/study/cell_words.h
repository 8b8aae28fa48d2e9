/* What a cell says, for those who draw or tell it. */
#ifndef DV_STUDY_CELL_WORDS_H
#define DV_STUDY_CELL_WORDS_H

#include "deepvid.h"

/* Share of the pictures that must have the mean's sign for a pixel to be shown as one that they agree about. */
#define DV_CELL_MOST_AGREE 0.75
/* Into `map`, height x width: the mean map without pixels that they disagree about. */
void dv_cell_agreed_map(const dv_cell_findings *cell, float *map);

/* All of it as one JSON object, freed by free(); NULL: an error is set. */
char *dv_json_cell(const dv_cell_findings *cell, const dv_bundle_facts *facts, dv_error *error);

#endif
