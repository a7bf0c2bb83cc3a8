"""Time our PCA against scikit-learn's on the two data sets: fit and transform, then the score;
`make bench` runs it.

The two are timed in turn, so that a machine that slows down slows both; the ratio is that of the
medians.
"""

import statistics
import time

import sklearn.decomposition

from course_utils import datasets
from course_utils.pca import PCA

RUNS = 9


def fit_and_transform(model, x):
    model.fit(x).transform(x)


def seconds(work, model, x):
    start = time.perf_counter()
    work(model, x)
    return time.perf_counter() - start


def compare(name, x, ours, theirs, work=fit_and_transform):
    times = {"ours": [], "theirs": []}
    for run in range(RUNS + 1):
        for key, model in (("ours", ours), ("theirs", theirs)):
            took = seconds(work, model, x)
            if run:  # the first warms up
                times[key].append(took)
    a, b = statistics.median(times["ours"]), statistics.median(times["theirs"])
    print(f"{name:50} {a:7.3f} s  {b:7.3f} s  ratio {a / b:.2f}", flush=True)


def main():
    (mnist, _), _ = datasets.load_mnist()
    mnist = mnist.reshape(-1, 784)
    faces = datasets.load_faces()[0].reshape(400, -1)
    print(f"{'':50} {'ours':>9}  {'scikit-learn':>9}")
    for label, x in (("MNIST 60000 x 784", mnist), ("faces 400 x 4096", faces)):
        compare(f"{label}, each one's default", x, PCA(30), sklearn.decomposition.PCA(30))
        compare(
            f"{label}, exact SVD in both",
            x,
            PCA(30, solver="svd"),
            sklearn.decomposition.PCA(30, svd_solver="full"),
        )
        compare(f"{label}, 95 % of the variance", x, PCA(0.95), sklearn.decomposition.PCA(0.95))
        for n_components in (30, 0.95):
            compare(
                f"{label}, score of {n_components} components",
                x,
                PCA(n_components).fit(x),
                sklearn.decomposition.PCA(n_components).fit(x),
                lambda model, x: model.score(x),
            )


if __name__ == "__main__":
    main()
