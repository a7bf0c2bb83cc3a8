"""The data that ships with the course, and small 2-D clouds to think with.

The files lie in `data/` beside this package; `data/README.md` says where they come from. If the
package is installed without the repository, a file is fetched once into the user's cache: the
environment variable COURSE_DATA_URL then names the folder that holds the files (a web address).
Every file is checked against its SHA-256.
"""

import contextlib
import hashlib
import os
import pathlib
import zipfile

import numpy as np

from course_utils import _validate

SHA256 = {
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "fashion_mnist.npz": "5b6d2c4c694a91887af8ab7d039c04f80af3c29378d731c93a538d2e831aa469",
    "orl_faces.npz": "a3481c78c8b8e8662abd405ee452fd145c58332ac98ce3c32ddad6527a9a4c65",
    "orl_glasses.txt": "974ee10e48f65b43ebfc0c58574f024ffd0edea65543817b056fad3a6f3b5d99",
}
_ROOT = (
    pathlib.Path(__file__).resolve().parent.parent
)  # of the repository, unless the package is installed alone
_CHUNK = 1 << 20  # bytes converted at a time, so that loading needs no second copy of the images

FASHION_NAMES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def load_mnist():
    """MNIST: 70,000 handwritten digits (LeCun, Cortes & Burges; LeCun et al., Proceedings of the
    IEEE 86, 1998).

    The layout is that of `keras.datasets.mnist.load_data`, but the images are ready for a network.

    Returns:
        ((x_train, y_train), (x_test, y_test)): images float32 in [0, 1], shape (60000, 28, 28) and
        (10000, 28, 28), 0 is the paper and 1 the ink; labels uint8 from 0 to 9, shape (60000,) and
        (10000,).

    Raises:
        FileNotFoundError: if the data file is nowhere to be had.
        ValueError: if it is truncated or altered.

    >>> (x_train, y_train), (x_test, y_test) = load_mnist()
    >>> x_train.shape, str(x_train.dtype), y_train[:5].tolist()
    ((60000, 28, 28), 'float32', [5, 0, 4, 1, 9])
    """
    return _load_images_and_labels("mnist.npz")


def load_fashion_mnist():
    """Fashion-MNIST: 70,000 pictures of ten kinds of clothing (Xiao, Rasul & Vollgraf,
    arXiv:1708.07747, 2017).

    `FASHION_NAMES` names the ten classes.

    Returns:
        As `load_mnist`: the shapes and dtypes are the same.

    Raises:
        FileNotFoundError, ValueError: as `load_mnist`.

    >>> (x_train, y_train), (x_test, y_test) = load_fashion_mnist()
    >>> x_test.shape, FASHION_NAMES[y_test[0]]
    ((10000, 28, 28), 'ankle boot')
    """
    return _load_images_and_labels("fashion_mnist.npz")


def load_faces(height=64, width=64):
    """The AT&T (ORL) faces: 400 grey pictures of 40 people, ten each (Samaria & Harter, WACV 1994).

    The originals are 112 x 92. They are resized by area averaging: each new pixel is the mean of
    the rectangle of the original that it covers, edges in proportion. 64 x 64 therefore makes the
    faces a little broader.

    Args:
        height: of the images returned, 1 to 112 pixels.
        width: likewise, 1 to 92 pixels.

    Returns:
        (images, persons): images float32 in [0, 1], shape (400, height, width); persons uint8 from
        0 to 39, shape (400,), ten pictures of each in a row.

    Raises:
        TypeError, ValueError: if a size is no integer or out of range.
        FileNotFoundError, ValueError: as `load_mnist`.

    >>> images, persons = load_faces()
    >>> images.shape, persons[:12].tolist()
    ((400, 64, 64), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    """
    height = _validate.integer("height", height, 1, 112)
    width = _validate.integer("width", width, 1, 92)
    images, persons = _read("orl_faces.npz", ("images", "persons"))
    n, old_height, old_width = images.shape
    # Two large matrix products, along the rows and then along the columns, not two small ones an
    # image.
    narrow = images.reshape(-1, old_width) @ _area_weights(old_width, width).T
    narrow = narrow.reshape(n, old_height, width).transpose(0, 2, 1).reshape(-1, old_height)
    resized = (
        (narrow @ _area_weights(old_height, height).T).reshape(n, width, height).transpose(0, 2, 1)
    )
    return np.clip(
        resized, 0, 1, order="C"
    ), persons  # a mean of numbers up to 1 may come out as 1 + 1e-7


