import functools
import itertools
import math

import numpy as np
import pytest

from course_utils import checks


# Each exercise: the reference solution, and wrong ones that students write, each with a word of its
# own hint.
def in_place(x):
    x -= x.mean(axis=0)
    return x


SCALE = (
    lambda x: x.astype(np.float32) / 255,
    {
        "float32 needs half": lambda x: x / 255,
        "whole numbers (uint8)": lambda x: x // 255,
        "largest value that happens": lambda x: (x / x.max()).astype(np.float32),
        "not 256": lambda x: (x / 256).astype(np.float32),
        "still go up to 187": lambda x: x.astype(np.float32),
        "shape is": lambda x: x.reshape(-1).astype(np.float32) / 255,
        "can't hold fractions": lambda x: (x / 255).astype(np.uint8),
    },
)
MIRROR = (
    lambda x: x[:, :, ::-1],
    {
        "order of the images": lambda x: x[::-1],
        "on their heads": lambda x: x[:, ::-1],
        "180 degrees": lambda x: x[:, ::-1, ::-1],
        "every axis": np.flip,
        "shape is": lambda x: x.transpose(0, 2, 1),
    },
)
CENTRE = (
    lambda x: x - x.mean(axis=0),
    {
        "mean of all values": lambda x: x - x.mean(),
        "over the examples": lambda x: x - x.mean(axis=1, keepdims=True),
        "standard deviation": lambda x: (x - x.mean(axis=0)) / x.std(axis=0),
        "return all the points": lambda x: x.mean(axis=0),
        "no `-=`": in_place,
        "mean 0 and keep": lambda x: x,
    },
)


def needed(s, share, power=2, offset=1, reached=np.greater_equal):
    return int(np.argmax(reached(np.cumsum(s**power) / (s**power).sum(), share))) + offset


COMPONENTS = (
    needed,
    {
        "square of a singular value": lambda s, share: needed(s, share, power=1),
        "you added up the singular values": lambda s, share: needed(s, share, power=1, offset=0),
        "one short": lambda s, share: needed(s, share, offset=0),
        "one too many": lambda s, share: needed(s, share, offset=2),
        "compare with >=": lambda s, share: needed(s, share, reached=np.greater),
        "whole number": lambda s, share: np.cumsum(s**2) / (s**2).sum(),
        "running shares": lambda s, share: 1,
        "not for [2, 1, 1]": lambda s, share: 4 if len(s) == 9 else 1,
    },
)
RECONSTRUCT = (
    lambda x, m, c: (x - m) @ c.T @ c + m,
    {
        "these are the scores": lambda x, m, c: (x - m) @ c.T,
        "add the mean again": lambda x, m, c: (x - m) @ c.T @ c,
        "subtract the mean before": lambda x, m, c: x @ c.T @ c,
        "never subtracted": lambda x, m, c: x @ c.T @ c + m,
        "nothing was projected": lambda x, m, c: x,
        "which belongs to the components": lambda x, m, c: (x - x.mean(0)) @ c.T @ c + x.mean(0),
        "print each step": lambda x, m, c: (x + m) @ c.T @ c - m,
        "raised ValueError": lambda x, m, c: (x - m) @ c,  # components the wrong way round
    },
)
PARAMETERS = (
    lambda sizes: sum((a + 1) * b for a, b in itertools.pairwise(sizes)),
    {
        "weights alone": lambda sizes: sum(a * b for a, b in itertools.pairwise(sizes)),
        "inputs have no biases": lambda sizes: (
            sum(a * b for a, b in itertools.pairwise(sizes)) + sum(sizes)
        ),
        "biases alone": lambda sizes: sum(sizes[1:]),
        "one bias a layer": lambda sizes: sum(a * b + 1 for a, b in itertools.pairwise(sizes)),
        "last layer is missing": lambda sizes: sum(
            (a + 1) * b for a, b in itertools.pairwise(sizes[:-1])
        ),
        "not for each of its inputs": lambda sizes: sum(
            a * b + a for a, b in itertools.pairwise(sizes)
        ),
        "53 weights and some": lambda sizes: 0,
        "right for four sizes": lambda sizes: 64,
        "changes what it was given": lambda sizes: sizes.clear() or 64,
    },
)


def cosine(u, v):
    return u @ v / (np.linalg.norm(u) * np.linalg.norm(v))


ANGLE = (
    lambda u, v: np.degrees(np.arccos(min(abs(cosine(u, v)), 1.0))),
    {
        "line has no direction": lambda u, v: np.degrees(np.arccos(np.clip(cosine(u, v), -1, 1))),
        "radians": lambda u, v: np.arccos(abs(cosine(u, v))),
        "this is the cosine": lambda u, v: abs(cosine(u, v)),
        "divide by both lengths": lambda u, v: np.degrees(np.arccos(u @ v)),
        "clip it": lambda u, v: np.degrees(np.arccos(abs(cosine(u, v)))),
        "clip it to 1": lambda u, v: math.degrees(math.acos(abs(cosine(u, v)))),
        "negative cosines to 0": lambda u, v: np.degrees(np.arccos(np.clip(cosine(u, v), 0, 1))),
        "lines at 30 degrees": lambda u, v: np.degrees(np.arcsin(min(abs(cosine(u, v)), 1))),
        "one number": lambda u, v: u * v,
        "not for two lines": lambda u, v: 45.0,
    },
)


