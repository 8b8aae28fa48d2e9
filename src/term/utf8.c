#include "term/utf8.h"

long dv_utf8_decode(const unsigned char *data, size_t size, uint32_t *character)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = data[0] < 0x80 ? 1 : data[0] >= 0xf0 ? 4 : data[0] >= 0xe0 ? 3 : 2;
    if ((data[0] >= 0x80 && data[0] < 0xc2) || data[0] > 0xf4) {
        return -1;
    }
    uint32_t value = length == 1 ? data[0] : data[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (i >= size) {
            return 0;
        }
        if ((data[i] & 0xc0) != 0x80) {
            return -(long)i;
        }
        value = value << 6 | (data[i] & 0x3f);
    }
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return -(long)length;
    }
    *character = value;
    return (long)length;
}
