"""The same service as bench.c's, for peers in Python: a line of JSON, then one for each line that asks."""

import json
import sys
import time

TURN_S, LONG_S = 0.2, 1


def blas_error():
    """How far NumPy's products are from plain sums, as a share of the largest element."""
    import numpy as np

    a, b = (np.random.default_rng(seed).random((300, 300), dtype=np.float32) - 0.5 for seed in (1, 2))
    plain = np.einsum("ij,jk->ik", a.astype(np.float64), b.astype(np.float64))
    return float(np.abs(a @ b - plain).max() / np.abs(plain).max())


def take_turn(work, is_new):
    """Means over as many works as fit; a work may return figures of its own."""
    sums, count, start, used = {}, 0, time.perf_counter(), time.process_time()
    while not count or time.perf_counter() - start < TURN_S:
        for name, value in (work() or {}).items():
            sums[name] = sums.get(name, 0) + value
        count += 1
        if is_new and time.perf_counter() - start < LONG_S:
            sums, count, start, used = {}, 0, time.perf_counter(), time.process_time()
        is_new = False
    sums.setdefault("ms", 1e3 * (time.perf_counter() - start))
    sums.setdefault("processor_ms", 1e3 * (time.process_time() - used))
    return {name: value / count for name, value in sums.items()}


def serve(facts, prepare):
    """`prepare` gets what a line asks for and returns the work."""
    print(json.dumps(facts), flush=True)
    last = work = None
    for line in sys.stdin:
        is_new = line != last
        if is_new:
            last, work = line, prepare(line.strip())
        print(json.dumps(take_turn(work, is_new)), flush=True)