def left_out(x, k):
    return (np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[k:] ** 2).sum()


OPTIMUM = (
    lambda x, k: left_out(x, k) / len(x),
    {
        "not averaged": lambda x, k: left_out(x, k) / len(x) / x.shape[1],
        "divide by their number": left_out,
        "divides by n; n - 1": lambda x, k: left_out(x, k) / (len(x) - 1),
        "centre x first": lambda x, k: (np.linalg.svd(x, compute_uv=False)[k:] ** 2).sum() / len(x),
        "right for k = 2": lambda x, k: left_out(x, 2) / len(x),
        "leave it squared": lambda x, k: np.sqrt(left_out(x, k) / len(x)),
        "share of the variance": lambda x, k: left_out(x, k) / left_out(x, 0),
        "variance that is kept": lambda x, k: (left_out(x, 0) - left_out(x, k)) / len(x),
        "square of a singular value": lambda x, k: (
            np.linalg.svd(x - x.mean(0), compute_uv=False)[k:].sum() / len(x)
        ),
    },
)
DEAD = (
    lambda codes: int((codes == 0).all(axis=0).sum()),
    {
        "0 for some example": lambda codes: (codes == 0).any(axis=0).sum(),
        "examples whose code": lambda codes: (codes == 0).all(axis=1).sum(),
        "which units are dead": lambda codes: (codes == 0).all(axis=0),
        "every single 0": lambda codes: (codes == 0).sum(),
        "the units that live": lambda codes: (codes > 0).any(axis=0).sum(),
        "as small as 1e-9": lambda codes: np.isclose(codes, 0).all(axis=0).sum(),
        "whole number": lambda codes: (codes == 0).all(axis=0).mean(),
        "none is always 0": lambda codes: 2,
    },
)


def shift(x, down, right, wide=3):
    y = np.pad(x, ((0, 0), (wide, wide), (wide, wide)))
    return y[:, wide - down : wide - down + x.shape[1], wide - right : wide - right + x.shape[2]]


def shift_by_slices(x, down, right):
    y = np.zeros_like(x)
    if down < 0 or right < 0:
        return shift(x, down, right)
    y[:, down:, right:] = x[:, :-down, :-right] if down and right else 0
    return y


SHIFT = (
    shift,
    {
        "np.roll": lambda x, down, right: np.roll(x, (down, right), axis=(1, 2)),
        "up and to the left": lambda x, down, right: shift(x, -down, -right),
        "swapped": lambda x, down, right: shift(x, right, down),
        "axis 0 counts the images": lambda x, down, right: np.roll(x, (down, right), axis=(0, 1)),
        "keeps its size": lambda x, down, right: np.pad(x, ((0, 0), (down, 0), (right, 0))),
        "not for down=-1": lambda x, down, right: shift(x, abs(down), abs(right)),
        "a move of 0": shift_by_slices,
        "nothing has moved": lambda x, down, right: x,
        "another is not": lambda x, down, right: np.concatenate([shift(x[:1], down, right), x[1:]]),
        "belongs at row 1, column 2": lambda x, down, right: 0 * x,
    },
)


def kernels(sizes):
    return sum(a * b for a, b in itertools.pairwise(sizes))


TIED_PARAMETERS = (
    lambda s: kernels(s) + sum(s[1:]) + sum(s[:-1]),
    {
        "untied": lambda s: 2 * kernels(s) + sum(s[1:]) + sum(s[:-1]),
        "decoder's biases are missing": lambda s: kernels(s) + sum(s[1:]),
        "encoder's biases are missing": lambda s: kernels(s) + sum(s[:-1]),
        "kernels alone": kernels,
        "biases are not shared": lambda s: kernels(s) + 2 * sum(s[1:]),
        "right for three sizes": lambda s: 88,
        "whole number": lambda s: 88.5,
        "some biases": lambda s: 0,
    },
)
TIED_RECONSTRUCT = (
    lambda x, k, b, c: np.tanh(x @ k + b) @ k.T + c,
    {
        "own bias, c": lambda x, k, b, c: np.tanh(x @ k + b) @ k.T,
        "encoder's bias, b": lambda x, k, b, c: np.tanh(x @ k) @ k.T + c,
        "through a tanh": lambda x, k, b, c: (x @ k + b) @ k.T + c,
        "tanh is for the code": lambda x, k, b, c: np.tanh(np.tanh(x @ k + b) @ k.T + c),
        "not its inverse": lambda x, k, b, c: np.tanh(x @ k + b) @ np.linalg.pinv(k) + c,
        "these are the codes": lambda x, k, b, c: np.tanh(x @ k + b),
        "raised ValueError": lambda x, k, b, c: np.tanh(x @ k + b) @ k + c,
        "print the shape": lambda x, k, b, c: x,
    },
)
PHASES = (
    lambda s: [(a, b, a) for a, b in itertools.pairwise(s)],
    {
        "not the images": lambda s: [(s[0], b, s[0]) for b in s[1:]],
        "from the outside in": lambda s: [(a, b, a) for a, b in itertools.pairwise(s)][::-1],
        "whole autoencoder": lambda s: list(itertools.pairwise(s)),
        "a copy of its input": lambda s: list(zip(s, s[1:], s[2:], strict=False)),
        "last phase is missing": lambda s: [(a, b, a) for a, b in itertools.pairwise(s)][:-1],
        "there are 3 phases": lambda s: [],
        "not for [5, 3]": lambda s: [(9, 6, 9), (6, 4, 6), (4, 2, 4)],
    },
)
MEAN_IMAGE = (
    lambda x: ((x - x.mean(axis=0)) ** 2).sum(axis=1).mean(),
    {
        "one grey": lambda x: ((x - x.mean()) ** 2).sum(axis=1).mean(),
        "summed over the pixels": lambda x: x.var(axis=0).mean(),
        "summed over the images too": lambda x: ((x - x.mean(axis=0)) ** 2).sum(),
        "divides by n": lambda x: x.var(axis=0, ddof=1).sum(),
        "black image": lambda x: (x**2).sum(axis=1).mean(),
        "no root": lambda x: np.sqrt(x.var(axis=0).sum()),
        "square them before": lambda x: (x - x.mean(axis=0)).sum(axis=1).mean(),
        "one number": lambda x: x.mean(axis=0),
        "you got": lambda x: 1.0,
    },
)


