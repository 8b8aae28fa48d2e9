/* Draws text and pictures by dv_screen; each key does one thing. What test-term runs in its fake terminals.
 *
 *   n  another map picture        t  other text beside it      l  the list scrolls by one
 *   m  the map moves by a column  s  the map becomes smaller   p  a popup over it, on and off
 *   v  a view of text alone       w  noise, all over           g  the next kind of graphics
 *   b  ten frames without a pause e  words on stderr           Ctrl-L  everything again
 *   M  the mouse, on and off     S  a slow line, on and off
 *   x  a crash  a  an assertion   E  exit without goodbye      q  the end                       */
#include "base/error.h"
#include "term-demo.h"
#include "term/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct demo {
    dv_screen *screen;
    int content, words, list, move, shrink, graphics, frames, last_key, keys, resizes;
    bool popup, text_only, noise;
    dv_mouse mouse;
    int mice;
    volatile int *nowhere;
} demo;

static void draw_picture(demo *d, int content, int row, int column, int rows, int columns)
{
    int width, height;
    dv_screen_cell(d->screen, &width, &height);
    dv_image image = {.width = width * columns, .height = height * rows, .channels = 3};
    image.pixel = malloc((size_t)image.width * (size_t)image.height * 3);
    for (int y = 0; image.pixel && y < image.height; y++) {
        for (int x = 0; x < image.width; x++) {
            uint8_t *pixel = image.pixel + ((size_t)y * (size_t)image.width + (size_t)x) * 3;
            (d->noise ? demo_noise : demo_pixel)(content, x, y, pixel);
        }
    }
    if (image.pixel) {
        dv_screen_picture(d->screen, row, column, rows, columns, &image);
    }
    free(image.pixel);
}

static void draw_pictures(demo *d)
{
    if (d->noise) {
        draw_picture(d, d->content, 1, 0, dv_screen_rows(d->screen) - 2, dv_screen_columns(d->screen));
        return;
    }
    draw_picture(d, d->content, DEMO_MAP_ROW, DEMO_MAP_COLUMN + d->move, DEMO_MAP_ROWS - d->shrink,
                 DEMO_MAP_COLUMNS - d->shrink);
    draw_picture(d, 5, DEMO_MAP_ROW, DEMO_STRIP_COLUMN, DEMO_MAP_ROWS, DEMO_STRIP_COLUMNS);
}

static void draw(demo *d)
{
    dv_screen *screen = d->screen;
    int rows = dv_screen_rows(screen), columns = dv_screen_columns(screen);
    dv_screen_begin(screen);
    dv_screen_text(screen, 0, 0, 0, DV_STYLE_TITLE, "demo %s %dx%d", dv_graphics_name(dv_screen_graphics(screen)), rows,
                   columns);
    for (int i = 0; i < DEMO_MAP_ROWS; i++) {
        dv_screen_text(screen, DEMO_MAP_ROW + i, 0, 18, (dv_style)(i % DV_STYLE_COUNT), "words %d of %d", i, d->words);
        dv_screen_text(screen, DEMO_MAP_ROW + i, DEMO_STRIP_COLUMN + 7, 0, DV_STYLE_TEXT, "%*s\xce\xbb %d", i, "",
                       d->words);
    }
    for (int i = 0; i < DEMO_LIST_ROWS; i++) {
        dv_screen_text(screen, DEMO_LIST_ROW + i, 2, 0, DV_STYLE_TEXT, "item %d", d->list + i);
    }
    dv_traffic traffic = dv_screen_traffic(screen);
    dv_screen_text(screen, 2, 0, 18, DV_STYLE_DIM, "%s %.0f kB", dv_screen_slow(screen) ? "slow" : "fast",
                   (double)traffic.sent / 1000);
    dv_screen_bar(screen, 1, 0, 16, DV_STYLE_BAR, d->words / 16.0 + 0.02);
    if (!d->text_only) {
        draw_pictures(d);
    }
    for (int i = 0; d->popup && i < 4; i++) {
        dv_screen_text(screen, DEMO_MAP_ROW + 3 + i, DEMO_MAP_COLUMN + 4, 0, DV_STYLE_SELECTED, "popup line %d", i);
    }
    if (d->mice > 0) {
        static const char *const kinds[] = {"press", "drag", "release", "up", "down"};
        const dv_mouse *m = &d->mouse;
        dv_screen_text(screen, rows - 2, 0, 0, DV_STYLE_DIM, "mouse %d %s %d at %d,%d%s%s%s", d->mice, kinds[m->kind],
                       m->button, m->row, m->column, m->shift ? " shift" : "", m->alt ? " alt" : "",
                       m->control ? " control" : "");
    }
    dv_screen_text(screen, rows - 1, 0, 0, DV_STYLE_KEY, "key %d keys %d resizes %d frame %d", d->last_key, d->keys,
                   d->resizes, d->frames++);
    dv_screen_end(screen);
}

static void burst(demo *d)
{
    for (int i = 0; i < 10; i++) {
        d->content++;
        draw(d);
    }
}

static bool obey(demo *d, int key)
{
    d->last_key = key;
    d->keys++;
    switch (key) {
    case 'q':
        return false;
    case 'n':
        d->content++;
        break;
    case 't':
        d->words++;
        break;
    case 'l':
        d->list++;
        break;
    case 'm':
        d->move++;
        break;
    case 's':
        d->shrink++;
        break;
    case 'p':
        d->popup = !d->popup;
        break;
    case 'v':
        d->text_only = !d->text_only;
        break;
    case 'w':
        d->noise = !d->noise;
        break;
    case 'g':
        d->graphics = d->graphics % DV_GRAPHICS_OFF + 1;
        d->graphics += d->graphics == DV_GRAPHICS_KITTY && !dv_screen_offers(d->screen, DV_GRAPHICS_KITTY);
        dv_screen_set_graphics(d->screen, (dv_graphics)d->graphics);
        break;
    case 'b':
        burst(d);
        break;
    case 'M':
        dv_screen_set_mouse(d->screen, !dv_screen_mouse(d->screen));
        break;
    case 'S':
        dv_screen_set_slow(d->screen, !dv_screen_slow(d->screen));
        break;
    case 'e':
        fprintf(stderr, "words on stderr\n");
        break;
    case 12:
        dv_screen_repaint(d->screen);
        break;
    case 'a':
        abort();
    case 'x':
        *d->nowhere = 1;
        break;
    case 'E':
        exit(3);
    default:
        break;
    }
    return true;
}

int main(int argc, char **argv)
{
    demo d = {.nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
    dv_error error = {0};
    dv_graphics graphics = DV_GRAPHICS_AUTO;
    if (argc > 1 && !dv_graphics_parse(argv[1], &graphics)) {
        return 2;
    }
    d.screen = dv_screen_open(graphics, &error);
    if (!d.screen) {
        fprintf(stderr, "term-demo: %s\n", error.message);
        return 1;
    }
    for (bool going = true; going;) {
        draw(&d);
        dv_event event = dv_screen_wait(d.screen, -1, -1);
        d.resizes += event.kind == DV_EVENT_RESIZE;
        if (event.kind == DV_EVENT_SUSPEND) {
            dv_screen_suspend(d.screen);
        } else if (event.kind == DV_EVENT_STOP) {
            going = false;
        } else if (event.kind == DV_EVENT_KEY) {
            going = obey(&d, event.key);
        } else if (event.kind == DV_EVENT_MOUSE) {
            d.mouse = event.mouse;
            d.mice++;
        }
    }
    dv_screen_close(d.screen);
    puts("demo ended");
    return 0;
}
