"""What is measured: each question is a function that yields contests of deepvid and its peers."""

import os
import subprocess
import sys
from dataclasses import dataclass, field

from turns import Missing, Worker, count_processors

HERE = os.path.dirname(os.path.abspath(__file__))
BUNDLE = os.path.join(HERE, "..", "..", "models", "fashion-mnist")
NETWORKS = {"resnet18_32": 32, "resnet18_64": 64, "mobilenet_v2_32": 32, "mobilenet_v2_64": 64, "resnet18_224": 224}


@dataclass
class Side:
    name: str
    command: list
    settings: dict = field(default_factory=dict)  # of its environment, on top of all programs'
    ours: bool = False
    wish: str = ""  # asked for in place of the contest's case


@dataclass
class Contest:
    """The first side, and what is asked of all of them, one case after the other."""

    title: str
    cases: list
    sides: list
    unit: str = "ms"
    of_peak: bool = True
    by_clock: bool = False  # processor time would say nothing
    after: object = None  # after(case, medians): a sentence


class Setup:
    """Where things are, and what is made for the contests when it is first needed."""

    def __init__(self, options, threads, settings):
        self.torch, self.sklearn, self.fashion = options.torch, options.sklearn, options.fashion
        self.threads, self.settings = threads, settings
        self.isa = ""  # deepvid's choice
        self.made = os.path.join("tests", "bench", "made")
        os.makedirs(self.made, exist_ok=True)

    def make(self, name, command):
        """A file or folder of that name, by a command that writes it."""
        path = os.path.join(self.made, name)
        if not os.path.exists(path):
            try:
                done = subprocess.run(command(path), env=self.settings, capture_output=True, text=True)
            except OSError as error:
                raise Missing(f"{name} cannot be made: {error}") from error
            if done.returncode:
                raise Missing(f"{name} cannot be made: {done.stderr.strip().splitlines()[-1]}")
        return path

    def network(self, name):
        return self.make(name + ".onnx", lambda path: self.python("networks.py", self.made, name))

    def report(self):
        """Neighbours and soft labels of the first picture."""
        return self.make("report", lambda path: ["./deepvid", "explain", BUNDLE, "--index=0", "--out", path])

    def ours(self, program, *arguments, threads=None, name="deepvid", **settings):
        threads = self.threads if threads is None else threads
        words = [threads if word is None else word for word in arguments]
        return Side(name, [f"tests/bench/bench-{program}", *map(str, words)], settings, ours=True)

    def python(self, script, *arguments):
        python = self.sklearn if script == "scikit.py" else self.torch
        return [python, os.path.join(HERE, script), *map(str, arguments)]

    def peer(self, name, script, *arguments):
        return Side(name, self.python(script, *arguments))

    def once(self, name, command, ours=False):
        """A program that is started anew for each turn."""
        return Side(name, [sys.executable, os.path.join(HERE, "once.py"), *command], ours=ours)

    def runtime(self, model, shape):
        shape = ",".join(map(str, shape))
        return Side("ONNX Runtime", ["node", os.path.join(HERE, "runtime.js"), model, shape, str(self.threads)])


def network_contest(setup, title, model, shape, batches):
    sides = [setup.ours("network", model, None), setup.runtime(model, shape),
             setup.peer("PyTorch", "pytorch.py", "network", model, setup.threads)]
    if setup.isa in ("avx512", "amx"):
        sides.append(setup.ours("network", model, None, name="deepvid (AVX2)", DEEPVID_ISA="avx2"))
    return Contest(title, batches, sides)


def teacher(setup):
    yield network_contest(setup, "bundled teacher, batch", os.path.join(BUNDLE, "teacher.onnx"), (1, 28, 28),
                          [1, 64, 1000])
    yield network_contest(setup, "24-MFLOP network, batch", setup.network("small"), (1, 28, 28), [1, 64, 1000])
    for name, side in NETWORKS.items():
        yield network_contest(setup, f"{name}, batch", setup.network(name), (3, side, side),
                              [1] if side == 224 else [1, 64, 1000])


def decoder(setup):
    yield network_contest(setup, "decoder, batch", os.path.join(BUNDLE, "decoder.onnx"), (10,), [1000])


def student(setup):
    ours = setup.ours("student", BUNDLE, None)
    yield Contest("student:", ["ridge"], [ours, setup.peer("scikit-learn", "scikit.py", "student", setup.report(),
                                                           setup.threads)], of_peak=False)
    yield Contest("student:", ["gd", "sgd", "adam"], [ours, setup.peer("PyTorch", "pytorch.py", "student",
                                                                       setup.report(), setup.threads)], of_peak=False)


def path(setup):
    for title, wish in (("another", "lambda"), ("lambda", "path 25")):
        yield Contest(title, [wish], [setup.ours("student", BUNDLE, None),
                                      setup.peer("SciPy", "scikit.py", "student", setup.report(), setup.threads)],
                      of_peak=False)


