"""t-SNE of the bundle's latent means, by deepvid and by scikit-learn.

    tsne.py BENCH_TSNE BUNDLE [ROUNDS [THREADS]]

Both get the same rows, start, perplexity (30), iterations (1000) and number of threads, and take turns; medians of the
wall clock and of the processor time, without start of the program and reading of files. Divergence and trustworthiness
of both results are then computed by the same code: the exact divergence over all pairs, from the P of scikit-learn.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

PERPLEXITY, ITERATIONS = 30, 1000


def processor_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_sklearn(rows_path, start_path, out_path, threads):
    """In a process of its own, which is told the number of threads before anything is loaded."""
    from sklearn.manifold import TSNE

    rows, start = np.load(rows_path), np.load(start_path)
    model = TSNE(perplexity=PERPLEXITY, n_iter=ITERATIONS, init=start, learning_rate="auto", n_jobs=threads)
    wall, used = time.perf_counter(), processor_time()
    positions = model.fit_transform(rows)
    print(1e3 * (time.perf_counter() - wall), 1e3 * (processor_time() - used))
    np.save(out_path, positions)


def measure(command, environment):
    """The last two numbers that a command prints: milliseconds of wall clock and of the processors."""
    words = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(words[-2]), float(words[-1])


def joint_probabilities(rows):
    from sklearn.manifold import _t_sne
    from sklearn.neighbors import NearestNeighbors

    neighbors = min(len(rows) - 1, int(3 * PERPLEXITY + 1))
    graph = NearestNeighbors(n_neighbors=neighbors).fit(rows).kneighbors_graph(mode="distance")
    graph.data **= 2
    p = _t_sne._joint_probabilities_nn(graph, PERPLEXITY, 0).tocoo()
    p.data = p.data.astype(np.float64) / p.data.sum(dtype=np.float64)
    return p


def divergence(p, positions):
    y = positions.astype(np.float64)
    total = -float(len(y))
    for first in range(0, len(y), 500):
        part = y[first : first + 500]
        total += (1 / (1 + (part[:, :1] - y[:, 0]) ** 2 + (part[:, 1:] - y[:, 1]) ** 2)).sum()
    known = p.data > 0
    q = 1 / (1 + ((y[p.row] - y[p.col]) ** 2).sum(1)) / total
    return (p.data[known] * np.log(p.data[known] / q[known])).sum()


def compare(bench, bundle, rounds, threads):
    from sklearn import __version__
    from sklearn.manifold import trustworthiness

    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    with tempfile.TemporaryDirectory() as folder:
        rows, start, ours, theirs = (os.path.join(folder, n + ".npy") for n in ("rows", "start", "ours", "theirs"))
        subprocess.run([bench, "rows", bundle, rows, start], env=environment, check=True)
        commands = {
            "deepvid": [bench, "run", rows, start, ours, str(threads), str(ITERATIONS), str(PERPLEXITY)],
            "scikit-learn": [sys.executable, __file__, "--sklearn", rows, start, theirs, str(threads)],
        }
        times = {name: [] for name in commands}
        for number in range(rounds):
            for name, command in commands.items():
                times[name].append(measure(command, environment))
                wall, used = times[name][-1]
                print(f"round {number + 1}: {name:13} {wall / 1e3:8.2f} s wall, {used / 1e3:8.2f} s processor", flush=True)
        x = np.load(rows)
        p = joint_probabilities(x)
        result = {}
        for name, path in (("deepvid", ours), ("scikit-learn", theirs)):
            y = np.load(path)
            result[name] = divergence(p, y), trustworthiness(x, y, n_neighbors=12)
    print(f"\n{len(x)} rows of {x.shape[1]}, perplexity {PERPLEXITY}, {ITERATIONS} iterations, {threads} threads, ", end="")
    print(f"scikit-learn {__version__}; medians of {rounds}")
    medians = {name: [statistics.median(column) for column in zip(*values)] for name, values in times.items()}
    print(f"{'':14}{'wall s':>9}{'processor s':>13}{'divergence':>12}{'trust k=12':>12}")
    for name, (wall, used) in medians.items():
        print(f"{name:14}{wall / 1e3:9.2f}{used / 1e3:13.2f}{result[name][0]:12.4f}{result[name][1]:12.4f}")
    ours, theirs = medians["deepvid"], medians["scikit-learn"]
    print(f"times as fast: {theirs[0] / ours[0]:.1f} by the clock, {theirs[1] / ours[1]:.1f} by processor time; ", end="")
    print(f"divergence {result['deepvid'][0] / result['scikit-learn'][0]:.4f} of theirs, ", end="")
    print(f"trustworthiness {result['deepvid'][1] - result['scikit-learn'][1]:+.4f}")


if sys.argv[1] == "--sklearn":
    run_sklearn(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
else:
    compare(
        sys.argv[1],
        sys.argv[2],
        int(sys.argv[3]) if len(sys.argv) > 3 else 3,
        int(sys.argv[4]) if len(sys.argv) > 4 else len(os.sched_getaffinity(0)),
    )
