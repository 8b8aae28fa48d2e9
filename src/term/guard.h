/* Gives the terminal back however the program ends, and turns signals into something that poll can see. One at a time
 * in a process. */
#ifndef DV_TERM_GUARD_H
#define DV_TERM_GUARD_H

#include "deepvid.h"

#include <stddef.h>
#include <termios.h>

enum { DV_LEAVE_SIZE = 512 };

typedef struct dv_guard_orders {
    int tty;               /* where `leave` goes and whose modes are set back */
    struct termios cooked; /* the modes as they were found */
    const char *leave;     /* bytes that give the screen back; copied */
    size_t leave_size;     /* at most DV_LEAVE_SIZE, what is more is cut */
    int stderr_saved;      /* the true standard error while it is captured, else -1 */
    int stderr_scratch;    /* and the file that it is captured in */
} dv_guard_orders;

/* Takes over SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT; each arrives as one byte, its number, on the
 * descriptor returned. -1 and an error when that cannot be set up. */
int dv_guard_open(dv_error *error);
/* Gives the signals back to who had them; the terminal is the caller's business. */
void dv_guard_close(void);

/* From now on the terminal is ours: SIGSEGV and its kin give it back, replay what was captured, and then go on to
 * whoever handled them before; so does exit(). Takes the signals once more, should a library have helped itself. */
void dv_guard_arm(const dv_guard_orders *orders);
/* The terminal is not ours any more. */
void dv_guard_disarm(void);

/* SIGTERM, SIGHUP or SIGINT has come. */
bool dv_guard_stopping(void);

#endif