def _kl(a, b):
    return a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))


def _largest(values, k, axis=1):
    return np.argsort(np.argsort(-values, axis=axis), axis=axis) < k


MASK = (
    lambda x, rate, rng: x * (rng.random(x.shape) >= rate),
    {
        "dropout's rescaling": lambda x, rate, rng: x * (rng.random(x.shape) >= rate) / (1 - rate),
        "what is lost, not what is kept": lambda x, rate, rng: x * (rng.random(x.shape) < rate),
        "all images lost the same pixels": lambda x, rate, rng: (
            x * (rng.random(x.shape[1:]) >= rate)
        ),
        "whole rows or columns": lambda x, rate, rng: x * (rng.random((*x.shape[:2], 1)) >= rate),
        "nothing is added": lambda x, rate, rng: x + rng.normal(0, rate, x.shape),
        "no pixel became 0": lambda x, rate, rng: x,
        "of the pixels became 0, wanted": lambda x, rate, rng: (
            x * (rng.random(x.shape) >= rate / 2)
        ),
        "changes what it was given": lambda x, rate, rng: x.__imul__(rng.random(x.shape) >= rate),
        "different places": lambda x, rate, rng: (
            x * (np.random.default_rng().random(x.shape) >= rate)
        ),
        "not for 0.6": lambda x, rate, rng: x * (rng.random(x.shape) >= 0.3),
        "all pixels became 0": lambda x, rate, rng: x * 0,
        "the places alone": lambda x, rate, rng: rng.random(x.shape) >= rate,
        "two calls with one rng": lambda x, rate, rng: (
            x * (np.random.default_rng(0).random(x.shape) >= rate)
        ),
        "the shape is": lambda x, rate, rng: x[rng.random(x.shape) >= rate],
    },
)
PSNR = (
    lambda x, y: np.mean(10 * np.log10(1 / ((x - y) ** 2).mean(axis=1))),
    {
        "all images together": lambda x, y: 10 * np.log10(1 / ((x - y) ** 2).mean()),
        "one number for each image": lambda x, y: 10 * np.log10(1 / ((x - y) ** 2).mean(axis=1)),
        "the sign": lambda x, y: np.mean(10 * np.log10(((x - y) ** 2).mean(axis=1))),
        "20 goes with the root": lambda x, y: np.mean(
            20 * np.log10(1 / ((x - y) ** 2).mean(axis=1))
        ),
        "with its root it is 20": lambda x, y: np.mean(
            10 * np.log10(1 / np.sqrt(((x - y) ** 2).mean(axis=1)))
        ),
        "yours is over the images": lambda x, y: np.mean(
            10 * np.log10(1 / ((x - y) ** 2).mean(axis=0))
        ),
        "to the base 10": lambda x, y: np.mean(10 * np.log(1 / ((x - y) ** 2).mean(axis=1))),
        "you summed": lambda x, y: np.mean(10 * np.log10(1 / ((x - y) ** 2).sum(axis=1))),
        "the peak is 1": lambda x, y: np.mean(10 * np.log10(255**2 / ((x - y) ** 2).mean(axis=1))),
        "for each image 10 log10": lambda x, y: np.mean(1 / ((x - y) ** 2).mean(axis=1)),
    },
)
SHRINKAGE = (
    lambda v, s: v / (v + s**2),
    {
        "the square of its standard deviation": lambda v, s: v / (v + s),
        "the share of the noise": lambda v, s: s**2 / (v + s**2),
        "squares already": lambda v, s: v**2 / (v**2 + s**2),
        "no root": lambda v, s: np.sqrt(v / (v + s**2)),
        "keeps or drops": lambda v, s: np.where(v > s**2, 1.0, 0.0),
        "upside down": lambda v, s: (v + s**2) / np.maximum(v, 1e-9),
        "not for 0.7": lambda v, s: v / (v + 0.36),
        "the shape is": lambda v, s: v.mean(),
        "set its derivative to 0": lambda v, s: np.full(v.shape, 0.5),
    },
)
KL_PENALTY = (
    lambda code, t: _kl(t, code.mean(axis=0)).sum(),
    {
        "half the formula": lambda code, t: (t * np.log(t / code.mean(axis=0))).sum(),
        "for the unit being on": lambda code, t: (
            (1 - t) * np.log((1 - t) / (1 - code.mean(axis=0)))
        ).sum(),
        "not for 0.3": lambda code, t: _kl(0.1, code.mean(axis=0)).sum(),
        "4 times too small": lambda code, t: _kl(t, code.mean(axis=0)).mean(),
        "swapped": lambda code, t: _kl(code.mean(axis=0), t).sum(),
        "first the mean activation": lambda code, t: _kl(t, code).sum(axis=1).mean(),
        "over the batch (axis 0)": lambda code, t: _kl(t, code.mean(axis=1)).sum(),
        "a mean of its own": lambda code, t: _kl(t, code.mean()),
        "the sign": lambda code, t: -_kl(t, code.mean(axis=0)).sum(),
        "in bits": lambda code, t: _kl(t, code.mean(axis=0)).sum() / np.log(2),
        "one number": lambda code, t: _kl(t, code.mean(axis=0)),
        "both halves": lambda code, t: np.abs(code).sum(axis=1).mean(),
    },
)
TOP_K = (
    lambda code, k: np.where(_largest(code, k), code, 0),
    {
        "along axis 1": lambda code, k: np.where(_largest(code, k, axis=0), code, 0),
        "absolute values": lambda code, k: np.where(_largest(np.abs(code), k), code, 0),
        "not for k = 3": lambda code, k: np.where(_largest(code, 2), code, 0),
        "a negative value may be": lambda code, k: np.maximum(
            np.where(_largest(code, k), code, 0), 0
        ),
        "the k smallest": lambda code, k: np.where(_largest(-code, k), code, 0),
        "ones and zeros": lambda code, k: _largest(code, k).astype(float),
        "their places matter": lambda code, k: -np.sort(-code, axis=1)[:, :k],
        "the other way round": lambda code, k: np.where(_largest(code, k), 0, code),
        "one value too few": lambda code, k: np.where(
            code > np.sort(code, axis=1)[:, [-k]], code, 0
        ),
        "one value too many": lambda code, k: np.where(_largest(code, k + 1), code, 0),
        "one threshold": lambda code, k: np.where(
            code >= np.sort(code, axis=None)[-k * len(code)], code, 0
        ),
        "each row keeps": lambda code, k: code,
    },
)
CONVOLUTION_PARAMETERS = (
    lambda size, channels, filters: (size**2 * channels + 1) * filters,
    {
        "the biases are missing": lambda size, channels, filters: size**2 * channels * filters,
        "not one for each channel": lambda size, channels, filters: (
            (size**2 + 1) * channels * filters
        ),
        "yours is one for all": lambda size, channels, filters: size**2 * channels * filters + 1,
        "not to a channel of the input": lambda size, channels, filters: (
            size**2 * channels * filters + channels
        ),
        "looks at all channels": lambda size, channels, filters: (size**2 + 1) * filters,
        "a kernel is square": lambda size, channels, filters: (size * channels + 1) * filters,
        "that is one filter": lambda size, channels, filters: size**2 * channels + 1,
        "but not for a kernel of 3": lambda size, channels, filters: 532,
        "count what one filter has": lambda size, channels, filters: 64 * 64 * filters,
    },
)


