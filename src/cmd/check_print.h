/* A check in words. */
#ifndef DV_CMD_CHECK_PRINT_H
#define DV_CMD_CHECK_PRINT_H

#include "setup/check.h"

void dv_check_print(const dv_check *check);

#endif