def explanation(setup):
    neighbors = os.path.join(setup.report(), "neighbors.npy")
    for title, model in (("bundled teacher", os.path.join(BUNDLE, "teacher.onnx")),
                         ("24-MFLOP teacher", setup.network("small"))):
        published = setup.peer("PyTorch, as published", "pytorch.py", "explain", BUNDLE, model, setup.threads)
        one, all_at_once = (setup.peer(name, "lime.py", BUNDLE, model, neighbors, setup.threads)
                            for name in ("LIME", "LIME, all at once"))
        published.wish, one.wish, all_at_once.wish = "1000", "10", "1000"
        yield Contest(f"explanation, {title}, neighbours", [1000], [
            setup.ours("explain", BUNDLE, None, model), published, one, all_at_once])
        yield Contest(f"the same with one fresh neighbour, {title}:", ["1000 1"], [
            setup.ours("explain", BUNDLE, None, model), published, one, all_at_once])
        yield Contest(f"map, {title}:", ["lime 1000"], [setup.ours("explain", BUNDLE, None, model), one, all_at_once])


def training(setup):
    """An epoch. PyTorch's layout of activations and its Adam are those that are fastest for each."""
    images, labels = (os.path.join(setup.fashion, f"train-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1"))
    if not os.path.exists(images):
        raise Missing(f"{images} is not there")
    ours = setup.once("deepvid", ["tests/bench/bench-train", "{}", images, labels, str(setup.threads)], ours=True)
    for kind, layout, adam in (("vae", "0", "1"), ("classifier", "1", "1")):
        yield Contest("training, 60,000 pictures:", [kind], [ours, setup.once("PyTorch", setup.python(
            "train.py", "--torch", "{}", setup.fashion, setup.threads, layout, adam))], of_peak=False)


def tsne_contest(setup, count):
    start, ours, theirs = (os.path.join(setup.made, f"{name}-{count}.npy") for name in ("start", "ours", "theirs"))
    rows = setup.make(f"rows-{count}.npy", lambda path: ["tests/bench/bench-tsne", "rows", BUNDLE, path, start,
                                                         str(count)])
    perplexity = 30

    def compare_quality(case, medians):
        worker = Worker(setup.python("scikit.py", "quality", rows, ours, theirs, perplexity), setup.settings)
        found = worker.ask("")
        worker.close()
        return "; ".join(f"{name} {found[name]:.4f}, theirs {found['their ' + name]:.4f}"
                         for name in ("divergence", "trustworthiness"))

    return Contest(f"t-SNE of {count} pictures, iterations", [1000], [
        setup.ours("tsne", "run", rows, start, ours, None, perplexity),
        setup.peer("scikit-learn", "scikit.py", "tsne", rows, start, theirs, setup.threads, perplexity),
    ], of_peak=False, after=compare_quality)


def tsne(setup):
    yield tsne_contest(setup, 2500)


def tsne_of_all(setup):
    """Some minutes."""
    yield tsne_contest(setup, 10000)


def keyboard_contest(setup, title, cases, of_peak=False):
    return Contest(title, cases, [setup.ours("keys", "./deepvid", BUNDLE)], of_peak=of_peak, by_clock=True)


def screen(setup):
    yield keyboard_contest(setup, "program to first text:", ["start"])


def keys(setup):
    yield keyboard_contest(setup, "key to last byte,", [
        "student: ] for lambda", "student: ) for the band", "teacher: arrow in the grid",
        "teacher: arrow in the projection", "VAE: Up on an axis"], of_peak=True)


def memory(setup):
    """Peak resident sets of whole processes."""
    ours = setup.once("deepvid", ["./deepvid", "explain", BUNDLE, "--index=0", "--json", f"--threads={setup.threads}",
                                  "--neighbors={}"], ours=True)
    theirs = setup.once("PyTorch, as published", setup.python("pytorch.py", "explain", BUNDLE,
                                                              os.path.join(BUNDLE, "teacher.onnx"), setup.threads))
    yield Contest("peak memory, neighbours", [1000], [ours, theirs], unit="MiB", of_peak=False)
    yield Contest("peak memory, neighbours", [100000], [ours], unit="MiB", of_peak=False)


def amdahl(case, medians):
    """Of the times with one thread and with the most (Amdahl 1967)."""
    alone = medians["1 thread"]
    threads, best = max((int(name.split()[0]), time) for name, time in medians.items())
    if best >= alone:
        return "no faster with more threads: the machine is busy, or has but one"
    parallel = min(1.0, (1 - best / alone) / (1 - 1 / threads))
    return (f"{threads} threads: {100 * parallel:.1f} % of the time is parallel, by Amdahl's law "
            f"{1 / (1 - parallel + parallel / 64):.0f} times as fast with 64")


def scaling(setup):
    most = count_processors()
    counts = sorted({1 << k for k in range(1, most.bit_length()) if 1 << k <= most} | {most} - {1})

    def contest(title, cases, program, *arguments):
        sides = [setup.ours(program, *arguments, threads=n, name=f"{n} threads") for n in counts]
        alone = setup.ours(program, *arguments, threads=1, name="1 thread")
        alone.ours = not counts
        return Contest(title, cases, sides + [alone], of_peak=False, by_clock=True, after=amdahl)

    small = setup.network("small")
    yield contest("scaling, 24-MFLOP network, batch", [64, 1000], "network", small, None)
    yield contest("scaling, bundled teacher, batch", [1000], "network", os.path.join(BUNDLE, "teacher.onnx"), None)
    yield contest("scaling, explanation, neighbours", [1000], "explain", BUNDLE, None, small)


QUESTIONS = {question.__name__: question for question in (teacher, decoder, student, path, explanation, training, tsne,
                                                          tsne_of_all, screen, keys, memory, scaling)}
SELDOM = ("tsne_of_all",)  # only when asked for by name
