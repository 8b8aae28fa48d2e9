/* Standard error, kept while the screen is open: a library's warning must not be written across a picture. */
#ifndef DV_TERM_CAPTURE_H
#define DV_TERM_CAPTURE_H

typedef struct dv_capture {
    int saved;   /* the true standard error, -1 while nothing is captured */
    int scratch; /* what is written to it instead */
} dv_capture;

/* Captures standard error if it is a terminal; one that goes to a file or a pipe harms nobody. */
void dv_capture_open(dv_capture *capture);
/* Writes all that was captured to the true standard error, which is back in its place then. */
void dv_capture_close(dv_capture *capture);

#endif
