"""The data that ships with the course, and small 2-D clouds to think with.

Every name is used from here, as `datasets.load_mnist`; the files are for those who read them:
`loading` (with `files`, which finds and verifies what lies in `data/`), `toy`, `corruption`.
"""

from course_utils.datasets.corruption import (
    add_gaussian_noise,
    binarize,
    cut_and_paste,
    mask_block,
    mask_pixels,
    mirror,
)
from course_utils.datasets.files import SHA256
from course_utils.datasets.loading import (
    FASHION_NAMES,
    load_faces,
    load_fashion_mnist,
    load_glasses,
    load_mnist,
)
from course_utils.datasets.toy import make_cloud, make_curve

__all__ = [
    "FASHION_NAMES",
    "SHA256",
    "add_gaussian_noise",
    "binarize",
    "cut_and_paste",
    "load_faces",
    "load_fashion_mnist",
    "load_glasses",
    "load_mnist",
    "make_cloud",
    "make_curve",
    "mask_block",
    "mask_pixels",
    "mirror",
]
