"""LIME's explanation of a picture (Ribeiro, Singh and Guestrin 2016), step by step as its authors' Python package does
it, with a teacher in PyTorch.

    lime.py BUNDLE TEACHER PICTURES.npy THREADS     asked with the number of pictures that the teacher is shown at once

Superpixels by quickshift (kernel size 1, as their example for pictures of this size; their default of 4 leaves one or
two), 1000 samples that each hide some of them behind their mean colour, cosine distance, an exponential kernel of width
0.25, and for each of the five likeliest classes a ridge to put superpixels in order and another to weigh them. Their
default batch is 10.
"""

import copy
import sys
import time

import numpy as np
import torch
from skimage.color import gray2rgb
from skimage.segmentation import quickshift
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances

from peer import blas_error, serve
from pytorch import Bundle

SAMPLES, TOP_CLASSES, KERNEL_WIDTH = 1000, 5, 0.25


def mean_colors(picture, segments):
    result = picture.copy()
    for segment in np.unique(segments):
        result[segments == segment] = picture[segments == segment].mean(0)
    return result


def ask_samples(picture, segments, classify, batch, random):
    """Which superpixels each sample shows, and the teacher's probabilities."""
    hidden = mean_colors(picture, segments)
    shows = random.randint(0, 2, (SAMPLES, len(np.unique(segments))))
    shows[0] = 1
    answers, waiting = [], []
    for row in shows:
        sample, mask = copy.deepcopy(picture), np.zeros(segments.shape, bool)
        for segment in np.where(row == 0)[0]:
            mask[segments == segment] = True
        sample[mask] = hidden[mask]
        waiting.append(sample)
        if len(waiting) == batch:
            answers.extend(classify(np.array(waiting)))
            waiting = []
    if waiting:
        answers.extend(classify(np.array(waiting)))
    return shows, np.array(answers)


def weigh(shows, answers, weight):
    """Superpixels in order of the weight in a first ridge, and their weights in a second one."""
    first = Ridge(alpha=0.01, fit_intercept=True).fit(shows, answers, sample_weight=weight)
    order = np.argsort(-np.abs(first.coef_ * shows[0]), kind="stable")
    second = Ridge(alpha=1, fit_intercept=True).fit(shows[:, order], answers, sample_weight=weight)
    second.score(shows[:, order], answers, sample_weight=weight)
    second.predict(shows[:1, order])
    return sorted(zip(order, second.coef_), key=lambda pair: -abs(pair[1]))


def explain(picture, classify, batch, random):
    start = time.perf_counter()
    picture = gray2rgb(picture)
    segments = quickshift(picture, kernel_size=1, max_dist=200, ratio=0.2, random_seed=random.randint(0, 1000))
    cut = time.perf_counter()
    shows, answers = ask_samples(picture, segments, classify, batch, random)
    asked = time.perf_counter()
    distance = pairwise_distances(shows, shows[:1], metric="cosine").ravel()
    weight = np.sqrt(np.exp(-(distance**2) / KERNEL_WIDTH**2))
    for label in np.argsort(answers[0])[-TOP_CLASSES:]:
        weigh(shows, answers[:, label], weight)
    return {"segmentation": 1e3 * (cut - start), "samples and teacher": 1e3 * (asked - cut),
            "distil": 1e3 * (time.perf_counter() - asked), "superpixels": shows.shape[1]}


def main():
    folder, teacher, pictures, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    bundle, random = Bundle(folder, teacher), np.random.RandomState(1)
    shown = np.load(pictures)[0, 0]

    def classify(pictures):
        with torch.inference_mode():
            grey = torch.from_numpy(pictures[..., 0].astype(np.float32)[:, None])
            return torch.softmax(bundle.logits(grey), 1).numpy()

    facts = {"name": "LIME's steps in PyTorch", "blas_error": blas_error()}
    serve(facts, lambda wish: lambda: explain(shown, classify, int(wish), random))


if __name__ == "__main__":
    main()
