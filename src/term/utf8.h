/* UTF-8 to code points (RFC 3629). */
#ifndef DV_TERM_UTF8_H
#define DV_TERM_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The first character of `size` > 0 bytes: how many bytes it has, 0 if its end is missing, or minus the number of bytes
 * that are no character at all. */
long dv_utf8_decode(const unsigned char *data, size_t size, uint32_t *character);

#endif
