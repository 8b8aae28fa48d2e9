"""Explainers against independent ones: in PyTorch and scikit-learn, from the same ONNX file.

    explainers.py PROGRAM BUNDLE [PICTURES]

PROGRAM is tests/explainers, BUNDLE a folder like models/fashion-mnist whose teacher is a chain of layers; pictures are
every 199th. LIME is fitted by scikit-learn to the same samples of the same superpixels, RISE takes the same masks; all
else is derived again, with the teacher in double precision. Each map may be off by TOLERANCE of its largest magnitude.
Prints that, and how many times as much of the processor the other way took in single precision, one thread each, in
turns.

Where its authors' package `lime` can be imported (PYTHONPATH), it is held against deepvid's LIME, too: it is given the
same superpixels and which of them each sample shows, and asks the teacher in PyTorch, ten pictures at a time.
Superpixels by quickshift are held against scikit-image's with the package's settings, and with smaller kernels.
Exit status: 0 right, 1 wrong, 77 something needed is missing.
"""

import configparser
import json
import os
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import onnx
    import onnx.numpy_helper
    import torch
    import torch.nn.functional as F
    from scipy.optimize import linear_sum_assignment
    from skimage.color import gray2rgb
    from skimage.segmentation import quickshift
    from sklearn.linear_model import Ridge
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

try:
    from lime.lime_image import LimeImageExplainer
except ImportError as missing:
    LimeImageExplainer = None
    print(f"the package lime cannot be imported ({missing}): deepvid's is not held against it")

# On its way through a picture integrated gradients meets bends of the network, where rounding decides which gradient
# there is: on pictures of CIFAR-10 PyTorch in single precision is off by 1e-2 from itself in double.
TOLERANCE = {"lime": 1e-3, "grad-cam": 1e-4, "integrated-gradients": 2e-2}
USUAL_TOLERANCE = 2e-4
PATH_STEPS, STRIDE = 50, 199


def pool_first(x, kernel, strides):
    """Of values that products rounded apart, as those of a flat background, the first one has the gradient."""
    _, first = F.max_pool2d(x.float(), kernel, strides, return_indices=True)
    return x.flatten(2).gather(2, first.flatten(2)).view(first.shape)


class Teacher:
    """A chain of layers, as the file has them."""

    def __init__(self, folder, dtype):
        ini = configparser.ConfigParser(inline_comment_prefixes=(";",))
        ini.read(os.path.join(folder, "deepvid.ini"))
        self.mean, self.std = (
            torch.tensor([float(word) for word in ini["teacher"][key].split(",")], dtype=dtype)[:, None, None]
            for key in ("mean", "std")
        )
        graph = onnx.load(os.path.join(folder, ini["teacher"]["model"])).graph
        self.nodes = list(graph.node)
        arrays = {w.name: onnx.numpy_helper.to_array(w).copy() for w in graph.initializer}
        self.weights = {name: torch.from_numpy(array).to(dtype) for name, array in arrays.items()}

    def layer(self, node, x):
        weight = [self.weights[name] for name in node.input[1:]]
        attribute = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            return F.conv2d(x, weight[0], weight[1], attribute["strides"], attribute["pads"][:2])
        if node.op_type == "MaxPool":
            pool = F.max_pool2d if x.dtype == torch.float32 else pool_first
            return pool(x, attribute["kernel_shape"], attribute["strides"])
        if node.op_type == "Gemm":
            return F.linear(x, weight[0] if attribute.get("transB") else weight[0].T, weight[1])
        return {"Relu": F.relu, "Flatten": lambda x: x.flatten(1)}[node.op_type](x)

    def logits(self, pictures, keep=None):
        """With the value behind the last convolution's rectifier in keep[0]."""
        x = (pictures.to(self.mean.dtype) - self.mean) / self.std
        last = max(i for i, node in enumerate(self.nodes) if node.op_type == "Conv") + 1
        for i, node in enumerate(self.nodes):
            x = self.layer(node, x)
            if keep is not None and i == last:
                x.retain_grad()
                keep.append(x)
        return x

    def scores(self, pictures, score, k):
        with torch.no_grad():
            return torch.cat([score(self.logits(batch))[:, k] for batch in pictures.split(256)]).numpy()


def logit(logits):
    return logits


def log_probability(logits):
    return logits.log_softmax(1)


def probability(logits):
    return logits.softmax(1)


def gradients(teacher, pictures, k):
    pictures = pictures.clone().requires_grad_()
    log_probability(teacher.logits(pictures))[:, k].sum().backward()
    return pictures.grad


# ---- explainers: of a picture (1 x C x H x W) and a class --------------------------


