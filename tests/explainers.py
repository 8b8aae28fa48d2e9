"""Explainers against independent ones: in PyTorch and scikit-learn, from the same ONNX file.

    explainers.py PROGRAM BUNDLE [PICTURES]

PROGRAM is tests/explainers, BUNDLE a folder like models/fashion-mnist. LIME is fitted by scikit-learn to the same
samples of the same superpixels, RISE takes the same masks; all else is derived again. Each map may be off by TOLERANCE
of its largest magnitude. Prints that, and how many times as long the other way took, one thread each, in turns.
Exit status: 0 right, 1 wrong, 77 something needed is missing.
"""

import configparser
import gzip
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
    from sklearn.linear_model import Ridge
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = {"lime": 1e-3, "grad-cam": 1e-4}
USUAL_TOLERANCE = 2e-4
PATH_STEPS, WINDOW = 50, 5


class Teacher:
    """A chain of layers, as the file has them."""

    def __init__(self, folder):
        ini = configparser.ConfigParser(inline_comment_prefixes=(";",))
        ini.read(os.path.join(folder, "deepvid.ini"))
        self.mean, self.std = float(ini["teacher"]["mean"]), float(ini["teacher"]["std"])
        graph = onnx.load(os.path.join(folder, ini["teacher"]["model"])).graph
        self.nodes = list(graph.node)
        self.weights = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in graph.initializer}
        self.folder, self.images = folder, ini["data"]["images"]

    def pictures(self):
        with gzip.open(os.path.join(self.folder, self.images)) as file:
            return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28).astype(np.float32) / 255

    def layer(self, node, x):
        weight = [self.weights[name] for name in node.input[1:]]
        attribute = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Conv":
            return F.conv2d(x, weight[0], weight[1], attribute["strides"], attribute["pads"][:2])
        if node.op_type == "MaxPool":
            return F.max_pool2d(x, attribute["kernel_shape"], attribute["strides"])
        if node.op_type == "Gemm":
            return F.linear(x, weight[0] if attribute.get("transB") else weight[0].T, weight[1])
        return {"Relu": F.relu, "Flatten": lambda x: x.flatten(1)}[node.op_type](x)

    def logits(self, pictures, keep=None):
        """With the value behind the last convolution's rectifier in keep[0]."""
        x = (pictures - self.mean) / self.std
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


# ---- explainers: of a picture (1 x 1 x 28 x 28) and a class -----------------------


def lime(teacher, x, k, drawn):
    keeps, segments = drawn["keeps"].astype(np.float64), drawn["segments"]
    scores = teacher.scores(x * torch.from_numpy(drawn["keeps"][:, segments].astype(np.float32))[:, None], probability, k)
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
    at = range(28 - WINDOW + 1)
    covered = x.repeat(len(at) ** 2, 1, 1, 1)
    for i in range(len(covered)):
        covered[i, :, i // len(at) :, i % len(at) :][:, :WINDOW, :WINDOW] = 0
    fall = teacher.scores(x, logit, k)[0] - teacher.scores(covered, logit, k).astype(np.float64)
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for i in range(len(covered)):
        total[i // len(at) :, i % len(at) :][:WINDOW, :WINDOW] += fall[i]
        count[i // len(at) :, i % len(at) :][:WINDOW, :WINDOW] += 1
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
    return F.interpolate(cam.detach(), (28, 28), mode="bilinear", align_corners=False).numpy()[0, 0]


EXPLAINERS = {
    "lime": lime,
    "rise": rise,
    "occlusion": occlusion,
    "gradient": gradient,
    "gradient-input": gradient_input,
    "integrated-gradients": integrated_gradients,
    "grad-cam": grad_cam,
}


def compare(teacher, folder, picture, rows, worst, took):
    x = torch.from_numpy(teacher.pictures()[picture : picture + 1])
    k = int(teacher.logits(x).argmax())
    drawn = {name: np.load(os.path.join(folder, f"{picture}-{name}.npy")) for name in ("segments", "keeps")}
    drawn["masks"] = np.load(os.path.join(folder, "masks.npy"))
    right = True
    for row in rows:
        name = row["name"]
        if name not in EXPLAINERS:
            continue
        ours = np.load(os.path.join(folder, f"{picture}-{name}.npy"))
        start = time.perf_counter()
        theirs = EXPLAINERS[name](teacher, x, k, drawn)
        took[name] += [(row["ms"], 1000 * (time.perf_counter() - start))]
        off = np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12)
        worst[name] = max(worst[name], off)
        fine = row["class"] == k and off <= TOLERANCE.get(name, USUAL_TOLERANCE)
        fine &= name != "lime" or abs(row["r2"] - drawn["r2"]) < 1e-4
        fine &= name != "integrated-gradients" or abs(row["goal"] - drawn["goal"]) < 1e-4 * (1 + abs(drawn["goal"]))
        if not fine:
            print(f"picture {picture}: {name} is off by {off:.2g} of the largest, class {row['class']} and {k}")
            right = False
    return right


def main():
    program, bundle, count = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10
    torch.set_num_threads(1)
    teacher = Teacher(bundle)
    worst, took = {name: 0 for name in EXPLAINERS}, {name: [] for name in EXPLAINERS}
    right = True
    with tempfile.TemporaryDirectory() as folder:
        for picture in range(count):
            answer = subprocess.run([program, bundle, folder, str(picture)], stdout=subprocess.PIPE, check=True)
            rows = [json.loads(line) for line in answer.stdout.splitlines()]
            right &= compare(teacher, folder, picture, rows, worst, took)
    print(f"{count} pictures      largest difference   deepvid ms   PyTorch ms   ratio")
    for name in EXPLAINERS:
        ours, theirs = np.median(np.array(took[name]), axis=0)
        print(f"{name:20}  {worst[name]:18.2g}  {ours:10.1f}  {theirs:11.1f}  {theirs / ours:6.1f}")
    sys.exit(0 if right else 1)


main()
