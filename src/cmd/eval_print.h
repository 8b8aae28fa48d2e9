/* What deepvid eval tells people. */
#ifndef DV_CMD_EVAL_PRINT_H
#define DV_CMD_EVAL_PRINT_H

#include "study/eval.h"

/* Tables of all rows on standard output: the evidence score, with differences to row `against`, then students. */
void dv_eval_print(const dv_eval *eval, int against);

#endif
