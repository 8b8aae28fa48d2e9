#ifndef DV_KERNEL_ROUNDING_H
#define DV_KERNEL_ROUNDING_H

/* Which ways to do the same are chosen from. */
typedef enum dv_rounding {
    DV_ROUNDING_ANY,
    DV_ROUNDING_LEAST, /* those that round as sums of products do */
    DV_ROUNDING_MOST,  /* the one that rounds most, if there is one: for trying what that does */
} dv_rounding;

/* DV_ROUNDING_LEAST if the environment variable DEEPVID_WINOGRAD is "0", any otherwise. */
dv_rounding dv_rounding_wish(void);

#endif
