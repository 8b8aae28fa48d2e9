/* Bytes from the terminal, cut into characters and control sequences (ECMA-48, section 5.4; xterm's ctlseqs). Knows
 * neither keys nor replies; both are made of these pieces. */
#ifndef DV_TERM_INPUT_H
#define DV_TERM_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum dv_token_kind {
    DV_TOKEN_NONE,      /* nothing there, or only the beginning of something */
    DV_TOKEN_CHARACTER, /* `character`, a Unicode code point; a lone ESC is 27; with `alt`, one that came behind an ESC
                         */
    DV_TOKEN_CONTROL,   /* CSI marker parameters intermediate final; the three bytes of an old mouse report are three
                         * parameters behind the marker M */
    DV_TOKEN_SHIFT,     /* SS3 final */
    DV_TOKEN_STRING,    /* DCS, OSC, APC, PM or SOS: `final` is P ] _ ^ X, `text` its beginning */
} dv_token_kind;

enum { DV_MAX_PARAMETERS = 16, DV_TOKEN_TEXT = 64 };

typedef struct dv_token {
    dv_token_kind kind;
    uint32_t character;
    bool alt;
    char marker;                      /* one of < = > ? or 0; '[' for the Linux console's function keys */
    char intermediate;                /* the last one, or 0 */
    char final;                       /* what ends the sequence and names it */
    int count;                        /* parameters that were there, an empty one counts */
    int parameter[DV_MAX_PARAMETERS]; /* -1 where empty or absent */
    char text[DV_TOKEN_TEXT];
} dv_token;

/* Starts as all zeros. */
typedef struct dv_input {
    unsigned char data[4096];
    size_t size;
    double since; /* when the first unread byte came, ms */
    bool patient; /* answers are under way: an ESC may be the first byte of one */
    bool alone;   /* the first byte is an ESC that nothing came with */
} dv_input;

/* Takes up to `size` bytes, returns how many. `now` is the monotonic clock in milliseconds. */
size_t dv_input_append(dv_input *input, const void *data, size_t size, double now);
/* Takes the next token off. Sequences that stay unfinished for too long are dropped; an ESC that stays alone is the
 * Escape key. */
dv_token_kind dv_input_next(dv_input *input, double now, dv_token *token);
/* When dv_input_next should be asked again though no byte came; INFINITY when there is nothing unfinished. */
double dv_input_deadline(const dv_input *input);

#endif
