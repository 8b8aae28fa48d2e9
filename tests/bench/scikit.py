"""What scikit-learn, and SciPy where it has nothing, do in deepvid's place.

    scikit.py student FOLDER THREADS       asked "ridge", "lambda" or "path 25"; FOLDER is a report
    scikit.py tsne ROWS START POSITIONS THREADS PERPLEXITY     asked with the number of iterations
    scikit.py quality ROWS OURS THEIRS PERPLEXITY              asked nothing: how good both results are

`lambda` and `path` keep the Gram matrix from lambda to lambda, as deepvid does: a Cholesky factor and a student, and for
each of a path its divergence on as many fresh neighbours.
"""

import os
import sys

import numpy as np
import scipy.linalg
import sklearn
from sklearn.linear_model import Ridge
from sklearn.manifold import TSNE, _t_sne, trustworthiness
from sklearn.neighbors import NearestNeighbors

from peer import blas_error, serve

RIDGE_SHARE, BAND = 0.0014, 0.5


class Lesson:
    """Neighbours, the teacher's centred log soft labels, and the weights of locality."""

    def __init__(self, folder):
        pictures, self.labels, latents = (np.load(os.path.join(folder, name + ".npy"))
                                          for name in ("neighbors", "soft_labels", "latents"))
        self.pictures = pictures.reshape(len(pictures), -1)
        logits = np.log(np.maximum(self.labels, 1e-30))
        self.targets = logits - logits.mean(1, keepdims=True)
        distance = ((latents - latents.mean(0)) ** 2).sum(1)
        self.weight = np.exp(-distance / (2 * (2 * BAND) ** 2)).astype(np.float32)
        gram = (self.pictures * self.weight[:, None]).T @ self.pictures
        self.ridge = RIDGE_SHARE * float(np.linalg.eigvalsh(gram)[-1])

    def fit(self):
        Ridge(self.ridge, solver="cholesky").fit(self.pictures, self.targets, self.weight)

    def center(self):
        """A centred system that is made once."""
        share = self.weight / self.weight.sum()
        self.middle, self.level = share @ self.pictures, share @ self.targets
        root = np.sqrt(self.weight)[:, None]
        x, y = root * (self.pictures - self.middle), root * (self.targets - self.level)
        self.gram, self.right = x.T @ x, x.T @ y

    def solve(self):
        self.solve_for(self.ridge)

    def solve_for(self, ridge):
        system = self.gram.copy()
        np.fill_diagonal(system, system.diagonal() + ridge)
        factor = scipy.linalg.cho_factor(system, overwrite_a=True, check_finite=False)
        return scipy.linalg.cho_solve(factor, self.right, check_finite=False)

    def walk(self, count):
        log_labels = np.log(np.maximum(self.labels, 1e-30))

        def work():
            for ridge in self.ridge * np.geomspace(0.01, 100, count, dtype=np.float32):
                logits = (self.pictures - self.middle) @ self.solve_for(ridge) + self.level
                logits -= logits.max(1, keepdims=True)
                log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
                (self.labels * (log_labels - log_p)).sum(1).mean()

        return work


def prepare_student(folder, _threads):
    lesson = Lesson(folder)
    lesson.center()

    def prepare(wish):
        name, *count = wish.split()
        if name == "path":
            return lesson.walk(int(count[0]))
        return lesson.solve if name == "lambda" else lesson.fit

    return prepare


def prepare_tsne(rows_path, start_path, out_path, threads, perplexity):
    rows, start = np.load(rows_path), np.load(start_path)

    def prepare(wish):
        def work():
            model = TSNE(perplexity=float(perplexity), n_iter=int(wish), init=start, learning_rate="auto",
                         n_jobs=int(threads))
            np.save(out_path, model.fit_transform(rows))

        return work

    return prepare


def joint_probabilities(rows, perplexity):
    neighbors = min(len(rows) - 1, int(3 * perplexity + 1))
    graph = NearestNeighbors(n_neighbors=neighbors).fit(rows).kneighbors_graph(mode="distance")
    graph.data **= 2
    p = _t_sne._joint_probabilities_nn(graph, perplexity, 0).tocoo()
    p.data = p.data.astype(np.float64) / p.data.sum(dtype=np.float64)
    return p


def divergence(p, positions):
    """Exact, over all pairs."""
    y = positions.astype(np.float64)
    total = -float(len(y))
    for first in range(0, len(y), 500):
        part = y[first : first + 500]
        total += (1 / (1 + (part[:, :1] - y[:, 0]) ** 2 + (part[:, 1:] - y[:, 1]) ** 2)).sum()
    known = p.data > 0
    q = 1 / (1 + ((y[p.row] - y[p.col]) ** 2).sum(1)) / total
    return (p.data[known] * np.log(p.data[known] / q[known])).sum()


def prepare_quality(rows_path, ours_path, theirs_path, perplexity):
    rows, ours, theirs = (np.load(path) for path in (rows_path, ours_path, theirs_path))
    p = joint_probabilities(rows, float(perplexity))

    def work():
        return {"divergence": float(divergence(p, ours)), "their divergence": float(divergence(p, theirs)),
                "trustworthiness": float(trustworthiness(rows, ours, n_neighbors=12)),
                "their trustworthiness": float(trustworthiness(rows, theirs, n_neighbors=12))}

    return lambda wish: work


def main():
    kind, *arguments = sys.argv[1:]
    facts = {"name": f"scikit-learn {sklearn.__version__}", "blas_error": blas_error()}
    serve(facts, {"student": prepare_student, "tsne": prepare_tsne, "quality": prepare_quality}[kind](*arguments))


if __name__ == "__main__":
    main()
