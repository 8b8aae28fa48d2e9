#!/usr/bin/env python3
"""Makes the arrays of this folder by NumPy, and the malformed IDX, NPY and NPZ files in ../bad.

Each array holds 24 elements of shape (2, 3, 4) unless its name says otherwise; what they are stands in value().
"""
import gzip
import io
import os
import struct
import zlib

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

# ---- NPZ: 5 pictures of 4 x 6 x 3, element i is i * 7 % 256; labels 2, 0, 1, 1, 0 ---------------------------

stack = (numpy.arange(5 * 4 * 6 * 3) * 7 % 256).astype('u1').reshape(5, 4, 6, 3)
classes = numpy.array([2, 0, 1, 1, 0])


def save_npz(name, packed=False, **arrays):
    (numpy.savez_compressed if packed else numpy.savez)(os.path.join(HERE, name + '.npz'), **arrays)


save_npz('stored', x_train=stack, y_train=classes, x_test=stack[:2], y_test=classes[:2])
save_npz('packed', True, images=stack.transpose(0, 3, 1, 2), labels=classes[:, None])
save_npz('unnamed', True, arr_0=stack)
save_npz('strange', pixels=stack, answers=classes)
save_npz('floats', True, x=(stack / 255).astype('f4'), y=numpy.eye(3)[classes])


def member(name, data, deflate=True, size=None, crc=None, method=None, flags=0, wide=False):
    """A local header with its data, and its entry in the directory but for where the header stands."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush() if deflate else data
    method = (8 if deflate else 0) if method is None else method
    crc = zlib.crc32(data) if crc is None else crc
    size = len(data) if size is None else size
    facts = struct.pack('<HHHHIII', flags, method, 0, 33, crc, len(body), size)
    extra = b''
    if wide:
        facts = struct.pack('<HHHHIII', flags, method, 0, 33, crc, 0xffffffff, 0xffffffff)
        extra = struct.pack('<HHQQ', 1, 16, size, len(body))
    local = b'PK\3\4' + struct.pack('<H', 20) + facts + struct.pack('<HH', len(name), len(extra)) + name + extra + body

    def entry(at):
        return (b'PK\1\2' + struct.pack('<HH', 20, 20) + facts +
                struct.pack('<HHHHHII', len(name), len(extra), 0, 0, 0, 0, at) + name + extra)
    return local, entry


def archive(members, count=None, start=None, wide=False, comment=b''):
    out, places = b'', []
    for local, _ in members:
        places.append(len(out))
        out += local
    directory = b''.join(entry(at) for (_, entry), at in zip(members, places))
    count = len(members) if count is None else count
    start = len(out) if start is None else start
    end = struct.pack('<HHHHIIH', 0, 0, count, count, len(directory), start, len(comment))
    large = b''
    if wide:
        large = b'PK\6\6' + struct.pack('<QHHIIQQQQ', 44, 45, 45, 0, 0, count, count, len(directory), start)
        large += b'PK\6\7' + struct.pack('<IQI', 0, len(out) + len(directory), 1)
        end = struct.pack('<HHHHIIH', 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, len(comment))
    return out + directory + large + b'PK\5\6' + end + comment


file = io.BytesIO()
numpy.save(file, stack)
array_bytes = file.getvalue()
images = member(b'images.npy', array_bytes)
with open(os.path.join(HERE, 'wide.npz'), 'wb') as file:
    file.write(archive([member(b'images.npy', array_bytes, wide=True)], wide=True, comment=b'made large on purpose'))
whole = archive([images])
for name, content in {
        'cut-in-member': whole[:60],
        'cut-in-directory': whole[:-30],
        'without-end': whole[:-22],
        'no-members': archive([]),
        'two-strange-members': archive([member(b'a.npy', array_bytes), member(b'b.npy', array_bytes)]),
        'more-members-than-directory': archive([images], count=2),
        '65534-members': archive([images], count=65534),
        'directory-behind-file': archive([images], start=10 ** 6),
        'directory-elsewhere': archive([images], start=5),
        'member-behind-file': archive([(images[0], lambda at: images[1](10 ** 6))]),
        'member-elsewhere': archive([(images[0], lambda at: images[1](7))]),
        'wrong-checksum': archive([member(b'images.npy', array_bytes, crc=1)]),
        'stored-wrong-checksum': archive([member(b'images.npy', array_bytes, deflate=False, crc=1)]),
        'stored-of-two-sizes': archive([member(b'images.npy', array_bytes, deflate=False, size=10)]),
        'smaller-than-it-says': archive([member(b'images.npy', array_bytes, size=len(array_bytes) + 1)]),
        'larger-than-it-says': archive([member(b'images.npy', array_bytes, size=len(array_bytes) - 1)]),
        'bomb': archive([member(b'images.npy', b'PK', size=2 ** 31)]),
        'damaged-deflate': archive([member(b'images.npy', b'\xff' * 50, deflate=False, method=8)]),
        'encrypted': archive([member(b'images.npy', array_bytes, flags=1)]),
        'method-12': archive([member(b'images.npy', array_bytes, method=12)]),
        'no-array': archive([member(b'images.npy', b'This is not an array.')]),
        'array-cut': archive([member(b'images.npy', array_bytes[:-5])]),
        'labels-of-another-length': archive([images, member(b'labels.npy', npy_shape('(3,)', b'abc'))]),
        'labels-are-text': archive([images, member(b'labels.npy', npy_shape('(1,)', b'abcd', "'<U1'"))]),
        'large-end-missing': whole[:-22] + b'PK\5\6' + b'\xff' * 16 + bytes(2),
}.items():
    bad('npz-%s.npz' % name, content)
