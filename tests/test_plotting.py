import ast
import base64
import io
import pathlib
import re

import matplotlib
import matplotlib.offsetbox
import matplotlib.quiver
import numpy as np
import pytest
from PIL import Image

from course_utils import metrics, plotting

IMAGES = np.random.default_rng(0).random((12, 28, 28)).astype(np.float32)
POINTS = np.random.default_rng(1).random((20, 2))
LABELS = np.arange(20) % 10


def bundle(fig):
    data, metadata = fig._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
    return np.asarray(picture) / 255, metadata["image/png"]["alt"]


FIGURES = {
    "image_grid": lambda ax=None: plotting.image_grid(
        IMAGES, n_columns=5, titles=list("abcdefghijkl"), ax=ax
    ),
    "image_rows": lambda ax=None: plotting.image_rows(
        {"original": IMAGES, "copy": IMAGES + 0.1}, ax=ax
    ),
    "reconstructions": lambda ax=None: plotting.reconstructions(IMAGES, IMAGES - 0.1, n=5, ax=ax),
    "faces": lambda ax=None: plotting.faces(IMAGES, np.arange(12) // 4, ax=ax),
    "codes": lambda ax=None: plotting.codes(
        IMAGES, POINTS[:12].repeat(3, axis=1) - 0.5, IMAGES, (2, 3), ax=ax
    ),
    "unit_maxima": lambda ax=None: plotting.unit_maxima(POINTS * [1, 0], ax=ax),
    "filters": lambda ax=None: plotting.filters(
        POINTS.repeat(392, axis=1).T - 0.5, n_columns=5, ax=ax
    ),
    "activations": lambda ax=None: plotting.activations(
        {"plain": POINTS, "sparse": POINTS**4}, ax=ax
    ),
    "plane": lambda ax=None: plotting.plane(IMAGES.reshape(3, 4, 28, 28), ax=ax),
    "latent_histograms": lambda ax=None: plotting.latent_histograms(POINTS, ax=ax),
    "score_histograms": lambda ax=None: plotting.score_histograms(
        {"normal": POINTS[:, 0], "odd": POINTS[:, 1]}, 0.5, ax=ax
    ),
    "roc": lambda ax=None: plotting.roc({"PCA": (POINTS[:, 0], POINTS[:, 1])}, {"PCA": 0.5}, ax=ax),
    "vector_field": lambda ax=None: plotting.vector_field(
        POINTS, 0.1 - 0.2 * POINTS, data=POINTS, ax=ax
    ),
    "projection_arrows": lambda ax=None: plotting.projection_arrows(POINTS, POINTS * 0.9, ax=ax),
    "loading_vectors": lambda ax=None: plotting.loading_vectors(
        POINTS, POINTS.mean(0), np.eye(2), np.ones(2), ax=ax
    ),
    "explained_variance": lambda ax=None: plotting.explained_variance(np.array([0.6, 0.3]), ax=ax),
    "learning_curves": lambda ax=None: plotting.learning_curves(
        {"train": [3, 2, 1.5]}, {"PCA": 1.2}, ax=ax
    ),
    "code_along_curve": lambda ax=None: plotting.code_along_curve(
        POINTS, POINTS, POINTS[:, :1], ax=ax
    ),
    "network": lambda ax=None: plotting.network([784, 300, 30, 300, 784], ax=ax),
    "greedy_phases": lambda ax=None: plotting.greedy_phases([784, 300, 30], ax=ax),
    "embedding": lambda ax=None: plotting.embedding(POINTS, LABELS, ax=ax),
    "embedding with images": lambda ax=None: plotting.embedding(
        POINTS[:12], LABELS[:12], IMAGES, ax=ax
    ),
    "error_bars": lambda ax=None: plotting.error_bars(
        IMAGES[:2],
        IMAGES[:2] + 0.1,
        ["digit", "shoe"],
        np.array([2.0, 30.0]),
        {"most digits": 6.0},
        ax=ax,
    ),
}


FOLDER = pathlib.Path(plotting.__file__).parent
PLOTTERS = set(plotting.__all__) - {"COLOURS", "AltFigure", "figure"}


def test_every_plotter_is_handed_on_and_drawn_here():
    defined = {
        node.name
        for path in FOLDER.glob("[a-z]*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert defined == PLOTTERS
    assert {name.split()[0] for name in FIGURES} == PLOTTERS


@pytest.mark.parametrize("name", sorted(PLOTTERS | {"figure"}))
def test_every_docstring_says_what_goes_in_what_comes_out_and_gives_an_example(name):
    text = getattr(plotting, name).__doc__
    for part in ("\n    Args:\n", "\n    Returns:\n", "\n    Raises:\n", "\n    >>> "):
        assert part in text


def test_plotters_share_through_one_file_and_import_nothing_of_one_another():
    for path in FOLDER.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        siblings = re.findall(r"^from course_utils\.plotting(?:\.\w+)? import .*", text, re.M)
        if path.name == "_shared.py":
            assert siblings == []
        elif path.name != "__init__.py":
            assert siblings == ["from course_utils.plotting import _shared"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_something_and_carries_its_alternative_text(name):
    picture, alt = bundle(FIGURES[name]())
    assert picture.std() > 0.05  # not a blank sheet
    assert len(alt) > 15
    assert (picture[0, 0, :3] == 1).all()  # on white, in a dark theme too


def stored_and_drawn(fig):
    # The layout of the first drawing differs by a hair from that of all later ones.
    fig.savefig(io.BytesIO(), dpi=90)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=90, bbox_inches="tight", facecolor="white")
    stored = base64.b64decode(fig._repr_mimebundle_()[0]["image/png"])
    return stored, buffer.getvalue()


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_stored_is_smaller_and_looks_the_same(name):
    pictures = stored_and_drawn(FIGURES[name]())
    assert len(pictures[0]) < 0.9 * len(pictures[1])
    assert Image.open(io.BytesIO(pictures[0])).mode in ("L", "P")
    stored, drawn = (
        np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int) for png in pictures
    )
    assert np.abs(stored - drawn).max() <= 16


def test_our_picture_is_displayed_though_another_is_registered_for_all_figures():
    interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactiveshell.InteractiveShell()
    fig = FIGURES["faces"]()
    shell.display_formatter.formatters["image/png"].for_type(
        matplotlib.figure.Figure, lambda fig: b"another"
    )
    assert shell.display_formatter.format(fig)[0]["image/png"] == b"another"
    plotting._shared.take_precedence(shell)
    data, metadata = shell.display_formatter.format(fig)
    assert Image.open(io.BytesIO(data["image/png"])).mode == "L"
    assert metadata["image/png"]["alt"] == fig.alt


def test_grey_figures_lose_nothing_and_those_of_many_colours_keep_them():
    grey, drawn = (
        Image.open(io.BytesIO(png)) for png in stored_and_drawn(plotting.image_grid(IMAGES))
    )
    assert grey.mode == "L" and np.array_equal(
        np.asarray(grey.convert("RGB")), np.asarray(drawn.convert("RGB"))
    )
    noise = np.random.default_rng(0).random((4, 32, 32, 3)).astype("float32")
    colour, drawn = (
        Image.open(io.BytesIO(png)).convert("RGB")
        for png in stored_and_drawn(plotting.image_grid(noise))
    )
    assert np.abs(np.asarray(colour).astype(int) - np.asarray(drawn)).max() <= 16


@pytest.mark.parametrize("name", FIGURES)
def test_a_plotter_draws_into_axes_that_are_given(name):
    fig, axes = plotting.figure("Two panels.", columns=2)
    assert FIGURES[name](axes[1]) is fig
    assert fig.alt == "Two panels."
    assert axes[1].has_data() and not axes[0].has_data()


def test_alternative_texts_count_in_the_singular_too():
    assert plotting.image_grid(IMAGES[:1]).alt == "1 image in 1 row."
    assert plotting.image_rows({"a": IMAGES[:1]}).alt == "1 image a row, from top to bottom: a."
    assert plotting.faces(IMAGES, np.zeros(12, int)).alt.startswith("Pictures of 1 person, 10 of")
    assert plotting.learning_curves({"train": [2]}).alt == "loss over 1 epoch: train from 2 to 2."


def test_no_plotter_touches_pyplot():
    import matplotlib.pyplot as plt

    for draw in FIGURES.values():
        draw()
    assert plt.get_fignums() == []


def test_axes_of_a_plain_figure_will_do():
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    assert plotting.projection_arrows(POINTS, POINTS, ax=ax) is fig
    plt.close(fig)


def test_grey_levels_are_fixed():
    dim = np.full((2, 8, 8), 0.25, np.float32)
    drawn = plotting.image_grid(dim).axes[0].images[0]
    assert drawn.get_clim() == (0, 1)
    weights = np.array([[[-3.0, 1.0]]])
    assert plotting.image_grid(weights, signed=True).axes[0].images[0].get_clim() == (-3, 3)


def test_each_image_is_where_it_belongs():
    ramp = np.stack([np.full((4, 4), value, np.float32) for value in (0.1, 0.2, 0.3, 0.4, 0.5)])
    canvas = plotting.image_grid(ramp, n_columns=3).axes[0].images[0].get_array().filled(np.nan)
    found = canvas[np.isfinite(canvas)]
    assert sorted(np.unique(found).round(3)) == [0.1, 0.2, 0.3, 0.4, 0.5]
    first_row = canvas[0][np.isfinite(canvas[0])]
    np.testing.assert_allclose(first_row, np.repeat([0.1, 0.2, 0.3], 4), atol=1e-6)


def test_colour_images():
    red = np.zeros((2, 4, 4, 3), np.float32)
    red[..., 0] = 1
    assert plotting.image_grid(red).axes[0].images[0].get_array().shape[2] == 3
    one_channel = plotting.image_grid(IMAGES[..., np.newaxis])
    assert one_channel.axes[0].images[0].get_array().ndim == 2


def test_black_is_zero_and_white_is_one():
    drawn = plotting.image_grid(np.array([[[0.0, 1.0]]])).axes[0].images[0]
    assert drawn.cmap(drawn.norm(0.0))[:3] == (0, 0, 0)
    assert drawn.cmap(drawn.norm(1.0))[:3] == (1, 1, 1)


def test_signed_images_are_red_above_zero_and_blue_below():
    drawn = plotting.image_grid(np.array([[[-2.0, 2.0]]]), signed=True).axes[0].images[0]
    assert drawn.get_clim() == (-2, 2)
    red, green, blue, _ = drawn.cmap(drawn.norm(2.0))
    assert red > blue
    red, green, blue, _ = drawn.cmap(drawn.norm(-2.0))
    assert blue > red


def test_reconstructions_shows_the_first_images_over_their_own():
    levels = np.linspace(0.1, 0.5, 5, dtype=np.float32)[:, None, None].repeat(4, 1).repeat(4, 2)
    ax = plotting.reconstructions(levels, levels + 0.5, n=2).axes[0]
    canvas = ax.images[0].get_array().filled(np.nan)
    shown = [canvas[0, 0], canvas[0, 6], canvas[6, 0], canvas[6, 6]]
    np.testing.assert_allclose(shown, [0.1, 0.2, 0.6, 0.7], atol=1e-6)


def test_arrows_lead_from_each_point_to_its_reconstruction():
    x = np.array([[200, 0], [0, 100]], np.uint8)  # differences of bytes would wrap
    ax = plotting.projection_arrows(x, np.full((2, 2), 100, np.uint8)).axes[0]
    arrows = next(c for c in ax.collections if isinstance(c, matplotlib.quiver.Quiver))
    np.testing.assert_array_equal(arrows.get_offsets(), [[200, 0], [0, 100]])
    np.testing.assert_array_equal(np.stack([arrows.U, arrows.V], axis=1), [[-100, 100], [100, 0]])
    assert arrows.scale == 1 and ax.get_aspect() == 1


def test_loading_vectors_are_two_standard_deviations_long():
    ax = plotting.loading_vectors(POINTS, np.zeros(2), np.eye(2), np.array([9.0, 4.0])).axes[0]
    arrows = [c for c in ax.collections if isinstance(c, matplotlib.quiver.Quiver)]
    assert [(arrow.U.item(), arrow.V.item()) for arrow in arrows] == [(6, 0), (0, 4)]
    assert ax.get_aspect() == 1
    assert ax.get_xlim()[1] >= 6 and ax.get_ylim()[1] >= 4  # the tips are inside


def test_explained_variance_draws_shares_and_their_running_total():
    ax = plotting.explained_variance(np.array([0.6, 0.3])).axes[0]
    assert [bar.get_height() for bar in ax.patches] == [0.6, 0.3]
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1, 0.6], [2, 0.9]])


