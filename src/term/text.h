/* Text for the screen: UTF-8 cut into what one cell, or two, can hold. */
#ifndef DV_TERM_TEXT_H
#define DV_TERM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum { DV_CLUSTER_SIZE = 5 }; /* a character, combining ones, and a zero: what one cell of ncurses takes */

/* Takes the next character and the combining ones behind it off a text of `size` > 0 bytes and returns its width in
 * columns. Control characters and broken UTF-8 become '?'; without `utf8` so does all that ASCII has no stand-in for.
 */
int dv_text_cluster(const unsigned char **text, size_t *size, bool utf8, wchar_t cluster[DV_CLUSTER_SIZE]);
/* Columns that `size` bytes of UTF-8 take, at most where the terminal has only ASCII. */
int dv_text_columns(const char *text, size_t size);

#endif
