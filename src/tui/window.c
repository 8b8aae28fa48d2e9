/* Moving the window on the projection. */
#include "tui/window.h"

#include <math.h>

static const double CLOSEST = 0.02, MARGIN = 0.95;

void dv_window_show_all(dv_window *window)
{
    *window = (dv_window){.reach = 1};
}

static void move(dv_window *window, double x, double y)
{
    double room = 1 - window->reach;
    window->x = fmin(fmax(x, -room), room);
    window->y = fmin(fmax(y, -room), room);
}

void dv_window_look_at(dv_window *window, const float position[2])
{
    move(window, (double)position[0], (double)position[1]);
}

void dv_window_zoom(dv_window *window, double factor, const float position[2])
{
    double reach = fmin(fmax(window->reach / factor, CLOSEST), 1), kept = reach / window->reach;
    double x = (double)position[0], y = (double)position[1];
    window->reach = reach;
    move(window, x + (window->x - x) * kept, y + (window->y - y) * kept);
}

void dv_window_follow(dv_window *window, const float position[2])
{
    double reach = MARGIN * window->reach;
    double aside = fabs((double)position[0] - window->x), above = fabs((double)position[1] - window->y);
    if (window->reach < 1 && !(aside < reach && above < reach))
        dv_window_look_at(window, position);
}
