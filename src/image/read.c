/* Pictures of any known format, the way they are to be looked at. */
#include "image/codec.h"
#include "base/error.h"
#include "base/file.h"

#include <stdlib.h>

static const dv_codec *const codecs[] = {&dv_codec_png, &dv_codec_jpeg};
enum { CODECS = sizeof codecs / sizeof codecs[0], MAX_FILE = 1 << 30 };

static const dv_codec *find(const uint8_t *data, size_t size)
{
    for (int i = 0; i < CODECS; i++) {
        if (codecs[i]->probe(data, size)) {
            return codecs[i];
        }
    }
    return NULL;
}

static bool unknown(dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FORMAT, "is neither a PNG nor a JPEG");
}

const char *dv_image_format(const uint8_t *data, size_t size)
{
    const dv_codec *codec = find(data, size);
    return codec ? codec->name : NULL;
}

bool dv_image_describe(const uint8_t *data, size_t size, dv_image_facts *facts, dv_error *error)
{
    const dv_codec *codec = find(data, size);
    dv_stored stored = {.orientation = 1};
    if (!codec) {
        return unknown(error);
    }
    if (!codec->describe(data, size, &stored, error)) {
        return false;
    }
    bool turned = stored.orientation >= 5;
    *facts = (dv_image_facts){
        .format = codec->name,
        .width = turned ? stored.height : stored.width,
        .height = turned ? stored.width : stored.height,
        .channels = stored.channels,
    };
    return true;
}

dv_image *dv_image_decode(const uint8_t *data, size_t size, dv_error *error)
{
    const dv_codec *codec = find(data, size);
    dv_stored stored = {.orientation = 1};
    if (!codec) {
        unknown(error);
        return NULL;
    }
    dv_image *image = codec->decode(data, size, &stored, error);
    if (image && stored.orientation != 1) {
        dv_image *turned = dv_image_turn(image, stored.orientation, error);
        dv_image_free(image);
        image = turned;
    }
    return image;
}

dv_image *dv_image_read(const char *path, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, MAX_FILE, &data, &size, error)) {
        return NULL;
    }
    dv_image *image = dv_image_decode(data, size, error);
    if (!image) {
        dv_error_prefix(error, "%s", path);
    }
    free(data);
    return image;
}
