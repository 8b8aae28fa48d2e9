#include "likeness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t cells_of(const likeness *it)
{
    return (size_t)it->rows * (size_t)it->columns;
}

static size_t pixels_of(const likeness *it)
{
    return cells_of(it) * (size_t)(it->cell_width * it->cell_height);
}

static int width_of(const likeness *it)
{
    return it->columns * it->cell_width;
}

likeness *likeness_take(const fakescreen *screen)
{
    likeness *it = calloc(1, sizeof(*it));
    if (!it)
        abort();
    it->rows = screen->rows;
    it->columns = screen->columns;
    it->cell_width = screen->cell_width;
    it->cell_height = screen->cell_height;
    it->cell = calloc(cells_of(it), sizeof(fakecell));
    it->pixel = calloc(pixels_of(it), 3);
    it->painted = calloc(pixels_of(it), sizeof(bool));
    if (!it->cell || !it->pixel || !it->painted)
        abort();
    memcpy(it->cell, screen->grid->cell, cells_of(it) * sizeof(fakecell));
    int width = width_of(it);
    for (size_t i = 0; i < pixels_of(it); i++) {
        const uint8_t *pixel = fakescreen_pixel(screen, (int)i % width, (int)i / width);
        it->painted[i] = pixel != NULL;
        if (pixel)
            memcpy(it->pixel + 3 * i, pixel, 3);
    }
    return it;
}

void likeness_free(likeness *it)
{
    free(it->cell);
    free(it->pixel);
    free(it->painted);
    free(it);
}

/* The colours of the upper and lower half of a cell that shows nothing else: U+2580, U+2584, U+2588 and blanks say the
 * same in several ways. */
static bool has_halves(const fakecell *cell, int *upper, int *lower)
{
    bool blank = cell->character == ' ' || cell->hidden;
    if (cell->reverse ||
        (!blank && cell->character != 0x2580 && cell->character != 0x2584 && cell->character != 0x2588))
        return false;
    *upper = blank || cell->character == 0x2584 ? cell->background : cell->foreground;
    *lower = blank || cell->character == 0x2580 ? cell->background : cell->foreground;
    return true;
}

static bool looks_the_same(const fakecell *a, const fakecell *b)
{
    int upper[2], lower[2];
    if (has_halves(a, &upper[0], &lower[0]) && has_halves(b, &upper[1], &lower[1]))
        return upper[0] == upper[1] && lower[0] == lower[1];
    return a->character == b->character && a->foreground == b->foreground && a->background == b->background &&
           a->hidden == b->hidden && a->reverse == b->reverse && a->bold == b->bold;
}

static bool same_pixel(const likeness *a, const likeness *b, size_t i)
{
    return a->painted[i] == b->painted[i] && memcmp(a->pixel + 3 * i, b->pixel + 3 * i, 3) == 0;
}

bool likeness_equal(const likeness *a, const likeness *b, char *difference, size_t size)
{
    if (a->rows != b->rows || a->columns != b->columns) {
        snprintf(difference, size, "another size");
        return false;
    }
    for (int i = 0; i < (int)cells_of(a); i++)
        if (!looks_the_same(&a->cell[i], &b->cell[i])) {
            snprintf(difference, size, "U+%04X and U+%04X, in colours %x on %x and %x on %x, at row %d, column %d",
                     a->cell[i].character, b->cell[i].character, (unsigned)a->cell[i].foreground,
                     (unsigned)a->cell[i].background, (unsigned)b->cell[i].foreground, (unsigned)b->cell[i].background,
                     i / a->columns, i % a->columns);
            return false;
        }
    int width = width_of(a);
    for (int i = 0; i < (int)pixels_of(a); i++)
        if (!same_pixel(a, b, (size_t)i)) {
            snprintf(difference, size, "pixel %d, %d, %s and %s, at row %d, column %d", i % width, i / width,
                     a->painted[i] ? "painted" : "free", b->painted[i] ? "painted" : "free", i / width / a->cell_height,
                     i % width / a->cell_width);
            return false;
        }
    return true;
}
