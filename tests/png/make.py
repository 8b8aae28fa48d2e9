#!/usr/bin/env python3
"""Makes the PNG files of this folder, each with its pixels beside it as PGM or PPM, and the malformed ones in ../bad.

An encoder of its own (PNG 1.2, zlib alone), so that neither libpng nor what is tested has a hand in it. The expected
pixels come from the samples that were encoded; Pillow, which decodes PNG by itself, is asked to agree.
"""
import os
import random
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
BAD = os.path.join(HERE, '..', 'bad')
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
NAMES = {GREY: 'grey', RGB: 'rgb', PALETTE: 'palette', GREY_ALPHA: 'grey-alpha', RGB_ALPHA: 'rgb-alpha'}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data, crc=None):
    crc = zlib.crc32(name + data) if crc is None else crc
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', crc)


def header(width, height, depth, kind, interlaced=0):
    return chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, kind, 0, 0, interlaced))


def pack(row, depth):
    """Samples of one line as bytes, the first in the highest bits."""
    bits = ''.join(format(sample, '0%db' % depth) for pixel in row for sample in pixel)
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def filtered(lines, step):
    """Each line with a filter type of its own, in turn."""
    out, above = b'', bytes(len(lines[0]))
    for y, line in enumerate(lines):
        left = bytes(step) + line[:-step] if len(line) > step else bytes(len(line))
        corner = bytes(step) + above[:-step] if len(line) > step else bytes(len(line))
        kind = y % 5

        def guess(i):
            a, b, c = left[i], above[i], corner[i]
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            return (0, a, b, (a + b) // 2, nearest)[kind]
        out += bytes([kind]) + bytes((value - guess(i)) % 256 for i, value in enumerate(line))
        above = line
    return out


def pixels(rows, depth, kind, interlaced):
    step = max(1, depth * CHANNELS[kind] // 8)
    if not interlaced:
        return filtered([pack(row, depth) for row in rows], step)
    out = b''
    for x0, y0, dx, dy in ADAM7:
        lines = [row[x0::dx] for row in rows[y0::dy]]
        if lines and lines[0]:
            out += filtered([pack(line, depth) for line in lines], step)
    return out


def png(rows, depth, kind, interlaced=0, extra=b''):
    data = zlib.compress(pixels(rows, depth, kind, interlaced), 9)
    half = len(data) // 2  # two IDAT chunks
    return (b'\x89PNG\r\n\x1a\n' + header(len(rows[0]), len(rows), depth, kind, interlaced) + extra +
            chunk(b'IDAT', data[:half]) + chunk(b'IDAT', data[half:]) + chunk(b'IEND', b''))


def shown(pixel, depth, kind, palette, transparent):
    """The 8-bit colour of a pixel over white."""
    most = 2 ** depth - 1
    alpha = 1.0
    if kind == PALETTE:
        index, most = pixel[0], 255
        if transparent is not None:
            alpha = (list(transparent) + [255] * 256)[index] / 255
        colour = palette[index]
    elif kind in (GREY_ALPHA, RGB_ALPHA):
        colour, alpha = pixel[:-1], pixel[-1] / most
    else:
        colour, alpha = pixel, 0.0 if transparent == pixel else 1.0
    return bytes(int(255 * (c / most * alpha + 1 - alpha) + 0.5) for c in colour)


def write(folder, name, data):
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(data)


def agree(name, rows):
    """Asks Pillow."""
    from PIL import Image
    picture = Image.open(os.path.join(HERE, name + '.png')).convert('RGBA')
    white = Image.new('RGBA', picture.size, (255, 255, 255, 255))
    seen = Image.alpha_composite(white, picture).convert('RGB').tobytes()
    wanted = b''.join(p if len(p) == 3 else p * 3 for row in rows for p in row)
    worst = max(abs(a - b) for a, b in zip(seen, wanted))
    if worst > 1:
        sys.exit('%s: Pillow sees it differently, by %d' % (name, worst))


def make(kind, depth, transparency, interlaced, width=11, height=9):
    draw = random.Random(repr((kind, depth, transparency, interlaced)))
    count = CHANNELS[kind]
    rows = [[tuple(draw.randrange(2 ** depth) for _ in range(count)) for _ in range(width)] for _ in range(height)]
    palette = transparent = None
    extra = b''
    if kind == PALETTE:
        palette = [tuple(draw.randrange(256) for _ in range(3)) for _ in range(2 ** depth)]
        extra += chunk(b'PLTE', b''.join(map(bytes, palette)))
    if transparency and kind == PALETTE:
        transparent = bytes(draw.randrange(256) for _ in range(2 ** depth - 1))
        extra += chunk(b'tRNS', transparent)
    elif transparency:
        transparent = rows[1][2]
        extra += chunk(b'tRNS', b''.join(struct.pack('>H', c) for c in transparent))
    name = '%s-%d%s%s' % (NAMES[kind], depth, '-transparent' if transparency else '',
                          '-interlaced' if interlaced else '')
    write(HERE, name + '.png', png(rows, depth, kind, interlaced, extra))
    expected = [[shown(pixel, depth, kind, palette, transparent) for pixel in row] for row in rows]
    grey = kind in (GREY, GREY_ALPHA)
    write(HERE, name + ('.pgm' if grey else '.ppm'), b'P%d %d %d 255\n' % (5 if grey else 6, width, height) +
          b''.join(b''.join(row) for row in expected))
    # Pillow has no 16-bit colour, and forgets to scale a transparent grey of less than 8 bits.
    if depth < 16 and not (kind == GREY and transparency and depth < 8):
        agree(name, expected)


def make_turned():
    """An eXIf chunk (PNG extensions 1.5) whose orientation, 6, turns the picture clockwise."""
    exif = b'MM' + struct.pack('>HIHHHIHHI', 42, 8, 1, 0x0112, 3, 1, 6, 0, 0)
    rows = [[(x * 20 + y,) for x in range(7)] for y in range(4)]
    write(HERE, 'grey-8-turned.png', png(rows, 8, GREY, extra=chunk(b'eXIf', exif)))
    turned = bytes(rows[3 - x][y][0] for y in range(7) for x in range(4))
    write(HERE, 'grey-8-turned.pgm', b'P5 4 7 255\n' + turned)
    from PIL import Image, ImageOps
    if ImageOps.exif_transpose(Image.open(os.path.join(HERE, 'grey-8-turned.png'))).tobytes() != turned:
        sys.exit('Pillow turns it differently')


def make_bad():
    rows = [[(x * 20, y * 30, 7) for x in range(8)] for y in range(8)]
    good = png(rows, 8, RGB)
    start, end = good[:8], chunk(b'IEND', b'')
    data = zlib.compress(pixels(rows, 8, RGB, 0))
    head = header(8, 8, 8, RGB)
    bad = {
        'empty': b'',
        'text': b'This is not a picture.\n',
        'signature-only': start,
        'cut-in-header': good[:20],
        'cut-in-pixels': good[:-40],
        'without-end': good[:-12],
        'wrong-crc': start + head + chunk(b'IDAT', data, crc=12345) + end,
        'no-header': start + chunk(b'IDAT', data) + end,
        'no-pixels': start + head + end,
        'width-zero': start + header(0, 8, 8, RGB) + chunk(b'IDAT', data) + end,
        'too-large': start + header(20000, 20000, 8, RGB) + chunk(b'IDAT', data) + end,
        'width-of-2-to-the-31': start + header(2**31, 8, 8, RGB) + chunk(b'IDAT', data) + end,
        'more-rows-than-pixels': start + header(8, 9, 8, RGB) + chunk(b'IDAT', data) + end,
        'depth-3': start + header(8, 8, 3, RGB) + chunk(b'IDAT', data) + end,
        'colour-type-5': start + header(8, 8, 8, 5) + chunk(b'IDAT', data) + end,
        'filter-9': start + head + chunk(b'IDAT', zlib.compress((b'\x09' + bytes(24)) * 8)) + end,
        'damaged-deflate': start + head + chunk(b'IDAT', data[:2] + b'\xff' * 20) + end,
        'no-palette': start + header(8, 8, 8, PALETTE) + chunk(b'IDAT', data) + end,
        'chunk-longer-than-file': start + head + struct.pack('>I', 2**31 - 1) + b'IDAT' + data,
        'unknown-critical-chunk': start + head + chunk(b'ABCD', b'') + chunk(b'IDAT', data) + end,
    }
    for name, content in bad.items():
        write(BAD, 'png-%s.png' % name, content)


for kind, depths in ((GREY, (1, 2, 4, 8, 16)), (RGB, (8, 16)), (PALETTE, (1, 2, 4, 8)), (GREY_ALPHA, (8, 16)),
                     (RGB_ALPHA, (8, 16))):
    for depth in depths:
        for transparency in (False, True) if kind not in (GREY_ALPHA, RGB_ALPHA) else (False,):
            for interlaced in (0, 1):
                make(kind, depth, transparency, interlaced)
make_turned()
make_bad()
