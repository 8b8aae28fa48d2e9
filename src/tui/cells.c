/* Cells of the confusion matrix that were explained in this session. */
#include "tui/cells.h"

#include "base/hash.h"
#include "session/wish.h"

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
}

dv_cell_wish dv_cells_wish(const dv_explain_options *options, int truth, int said)
{
    dv_cell_wish wish = dv_cell_defaults(truth, said);
    const int64_t fresh = wish.explain.fresh;
    wish.explain = *options;
    wish.explain.fresh = fresh;
    if (wish.explain.unrealistic == DV_UNREALISTIC_MARK)
        wish.explain.unrealistic = DV_UNREALISTIC_IGNORE;
    wish.explain.index = 0;
    wish.explain.bands = wish.explain.offset = NULL;
    return wish;
}

uint64_t dv_cells_key(const dv_explain_options *options, int latent, int teacher, int truth, int said)
{
    const dv_cell_wish cell = dv_cells_wish(options, truth, said);
    dv_wish wish = {0};
    uint64_t parts[] = {(uint64_t)teacher, (uint64_t)truth, (uint64_t)said, 0};
    if (dv_wish_init(&wish, &cell.explain, latent, NULL))
        parts[3] = dv_wish_digest(&wish);
    dv_wish_clear(&wish);
    return dv_hash(DV_HASH_START, parts, sizeof parts) | 1;
}