def lime(teacher, x, k, drawn):
    keeps, segments = drawn["lime-keeps"].astype(np.float64), drawn["lime-segments"]
    shows = torch.from_numpy(drawn["lime-keeps"][:, segments].astype(np.float32))
    scores = teacher.scores(x * shows[:, None], probability, k)
    distance = 1 - keeps.sum(1) / (np.linalg.norm(keeps, axis=1) * np.sqrt(keeps.shape[1]))
    weight = np.sqrt(np.exp(-(distance**2) / 0.25**2))
    model = Ridge(alpha=1, fit_intercept=True).fit(keeps, scores, sample_weight=weight)
    drawn["r2"] = model.score(keeps, scores, sample_weight=weight)
    return model.coef_[segments]


def rise(teacher, x, k, drawn):
    masks = torch.from_numpy(drawn["masks"])
    scores = teacher.scores(x * masks[:, None], probability, k).astype(np.float64)
    return np.tensordot(scores - scores.mean(), drawn["masks"], 1) / (len(scores) * 0.5)


def occlusion(teacher, x, k, drawn):
    side = x.shape[-1]
    window = round(side * 5 / 28)
    at = range(side - window + 1)
    covered = x.repeat(len(at) ** 2, 1, 1, 1)
    for i in range(len(covered)):
        covered[i, :, i // len(at) :, i % len(at) :][:, :window, :window] = 0
    fall = teacher.scores(x, logit, k)[0] - teacher.scores(covered, logit, k).astype(np.float64)
    total, count = np.zeros((side, side)), np.zeros((side, side))
    for i in range(len(covered)):
        total[i // len(at) :, i % len(at) :][:window, :window] += fall[i]
        count[i // len(at) :, i % len(at) :][:window, :window] += 1
    return total / count


def gradient(teacher, x, k, drawn):
    return gradients(teacher, x, k).numpy()[0]


def gradient_input(teacher, x, k, drawn):
    return (gradients(teacher, x, k) * x).numpy()[0]


def integrated_gradients(teacher, x, k, drawn):
    share = (torch.arange(PATH_STEPS) + 0.5) / PATH_STEPS
    drawn["goal"] = np.diff(teacher.scores(torch.cat([x * 0, x]), log_probability, k))[0]
    return (gradients(teacher, x * share[:, None, None, None], k).double().mean(0) * x[0]).numpy()


def grad_cam(teacher, x, k, drawn):
    keep = []
    teacher.logits(x.clone().requires_grad_(), keep)[0, k].backward()
    cam = F.relu((keep[0] * keep[0].grad.mean((2, 3), keepdim=True)).sum(1, keepdim=True))
    return F.interpolate(cam.detach(), x.shape[2:], mode="bilinear", align_corners=False).numpy()[0, 0]


EXPLAINERS = {
    "lime": lime,
    "rise": rise,
    "occlusion": occlusion,
    "gradient": gradient,
    "gradient-input": gradient_input,
    "integrated-gradients": integrated_gradients,
    "grad-cam": grad_cam,
}


# ---- LIME by its authors' package ---------------------------------------------------


class Drawn(np.random.RandomState):
    """Draws what deepvid drew: which superpixels each sample shows."""

    def __init__(self, keeps):
        super().__init__(1)
        self.keeps = keeps.astype(int)

    def randint(self, low, high=None, size=None, dtype=int):
        if size is None:  # a seed for its own superpixels, which are not asked for
            return low
        assert size == self.keeps.size
        return self.keeps.ravel()


# Names of tests/explainers.c: superpixels turn black, or to their mean colour as the package has it by default.
PACKAGED = {"lime": 0, "lime-mean": None, "lime-quickshift": None}


def as_rgb(x):
    picture = x[0].permute(1, 2, 0).numpy().astype(np.float64)
    return picture if picture.shape[2] == 3 else gray2rgb(picture[:, :, 0])


def packaged_lime(teacher, x, k, keeps, segments, hide_color):
    """Its map, R2 and word on the picture, as its users would have them."""

    def classify(pictures):
        batch = torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2)[:, : x.shape[1]]
        with torch.no_grad():
            return probability(teacher.logits(batch)).numpy()

    explanation = LimeImageExplainer(random_state=Drawn(keeps)).explain_instance(
        as_rgb(x), classify, hide_color=hide_color, num_samples=len(keeps), segmentation_fn=lambda picture: segments,
        progress_bar=False
    )
    weight = np.zeros(keeps.shape[1])
    for segment, value in explanation.local_exp[k]:
        weight[segment] = value
    return weight[segments], explanation.score[k], float(explanation.local_pred[k])


def moved_pixels(ours, theirs):
    """Pixels in another patch, when patches are paired so that these are fewest."""
    table = np.zeros((ours.max() + 1, theirs.max() + 1), int)
    np.add.at(table, (ours.ravel(), theirs.ravel()), 1)
    return ours.size - table[linear_sum_assignment(-table)].sum()


# ---- all of them --------------------------------------------------------------------


def distance(ours, theirs):
    return np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12)


class Tally:
    """The largest differences of one name, and the times of both."""

    def __init__(self):
        self.worst, self.took = np.zeros(3), []

    def add(self, off, ours_ms, took):
        self.worst = np.maximum(self.worst, off)
        self.took.append((ours_ms, 1000 * took))

    def line(self, name, differences):
        ours, theirs = np.median(np.array(self.took), axis=0)
        words = "".join(f"  {off:10.2g}" for off in self.worst[:differences])
        return f"{name:20}{words}  {ours:10.1f}  {theirs:11.1f}  {theirs / ours:6.1f}"


def compare_derived(teacher, x, k, row, ours, drawn, tally):
    name = row["name"]
    start = time.process_time()
    EXPLAINERS[name](teacher["timed"], x, k, drawn)
    took = time.process_time() - start
    off = distance(ours, EXPLAINERS[name](teacher["exact"], x, k, drawn))
    tally.add(off, row["ms"], took)
    fine = row["class"] == k and off <= TOLERANCE.get(name, USUAL_TOLERANCE)
    fine &= name != "lime" or abs(row["r2"] - drawn["r2"]) < 1e-4
    fine &= name != "integrated-gradients" or abs(row["goal"] - drawn["goal"]) < 1e-4 * (1 + abs(drawn["goal"]))
    return fine


def compare_packaged(teacher, x, k, row, ours, drawn, tally):
    name = row["name"]
    start = time.process_time()
    keeps, segments = drawn[f"{name}-keeps"], drawn[f"{name}-segments"]
    theirs, r2, fitted = packaged_lime(teacher["timed"], x, k, keeps, segments, PACKAGED[name])
    took = time.process_time() - start
    off = distance(ours, theirs), abs(row["r2"] - r2), abs(row["fitted"] - fitted)
    tally.add(off, row["ms"], took)
    return row["class"] == k and off[0] <= TOLERANCE["lime"] and max(off[1:]) < 1e-4


def compare(teacher, folder, picture, rows, derived, packaged, moved):
    load = lambda name: np.load(os.path.join(folder, f"{picture}-{name}.npy"))
    x = torch.from_numpy(load("picture"))[None]
    k = int(teacher["exact"].logits(x).argmax())
    drawn = {f"{name}-{what}": load(f"{name}-{what}") for name in PACKAGED for what in ("segments", "keeps")}
    drawn["masks"] = np.load(os.path.join(folder, "masks.npy"))
    right = True
    for kernel in moved:
        theirs, again = (
            quickshift(as_rgb(x), kernel_size=kernel, max_dist=200, ratio=0.2, random_seed=seed) for seed in (1, 2)
        )
        ours = load(f"quickshift-{kernel}")
        moved[kernel].append((moved_pixels(ours, theirs), moved_pixels(again, theirs), theirs.max() + 1))
    for row in rows:
        name = row["name"]
        for table, judge in (derived, compare_derived), (packaged, compare_packaged):
            if name in table and not judge(teacher, x, k, row, load(name), drawn, table[name]):
                off = table[name].worst.max()
                print(f"picture {picture}: {name} is off by {off:.2g}, class {row['class']} and {k}")
                right = False
    return right


def report(count, derived, packaged, moved):
    print(f"{count} pictures        difference  deepvid ms   PyTorch ms   ratio")
    for name in derived:
        print(derived[name].line(name, 1))
    if packaged:
        print(f"{'':20}  difference  of R2       of its word  deepvid ms  lime ms   ratio")
    for name in packaged:
        print(packaged[name].line(name, 3))
    for kernel in moved:
        pixels, by_seed, patches = np.array(moved[kernel]).T
        print(f"quickshift by {kernel}: {patches.min()} .. {patches.max()} patches, {pixels.sum()} pixels in another "
              f"one than scikit-image's; {by_seed.sum()} in another one of its own by another seed")


def main():
    program, bundle, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10
    torch.set_num_threads(1)
    teacher = {"timed": Teacher(bundle, torch.float32), "exact": Teacher(bundle, torch.float64)}
    derived = {name: Tally() for name in EXPLAINERS}
    packaged = {name: Tally() for name in PACKAGED if LimeImageExplainer}
    moved, right = {kernel: [] for kernel in (4, 2, 1)}, True
    with tempfile.TemporaryDirectory() as folder:
        for picture in range(0, count * STRIDE, STRIDE):
            answer = subprocess.run([program, bundle, folder, str(picture)], stdout=subprocess.PIPE, check=True)
            rows = [json.loads(line) for line in answer.stdout.splitlines()]
            right &= compare(teacher, folder, picture, rows, derived, packaged, moved)
    report(count, derived, packaged, moved)
    sys.exit(0 if right else 1)


main()