def load_glasses():
    """Who wears glasses on the AT&T faces: labels made for this course, by looking at each of the
    400 pictures.

    Eight people wear them on all their pictures, seven on some; they are on 119 pictures.

    Returns:
        Boolean array of shape (400,), in the order of `load_faces`.

    Raises:
        FileNotFoundError, ValueError: as `load_mnist`.

    >>> glasses = load_glasses()
    >>> glasses.shape, int(glasses.sum()), glasses.reshape(40, 10).all(axis=1).nonzero()[0].tolist()
    ((400,), 119, [1, 5, 13, 26, 27, 30, 33, 36])
    """
    with _verified("orl_glasses.txt") as file:
        return np.array([mark == ord("1") for line in file for mark in line.strip()])


def make_cloud(n=50, seed=0):
    """A tilted, off-centre Gaussian cloud, like the classic exercise data `ex7data1` (Ng, Machine
    Learning, 2011).

    Mean (4, 5), standard deviations 1.2 and 1.0, correlation 0.75.

    Args:
        n: the number of points, at least 1.
        seed: an integer, or a `numpy.random.Generator`. The same integer gives the same points.

    Returns:
        float32 array of shape (n, 2).

    Raises:
        TypeError, ValueError: if `n` or `seed` will not do.

    >>> make_cloud().shape
    (50, 2)
    """
    n, rng = _validate.integer("n", n, 1), _generator(seed)
    first, second = rng.standard_normal((2, n))
    # Of unit variance each, and of correlation 0.75.
    x = np.stack([first, 0.75 * first + np.sqrt(1 - 0.75**2) * second], axis=1)
    return (x * [1.2, 1.0] + [4, 5]).astype(np.float32)


def make_curve(n=1000, noise=0.05, seed=0):
    """Points along one period of a sine wave, with noise around them: data of one dimension that is
    no line.

    Point i is (1.5 t, sin(pi t)) plus Gaussian noise in both coordinates, with t uniform in [-1,
    1].

    Args:
        n: the number of points, at least 1.
        noise: standard deviation of the noise, in the units of the data, at least 0.
        seed: an integer, or a `numpy.random.Generator`. The same integer gives the same points.

    Returns:
        (x, t): float32 arrays of shape (n, 2) and (n,). `t` says where along the curve a point
        belongs.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> x, t = make_curve(n=200, noise=0.0)
    >>> bool(np.allclose(x[:, 1], np.sin(np.pi * t), atol=1e-6))
    True
    """
    n, noise, rng = (
        _validate.integer("n", n, 1),
        _validate.real("noise", noise, 0),
        _generator(seed),
    )
    t = rng.uniform(-1, 1, n)
    curve = np.stack([1.5 * t, np.sin(np.pi * t)], axis=1)
    return (curve + noise * rng.standard_normal((n, 2))).astype(np.float32), t.astype(np.float32)


def mirror(images):
    """Each image flipped left to right; their order, and so their labels, stay as they are.

    Args:
        images: shape (n, height, width) or (n, height, width, channels), of any numbers.

    Returns:
        An array of the same shape and dtype (a view: nothing is copied).

    Raises:
        TypeError, ValueError: if these are no such images; flat ones, (n, height * width), can't be
            mirrored.

    >>> mirror(np.array([[[1, 2, 3]], [[4, 5, 6]]])).tolist()  # two images of one row
    [[[3, 2, 1]], [[6, 5, 4]]]
    """
    return _validate.number_array("images", images, ndim=(3, 4))[:, :, ::-1]


def add_gaussian_noise(images, stddev, seed=0):
    """Images with Gaussian noise, clipped to [0, 1]; the originals stay as they are.

    `layers.GaussianCorruption` does the same inside a network, anew for each batch.

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        stddev: standard deviation of the noise, at least 0, in units of the pixels (1 is from black
            to white).
        seed: an integer, or a `numpy.random.Generator`. The same integer gives the same noise.

    Returns:
        An array of the same shape and dtype, in [0, 1].

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> noisy = add_gaussian_noise(np.full((5, 28, 28), 0.5, "float32"), stddev=0.5)
    >>> noisy.min() >= 0 and noisy.max() <= 1
    np.True_
    """
    images, stddev, rng = _to_corrupt(images), _validate.real("stddev", stddev, 0), _generator(seed)
    noisy = np.empty_like(images)
    for i, image in enumerate(images):  # one by one: the noise takes no memory to speak of
        noisy[i] = np.clip(image + stddev * rng.standard_normal(image.shape, np.float32), 0, 1)
    return noisy