def _people(persons, n, rng):
    return rng.choice(np.unique(persons), n, replace=False)


HOLD_PEOPLE_OUT = (
    lambda persons, n, rng: np.isin(persons, _people(persons, n, rng)),
    {
        "draw people, not pictures": lambda persons, n, rng: rng.permutation(len(persons)) < n * 5,
        "these are people": _people,
        "mark their pictures": lambda persons, n, rng: persons[
            np.isin(persons, _people(persons, n, rng))
        ],
        "True or False for each": lambda persons, n, rng: set(_people(persons, n, rng).tolist()),
        "nobody is held out": lambda persons, n, rng: np.zeros(len(persons), bool),
        "but not for 1 of 3": lambda persons, n, rng: np.isin(persons, _people(persons, 3, rng)),
        "numbers of pictures": lambda persons, n, rng: np.flatnonzero(
            np.isin(persons, _people(persons, n, rng))
        ),
        "wanted bool": lambda persons, n, rng: np.isin(persons, _people(persons, n, rng)).astype(
            int
        ),
        "the other way round": lambda persons, n, rng: ~np.isin(persons, _people(persons, n, rng)),
        "nobody twice": lambda persons, n, rng: np.isin(persons, rng.choice(persons, n)),
        "are held out, wanted 3": lambda persons, n, rng: np.isin(
            persons, _people(persons, n + 1, rng)
        ),
        "always the same people": lambda persons, n, rng: np.isin(persons, np.unique(persons)[:n]),
        "from nothing else": lambda persons, n, rng: np.isin(
            persons, _people(persons, n, np.random.default_rng())
        ),
    },
)


def _stamps(x, kernel, stride, add=True):
    out = np.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        out[i * stride : i * stride + len(kernel)] *= add
        out[i * stride : i * stride + len(kernel)] += value * kernel
    return out


