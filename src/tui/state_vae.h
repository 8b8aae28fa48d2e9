/* Cursors and choices of the VAE view. */
#ifndef DV_TUI_STATE_VAE_H
#define DV_TUI_STATE_VAE_H

#include "tui/axes.h"
#include "tui/neighbor_list.h"

struct dv_pane_kind;

/* What the mouse has taken hold of. */
typedef enum dv_grip { DV_GRIP_NONE, DV_GRIP_POINT, DV_GRIP_EDGE } dv_grip;

typedef struct dv_vae_state {
    int dimension; /* the chosen one */
    dv_axes axes;
    bool by_influence;     /* the order of the axes */
    int64_t reorderings;   /* counts the user's wishes for an order by influence */
    uint64_t influence_of; /* the key of the influence that the order comes from; 0: it is by number */
    dv_grip grip;
    const struct dv_pane_kind *below[2]; /* the panes below the coordinates that had the focus last */
    dv_neighbor_list neighbors;
    uint64_t neighbors_of; /* the number of the explanation that they are of, 0: none */
    dv_neighbor_order neighbor_order;
    int64_t neighbor;   /* the chosen place */
    double morph_at;    /* the slider between the picture and the marked one, 0..1 */
    int flip_class;     /* that a flip is to reach; -1: any */
    int64_t flip_index; /* the picture that a flip was last asked for; -1: none yet, of this teacher */
    int frame;          /* of the traversal; -1: that of the present value */
} dv_vae_state;

#endif
