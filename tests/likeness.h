/* A copy of what a fake screen shows, to compare it with what it shows later. */
#ifndef DEEPVID_TESTS_LIKENESS_H
#define DEEPVID_TESTS_LIKENESS_H

#include "fakescreen.h"

typedef struct likeness {
    int rows, columns, cell_width, cell_height;
    fakecell *cell;
    uint8_t *pixel; /* black where no picture shows */
    bool *painted;
} likeness;

likeness *likeness_take(const fakescreen *screen);
void likeness_free(likeness *copy);

/* Whether both look the same to a reader: text, colours, pixels. If not, `difference` tells the first place. */
bool likeness_equal(const likeness *a, const likeness *b, char *difference, size_t size);

#endif
