"""Time an epoch of `training.fit`, as ratios to three others; `make bench` runs it. KERAS_BACKEND
chooses the backend.

(a) the matrix products of the epoch alone, of the same shapes, on the same backend;
(b) Keras's own `fit` on the same arrays, compiled as one does without thinking about speed;
(c) a plain loop in PyTorch, where that is installed.

They are timed in turn, and each ratio is that of the medians. Goals: (a) at most 1.5 for the large
network and 2.5 for the small one, (b) at most 0.9, (c) at most 1.
"""

import importlib.util
import itertools
import statistics
import time

import keras
from keras import ops

from course_utils import datasets, models, training  # before Keras

BATCH, ROUNDS = 256, 3
NETWORKS = [784, 1000, 500, 250, 30], [784, 300, 150]


def compiled(function):
    """The function as the backend compiles it."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    if backend == "jax":
        import jax

        return jax.jit(function)
    return function


def bare_products(sizes, n_batches):
    """A function that does a network's products for so many batches: forward, and for both
    gradients."""
    shapes = list(itertools.pairwise(sizes + sizes[-2::-1]))
    ones = [
        tuple(ops.ones(s) for s in ((BATCH, n_in), (n_in, n_out), (BATCH, n_out)))
        for n_in, n_out in shapes
    ]

    @compiled
    def step(operands):
        total = 0.0
        for i, (h, kernel, gradient) in enumerate(operands):
            products = [ops.matmul(h, kernel), ops.matmul(ops.transpose(h), gradient)]
            if i:  # nothing is asked of the images' gradient
                products.append(ops.matmul(gradient, ops.transpose(kernel)))
            total += sum(product[0, 0] for product in products)  # so that none is left out
        return total

    def epoch():
        for _ in range(n_batches):
            total = step(ones)
        ops.convert_to_numpy(total)

    epoch()
    return epoch


def network(sizes, **options):
    model = models.dense_autoencoder(sizes, activation="silu", seed=0)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=models.SquaredError(), **options)
    return model


def ours(sizes, x):
    model = network(sizes, steps_per_execution=training.at_once(16))
    return lambda: training.fit(model, x, epochs=1, batch_size=BATCH, verbose=False)


def kerases(sizes, x):
    model = network(sizes)
    return lambda: model.fit(x, x, epochs=1, batch_size=BATCH, verbose=0)


def pytorchs(sizes, x):
    import torch

    layers = []
    for n_in, n_out in itertools.pairwise(sizes + sizes[-2::-1]):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.SiLU()]
    layers[2 * len(sizes) - 3] = torch.nn.Identity()  # the code is linear
    layers[-1] = torch.nn.Sigmoid()
    model, x = torch.nn.Sequential(*layers), torch.from_numpy(x)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)

    def epoch():
        for chosen in torch.randperm(len(x)).split(BATCH):
            adam.zero_grad()
            ((model(x[chosen]) - x[chosen]) ** 2).sum(dim=1).mean().backward()
            adam.step()

    return epoch


def seconds(epoch):
    start = time.perf_counter()
    epoch()
    return time.perf_counter() - start


def main():
    x = datasets.load_mnist()[0][0].reshape(-1, 784)
    print(
        f"Seconds an epoch of {len(x)} images, {keras.backend.backend()}, "
        f"median of {ROUNDS} (least to most)"
    )
    for sizes in NETWORKS:
        ways = {
            "training.fit": ours(sizes, x),
            "(a) products": bare_products(sizes, -(-len(x) // BATCH)),
            "(b) Keras": kerases(sizes, x),
        }
        if importlib.util.find_spec("torch"):
            ways["(c) PyTorch"] = pytorchs(sizes, x)
        taken = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name, epoch in ways.items():
                took = seconds(epoch)
                if turn:  # the first warms up
                    taken[name].append(took)
        middle = {name: statistics.median(times) for name, times in taken.items()}
        print("-".join(map(str, sizes)) + " and back")
        for name, times in taken.items():
            ratio = (
                ""
                if name == "training.fit"
                else f"   training.fit over it: {middle['training.fit'] / middle[name]:.2f}"
            )
            print(
                f"    {name:14}{middle[name]:6.2f} ({min(times):.2f} to {max(times):.2f}){ratio}",
                flush=True,
            )


if __name__ == "__main__":
    main()
