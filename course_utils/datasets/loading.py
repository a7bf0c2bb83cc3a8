"""MNIST, Fashion-MNIST and the faces, as arrays."""

import numpy as np

from course_utils import _validate
from course_utils.datasets.files import images_and_labels, read, verified

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
    """Load MNIST: 70,000 handwritten digits, each an image of 28 x 28 pixels.

    Collected by LeCun, Cortes & Burges; see LeCun et al., "Gradient-based learning applied to
    document recognition", Proceedings of the IEEE 86 (1998). The layout is that of
    `keras.datasets.mnist.load_data`, but the images are ready for a network.

    Returns:
        ((x_train, y_train), (x_test, y_test)): images float32 in [0, 1], shape (60000, 28, 28) and
        (10000, 28, 28), 0 is the paper and 1 the ink; labels uint8 from 0 to 9, shape (60000,) and
        (10000,).

    Raises:
        FileNotFoundError: if the data file is nowhere to be had.
        OSError: if it is there and can't be read.
        ValueError: if it is truncated or altered.

    >>> (x_train, y_train), (x_test, y_test) = load_mnist()
    >>> x_train.shape, str(x_train.dtype), y_train[:5].tolist()
    ((60000, 28, 28), 'float32', [5, 0, 4, 1, 9])
    """
    return images_and_labels("mnist.npz")


def load_fashion_mnist():
    """Load Fashion-MNIST: 70,000 pictures of clothing of ten kinds, 28 x 28 pixels each.

    `FASHION_NAMES` names the ten classes. Xiao, Rasul & Vollgraf, "Fashion-MNIST: a novel image
    dataset for benchmarking machine learning algorithms", arXiv:1708.07747 (2017).

    Returns:
        As `load_mnist`: the shapes and dtypes are the same.

    Raises:
        FileNotFoundError, OSError, ValueError: as `load_mnist`.

    >>> (x_train, y_train), (x_test, y_test) = load_fashion_mnist()
    >>> x_test.shape, FASHION_NAMES[y_test[0]]
    ((10000, 28, 28), 'ankle boot')
    """
    return images_and_labels("fashion_mnist.npz")


def load_faces(height=64, width=64):
    """Load the AT&T (ORL) faces: 400 grey pictures of 40 people, ten of each.

    The originals are 112 x 92. They are resized by area averaging: each new pixel is the mean of
    the rectangle of the original that it covers, edges in proportion. 64 x 64 therefore makes the
    faces a little broader. Samaria & Harter, "Parameterisation of a stochastic model for human face
    identification", WACV (1994).

    Args:
        height: of the images returned, an integer from 1 to 112, in pixels.
        width: likewise, from 1 to 92.

    Returns:
        (images, persons): images float32 in [0, 1], shape (400, height, width); persons uint8 from
        0 to 39, shape (400,), ten pictures of each in a row.

    Raises:
        TypeError, ValueError: if a size is no integer or out of range.
        FileNotFoundError, OSError, ValueError: as `load_mnist`.

    >>> images, persons = load_faces()
    >>> images.shape, persons[:12].tolist()
    ((400, 64, 64), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    """
    height = _validate.integer("height", height, 1, 112)
    width = _validate.integer("width", width, 1, 92)
    images, persons = read("orl_faces.npz", ("images", "persons"))
    n, old_height, old_width = images.shape
    # Two large matrix products, along the rows and then along the columns, not two small ones an
    # image.
    narrow = images.reshape(-1, old_width) @ _area_weights(old_width, width).T
    narrow = narrow.reshape(n, old_height, width).transpose(0, 2, 1).reshape(-1, old_height)
    small = narrow @ _area_weights(old_height, height).T
    small = small.reshape(n, width, height).transpose(0, 2, 1)
    # A mean of numbers up to 1 may come out as 1 + 1e-7.
    return np.clip(small, 0, 1, order="C"), persons


def load_glasses():
    """Load who wears glasses on the AT&T faces: True or False for each of the 400 pictures.

    Labels made for this course, by looking at each picture. Eight people wear glasses on all of
    theirs, seven on some; they are on 119 pictures.

    Returns:
        Boolean array of shape (400,), in the order of `load_faces`.

    Raises:
        FileNotFoundError, OSError, ValueError: as `load_mnist`.

    >>> glasses = load_glasses()
    >>> glasses.shape, int(glasses.sum()), glasses.reshape(40, 10).all(axis=1).nonzero()[0].tolist()
    ((400,), 119, [1, 5, 13, 26, 27, 30, 33, 36])
    """
    with verified("orl_glasses.txt") as file:
        return np.array([mark == ord("1") for line in file for mark in line.strip()])


def _area_weights(n_old, n_new):
    """Matrix of shape (n_new, n_old), whose rows sum to 1.

    Row i holds how much of each old pixel lies in new pixel i.
    """
    edges = np.linspace(0, n_old, n_new + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    old = np.arange(n_old)
    overlap = np.minimum(right, old + 1) - np.maximum(left, old)
    return (np.clip(overlap, 0, None) / (right - left)).astype(np.float32)