def test_learning_curves_count_epochs_from_one_and_mark_the_reference():
    ax = plotting.learning_curves({"train": [3, 2]}, {"PCA": 1.5}).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[1, 3], [2, 2]])
    assert list(ax.lines[1].get_ydata()) == [1.5, 1.5]
    assert ax.get_yscale() == "log"
    assert plotting.learning_curves({"train": [3, -2]}, log=False).axes[0].get_yscale() == "linear"


def test_the_curve_is_drawn_in_the_order_of_the_code():
    x = np.array([[3.0, 0], [1, 0], [2, 0]])
    ax = plotting.code_along_curve(x, x, code=np.array([0.3, 0.1, 0.2])).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(ax.collections[0].get_array(), [0.3, 0.1, 0.2])


def test_a_network_is_drawn_to_scale():
    ax = plotting.network([7, 1, 7]).axes[0]
    heights = [bar.get_height() for bar in ax.containers[0]] + [
        bar.get_height() for bar in ax.containers[1]
    ]
    assert heights == [3, 1]
    assert [text.get_text() for text in ax.texts[:3]] == ["7", "1", "7"]


def test_a_logarithmic_axis_has_plain_numbers():
    fig = plotting.learning_curves({"train": [30.0, 2.5]})
    fig.draw_without_rendering()
    labels = {tick.get_text() for tick in fig.axes[0].get_yticklabels(which="both")}
    assert {"3", "5", "10", "20"} <= labels and not any(
        "10^" in label or "times" in label for label in labels
    )