def mask_pixels(images, rate, seed=0):
    """Images with a share of their values set to 0, at random places; the originals stay as they
    are.

    The "masking noise" of Vincent et al., "Stacked denoising autoencoders", JMLR 11 (2010), section
    3.3. The other values are not rescaled, as dropout would do. `layers.MaskingCorruption` does the
    same inside a network, anew for each batch.

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        rate: the share, from 0 to below 1. Each value is hit independently.
        seed: as in `add_gaussian_noise`.

    Returns:
        An array of the same shape and dtype, in [0, 1].

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> round(float(mask_pixels(np.ones((100, 784), "float32"), rate=0.25).mean()), 2)
    0.75
    """
    images, rate, rng = _to_corrupt(images), _validate.share("rate", rate), _generator(seed)
    masked = np.empty_like(images)
    for i, image in enumerate(images):
        masked[i] = np.where(rng.random(image.shape, np.float32) >= rate, np.clip(image, 0, 1), 0)
    return masked


def mask_block(images, size, seed=0):
    """Images with a square of each set to 0, at a random place; the originals stay as they are.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels).
        size: side of the square in pixels, from 1 to the lesser of height and width. All places
            inside are equally likely.
        seed: as in `add_gaussian_noise`.

    Returns:
        (masked, hole): an array of the same shape and dtype, and a boolean array, shape (n, height,
        width), True in the square.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), have no
            squares.

    >>> masked, hole = mask_block(np.ones((5, 28, 28), "float32"), size=10)
    >>> int(hole[0].sum()), float(masked[0].sum())
    (100, 684.0)
    """
    images = _validate.unit_images("images", images)
    height, width = images.shape[1:3]
    size, rng = _validate.integer("size", size, 1, min(height, width)), _generator(seed)
    top, left = (rng.integers(0, side - size + 1, (len(images), 1, 1)) for side in (height, width))
    row, column = np.arange(height).reshape(1, -1, 1), np.arange(width).reshape(1, 1, -1)
    hole = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    masked = np.clip(images, 0, 1)
    masked[hole] = 0
    return masked, hole


