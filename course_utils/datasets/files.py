"""The course's data files: found, fetched once if need be, and verified.

They lie in `data/` beside this package; `data/README.md` says where they come from. If the package
is installed without the repository, a file is fetched once into the user's cache: the environment
variable COURSE_DATA_URL then names the folder that holds the files (a web address). Every file is
checked against its SHA-256.
"""

import contextlib
import hashlib
import os
import pathlib
import zipfile

import numpy as np

SHA256 = {
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "fashion_mnist.npz": "5b6d2c4c694a91887af8ab7d039c04f80af3c29378d731c93a538d2e831aa469",
    "orl_faces.npz": "a3481c78c8b8e8662abd405ee452fd145c58332ac98ce3c32ddad6527a9a4c65",
    "orl_glasses.txt": "974ee10e48f65b43ebfc0c58574f024ffd0edea65543817b056fad3a6f3b5d99",
}


# Of the repository, unless the package is installed alone.
_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


_CHUNK = 1 << 20  # bytes converted at a time, so that loading needs no second copy of the images


def images_and_labels(name):
    """The images and labels of a data file, to train on and to test on."""
    x_train, y_train, x_test, y_test = read(name, ("x_train", "y_train", "x_test", "y_test"))
    return (x_train, y_train), (x_test, y_test)


def read(name, keys):
    """Arrays of a data file, images as float32 in [0, 1]."""
    with verified(name) as file, zipfile.ZipFile(file) as archive:
        return [_read_member(archive, key) for key in keys]


@contextlib.contextmanager
def verified(name):
    """A data file, opened as bytes: it is hashed first, and only then read."""
    path = _locate(name)
    try:
        file = open(path, "rb")  # noqa: SIM115 - only opening it is judged here
    except OSError as error:
        raise OSError(
            f"{path} is there but can't be read ({error.strerror}): "
            "give yourself permission to read it"
        ) from error
    with file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != SHA256[name]:
            raise ValueError(
                f"{path} is not the file that ships with the course: "
                f"it has {path.stat().st_size:,} bytes and SHA-256 {found}, "
                f"wanted SHA-256 {SHA256[name]}. It is truncated or altered: {_remedy(path)}"
            )
        file.seek(0)
        yield file


def _read_member(archive, key):
    """One array of unsigned bytes out of an .npz archive; images (rank 3) come out scaled."""
    with archive.open(f"{key}.npy") as member:
        np.lib.format.read_magic(member)
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if len(shape) == 1:
            # A copy, because a buffer of bytes is read-only.
            return np.frombuffer(member.read(), dtype).copy()
        images = np.empty(shape, np.float32)
        flat = images.reshape(-1)
        for start in range(0, flat.size, _CHUNK):
            values = np.frombuffer(member.read(_CHUNK), dtype)
            np.divide(values, np.float32(255), out=flat[start : start + len(values)])
        return images


def _locate(name):
    """The path of a data file: in the repository around the package, else in the user's cache."""
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
            f"{name} is not on this machine, because course_utils is installed without the "
            f"course's repository: {by_hand}, or set COURSE_DATA_URL to the web address of that "
            "folder, to have it fetched once"
        )
    try:
        pooch.retrieve(f"{base.rstrip('/')}/{name}", SHA256[name], fname=name, path=cache)
    # No network, no such page, another file there, a cache that can't be written.
    except Exception as error:
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