def test_each_phase_colours_what_it_trains():
    patches = plotting.greedy_phases([8, 4, 2]).axes[0].patches
    coloured = [
        patch.get_facecolor()[:3] not in ((0.85, 0.85, 0.85), (0, 0, 0)) for patch in patches
    ]
    # four layers in each of three rows: the outer pair, the inner pair, all
    assert coloured == [True, False, False, True, False, True, True, False, True, True, True, True]
    frozen = [patch.get_facecolor()[:3] == (0.85, 0.85, 0.85) for patch in patches]
    assert frozen == [False] * 4 + [True] + [False] * 7


def test_classes_have_their_colours_and_names():
    ax = plotting.embedding(POINTS, LABELS).axes[0]
    colours = ax.collections[0].get_facecolors()
    assert len(np.unique(colours, axis=0)) == 10
    np.testing.assert_array_equal(colours[:10], colours[10:])
    assert [text.get_text() for text in ax.texts] == list("0123456789")
    np.testing.assert_allclose(ax.texts[3].get_position(), np.median(POINTS[[3, 13]], axis=0))


def test_a_digit_has_one_colour_and_forty_people_can_be_told_apart():
    def looks(labels):
        points = np.random.default_rng(0).random((len(labels), 2))
        return [
            (tuple(colour), dots.get_paths()[0].vertices.tobytes())
            for dots in plotting.embedding(points, labels).axes[0].collections
            for colour in dots.get_facecolors()
        ]

    assert looks(np.array([3, 7])) == [looks(np.arange(10))[3], looks(np.arange(10))[7]]
    assert len(set(looks(np.arange(40)))) == 40
    assert len(set(looks(np.array([5, 17, 39])))) == 3


