#!/usr/bin/env python3
"""Makes the JPEG files of this folder, each with its pixels beside it as PGM or PPM as Pillow decodes and turns them, the
malformed ones in ../bad, and resampled.txt: what Pillow's resize makes of a picture that is a formula."""
import io
import os
import struct

from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
BAD = os.path.join(HERE, '..', 'bad')
ORIENTATION = 0x0112


def wave(x, y, c):
    return (x * x * (c + 3) + y * 17 * (c + 1) + x * y * 5) // 4 % 256


def picture(mode, width, height):
    bands = [Image.new('L', (width, height)) for _ in mode]
    for c, band in enumerate(bands):
        band.putdata([wave(x, y, c) for y in range(height) for x in range(width)])
    return bands[0] if len(mode) == 1 else Image.merge(mode, bands)


def exif(orientation, big_endian=False):
    order = '>' if big_endian else '<'
    entry = struct.pack(order + 'HHIHH', ORIENTATION, 3, 1, orientation, 0)
    other = struct.pack(order + 'HHII', 0x0100, 4, 1, 77)
    return b'Exif\0\0' + (b'MM' if big_endian else b'II') + struct.pack(order + 'HIH', 42, 8, 2) + other + entry + bytes(4)


def encode(image, **how):
    file = io.BytesIO()
    image.save(file, 'JPEG', **how)
    return file.getvalue()


def write(folder, name, data):
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(data)


def expect(name, data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    image = image if image.mode == 'L' else image.convert('RGB')
    kind = 5 if image.mode == 'L' else 6
    write(HERE, name + '.jpg', data)
    write(HERE, name + ('.pgm' if kind == 5 else '.ppm'), b'P%d %d %d 255\n' % (kind, *image.size) + image.tobytes())


expect('grey', encode(picture('L', 13, 10)))
expect('grey-progressive', encode(picture('L', 13, 10), progressive=True))
for sampling in (0, 1, 2):
    for progressive in (False, True):
        expect('rgb-%d%s' % (sampling, '-progressive' if progressive else ''),
               encode(picture('RGB', 19, 17), subsampling=sampling, progressive=progressive, quality=85))
expect('cmyk', encode(picture('CMYK', 17, 9)))
for orientation in range(1, 9):
    expect('turned-%d' % orientation, encode(picture('L', 11, 7), exif=exif(orientation, orientation % 2 == 0)))
expect('turned-9', encode(picture('L', 11, 7), exif=exif(9)))
expect('exif-cut', encode(picture('L', 11, 7), exif=exif(6)[:20]))

good = encode(picture('RGB', 24, 24), quality=90)
progressive = encode(picture('RGB', 24, 24), quality=90, progressive=True)
frame = good.index(b'\xff\xc0')


def sized(height, width):
    return good[:frame + 5] + struct.pack('>HH', height, width) + good[frame + 9:]


bad = {
    'marker-only': good[:3],
    'cut-in-header': good[:40],
    'cut-in-tables': good[:frame + 30],
    'cut-in-pixels': good[:-200],
    'cut-in-pixels-with-end': good[:-200] + b'\xff\xd9',
    'cut-in-scans': progressive[:-100],
    'no-pixels': good[:frame] + b'\xff\xd9',
    'height-zero': sized(0, 24),
    'width-zero': sized(24, 0),
    'too-large': sized(65500, 65500),
    'too-many-pixels': sized(16384, 16384),
    'more-rows-than-pixels': sized(240, 24),
    'two-components': good[:frame + 9] + b'\x02' + good[frame + 10:],
    'twelve-bits': good[:frame + 4] + b'\x0c' + good[frame + 5:],
}
scan = progressive.rindex(b'\xff\xda')
end = progressive.rindex(b'\xff\xd9')
bad['scans-without-end'] = progressive[:end] + progressive[scan:end] * 300 + b'\xff\xd9'
for name, data in bad.items():
    write(BAD, 'jpeg-%s.jpg' % name, data)

# width height channels -> width height filter: the bytes
with open(os.path.join(HERE, 'resampled.txt'), 'w') as file:
    for mode, width, height, to_width, to_height in (('L', 9, 7, 4, 3), ('L', 5, 4, 11, 13), ('RGB', 12, 10, 5, 3),
                                                     ('RGB', 3, 2, 7, 4), ('L', 40, 3, 6, 3), ('L', 1, 1, 3, 2)):
        for name, kind in (('bilinear', Image.BILINEAR), ('bicubic', Image.BICUBIC)):
            scaled = picture(mode, width, height).resize((to_width, to_height), kind)
            print(width, height, len(mode), to_width, to_height, name, *scaled.tobytes(), file=file)
