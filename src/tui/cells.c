/* Cells of the confusion matrix and selections of pictures that were explained in this session. */
#include "tui/cells.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "session/wish.h"
#include "vid/options.h"

#include <stdlib.h>
#include <string.h>

void dv_cells_keep(dv_cells *cells, uint64_t key, dv_cell_findings *findings)
{
    if (cells->count == DV_CELLS_KEPT)
        dv_cell_findings_free(cells->kept[--cells->count].findings);
    memmove(cells->kept + 1, cells->kept, (size_t)cells->count * sizeof(cells->kept[0]));
    cells->kept[0].key = key;
    cells->kept[0].findings = findings;
    cells->count++;
}

const dv_cell_findings *dv_cells_find(const dv_cells *cells, uint64_t key)
{
    for (int i = 0; i < cells->count; i++)
        if (cells->kept[i].key == key)
            return cells->kept[i].findings;
    return NULL;
}

void dv_cells_clear(dv_cells *cells)
{
    while (cells->count > 0)
        dv_cell_findings_free(cells->kept[--cells->count].findings);
    dv_cells_select_none(cells);
}

void dv_cells_select_none(dv_cells *cells)
{
    free(cells->index);
    free(cells->pair);
    cells->index = NULL;
    cells->pair = NULL;
    cells->chosen = cells->pairs = 0;
}

bool dv_cells_select(dv_cells *cells, const dv_pictures *pictures, dv_error *error)
{
    const size_t count = (size_t)pictures->selected_count;
    int64_t *index = dv_alloc(count, sizeof *index, error), chosen = 0, pairs = 0;
    dv_class_pair *pair = index ? dv_alloc(count, sizeof *pair, error) : NULL;
    bool rivals = false;
    for (int64_t i = 0; pair && i < pictures->facts->count; i++)
        if (pictures->chosen[i])
            index[chosen++] = i;
    if (pair && (pairs = dv_class_pairs_find(pictures, index, chosen, pair, &rivals)) == 0)
        dv_error_set(error, DV_ERROR_ARGUMENT, "The teacher has not been asked about these pictures yet.");
    if (pairs == 0) {
        free(index);
        free(pair);
        return false;
    }
    dv_cells_select_none(cells);
    cells->index = index;
    cells->chosen = chosen;
    cells->pair = pair;
    cells->pairs = pairs;
    cells->rivals = rivals;
    cells->digest = dv_hash(DV_HASH_START, index, count * sizeof *index);
    cells->truth = pair[0].truth;
    cells->said = pair[0].said;
    return true;
}

int64_t dv_cells_pair(const dv_cells *cells)
{
    for (int64_t i = 0; i < cells->pairs; i++)
        if (cells->pair[i].truth == cells->truth && cells->pair[i].said == cells->said)
            return i;
    return -1;
}

dv_cell_wish dv_cells_wish(const dv_explain_options *options, int truth, int said)
{
    dv_cell_wish wish = dv_cell_defaults(truth, said);
    const int64_t fresh = wish.explain.fresh;
    wish.explain = *options;
    wish.explain.fresh = fresh;
    dv_options_forgo_marks(&wish.explain);
    wish.explain.index = 0;
    wish.explain.bands = wish.explain.offset = NULL;
    return wish;
}

uint64_t dv_cells_key(const dv_cells *cells, const dv_explain_options *options, int latent, uint64_t teacher)
{
    const dv_cell_wish cell = dv_cells_wish(options, cells->truth, cells->said);
    dv_wish wish = {0};
    uint64_t parts[] = {teacher,
                        (uint64_t)cells->truth,
                        (uint64_t)cells->said,
                        (uint64_t)cells->chosen,
                        cells->chosen ? cells->digest : 0,
                        0};
    if (dv_wish_init(&wish, &cell.explain, latent, NULL))
        parts[5] = dv_wish_digest(&wish);
    dv_wish_clear(&wish);
    return dv_hash(DV_HASH_START, parts, sizeof parts) | 1;
}