def test_each_person_has_a_row():
    persons = np.array([7, 3] * 6)
    ax = plotting.faces(IMAGES, persons, chosen=[7, 3], n=4).axes[0]
    assert [text.get_text() for text in ax.texts] == ["person 7", "person 3"]
    canvas = ax.images[0].get_array()
    np.testing.assert_allclose(canvas[30:58, 60:88], IMAGES[5])  # second row, third picture
    assert canvas.shape == (60, 120)


def test_a_code_is_drawn_as_blocks_between_original_and_reconstruction():
    code = np.array([[-2.0, 0.0, 1.0, 2.0]])
    ax = plotting.codes(IMAGES[:1], code, IMAGES[1:2], (2, 2)).axes[0]
    canvas = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(canvas[:28, :28], IMAGES[0][..., np.newaxis].repeat(3, 2))
    np.testing.assert_allclose(canvas[60:88, :28], IMAGES[1][..., np.newaxis].repeat(3, 2))
    (low, zero), (some, high) = canvas[[31, 57]][:, [1, 27]]
    assert low[2] > low[0] + 0.2 and high[0] > high[2] + 0.2
    assert np.allclose(zero, 1, atol=0.05) and some[0] > some[2]
    assert np.ptp(canvas[30:44, :14], axis=(0, 1)).max() == 0  # a block is of one colour


def test_dead_units_are_counted():
    ax = plotting.unit_maxima(np.array([[0.0, 0.5, -3.0], [0.005, -1.0, 2.0]])).axes[0]
    assert [bar.get_height() for bar in ax.patches] == [3.0, 1.0, 0.005]
    assert ax.get_title() == "1 unit is dead" and ax.lines[0].get_xdata().tolist() == [2]
    bytes_ = np.array([[-128, 0, 5]], np.int8)  # a byte can't hold the magnitude of -128
    whole = plotting.unit_maxima(bytes_, threshold=0).axes[0]
    assert [bar.get_height() for bar in whole.patches] == [128, 5, 0]
    assert whole.get_title() == "1 unit is dead"


def thumbnails(ax):
    kind = matplotlib.offsetbox.AnnotationBbox
    return [child for child in ax.get_children() if isinstance(child, kind)]


