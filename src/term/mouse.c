#include "term/mouse.h"

/* The first number of a report: two bits of the button, then one bit each. */
enum { BUTTON = 3, SHIFT = 4, ALT = 8, CONTROL = 16, MOVED = 32, WHEEL = 64, FURTHER = 128, NO_BUTTON = 3 };

bool dv_mouse_of(const dv_token *token, dv_mouse *mouse)
{
    bool report = token->marker == '<' && (token->final == 'M' || token->final == 'm');
    bool old = token->marker == 'M';
    int code = token->parameter[0], button = code & BUTTON;
    bool released = old ? button == NO_BUTTON : token->final == 'm';
    if (token->kind != DV_TOKEN_CONTROL || token->intermediate || !(report || old) || token->count != 3 || code < 0 ||
        token->parameter[1] < 1 || token->parameter[2] < 1) {
        return false;
    }
    *mouse = (dv_mouse){
        .kind = released       ? DV_MOUSE_RELEASE
                : code & MOVED ? DV_MOUSE_DRAG
                               : DV_MOUSE_PRESS,
        .button = button == NO_BUTTON ? 0 : button + 1,
        .row = token->parameter[2] - 1,
        .column = token->parameter[1] - 1,
        .shift = code & SHIFT,
        .alt = code & ALT,
        .control = code & CONTROL,
    };
    if (code & FURTHER) { /* buttons 8 and up */
        return false;
    }
    if (code & WHEEL) { /* up, down, and two more that turn it sideways */
        mouse->kind = button == 0 ? DV_MOUSE_WHEEL_UP : DV_MOUSE_WHEEL_DOWN;
        mouse->button = 0;
        return button < 2 && token->final == 'M';
    }
    return button != NO_BUTTON || released; /* else moved without a button, which was not asked for */
}