def _stamps_at(x, kernel, stride):
    out = np.zeros((len(x) - 1) * stride + len(kernel))
    out[stride * np.arange(len(x))[:, np.newaxis] + np.arange(len(kernel))] += np.outer(x, kernel)
    return out


TRANSPOSED = (
    _stamps,
    {
        "the stride is missing": lambda x, kernel, stride: np.convolve(x, kernel),
        "the last stamp begins at": lambda x, kernel, stride: _stamps(x, kernel, stride)[1:-1],
        "np.add.at": lambda x, kernel, stride: _stamps_at(x, kernel, stride),
        "wanted (12,): the last": lambda x, kernel, stride: np.insert(x, range(1, len(x)), 0),
        "yours overwrites": lambda x, kernel, stride: _stamps(x, kernel, stride, add=False),
        "the kernel is reversed": lambda x, kernel, stride: _stamps(x, kernel[::-1], stride),
        "multiplied by its number": lambda x, kernel, stride: _stamps(
            np.ones_like(x), kernel, stride
        ),
        "by the whole kernel": lambda x, kernel, stride: _stamps(x, np.ones_like(kernel), stride),
        "not for a stride of 3": lambda x, kernel, stride: _stamps(x, kernel, 2),
        "at the places from": lambda x, kernel, stride: np.zeros(
            (len(x) - 1) * stride + len(kernel)
        ),
    },
)


def _gauss_kl(mean, log_var):
    return (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1) / 2