def test_thumbnails_keep_apart_and_show_their_own_image():
    points = np.array([[0.0, 0.0], [0.001, 0.0], [1.0, 1.0]])
    ax = plotting.embedding(points, np.array([1, 2, 3]), IMAGES[:3]).axes[0]
    boxes = thumbnails(ax)
    assert [tuple(box.xy) for box in boxes] == [(0.0, 0.0), (1.0, 1.0)]
    np.testing.assert_array_equal(boxes[1].offsetbox.get_data(), IMAGES[2])


def test_thumbnails_have_one_scale_black_on_white():
    dim = np.full((1, 4, 4), 0.25, np.float32)
    ax = plotting.embedding(np.zeros((1, 2)), np.array([3]), dim).axes[0]
    drawn = thumbnails(ax)[0].offsetbox.get_children()[0]
    assert drawn.get_clim() == (0, 1)
    assert drawn.cmap(drawn.norm(0.0))[:3] == (1, 1, 1)


def test_error_bars_stand_beside_their_images():
    ax = plotting.error_bars(
        IMAGES[:2], IMAGES[2:4], ["a", "b"], np.array([1.0, 4.0]), {"most": 2.0}
    ).axes[0]
    assert [bar.get_width() for bar in ax.patches] == [1.0, 4.0]
    rows = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert rows == [1.0, 0.0]
    boxes = thumbnails(ax)
    assert [box.xy[1] for box in boxes] == [1, 1, 0, 0]
    np.testing.assert_allclose(boxes[3].offsetbox.get_data(), IMAGES[3])
    assert ax.lines[0].get_xdata()[0] == 2.0


def test_error_bars_of_perfect_reconstructions():
    ax = plotting.error_bars(IMAGES[:2], IMAGES[:2], ["a", "b"], np.zeros(2)).axes[0]
    assert ax.get_xlim() == (0, 1)


def test_angles_of_loading_vectors_are_those_of_lines():
    up, down = np.array([[0.6, 0.8]]), np.array([[-0.6, -0.8]])
    alts = [plotting.loading_vectors(POINTS, POINTS.mean(0), v, np.ones(1)).alt for v in (up, down)]
    assert "53.1°" in alts[0] and "53.1°" in alts[1]


