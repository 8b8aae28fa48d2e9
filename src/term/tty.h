/* The terminal as a device: modes, size, reading and writing. */
#ifndef DV_TERM_TTY_H
#define DV_TERM_TTY_H

#include "deepvid.h"

#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>

typedef struct dv_tty {
    int in, out; /* `out` is a description of our own, never blocking, where the system allows it */
    bool own_out;
    struct termios cooked, raw;
    bool gone; /* hung up: nothing can be written any more */
} dv_tty;

/* False and an error unless standard input and output are a terminal. */
bool dv_tty_check(dv_error *error);
/* Looks at standard input and output; the mode is left as it is. */
bool dv_tty_open(dv_tty *tty, dv_error *error);
void dv_tty_close(dv_tty *tty);

/* Every byte comes in as typed, nothing is echoed, no key is a signal; and back to how it was found. */
void dv_tty_raw(dv_tty *tty);
void dv_tty_cooked(dv_tty *tty);

/* Rows, columns and pixels; 24 x 80 when the terminal doesn't know. */
struct winsize dv_tty_size(const dv_tty *tty);

/* Writes all of it, however slowly it goes. Gives up when the terminal is gone, or when it takes nothing for half a
 * second while a signal asks the program to end. */
bool dv_tty_write(dv_tty *tty, const void *data, size_t size);
/* Bytes read (0: none there now), -1 when the terminal is gone. */
long dv_tty_read(dv_tty *tty, void *data, size_t size);

#endif
