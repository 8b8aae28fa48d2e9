#!/usr/bin/env python3
"""Makes the arrays of this folder by NumPy, and the malformed IDX and NPY files in ../bad.

Each array holds 24 elements of shape (2, 3, 4) unless its name says otherwise; what they are stands in value().
"""
import gzip
import os
import struct

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
BAD = os.path.join(HERE, '..', 'bad')
TYPES = ('f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1')


def value(kind, size, i):
    """Element i in C order, from all over the range of its type. test-data.c has 'f' and 'i' of 4 bytes, too."""
    if kind == 'f':
        return i / 4 - 3
    if kind == 'i':
        return (i - 12) * 10 * 256 ** (size - 1)
    return i * 10 * 256 ** (size - 1) if kind == 'u' else i % 3 == 0


def array(kind, shape=(2, 3, 4)):
    count = int(numpy.prod(shape))
    values = [value(kind[0], int(kind[1]), i) for i in range(count)]
    return numpy.array(values, dtype=kind).reshape(shape)


def save(name, content, version=(1, 0)):
    with open(os.path.join(HERE, name + '.npy'), 'wb') as file:
        numpy.lib.format.write_array(file, content, version=version)


def bad(name, content):
    with open(os.path.join(BAD, name), 'wb') as file:
        file.write(content)


def idx(kind, dims, data):
    return bytes((0, 0, kind, len(dims))) + b''.join(struct.pack('>I', d) for d in dims) + data


def npy(header, data, version=1):
    header = header.encode()
    return b'\x93NUMPY' + bytes((version, 0)) + struct.pack('<H', len(header)) + header + data


def npy_shape(shape, data, descr="'|u1'"):
    return npy("{'descr': %s, 'fortran_order': False, 'shape': %s, }\n" % (descr, shape), data)


for kind in TYPES:
    save(kind, array(kind))
    save(kind + '-fortran', numpy.asfortranarray(array(kind)))
save('f4-version-2', array('f4'), (2, 0))
save('f4-version-3', array('f4'), (3, 0))
save('i4-rank-0', array('i4', ()))
save('i4-rank-1', array('i4', (24,)))
save('i4-rank-8-fortran', numpy.asfortranarray(array('i4', (1, 2, 1, 3, 2, 1, 2, 1))))
save('f4-of-nothing', array('f4', (0, 3)))

pictures = bytes(range(24))
good = idx(8, (2, 3, 4), pictures)
packed = gzip.compress(good, mtime=0)
for name, content in {
        'empty': b'',
        'three-bytes': good[:3],
        'wrong-magic': b'\x00\x01' + good[2:],
        'type-00': idx(0, (2, 3, 4), pictures),
        'floats': idx(0x0d, (2, 3, 1), pictures),
        'rank-0': idx(8, (), b''),
        'rank-1': idx(8, (24,), pictures),
        'rank-2': idx(8, (2, 12), pictures),
        'rank-5': idx(8, (2, 1, 1, 3, 4), pictures),
        'cut-in-header': good[:13],
        'cut-in-pictures': good[:-1],
        'one-byte-too-many': good + b'\0',
        'sizes-overflow': idx(8, (2**32 - 1,) * 4, pictures),
        'sizes-overflow-to-what-is-there': idx(8, (2**31, 2**31, 4, 0), b''),
        'no-pictures': idx(8, (0, 3, 4), b''),
        'width-0': idx(8, (2, 3, 0), b''),
        'width-20000': idx(8, (1, 1, 20000), bytes(20000)),
        'two-channels': idx(8, (1, 2, 3, 4), pictures),
}.items():
    bad('idx-%s.idx' % name, content)
bad('idx-cut.gz', packed[:-9])
bad('idx-garbage-behind.gz', packed + b'garbage')
bad('idx-wrong-checksum.gz', packed[:-8] + bytes(4) + packed[-4:])

tidy = npy_shape('(2, 3, 4)', pictures)
for name, content in {
        'magic-only': tidy[:6],
        'cut-in-header': tidy[:40],
        'cut-in-data': tidy[:-1],
        'one-byte-too-many': tidy + b'\0',
        'version-0': tidy[:6] + b'\0' + tidy[7:],
        'version-4': tidy[:6] + b'\4' + tidy[7:],
        'header-empty': npy('', pictures),
        'header-longer-than-file': tidy[:8] + b'\xff\xff' + tidy[10:],
        'header-no-dictionary': npy('[1, 2, 3]\n', pictures),
        'header-not-closed': npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4),", pictures),
        'header-text-behind': npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4)} x\n", pictures),
        'string-not-closed': npy("{'descr': '|u1, \n", pictures),
        'without-shape': npy("{'descr': '|u1', 'fortran_order': False}\n", pictures),
        'unknown-key': npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), 'x': 1}\n", pictures),
        'order-neither': npy("{'descr': '|u1', 'fortran_order': None, 'shape': (2, 3, 4)}\n", pictures),
        'shape-negative': npy_shape('(-2, 3, 4)', pictures),
        'shape-not-closed': npy_shape('(2, 3, 4', pictures),
        'shape-without-commas': npy_shape('(2 3 4)', pictures),
        'shape-not-a-tuple': npy_shape('24', pictures),
        'shape-overflow': npy_shape('(4294967296, 4294967296, 4)', pictures),
        'shape-number-overflow': npy_shape('(18446744073709551618, 3, 4)', pictures),
        'shape-of-nine': npy_shape('(2, 3, 4, 1, 1, 1, 1, 1, 1)', pictures),
        'big-endian': npy_shape('(3, 2, 2)', pictures, "'>i2'"),
        'complex': npy_shape('(3,)', pictures, "'<c8'"),
        'long-double': npy_shape('(1,)', pictures[:16], "'<f16'"),
        'strings': npy_shape('(3,)', pictures, "'<U2'"),
        'dates': npy_shape('(3,)', pictures, "'<M8[s]'"),
        'objects': npy_shape('(3,)', pictures, "'|O'"),
        'structures': npy_shape('(3,)', pictures, "[('a', '<f4'), ('b', '<f4')]"),
        'type-f1': npy_shape('(24,)', pictures, "'|f1'"),
        'type-empty': npy_shape('(24,)', pictures, "''"),
}.items():
    bad('npy-%s.npy' % name, content)