@pytest.mark.parametrize(
    "call, error, sentence",
    [
        (
            lambda: plotting.image_grid(255 * IMAGES),
            ValueError,
            r"images must lie in \[0, 1\], got values .*divide by 255",
        ),
        (
            lambda: plotting.image_grid((255 * IMAGES).astype(np.uint8)),
            TypeError,
            "images must be floating point, got uint8",
        ),
        (
            lambda: plotting.image_grid(IMAGES - 0.5),
            ValueError,
            r"images must lie in \[0, 1\], got values from -0\.\d+ to 0\.\d+$",
        ),
        (
            lambda: plotting.image_grid(IMAGES.reshape(12, 784)),
            ValueError,
            r"flat ones of shape \(12, 784\): use reshape",
        ),
        (lambda: plotting.image_grid(IMAGES[0]), ValueError, "images must be 3-D or 4-D, got 2-D"),
        (lambda: plotting.image_grid(IMAGES[:0]), ValueError, "images must not be empty"),
        (lambda: plotting.image_grid(IMAGES * np.nan), ValueError, "images must be finite"),
        (
            lambda: plotting.image_grid(IMAGES, n_columns=0),
            ValueError,
            "n_columns must be at least 1, got 0",
        ),
        (
            lambda: plotting.image_grid(IMAGES, titles=["a"]),
            ValueError,
            "titles must be one for each of the 12 images, got 1$",
        ),
        (lambda: plotting.image_grid(np.zeros((2, 4, 4, 5))), ValueError, "1 or 3 channels"),
        (lambda: plotting.image_rows(IMAGES), TypeError, "rows must be a dictionary"),
        (
            lambda: plotting.image_rows({"a": IMAGES, "b": IMAGES[:3]}),
            ValueError,
            "all rows must have one shape.*'b'",
        ),
        (
            lambda: plotting.reconstructions(IMAGES, IMAGES[:3]),
            ValueError,
            "x and x_hat must have one shape",
        ),
        (
            lambda: plotting.projection_arrows(POINTS.T, POINTS.T),
            ValueError,
            "x must have 2 columns.*transposed",
        ),
        (lambda: plotting.projection_arrows(POINTS, POINTS[:3]), ValueError, "one shape"),
        (
            lambda: plotting.loading_vectors(POINTS, np.zeros(3), np.eye(2), np.ones(2)),
            ValueError,
            r"mean must have shape \(2,\)",
        ),
        (
            lambda: plotting.loading_vectors(POINTS, np.zeros(2), np.eye(2), -np.ones(2)),
            ValueError,
            "explained_variance must be",
        ),
        (
            lambda: plotting.explained_variance(np.array([0.9, 0.9])),
            ValueError,
            "add up to at most 1, got a sum of 1.8",
        ),
        (
            lambda: plotting.reconstructions(IMAGES, IMAGES, labels=("a",)),
            ValueError,
            "labels must be two different texts",
        ),
        (
            lambda: plotting.reconstructions(IMAGES, 255 * IMAGES),
            ValueError,
            "x_hat must be on the scale.*divide by 255",
        ),
        (
            lambda: plotting.image_rows({"a": IMAGES, "b": 255 * IMAGES}),
            ValueError,
            r"rows\['b'\] must be on the scale",
        ),
        (
            lambda: plotting.image_grid(np.zeros((2, 4, 4, 3)), signed=True),
            ValueError,
            "signed images must have one channel",
        ),
        (
            lambda: plotting.image_grid(IMAGES, ax=np.empty(2, object)),
            TypeError,
            "ax must be Matplotlib axes, got ndarray",
        ),
        (
            lambda: plotting.learning_curves({"a": [1]}, [1.0]),
            TypeError,
            "reference must be a dictionary",
        ),
        (
            lambda: plotting.loading_vectors(POINTS, np.zeros(2), 3 * np.eye(2), np.ones(2)),
            ValueError,
            "rows of length 1",
        ),
        (lambda: plotting.learning_curves([1, 2]), TypeError, "history must be a dictionary"),
        (
            lambda: plotting.learning_curves({"train": [1, 0]}),
            ValueError,
            "above 0 on a logarithmic axis: pass log=False",
        ),
        (
            lambda: plotting.learning_curves({"train": [1, np.nan]}),
            ValueError,
            r"history\['train'\] must be finite",
        ),
        (
            lambda: plotting.code_along_curve(POINTS, POINTS, POINTS),
            ValueError,
            "one number for each of the 20 points",
        ),
        (
            lambda: plotting.network([784, 30]),
            ValueError,
            "odd number of sizes, three or more, got 2",
        ),
        (
            lambda: plotting.network([784, 3.5, 784]),
            TypeError,
            r"layer_sizes\[1\] must be an integer, got 3.5",
        ),
        (lambda: plotting.network(5), TypeError, "layer_sizes must be a list, got 5 of type int"),
        (
            lambda: plotting.image_grid(IMAGES, titles=3),
            TypeError,
            "titles must be a list, got 3 of type int",
        ),
        (
            lambda: plotting.reconstructions(IMAGES, IMAGES, labels="ab"),
            TypeError,
            "labels must be a list, got 'ab'",
        ),
        (
            lambda: plotting.learning_curves({}),
            ValueError,
            "history must be a dictionary .* got an empty one",
        ),
        (lambda: plotting.figure("a", width="x"), TypeError, "width must be a number, got 'x'"),
        (
            lambda: plotting.greedy_phases([784]),
            ValueError,
            "layer_sizes must have two sizes or more",
        ),
        (lambda: plotting.greedy_phases("784"), TypeError, "layer_sizes must be a list"),
        (
            lambda: plotting.embedding(POINTS, LABELS[:3]),
            ValueError,
            "labels must be one for each of the 20 points, got 3$",
        ),
        (
            lambda: plotting.embedding(POINTS, LABELS - 1),
            ValueError,
            "labels must be integers, at least 0, got int64 from -1 to 8",
        ),
        (
            lambda: plotting.embedding(np.ones((41, 2)), np.arange(41)),
            ValueError,
            "labels must be of at most 40 classes, got 41",
        ),
        (
            lambda: plotting.faces(IMAGES, LABELS),
            ValueError,
            "persons must be one for each of the 12 images, got 20",
        ),
        (
            lambda: plotting.faces(IMAGES, np.arange(12), []),
            ValueError,
            r"chosen must be one person or more, nobody twice, got \[\]",
        ),
        (
            lambda: plotting.faces(IMAGES, np.arange(12), [3, 3]),
            ValueError,
            r"nobody twice, got \[3, 3\]",
        ),
        (
            lambda: plotting.faces(IMAGES, np.arange(12), [[3]]),
            TypeError,
            "chosen must be an integer",
        ),
        (
            lambda: plotting.faces(IMAGES, np.arange(12) / 2),
            TypeError,
            "persons must be integers, got float64",
        ),
        (
            lambda: plotting.codes(IMAGES, POINTS[:12], 255 * IMAGES, (1, 2)),
            ValueError,
            "divide by 255",
        ),
        (
            lambda: plotting.codes(IMAGES, np.ones((12, 29)), IMAGES, (29, 1)),
            ValueError,
            "code_shape must be at most the images' 28 x 28",
        ),
        (
            lambda: plotting.faces(IMAGES, np.arange(12), [12]),
            ValueError,
            "chosen must be among persons, got person 12, of whom there is",
        ),
        (
            lambda: plotting.codes(IMAGES, POINTS[:12], IMAGES, (2, 2)),
            ValueError,
            r"code must have shape \(12, 4\).*got \(12, 2\)",
        ),
        (
            lambda: plotting.codes(IMAGES, POINTS[:12], IMAGES[:3], (1, 2)),
            ValueError,
            "x and x_hat must have one shape",
        ),
        (lambda: plotting.unit_maxima(np.ones(3)), ValueError, "code must be 2-D"),
        (lambda: plotting.embedding(POINTS, LABELS / 10), ValueError, "labels must be integers"),
        (
            lambda: plotting.embedding(POINTS, LABELS, IMAGES),
            ValueError,
            "images must be one for each of the 20 points, got 12",
        ),
        (
            lambda: plotting.embedding(np.ones((20, 30)), LABELS),
            ValueError,
            "points must have 2 columns",
        ),
        (
            lambda: plotting.error_bars(IMAGES, IMAGES, ["a"], np.ones(12)),
            ValueError,
            "one for each of the 12 images, got 1 and 12",
        ),
        (
            lambda: plotting.error_bars(IMAGES[:1], IMAGES[:1], ["a"], -np.ones(1)),
            ValueError,
            "errors must be at least 0",
        ),
        (
            lambda: plotting.error_bars(IMAGES, 255 * IMAGES, list("abcdefghijkl"), np.ones(12)),
            ValueError,
            "divide by 255",
        ),
        (
            lambda: plotting.error_bars(IMAGES[:1], IMAGES[:1], ["a"], np.ones(1), [6.0]),
            TypeError,
            "reference must be a dictionary from labels to numbers, got list",
        ),
        (
            lambda: plotting.error_bars(IMAGES[:1], IMAGES[:1], ["a"], np.ones(1), {"most": "6"}),
            TypeError,
            r"reference\['most'\] must be a number, got '6'",
        ),
        (
            lambda: plotting.roc({"a": (POINTS[:, 0], POINTS[:, 1])}, {"a": "high"}),
            TypeError,
            r"marks\['a'\] must be a number, got 'high'",
        ),
        (
            lambda: plotting.image_rows({"a": np.zeros((2, 4, 4, 3))}, signed=True),
            ValueError,
            "signed images must have one channel",
        ),
        (
            lambda: plotting.image_grid([[[0.0, 1.0]], [[0.5]]]),
            ValueError,
            "images must be an array whose rows have one length, got a ragged list",
        ),
        (lambda: plotting.plane(IMAGES[None], alt=" "), ValueError, "alt must say what the figure"),
        (
            lambda: plotting.network([2, 1, 2], alt=5, ax=plotting.figure("x")[1]),
            TypeError,
            "alt must be text that says what the figure shows, got int",
        ),
        (lambda: plotting.figure(""), ValueError, "alt must say what the figure shows"),
        (lambda: plotting.figure(3), TypeError, "alt must be text"),
        (lambda: plotting.figure("x", rows=0), ValueError, "rows must be at least 1"),
    ],
)
def test_bad_input(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


def test_filters_are_columns_each_on_its_own_scale():
    kernel = np.zeros((6, 2))
    kernel[:, 0], kernel[:, 1] = [1, 2, 3, 4, 5, -10], [0, 0, 0, 0, 0, 0.001]
    drawn = plotting.filters(kernel, image_shape=(2, 3)).axes[0].images[0]
    canvas = np.ma.filled(drawn.get_array().astype(float), np.nan)
    np.testing.assert_allclose(canvas[:2, :3], [[0.1, 0.2, 0.3], [0.4, 0.5, -1]], atol=1e-6)
    assert canvas[1, 7] == pytest.approx(1) and drawn.get_clim() == (-1, 1)
    for bad, sentence in (
        ((3, 3), r"a row for each pixel, 3 x 3 = 9, got shape \(6, 2\)"),
        (None, "2 x 2 = 4, got shape"),
    ):
        with pytest.raises(ValueError, match=sentence):
            plotting.filters(kernel, image_shape=bad)


def test_activations_are_shares_that_add_up_to_one():
    code = np.random.default_rng(0).random((50, 4))
    ax = plotting.activations({"one": code, "two": 3 * code}, bins=7).axes[0]
    for patch in ax.patches:
        values, edges, _ = patch.get_data()
        assert values.sum() == pytest.approx(1)
        assert (edges[0], edges[-1]) == (code.min(), 3 * code.max())
    assert ax.get_yscale() == "log"
    with pytest.raises(TypeError, match="codes must be a dictionary"):
        plotting.activations(code)


def test_a_plane_has_its_first_row_on_top_and_no_gaps():
    fig = plotting.plane(IMAGES.reshape(3, 4, 28, 28))
    drawn = np.asarray(fig.axes[0].images[0].get_array())
    assert drawn.shape == (84, 112) and fig.axes[0].images[0].get_clim() == (0, 1)
    np.testing.assert_array_equal(drawn[28:56, 84:], IMAGES[7])
    with pytest.raises(ValueError, match="images must lie in .0, 1.*divide by 255"):
        plotting.plane(255 * IMAGES.reshape(3, 4, 28, 28))
    with pytest.raises(ValueError, match=r"images must be 4-D, got 3-D of shape \(12, 28, 28\)"):
        plotting.plane(IMAGES)


def test_latent_histograms_are_densities_beside_the_prior():
    z = np.random.default_rng(0).standard_normal((20_000, 2)) * [1, 0.5]
    ax = plotting.latent_histograms(z, bins=40).axes[0]
    at, prior = ax.lines[0].get_data()
    assert np.trapezoid(prior, at) == pytest.approx(1, abs=1e-3)
    for patch, deviation in zip(ax.patches, (1, 0.5), strict=True):
        values, edges, _ = patch.get_data()
        assert (values * np.diff(edges)).sum() == pytest.approx(1)
        assert values.max() == pytest.approx(0.3989 / deviation, rel=0.1)
    with pytest.raises(ValueError, match="z must have at most 5 latents, got 6"):
        plotting.latent_histograms(np.zeros((3, 6)))


def test_a_vector_field_has_its_arrows_in_true_length():
    fig = plotting.vector_field(POINTS, POINTS / 2)
    (field,) = [c for c in fig.axes[0].collections if isinstance(c, matplotlib.quiver.Quiver)]
    np.testing.assert_allclose(np.column_stack([field.U, field.V]), POINTS / 2)
    assert field.scale == 1 and field.angles == "xy" and field.scale_units == "xy"
    far = plotting.vector_field([[0.0, 0.0], [1.0, 1.0]], [[-3.0, 0.0], [0.0, 2.0]]).axes[0]
    assert far.get_xlim()[0] <= -3 and far.get_ylim()[1] >= 3  # the tips are inside
    with pytest.raises(ValueError, match="points and arrows must have one shape"):
        plotting.vector_field(POINTS, POINTS[:3])


def test_score_histograms_have_an_area_of_one_and_lose_nothing_beyond():
    rng = np.random.default_rng(0)
    scores = {"normal": rng.normal(0, 1, 5000), "odd": rng.normal(3, 1, 5000)}
    ax = plotting.score_histograms(scores, threshold=1.5).axes[0]
    for patch in ax.patches:
        values, edges, _ = patch.get_data()
        # The last bin holds what lies beyond.
        assert (values * np.diff(edges)).sum() == pytest.approx(1)
    assert ax.lines[0].get_xdata()[0] == 1.5
    with pytest.raises(
        TypeError, match="scores must be a dictionary from labels to arrays, got list"
    ):
        plotting.score_histograms([1.0, 2.0])


def test_roc_draws_recall_against_false_alarms():
    rng = np.random.default_rng(0)
    pair = rng.normal(0, 1, 400), rng.normal(1, 1, 300)
    ax = plotting.roc({"ours": pair}, marks={"ours": 0.5}).axes[0]
    false_alarm_rate, recall = ax.lines[0].get_data()
    assert 100 * np.trapezoid(recall, false_alarm_rate) == pytest.approx(metrics.auroc(*pair))
    (x,), (y,) = ax.lines[1].get_data()
    assert (x, y) == ((pair[0] > 0.5).mean(), (pair[1] > 0.5).mean())
    with pytest.raises(TypeError, match=r"scores\['ours'\] must be a pair"):
        plotting.roc({"ours": pair[0]})
    for marks in ({"our": 0.5}, 0.5, "ours"):
        with pytest.raises(
            ValueError,
            match=r"marks must be a dictionary from labels of scores \(ours\) to thresholds, got",
        ):
            plotting.roc({"ours": pair}, marks)