def cut_and_paste(images, size, margin=0, seed=0):
    """Images with a square of each replaced by a square of another one; the originals stay as they
    are.

    Where a square is cut out and where it is pasted are drawn independently. Anomalies made of
    normal images alone, to choose a detector with; a few come out normal, where black is pasted on
    black, and all do if the square is the whole image. After Li, Sohn, Yoon & Pfister, "CutPaste",
    CVPR (2021), who paste a piece of the same image.

    Args:
        images: floating point in [0, 1], shape (n, height, width) or (n, height, width, channels),
            two or more.
        size: side of the square in pixels, at least 1.
        margin: neither square comes nearer to the edge than this, in pixels: digits have an empty
            margin. The two together must fit: size + 2 * margin is at most the lesser of height and
            width.
        seed: as in `add_gaussian_noise`.

    Returns:
        An array of the same shape and dtype.

    Raises:
        TypeError, ValueError: if an argument will not do; flat images, (n, height * width), have no
            squares.

    >>> images = np.stack([np.zeros((28, 28)), np.ones((28, 28))])
    >>> cut_and_paste(images, size=10).sum(axis=(1, 2)).tolist()
    [100.0, 684.0]
    """
    images = _validate.unit_images("images", images)
    if len(images) < 2:
        raise ValueError(
            "images must be two or more, to cut from one and paste into another, got 1"
        )
    side = min(images.shape[1:3])
    margin = _validate.integer("margin", margin, 0, (side - 1) // 2)
    size, rng = _validate.integer("size", size, 1, side - 2 * margin), _generator(seed)
    pasted = np.clip(images, 0, 1)
    donors = (np.arange(len(images)) + rng.integers(1, len(images), len(images))) % len(
        images
    )  # never the image itself
    limits = [length - size - margin + 1 for length in images.shape[1:3]]
    corners = rng.integers(margin, limits * 2, (len(images), 4))
    for image, donor, (top, left, from_top, from_left) in zip(pasted, donors, corners):
        piece = images[donor, from_top : from_top + size, from_left : from_left + size]
        image[top : top + size, left : left + size] = np.clip(piece, 0, 1)
    return pasted


def binarize(images, seed=0):
    """Images of 0 and 1: each pixel is 1 with the probability that its grey says; the originals
    stay as they are.

    "Binarised MNIST", on which likelihoods are published. `training.BinarizedBatches` draws anew in
    each epoch (*dynamic* binarisation: Burda, Grosse & Salakhutdinov, ICLR 2016, section 5.1).

    Args:
        images: floating point in [0, 1], shape (n, ...): images, or flat ones.
        seed: as in `add_gaussian_noise`.

    Returns:
        An array of the same shape and dtype.

    Raises:
        TypeError, ValueError: if an argument will not do.

    >>> sorted(set(binarize(np.full((5, 784), 0.3, "float32")).ravel().tolist()))
    [0.0, 1.0]
    """
    images, rng = _to_corrupt(images), _generator(seed)
    drawn = np.empty_like(images)
    for i, image in enumerate(images):
        drawn[i] = rng.random(image.shape, np.float32) < image
    return drawn


def _to_corrupt(images):
    images = _validate.unit_images("images", images, ndim=None)
    if images.ndim < 2:
        raise ValueError(
            f"images must be at least 2-D, one image a row, got shape {images.shape}: try images[np.newaxis]"
        )
    return images


def _generator(seed):
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(_validate.integer("seed", seed, 0))


def _load_images_and_labels(name):
    x_train, y_train, x_test, y_test = _read(name, ("x_train", "y_train", "x_test", "y_test"))
    return (x_train, y_train), (x_test, y_test)


def _read(name, keys):
    """Arrays of a data file, images as float32 in [0, 1]."""
    with _verified(name) as file, zipfile.ZipFile(file) as archive:
        return [_read_member(archive, key) for key in keys]


@contextlib.contextmanager
def _verified(name):
    """A data file, opened as bytes: it is hashed first, and only then read."""
    path = _locate(name)
    try:
        file = open(path, "rb")
    except OSError as error:
        raise OSError(
            f"{path} is there but can't be read ({error.strerror}): give yourself permission to read it"
        ) from error
    with file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != SHA256[name]:
            raise ValueError(
                f"{path} is not the file that ships with the course: it has {path.stat().st_size:,} bytes and SHA-256 "
                f"{found}, wanted SHA-256 {SHA256[name]}. It is truncated or altered: {_remedy(path)}"
            )
        file.seek(0)
        yield file


def _read_member(archive, key):
    """One array of unsigned bytes out of an .npz archive; images (rank 3) are scaled as they are
    unpacked."""
    with archive.open(f"{key}.npy") as member:
        np.lib.format.read_magic(member)
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if len(shape) == 1:
            return np.frombuffer(
                member.read(), dtype
            ).copy()  # a copy, because a buffer of bytes is read-only
        images = np.empty(shape, np.float32)
        flat = images.reshape(-1)
        for start in range(0, flat.size, _CHUNK):
            values = np.frombuffer(member.read(_CHUNK), dtype)
            np.divide(values, np.float32(255), out=flat[start : start + len(values)])
        return images


def _locate(name):
    """The path of a data file: in the repository if there is one around the package, else in the
    user's cache."""
    path = _ROOT / "data" / name
    if path.is_file():
        return path
    if (path.parent / "build.py").is_file():  # this is a clone, and should have it
        raise FileNotFoundError(f"{path} is missing: it ships with the course. {_remedy(path)}")
    return _fetch(name)


def _fetch(name):
    import pooch  # here: it takes a tenth of a second, and in a clone it is never needed

    cache = pathlib.Path(pooch.os_cache("autoencoder-course"))
    path, base = cache / name, os.environ.get("COURSE_DATA_URL")
    if path.is_file():
        return path
    by_hand = f"put {name} (SHA-256 {SHA256[name]}) from the course's data folder at {path}"
    if not base:
        raise FileNotFoundError(
            f"{name} is not on this machine, because course_utils is installed without the course's repository: "
            f"{by_hand}, or set COURSE_DATA_URL to the web address of that folder, to have it fetched once"
        )
    try:
        pooch.retrieve(f"{base.rstrip('/')}/{name}", SHA256[name], fname=name, path=cache)
    except (
        Exception
    ) as error:  # no network, no such page, another file there, a cache that can't be written
        raise FileNotFoundError(
            f"{name} could not be fetched from {base} ({error}): {by_hand}"
        ) from error
    return path


def _remedy(path):
    if path.parent == _ROOT / "data":
        return (
            f"Restore it with `git checkout -- data/{path.name}`, or rebuild it with data/build.py."
        )
    return "Delete it, and it is fetched or asked for anew."


def _area_weights(n_old, n_new):
    """Matrix of shape (n_new, n_old): row i holds how much of each old pixel lies in new pixel i;
    rows sum to 1."""
    edges = np.linspace(0, n_old, n_new + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    old = np.arange(n_old)
    overlap = np.minimum(right, old + 1) - np.maximum(left, old)
    return (np.clip(overlap, 0, None) / (right - left)).astype(np.float32)
