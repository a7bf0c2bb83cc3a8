"""Time our PCA against scikit-learn's, fit and transform, on the two data sets; `make bench` runs
it.

The two are timed in turn, so that a machine that slows down slows both; the ratio is that of the
medians.
"""

import statistics
import time

import sklearn.decomposition

from course_utils import datasets
from course_utils.pca import PCA

RUNS = 9


def seconds(model, x):
    start = time.perf_counter()
    model.fit(x).transform(x)
    return time.perf_counter() - start


def compare(name, x, n_components, ours, theirs):
    times = {"ours": [], "theirs": []}
    for run in range(RUNS + 1):
        for key, make in (("ours", ours), ("theirs", theirs)):
            took = seconds(make(n_components), x)
            if run:  # the first warms up
                times[key].append(took)
    a, b = statistics.median(times["ours"]), statistics.median(times["theirs"])
    print(f"{name:50} {a:7.3f} s  {b:7.3f} s  ratio {a / b:.2f}", flush=True)


def main():
    (mnist, _), _ = datasets.load_mnist()
    mnist = mnist.reshape(-1, 784)
    faces = datasets.load_faces()[0].reshape(400, -1)
    print(f"{'':50} {'ours':>9}  {'scikit-learn':>9}")
    for label, x, k in (("MNIST 60000 x 784", mnist, 30), ("faces 400 x 4096", faces, 30)):
        compare(f"{label}, each one's default", x, k, PCA, sklearn.decomposition.PCA)
        compare(
            f"{label}, exact SVD in both",
            x,
            k,
            lambda k: PCA(k, solver="svd"),
            lambda k: sklearn.decomposition.PCA(k, svd_solver="full"),
        )


if __name__ == "__main__":
    main()