GAUSSIAN_KL = (
    _gauss_kl,
    {
        "the mean over the batch comes later": lambda mean, log_var: _gauss_kl(
            mean, log_var
        ).mean(),
        "over nothing else": lambda mean, log_var: _gauss_kl(mean.T, log_var.T),
        "one number of nats": lambda mean, log_var: mean**2 + np.exp(log_var) - 1 - log_var,
        "3 times too small": lambda mean, log_var: _gauss_kl(mean, log_var) / mean.shape[1],
        "begins with one half": lambda mean, log_var: 2 * _gauss_kl(mean, log_var),
        "the sign": lambda mean, log_var: -_gauss_kl(mean, log_var),
        "and not the deviation itself": lambda mean, log_var: _gauss_kl(mean, 2 * log_var),
        "yours has the standard deviation": lambda mean, log_var: (
            _gauss_kl(mean, log_var) + (np.exp(log_var / 2) - np.exp(log_var)).sum(axis=1) / 2
        ),
        "the mean is squared": lambda mean, log_var: (
            _gauss_kl(mean, log_var) + (mean - mean**2).sum(axis=1) / 2
        ),
        "the 1 is missing": lambda mean, log_var: _gauss_kl(mean, log_var) + mean.shape[1] / 2,
        "and the sum over the latents": lambda mean, log_var: (mean**2).sum(axis=1),
        "but not for those of the prior": lambda mean, log_var: (
            _gauss_kl(mean, log_var) + (mean == 0).any(axis=1)
        ),
    },
)
SAMPLE = (
    lambda mean, log_var, rng: rng.normal(mean, np.exp(log_var / 2)),
    {
        "every image gets the same": lambda mean, log_var, rng: (
            mean + np.exp(log_var / 2) * rng.standard_normal(mean.shape[1])
        ),
        "the latents of an image": lambda mean, log_var, rng: (
            mean + np.exp(log_var / 2) * rng.standard_normal((len(mean), 1))
        ),
        "the variance: epsilon": lambda mean, log_var, rng: (
            mean + np.exp(log_var) * rng.standard_normal(mean.shape)
        ),
        "z_log_var itself": lambda mean, log_var, rng: (
            mean + log_var * rng.standard_normal(mean.shape)
        ),
        "the spread is 1": lambda mean, log_var, rng: mean + rng.standard_normal(mean.shape),
        "z_mean is missing": lambda mean, log_var, rng: (
            np.exp(log_var / 2) * rng.standard_normal(mean.shape)
        ),
        "yours is not": lambda mean, log_var, rng: (
            mean + np.exp(log_var / 2) * rng.uniform(-1, 1, mean.shape) * 3**0.5
        ),
        "distributed, rng.standard_normal": lambda mean, log_var, rng: (
            mean + np.exp(log_var / 2) * rng.laplace(0, 0.5**0.5, mean.shape)
        ),
        "epsilon is missing": lambda mean, log_var, rng: mean,
        "not a number": lambda mean, log_var, rng: (
            mean + np.sqrt(log_var) * rng.standard_normal(mean.shape)
        ),
        "some images get": lambda mean, log_var, rng: (
            mean + np.exp(log_var / 2) * rng.standard_normal((len(mean) // 2, 3)).repeat(2, axis=0)
        ),
        "of what you draw is not np.exp": lambda mean, log_var, rng: (
            mean + 3 * np.exp(log_var / 2) * rng.standard_normal(mean.shape)
        ),
        "the mean of what you draw": lambda mean, log_var, rng: (
            0.2 + rng.normal(mean, np.exp(log_var / 2))
        ),
        "the second call": lambda mean, log_var, rng: np.random.default_rng(0).normal(
            mean, np.exp(log_var / 2)
        ),
        "not repeatable": lambda mean, log_var, rng: np.random.default_rng().normal(
            mean, np.exp(log_var / 2)
        ),
        "wanted (4000, 3)": lambda mean, log_var, rng: rng.standard_normal(3),
    },
)


def _arc(a, b, t, scale=1.0):
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    angle = scale * np.arccos(np.clip(cosine, -1, 1))
    if angle == 0:
        return a
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _stretched(a, b, t):
    line = (1 - t) * a + t * b
    return np.linalg.norm(a) * line / np.linalg.norm(line)


def _unguarded(a, b, t):
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _no_norm(a, b, t):
    angle = np.arccos(a @ b)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


SLERP = (
    _arc,
    {
        "the shape is ()": lambda a, b, t: 1.0,
        "the straight line": lambda a, b, t: (1 - t) * a + t * b,
        "the other way round": lambda a, b, t: _arc(b, a, t),
        "use the unit vectors for the angle only": lambda a, b, t: (
            _arc(a, b, t) / np.linalg.norm(a)
        ),
        "but not evenly": _stretched,
        "not a number": _no_norm,
        "radians": lambda a, b, t: _arc(a, b, t, 180 / np.pi),
        "with the angle between": lambda a, b, t: a,
        "t = 1 must be b": lambda a, b, t: _arc(a, b, t if t < 1 else 0.9),
        "you divide by its sine": _unguarded,
        "a little larger than 1": lambda a, b, t: (
            a if np.array_equal(a, b) and len(a) == 4 else _unguarded(a, b, t)
        ),
        "not for those of length 1": lambda a, b, t: (
            a
            if np.array_equal(a, b)
            else _unguarded(5 * a / np.linalg.norm(a), 5 * b / np.linalg.norm(b), t)
        ),
    },
)


def _log_mean_exp(log_weights):
    largest = log_weights.max(axis=1, keepdims=True)
    return np.log(np.exp(log_weights - largest).mean(axis=1)) + largest[:, 0]


IMPORTANCE_BOUND = (
    _log_mean_exp,
    {
        "comes later": lambda x: _log_mean_exp(x).mean(),
        "each row is the samples of one": lambda x: _log_mean_exp(x.T),
        "the mean of the logarithms": lambda x: x.mean(axis=1),
        "subtract log k": lambda x: _log_mean_exp(x) + np.log(x.shape[1]),
        "its logarithm is missing": lambda x: np.exp(x).mean(axis=1),
        "the sign": lambda x: -_log_mean_exp(x),
        "the largest weight only": lambda x: x.max(axis=1),
        "along each row": lambda x: x[:, 0],
        "take the *largest*": lambda x: (
            np.log(np.exp(x - x.min(axis=1, keepdims=True)).mean(axis=1)) + x.min(axis=1)
        ),
        "exp(-800) is 0": lambda x: np.log(np.exp(x).mean(axis=1)),
        "each image's own largest": lambda x: np.where(
            x[:, 0] < -500, x.max(axis=1), _log_mean_exp(x)
        ),
    },
)
AUROC = (
    lambda n, a: 100 * ((a[:, None] > n).mean() + (a[:, None] == n).mean() / 2),
    {
        "this is a share: in percent it is 100 times as much": lambda n, a: (a[:, None] > n).mean(),
        "the wrong way round": lambda n, a: 100 * (a[:, None] < n).mean(),
        "divide by the number of all pairs": lambda n, a: (a[:, None] > n).sum(),
        "every anomaly meets every normal example": lambda n, a: 100 * (a > n[: len(a)]).mean(),
        "this is the recall at one threshold": lambda n, a: 100 * (a > n.mean()).mean(),
        "one number for all pairs together": lambda n, a: 100 * (a[:, None] > n).mean(axis=1),
        "two equal scores count as nothing": lambda n, a: 100 * (a[:, None] > n).mean(),
        "no grid of thresholds": lambda n, a: (
            100 * ((abs(a[:, None]) > abs(n)).mean() + (a[:, None] == n).mean() / 2)
        ),
        "right, but rounded": lambda n, a: round(100 * (a[:, None] > n).mean()),
        "two equal scores count in full": lambda n, a: 100 * (a[:, None] >= n).mean(),
    },
)
THRESHOLD = (
    lambda normal, rate: np.quantile(normal, 1 - rate),
    {
        "90% of the normal scores lie above your threshold": lambda normal, rate: np.quantile(
            normal, rate
        ),
        "np.percentile counts from 0 to 100": lambda normal, rate: np.percentile(normal, 1 - rate),
        "mean and standard deviations presume": lambda normal, rate: (
            normal.mean() + 2 * normal.std()
        ),
        "this is the largest score": lambda normal, rate: normal.max(),
        "5% of the normal scores lie above your threshold": lambda normal, rate: np.quantile(
            normal, 0.95
        ),
        "this is the smallest score": lambda normal, rate: normal.min(),
        "this is no finite number": lambda normal, rate: np.nan,
        "use both arguments as they come": lambda normal, rate: np.sort(normal)[
            int(1000 * (1 - rate)) - 1 if len(normal) == 1000 else -1
        ],
        "right for a rate of 0.1, but": lambda normal, rate: np.quantile(normal, 0.9),
        "one number": lambda normal, rate: normal[normal > np.quantile(normal, 1 - rate)],
    },
)
PRECISION = (
    lambda r, f, p: r * p / (r * p + f * (1 - p)),
    {
        "this forgets how rare anomalies are": lambda r, f, p: r / (r + f),
        "divide it by the share that raises an alarm": lambda r, f, p: r * p,
        "their share is false_alarm_rate * (1 - prevalence)": lambda r, f, p: r * p / (r * p + f),
        "it belongs to the recall": lambda r, f, p: r * (1 - p) / (r * (1 - p) + f * p),
        "this is the share of *false* alarms": lambda r, f, p: f * (1 - p) / (r * p + f * (1 - p)),
        "these are the odds": lambda r, f, p: r * p / (f * (1 - p)),
        "right, but rounded": lambda r, f, p: round(r * p / (r * p + f * (1 - p)), 2),
        "this is in percent": lambda r, f, p: 100 * r * p / (r * p + f * (1 - p)),
        "right for rare anomalies": lambda r, f, p: (
            r * p / (r * p + f * (1 - p)) if p < 0.1 else 1.0
        ),
    },
)
SQUARED_ERROR = (
    lambda x, x_hat: sum(np.sum((a - b) ** 2) for a, b in zip(x, x_hat, strict=True)) / len(x),
    {
        "average over the images alone": lambda x, x_hat: np.mean(np.square(x - x_hat)),
        "divide by how many they are": lambda x, x_hat: np.sum((x - x_hat) ** 2),
        "errors of the single images": lambda x, x_hat: ((x - x_hat) ** 2).sum(axis=(1, 2)),
        "not squared": lambda x, x_hat: abs(x - x_hat).sum() / len(x),
        "a root too many": lambda x, x_hat: (((x - x_hat) ** 2).sum() / len(x)) ** 0.5,
    },
)


def by_covariance(x_train, x_new, k, first=False):
    """PCA from the covariance's eigenvectors, of which the last are the largest."""
    mean = x_train.mean(axis=0)
    vectors = np.linalg.eigh(np.cov(x_train, rowvar=False))[1]
    V = vectors[:, :k] if first else vectors[:, ::-1][:, :k]
    return (x_new - mean) @ V @ V.T + mean


def uncentred(x_train, x_new, k):
    V = np.linalg.svd(x_train, full_matrices=False)[2][:k]
    return x_new @ V.T @ V


def own_mean(x_train, x_new, k):
    V = np.linalg.svd(x_train - x_train.mean(axis=0), full_matrices=False)[2][:k]
    return (x_new - x_new.mean(axis=0)) @ V.T @ V + x_new.mean(axis=0)


def without_mean_at_the_end(x_train, x_new, k):
    return by_covariance(x_train, x_new, k) - x_train.mean(axis=0)


WHOLE_PCA = (
    by_covariance,
    {
        "nothing was centred": uncentred,
        "its own mean": own_mean,
        "missing at the end": without_mean_at_the_end,
        "*last* k": lambda x, new, k: by_covariance(x, new, k, first=True),
        "find them on x_train": lambda x, new, k: by_covariance(new, new, k),
        "one component too many": lambda x, new, k: by_covariance(x, new, k + 1),
    },
)


def step(x, W1, W2, rate, factor=2.0, sign=-1):
    n = len(x)
    back = factor * (x @ W1 @ W2 - x) / n
    return W1 + sign * rate * (x.T @ (back @ W2.T)), W2 + sign * rate * ((x @ W1).T @ back)


def in_turn(x, W1, W2, rate):
    W1 = step(x, W1, W2, rate)[0]
    return W1, step(x, W1, W2, rate)[1]


STEP = (
    step,
    {
        "goes uphill": lambda *a: step(*a, sign=1),
        "half as long": lambda *a: step(*a, factor=1.0),
        "not averaged": lambda x, *a: step(x, *a, factor=2.0 * len(x)),
        "over the features, too": lambda x, *a: step(x, *a, factor=2.0 / x.shape[1]),
        "W1 changes before": in_turn,
        "rate is left out": lambda x, W1, W2, rate: step(x, W1, W2, 1),
        "wanted 2 results": lambda *a: step(*a)[0],
    },
)


def walk(x, W1, W2, rate, steps, before=False, forget=False):
    errors = []
    for _ in range(steps):
        old = W1, W2
        new = step(x, W1, W2, rate)
        W1, W2 = old if forget else new
        A, B = old if before else (W1, W2)
        errors.append(np.mean(np.sum((x - x @ A @ B) ** 2, axis=1)))
    return W1, W2, errors


def only_the_last(*arguments):
    W1, W2, errors = walk(*arguments)
    return W1, W2, errors[-1]


def of_features(x, *arguments):
    W1, W2, errors = walk(x, *arguments)
    return W1, W2, [error / x.shape[1] for error in errors]


DESCEND = (
    walk,
    {
        "*before* each step": lambda *a: walk(*a, before=True),
        "the same after each step": lambda *a: walk(*a, forget=True),
        "error of the last step only": only_the_last,
        "over the features, too": of_features,
        "one step is missing": lambda x, W1, W2, rate, steps: walk(x, W1, W2, rate, steps - 1),
        "wanted 3 results": lambda *a: walk(*a)[:2],
    },
)


def penalised(x, W1, W2, alpha, of=lambda W: np.sum(W**2)):
    return np.mean(np.sum((x @ W1 @ W2 - x) ** 2, axis=1)) + alpha * (of(W1) + of(W2))


REGULARISED = (
    penalised,
    {
        "error alone": lambda x, W1, W2, alpha: penalised(x, W1, W2, 0),
        "alpha is left out": lambda x, W1, W2, alpha: penalised(x, W1, W2, 1),
        "add their squares": lambda *a: penalised(*a, of=np.linalg.norm),
        "mean over the weights": lambda *a: penalised(*a, of=lambda W: np.mean(W**2)),
        "absolute values": lambda *a: penalised(*a, of=lambda W: np.abs(W).sum()),
        "the product W1 W2": lambda x, W1, W2, alpha: (
            penalised(x, W1, W2, 0) + alpha * np.sum((W1 @ W2) ** 2)
        ),
    },
)
ROTATION = (
    lambda W2: np.linalg.eigh(W2 @ W2.T)[1][:, ::-1].T,
    {
        "Q itself": lambda W2: np.linalg.svd(W2, full_matrices=False)[0],
        "the reverse order": lambda W2: np.linalg.svd(W2)[0].T[::-1],
        "the identity": lambda W2: np.identity(W2.shape[0]),
        "divides by the singular values": lambda W2: (
            np.diag(1 / np.linalg.svd(W2)[1]) @ np.linalg.svd(W2)[0].T
        ),
        "the shape is": lambda W2: np.linalg.svd(W2, full_matrices=False)[2][:1],
    },
)
EXERCISES = {
    checks.check_squared_error: SQUARED_ERROR,
    checks.check_pca_reconstruction: WHOLE_PCA,
    checks.check_gradient_step: STEP,
    checks.check_descend: DESCEND,
    checks.check_regularised_loss: REGULARISED,
    checks.check_rotation: ROTATION,
    checks.check_scale: SCALE,
    checks.check_mirror: MIRROR,
    checks.check_centre: CENTRE,
    checks.check_components_needed: COMPONENTS,
    checks.check_reconstruct: RECONSTRUCT,
    checks.check_count_parameters: PARAMETERS,
    checks.check_angle: ANGLE,
    checks.check_linear_optimum: OPTIMUM,
    checks.check_count_dead: DEAD,
    checks.check_shift: SHIFT,
    checks.check_tied_parameters: TIED_PARAMETERS,
    checks.check_tied_reconstruct: TIED_RECONSTRUCT,
    checks.check_phases: PHASES,
    checks.check_mean_image_error: MEAN_IMAGE,
    checks.check_mask: MASK,
    checks.check_psnr: PSNR,
    checks.check_shrinkage: SHRINKAGE,
    checks.check_kl_penalty: KL_PENALTY,
    checks.check_top_k: TOP_K,
    checks.check_convolution_parameters: CONVOLUTION_PARAMETERS,
    checks.check_hold_people_out: HOLD_PEOPLE_OUT,
    checks.check_transposed_convolution: TRANSPOSED,
    checks.check_gaussian_kl: GAUSSIAN_KL,
    checks.check_sample: SAMPLE,
    checks.check_slerp: SLERP,
    checks.check_importance_bound: IMPORTANCE_BOUND,
    checks.check_auroc: AUROC,
    checks.check_threshold: THRESHOLD,
    checks.check_precision: PRECISION,
}
WRONG = [
    pytest.param(check, hint, wrong, id=f"{check.__name__}-{hint}")
    for check, (_, mistakes) in EXERCISES.items()
    for hint, wrong in mistakes.items()
]


@pytest.mark.parametrize("check", EXERCISES, ids=lambda check: check.__name__)
def test_the_reference_solution_passes(check):
    verdict = check(EXERCISES[check][0])
    assert verdict and repr(verdict) == "✓ right"


@functools.cache
def verdict_on(check, wrong):
    """For two tests: some verdicts take a second."""
    return check(wrong)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("check, hint, wrong", WRONG)
def test_each_mistake_gets_its_own_hint(check, hint, wrong):
    verdict = verdict_on(check, wrong)
    assert not verdict
    assert hint in verdict.message
    assert "\n" not in verdict.message


@pytest.mark.parametrize("check", EXERCISES, ids=lambda check: check.__name__)
def test_what_is_no_solution_gets_a_sentence(check):
    def stub(*arguments): ...

    def broken(*arguments):
        raise IndexError("list index out of range")

    assert "returns nothing yet" in check(stub).message
    assert "raised IndexError: list index out of range" in check(broken).message
    assert "pass the function itself, without calling it, got float" in check(3.0).message
    for nonsense in ("text", {"an": "object"}, [[1], [1, 2]], float("nan"), True):
        verdict = check(lambda *arguments, nonsense=nonsense: nonsense)
        assert not verdict and "\n" not in verdict.message


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("check", EXERCISES, ids=lambda check: check.__name__)
def test_a_check_tells_at_least_four_mistakes_apart(check):
    assert len({verdict_on(check, wrong).message for wrong in EXERCISES[check][1].values()}) >= 4


def test_every_check_has_its_tests():
    elsewhere = {checks.check_build_halves, checks.check_refiner}  # test_network_exercises.py
    everything = {f for name, f in vars(checks).items() if name.startswith("check_")}
    assert everything == set(EXERCISES) | elsewhere
