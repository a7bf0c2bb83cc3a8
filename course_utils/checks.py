"""Self-checks of the exercises.

A `check_*` function tries a student's function on small cases, knows the usual misconceptions, and
answers with a hint. `expect`, which tests a claim of the lesson, is at home in `claims`.
"""

import copy
import dataclasses
import math
import numbers

import numpy as np

from course_utils.claims import expect as expect  # by this name lessons call it


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The answer of a `check_*` function: true if the exercise is solved, and a sentence.

    It shows itself as that sentence, behind a tick or a cross.

    Args:
        passed: whether the exercise is solved, a bool.
        message: "right", or a hint, in one line.

    >>> Verdict(passed=False, message="the shape is (3,), wanted (4,)")
    ✗ the shape is (3,), wanted (4,)
    """

    passed: bool
    message: str

    def __bool__(self):
        return self.passed

    def __repr__(self):
        return f"{'✓' if self.passed else '✗'} {self.message}"


def _check(function, *cases):
    """Try a student's function on each case, a pair (arguments, judge), until one shows a problem.

    The function gets copies; `judge(result)` says what is wrong, or None. Whatever the function
    raises becomes a hint: a student learns more from "raised IndexError: ..." beside the input than
    from a trace through this module.
    """
    if not callable(function):
        return Verdict(
            False, f"pass the function itself, without calling it, got {type(function).__name__}"
        )
    for arguments, judge in cases:
        given = copy.deepcopy(arguments)
        shown = ", ".join(
            f"an array of shape {a.shape}" if isinstance(a, np.ndarray) else repr(a)
            for a in arguments
        )
        try:
            with np.errstate(all="ignore"):
                result = function(*given)
        except Exception as error:
            return Verdict(
                False, f"called with {shown}, your function raised {type(error).__name__}: {error}"
            )
        if result is None or result is Ellipsis:
            return Verdict(
                False, "your function returns nothing yet: write it, and end it with `return`"
            )
        if not all(map(np.array_equal, arguments, given)):
            return Verdict(
                False,
                "your function changes what it was given: "
                "compute something new (no `-=`, no `sort()`)",
            )
        try:
            problem = judge(result)
        # Text, a dictionary, a ragged list: nothing to compare numbers with.
        except (TypeError, ValueError):
            problem = (
                f"called with {shown}, your function returned a {type(result).__name__}, "
                "which can't be compared"
            )
        if problem is not None:
            return Verdict(False, problem)
    return Verdict(True, "right")


def _another(*arguments, expected, hint):
    """A case that catches an answer which was right for the first case only."""
    return arguments, lambda result: None if _close(result, expected) else hint


def _shape_problem(result, shape):
    got = np.shape(result)
    return None if got == shape else f"the shape is {got}, wanted {shape}"


def _close(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-5, atol=1e-6)


def check_scale(scale):
    """Check a student's `scale`, which turns bytes from 0 to 255 into float32 from 0 to 1.

    Lesson 00, exercise 1: `scale(images)`.

    Args:
        scale: the student's function: a uint8 array of shape (n, height, width) in, float32 of the
            same shape out.

    Returns:
        A `Verdict`.

    >>> check_scale(lambda images: images / 255)
    ✗ the values are right, but the dtype is float64: float32 needs half the memory, and is what
    networks compute in
    """
    images = np.arange(0, 204, 17, dtype=np.uint8).reshape(1, 3, 4)  # the brightest is 187, not 255
    right = images / 255

    def judge(result):
        if problem := _shape_problem(result, images.shape):
            return problem
        result = np.asarray(result)
        if result.dtype.kind in "iub" and not _close(result, images):
            return (
                f"the result holds whole numbers ({result.dtype}), which can't hold fractions: "
                "divide with / and keep floats"
            )
        if _close(result, right):
            return (
                None
                if result.dtype == np.float32
                else (
                    f"the values are right, but the dtype is {result.dtype}: "
                    "float32 needs half the memory, "
                    "and is what networks compute in"
                )
            )
        if _close(result, images / images.max()):
            return (
                "divide by 255, not by the largest value that happens to be there: "
                "a dark image must stay dark"
            )
        if _close(result, images / 256):
            return "the largest byte is 255, not 256: white must become exactly 1"
        if _close(result, images):
            return "the values still go up to 187: divide by 255"
        return "each value should be the byte divided by 255"

    return _check(scale, ((images,), judge))


def check_mirror(mirror):
    """Check a student's `mirror`, which flips each image left to right.

    Lesson 00, exercise 2: `mirror(images)`.

    Args:
        mirror: the student's function: an array of shape (n, height, width) in, the same shape out.

    Returns:
        A `Verdict`.

    >>> check_mirror(lambda images: images[::-1])
    ✗ you reversed the order of the images and mirrored none of them: axis 0 counts the images
    """
    images = np.arange(24.0).reshape(2, 3, 4)

    def judge(result):
        if problem := _shape_problem(result, images.shape):
            return problem
        if _close(result, images[:, :, ::-1]):
            return None
        if _close(result, images[::-1]):
            return (
                "you reversed the order of the images and mirrored none of them: "
                "axis 0 counts the images"
            )
        if _close(result, images[:, ::-1]):
            return "the images stand on their heads: axis 1 counts the rows, axis 2 the columns"
        if _close(result, images[:, ::-1, ::-1]):
            return "you turned the images by 180 degrees: reverse the columns only"
        if _close(result, images[::-1, ::-1, ::-1]):
            return "you reversed every axis: reverse the columns only"
        return "each row of each image should read from right to left"

    return _check(mirror, ((images,), judge))


def check_centre(centre):
    """Check a student's `centre`, which subtracts its mean from each feature.

    Lesson 01, exercise 1: `centre(x)`.

    Args:
        centre: the student's function: array of shape (n, n_features) in, the same shape out.

    Returns:
        A `Verdict`.

    >>> check_centre(lambda x: x - x.mean())
    ✗ you subtracted one number, the mean of all values: each feature (column) has a mean of its own
    """
    x = np.array([[1.0, 10.0, -3.0], [2.0, 30.0, -5.0], [6.0, 20.0, -7.0], [3.0, 40.0, -1.0]])
    right = x - x.mean(axis=0)

    def judge(result):
        if _close(result, right):
            return None
        if problem := _shape_problem(result, x.shape):
            return problem + ": subtract the mean, and return all the points"
        if _close(result, x - x.mean()):
            return (
                "you subtracted one number, the mean of all values: "
                "each feature (column) has a mean of its own"
            )
        if _close(result, x - x.mean(axis=1, keepdims=True)):
            return (
                "you subtracted each example's own mean: the mean is taken over the examples, "
                "which is axis 0"
            )
        if _close(result, right / x.std(axis=0)) or _close(result, right / x.std(axis=0, ddof=1)):
            return (
                "you also divided by the standard deviation: that is standardising; "
                "only centring is asked for"
            )
        return "the result's columns should have mean 0 and keep their spread"

    return _check(centre, ((x,), judge))


def check_components_needed(components_needed):
    """Check a student's `components_needed`, which counts components for a share of variance.

    Lesson 01, exercise 2: `components_needed(singular_values, share)` is the least number of
    components that hold at least that share.

    Args:
        components_needed: the student's function: a decreasing array of shape (k,) and a number
            from 0 to 1 in, an integer out.

    Returns:
        A `Verdict`.

    >>> check_components_needed(lambda s, share: int((np.cumsum(s) / s.sum() < share).sum()) + 1)
    ✗ variance is the square of a singular value: you added up the singular values themselves
    """
    # Squared and added up: .69, .80, .86, .92: four. Unsquared: .37, .52, .63, .74, .81, .89, .93:
    # seven. So each mistake, and two of them together, have an answer of their own.
    s, share = np.array([10.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0]), 0.9

    def judge(result):
        if not isinstance(result, numbers.Integral):
            return f"the answer is a whole number (of components), got {type(result).__name__}"
        if result in (6, 7):
            return (
                "variance is the square of a singular value: you added up the singular values "
                "themselves"
            )
        if result == 3:
            return (
                "you are one short: argmax and searchsorted count from 0, "
                "a number of components from 1"
            )
        if result == 5:
            return "you are one too many: stop at the first component that reaches the share"
        if result != 4:
            return (
                f"for singular values {s.tolist()} and a share of {share} you got {result}: "
                "print the running shares"
            )
        return None

    exact = "when a component reaches the share exactly, it is enough: compare with >="
    return _check(
        components_needed,
        ((s, share), judge),
        _another(np.array([1.0, 1.0]), 0.5, expected=1, hint=exact),
        _another(
            np.array([2.0, 1.0, 1.0]),
            0.8,
            expected=2,
            hint="right for one case, wrong for [2, 1, 1] and 0.8",
        ),
    )


def check_reconstruct(reconstruct):
    """Check a student's `reconstruct`, which projects points on components and comes back.

    Lesson 01, exercise 3: `reconstruct(x, mean, components)`.

    Args:
        reconstruct: the student's function: arrays of shape (n, n_features), (n_features,) and (k,
            n_features) in, an array of shape (n, n_features) out.

    Returns:
        A `Verdict`.

    >>> check_reconstruct(lambda x, mean, components: (x - mean) @ components.T @ components)
    ✗ you did not come all the way back: add the mean again after the components
    """
    rng = np.random.default_rng(0)
    x = rng.normal(5, 2, (6, 4))
    # The mean of other data, as of a training set: not that of x.
    mean, components = x.mean(axis=0) + [1, -1, 2, 0], np.linalg.qr(rng.normal(size=(4, 2)))[0].T
    scores = (x - mean) @ components.T
    right = scores @ components + mean

    def judge(result):
        if _close(result, right):
            return None
        if _close(result, scores):
            return (
                "these are the scores: multiply by the components and add the mean to come back "
                "to the data's space"
            )
        if problem := _shape_problem(result, x.shape):
            return problem
        if _close(result, scores @ components):
            return "you did not come all the way back: add the mean again after the components"
        if _close(result, x @ components.T @ components):
            return "subtract the mean before you project, and add it again at the end"
        if _close(result, x @ components.T @ components + mean):
            return "you add the mean at the end but never subtracted it: project x - mean"
        own = x.mean(axis=0)
        if _close(result, (x - own) @ components.T @ components + own):
            return (
                "use the mean that you are given, which belongs to the components: "
                "x may be other data, a test set say"
            )
        if _close(result, x):
            return "nothing was projected: with two components out of four, something must be lost"
        return (
            "print each step for one point: what is projected, on what, "
            "and what is added at the end?"
        )

    return _check(reconstruct, ((x, mean, components), judge))


def check_count_parameters(count_parameters):
    """Check a student's `count_parameters`, which counts the weights and biases of dense layers.

    Lesson 02, exercise 1: `count_parameters(layer_sizes)`.

    Args:
        count_parameters: the student's function: a list such as [784, 30, 784] in, an integer out.

    Returns:
        A `Verdict`.

    >>> check_count_parameters(lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])))
    ✗ these are the weights alone: each unit behind the first layer also has a bias
    """
    # Weights 15 + 6 + 8 = 29, biases 3 + 2 + 4 = 9; no two mistakes give one number.
    sizes = [5, 3, 2, 4]

    def judge(result):
        if not isinstance(result, numbers.Integral):
            return f"the answer is a whole number, got {type(result).__name__}"
        return {
            38: None,
            29: "these are the weights alone: each unit behind the first layer also has a bias",
            43: "the inputs have no biases: the first size counts no units of its own",
            39: "a layer has a bias for each of its outputs, not for each of its inputs",
            9: "these are the biases alone: add a weight for each pair of neighbouring units",
            32: "one bias a layer is too few: each unit has its own",
            26: "the last layer is missing: four sizes make three layers of weights",
        }.get(
            result, f"for the sizes {sizes} there are 29 weights and some biases; you got {result}"
        )

    other = "right for four sizes, but not for [7, 2]: loop over the neighbouring pairs"
    return _check(count_parameters, ((sizes,), judge), _another([7, 2], expected=16, hint=other))


def check_angle(angle):
    """Check a student's `angle`, which measures the angle between two *lines*.

    Lesson 02, exercise 2: `angle(u, v)`, from 0 to 90 degrees, between the lines along two vectors.

    Args:
        angle: the student's function: two arrays of shape (n_features,) in, a number out.

    Returns:
        A `Verdict`.

    >>> def directed(u, v):
    ...     return np.degrees(np.arccos(u @ v / np.linalg.norm(u) / np.linalg.norm(v)))
    >>> check_angle(directed)
    ✗ a line has no direction: u and -u lie on the same line, so take the cosine's absolute value
    """
    # The vectors make 135 degrees, their lines 45.
    u, v = np.array([2.0, 0.0, 0.0]), np.array([-3.0, 3.0, 0.0])
    # Rounding takes some of their cosines over 1.
    parallel = np.random.default_rng(0).normal(size=(50, 3))

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + " (one number)"
        result = float(result)
        if math.isnan(result):
            return (
                "the result is not a number: divide by both lengths before you take the arc cosine"
            )
        if abs(result - 135) < 1e-6:
            return (
                "a line has no direction: u and -u lie on the same line, "
                "so take the cosine's absolute value"
            )
        if abs(result - math.pi / 4) < 1e-6 or abs(result - 3 * math.pi / 4) < 1e-6:
            return "this is in radians: np.degrees turns it into degrees"
        if abs(result - 90) < 1e-6:
            return "you set negative cosines to 0: take the absolute value instead"
        if abs(result - math.sqrt(0.5)) < 1e-6 or abs(result + math.sqrt(0.5)) < 1e-6:
            return "this is the cosine: np.arccos turns it into an angle"
        if abs(result - 45) > 1e-6:
            return (
                f"for {u.tolist()} and {v.tolist()} you got {result:.4g}: "
                "divide the dot product by both lengths"
            )
        return None

    def all_parallel(u, v):
        try:
            return [float(angle(a, b)) for a, b in zip(u, v, strict=True)]
        except ValueError:  # what math.acos does where NumPy returns NaN
            return [math.nan]

    first = _check(
        angle,
        ((u, v), judge),
        _another(
            np.array([1.0, 0.0]),
            np.array([math.sqrt(3), 1.0]),
            expected=30,
            hint="right for the first vectors, but wrong for two lines at 30 degrees: "
            "is it the arc cosine that you take?",
        ),
    )
    rounding = (
        "for parallel vectors the cosine can come out as 1.0000000000000002: clip it to 1 first"
    )
    return first and _check(
        all_parallel,
        ((parallel, 3 * parallel), lambda far: None if all(a < 1e-3 for a in far) else rounding),
    )


def check_linear_optimum(linear_optimum):
    """Check a student's `linear_optimum`, which says how good a linear autoencoder can be.

    Lesson 02, exercise 3: `linear_optimum(x, k)` is the least squared error, summed over features
    and averaged over examples, that any linear autoencoder with k code units reaches on `x`.

    Args:
        linear_optimum: the student's function: an array of shape (n, n_features) and an integer in,
            a number out.

    Returns:
        A `Verdict`.

    >>> check_linear_optimum(lambda x, k: (np.linalg.svd(x - x.mean(0))[1][k:] ** 2).mean())
    ✗ the variances left out are added up, not averaged: squared error is summed over features
    """
    rng = np.random.default_rng(1)
    x, k = rng.normal(3, 1, (8, 5)) * [5, 4, 3, 2, 1], 2
    s = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    s_raw = np.linalg.svd(x, compute_uv=False)
    right = (s[k:] ** 2).sum() / len(x)

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + " (one number)"
        if _close(result, right):
            return None
        if (
            _close(result, (s[k:] ** 2).mean())
            or _close(result, (s[k:] ** 2).mean() / len(x))
            or _close(result, right / 5)
        ):
            return (
                "the variances left out are added up, not averaged: "
                "squared error is summed over features"
            )
        if _close(result, (s[k:] ** 2).sum()):
            return "this is summed over the examples too: divide by their number"
        if _close(result, (s[k:] ** 2).sum() / (len(x) - 1)):
            return (
                "an average over n examples divides by n; n - 1 belongs to an unbiased estimate "
                "of a variance"
            )
        if _close(result, (s_raw[k:] ** 2).sum() / len(x)):
            return "centre x first: an autoencoder with biases can learn the mean"
        if _close(result, (s[:k] ** 2).sum() / len(x)):
            return "this is the variance that is kept: the error is what is left out"
        if _close(result, s[k:].sum() / len(x)):
            return "variance is the square of a singular value over n"
        if _close(result, math.sqrt(right)):
            return "this is the root of the squared error: leave it squared"
        if _close(result, (s[k:] ** 2).sum() / (s**2).sum()):
            return (
                "this is a share of the variance: the error itself is wanted, "
                "in the units of x squared"
            )
        return (
            f"for k = {k} you got {float(result):.4g}: add up the squares of the singular values "
            "from number k + 1 on"
        )

    other = (
        f"right for k = {k}, but not for k = 4: how many singular values are left out depends on k"
    )
    return _check(
        linear_optimum,
        ((x, k), judge),
        _another(x, 4, expected=(s[4:] ** 2).sum() / len(x), hint=other),
    )


def check_count_dead(count_dead):
    """Check a student's `count_dead`, which counts the units that are 0 for every example.

    Lesson 03, exercise 1: `count_dead(codes)`, of a ReLU code.

    Args:
        count_dead: the student's function: an array of shape (n, units), at least 0, in; an integer
            out.

    Returns:
        A `Verdict`.

    >>> check_count_dead(lambda codes: (codes == 0).any(axis=0).sum())
    ✗ these units are 0 for some example, which is what a ReLU is for: a dead one is 0 for all
    of them
    """
    # Two of seven units are dead, each is 0 somewhere, one of five examples is all 0; there are 20
    # zeros.
    codes = np.zeros((5, 7))
    codes[:4, [0, 1]] = 1.0
    codes[[0, 2], 3] = 1e-9
    codes[1, 5] = 3.0
    codes[:4, 6] = 2.0

    def judge(result):
        if isinstance(result, (bool, np.bool_)) or not isinstance(result, numbers.Integral):
            shape = np.shape(result)
            if shape == (7,):
                return "this says which units are dead: count them, with sum()"
            return f"the answer is a whole number, got {type(result).__name__}" + (
                f" of shape {shape}" if shape else ""
            )
        return {
            2: None,
            7: (
                "these units are 0 for some example, which is what a ReLU is for: "
                "a dead one is 0 for all of them"
            ),
            1: (
                "you counted the examples whose code is all 0: look along axis 0, "
                "over the examples, for each unit"
            ),
            5: (
                "these are the units that live, or the number of examples: "
                "a dead unit is 0 for every example"
            ),
            20: "you counted every single 0: a unit counts once, if all its values are 0",
            3: (
                "one unit has values as small as 1e-9, and one that is not 0 is alive: "
                "compare with 0 exactly"
            ),
        }.get(int(result), f"for 7 units of which 2 are always 0 you got {int(result)}")

    alive = np.eye(4)
    other = "right for seven units, but with four units of which none is always 0 the answer is 0"
    return _check(count_dead, ((codes,), judge), _another(alive, expected=0, hint=other))


def check_shift(shift):
    """Check a student's `shift`, which moves every image.

    Lesson 03, exercise 2: `shift(images, down, right)`. What comes in from outside is 0.

    Args:
        shift: the student's function: an array of shape (n, height, width) and two integers, of
            either sign, in; an array of the same shape out.

    Returns:
        A `Verdict`.

    >>> check_shift(lambda images, down, right: np.roll(images, (down, right), axis=(1, 2)))
    ✗ what leaves the picture on one side comes in on the other, as np.roll does it: fill with 0
    instead
    """
    images = np.arange(1.0, 41.0).reshape(2, 4, 5)

    def moved(down, right, x=images):
        n, height, width = x.shape
        wide = np.zeros((n, 3 * height, 3 * width))
        wide[:, height : 2 * height, width : 2 * width] = x
        return wide[:, height - down : 2 * height - down, width - right : 2 * width - right]

    def judge(result):
        if problem := _shape_problem(result, images.shape):
            return problem + ": the image keeps its size"
        if _close(result, moved(1, 2)):
            return None
        if _close(result, np.roll(images, (1, 2), axis=(1, 2))):
            return (
                "what leaves the picture on one side comes in on the other, as np.roll does it: "
                "fill with 0 instead"
            )
        if _close(result, moved(-1, -2)):
            return (
                "the images went up and to the left: "
                "row i of the result is row i - down of the image"
            )
        if _close(result, moved(2, 1)):
            return "down and right are swapped: axis 1 counts the rows, axis 2 the columns"
        if _close(result, np.roll(images, (1, 2), axis=(0, 1))):
            return "axis 0 counts the images: move along axes 1 and 2"
        if _close(result, images):
            return "nothing has moved"
        if np.shape(result) == images.shape and _close(np.asarray(result)[0], moved(1, 2)[0]):
            return "the first image is right and another is not: move all of them"
        return (
            "with down=1 and right=2, pixel (0, 0) of each image belongs at row 1, column 2, "
            "and what comes in is 0"
        )

    back = (
        "right for down=1 and right=2, but not for down=-1 and right=-2: "
        "a slice such as [:-down] means something else then"
    )
    still = "right for other moves, but not for a move of 0: a slice such as [:-0] is empty"
    return _check(
        shift,
        ((images, 1, 2), judge),
        _another(images, -1, -2, expected=moved(-1, -2), hint=back),
        _another(images, 0, 1, expected=moved(0, 1), hint=still),
    )


def check_tied_parameters(tied_parameters):
    """Check a student's `tied_parameters`, which counts the weights of a tied autoencoder.

    Lesson 04, exercise 1: `tied_parameters(layer_sizes)`. Biases count, too.

    Args:
        tied_parameters: the student's function: the encoder's sizes, such as [784, 300, 30], in; an
            integer out.

    Returns:
        A `Verdict`.

    >>> check_tied_parameters(lambda sizes: sum(a * b + b for a, b in zip(sizes, sizes[1:])))
    ✗ the decoder's biases are missing: only the kernels are shared
    """
    sizes = [7, 5, 2]  # kernels 35 + 10 = 45, the encoder's biases 5 + 2, the decoder's 5 + 7

    def judge(result):
        if not isinstance(result, numbers.Integral):
            return f"the answer is a whole number, got {type(result).__name__}"
        return {
            64: None,
            109: (
                "this is an untied autoencoder: the decoder uses the encoder's kernels, "
                "so each counts once"
            ),
            52: "the decoder's biases are missing: only the kernels are shared",
            57: "the encoder's biases are missing: only the kernels are shared",
            45: (
                "these are the kernels alone: every layer, of encoder and decoder, "
                "has biases of its own"
            ),
            59: (
                "the biases are not shared: the decoder's layers put out 5 and 7 numbers, "
                "and have as many biases"
            ),
        }.get(
            int(result),
            f"for the sizes {sizes} the kernels have 45 weights, each counted once, "
            f"and there are some biases; you got {result}",
        )

    other = "right for three sizes, but not for [6, 4, 3, 1]: loop over the neighbouring pairs"
    return _check(
        tied_parameters, ((sizes,), judge), _another([6, 4, 3, 1], expected=39 + 8 + 13, hint=other)
    )


def check_tied_reconstruct(tied_reconstruct):
    """Check a student's `tied_reconstruct`, which runs a tied autoencoder.

    Lesson 04, exercise 2: `tied_reconstruct(x, kernel, b, c)`, of one tanh layer each way: the code
    is tanh(x kernel + b), the reconstruction code kernelᵀ + c.

    Args:
        tied_reconstruct: the student's function: arrays of shape (n, n_features), (n_features,
            units), (units,) and (n_features,) in, the reconstructions out, shape (n, n_features).

    Returns:
        A `Verdict`.

    >>> check_tied_reconstruct(lambda x, kernel, b, c: np.tanh(x @ kernel + b) @ kernel.T)
    ✗ add the decoder's own bias, c
    """
    rng = np.random.default_rng(2)
    x, kernel, b, c = (
        rng.normal(size=(4, 3)),
        rng.normal(size=(3, 2)),
        rng.normal(size=2),
        rng.normal(size=3),
    )
    z = np.tanh(x @ kernel + b)
    right = z @ kernel.T + c

    def judge(result):
        if np.shape(result) == z.shape and _close(result, z):
            return "these are the codes: the decoder multiplies them by the kernel transposed"
        if problem := _shape_problem(result, x.shape):
            return problem
        if _close(result, right):
            return None
        if _close(result, z @ kernel.T):
            return "add the decoder's own bias, c"
        if _close(result, np.tanh(x @ kernel) @ kernel.T + c):
            return "add the encoder's bias, b, before the tanh"
        if _close(result, (x @ kernel + b) @ kernel.T + c):
            return "the code goes through a tanh"
        if _close(result, np.tanh(right)):
            return "the output is linear: the tanh is for the code alone"
        if _close(result, z @ np.linalg.pinv(kernel) + c):
            return (
                "the transposed kernel, not its inverse: they are the same only if its columns "
                "are orthonormal"
            )
        return (
            "code = tanh(x @ kernel + b), reconstruction = code @ kernel.T + c: "
            "print the shape of each step"
        )

    return _check(tied_reconstruct, ((x, kernel, b, c), judge))


def check_phases(phases):
    """Check a student's `phases`, which lists the phases of a greedy training.

    Lesson 05, exercise 1: `phases(layer_sizes)`. Each phase is a shallow autoencoder.

    Args:
        phases: the student's function: the encoder's sizes, such as [784, 500, 30], in; a list of
            triples of sizes (input, code, output) out, one for each phase, in order.

    Returns:
        A `Verdict`.

    >>> check_phases(lambda sizes: [(sizes[0], size, sizes[0]) for size in sizes[1:]])
    ✗ a later phase copies the codes of the phase before it, not the images: its input is as
    wide as those codes
    """
    sizes = [9, 6, 4, 2]
    right = [(9, 6, 9), (6, 4, 6), (4, 2, 4)]

    def judge(result):
        result = [tuple(int(size) for size in np.atleast_1d(phase)) for phase in result]
        if result == right:
            return None
        if result == [(9, size, 9) for size in sizes[1:]]:
            return (
                "a later phase copies the codes of the phase before it, not the images: "
                "its input is as wide as those codes"
            )
        if result == right[::-1]:
            return "the order is from the outside in: the layer next to the images is trained first"
        if result == [pair[:2] for pair in right]:
            return "each phase is a whole autoencoder: it has an output, as wide as its input"
        if result == [(9, 6, 4), (6, 4, 2)]:
            return "the output of a phase is a copy of its input, not the next layer"
        if result == right[:-1]:
            return "the last phase is missing: the code's own layer is trained too"
        return (
            f"for the sizes {sizes} there are {len(right)} phases, and the first is (9, 6, 9); "
            f"you got {result}"
        )

    other = (
        "right for four sizes, but not for [5, 3]: there is one phase for each layer of the encoder"
    )
    return _check(
        phases,
        ((sizes,), judge),
        ((([5, 3]),), lambda r: None if list(map(tuple, r)) == [(5, 3, 5)] else other),
    )


def check_mean_image_error(mean_image_error):
    """Check a student's `mean_image_error`, which measures the error of the mean image.

    Lesson 05, exercise 2: `mean_image_error(x)` is the squared error of answering every image with
    the mean image.

    Args:
        mean_image_error: the student's function: an array of shape (n, n_pixels) in; a number out:
            summed over pixels, averaged over images.

    Returns:
        A `Verdict`.

    >>> check_mean_image_error(lambda x: ((x - x.mean()) ** 2).sum(axis=1).mean())
    ✗ you answered with the mean of all pixels, one grey: the mean image has a value for each
    pixel, the mean over axis 0
    """
    rng = np.random.default_rng(3)
    x = rng.random((6, 4)) * [1.0, 2.0, 3.0, 0.5] + [0.0, 1.0, 0.0, 2.0]
    off = x - x.mean(axis=0)
    right = (off**2).sum() / len(x)

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + " (one number)"
        if _close(result, right):
            return None
        if _close(result, ((x - x.mean()) ** 2).sum(axis=1).mean()):
            return (
                "you answered with the mean of all pixels, one grey: "
                "the mean image has a value for each pixel, the mean over axis 0"
            )
        if _close(result, (off**2).mean()):
            return "squared error is summed over the pixels, and averaged over the images only"
        if _close(result, (off**2).sum()):
            return "this is summed over the images too: divide by their number"
        if _close(result, (off**2).sum() / (len(x) - 1)):
            return "the average over n images divides by n"
        if _close(result, (x**2).sum() / len(x)):
            return "this is the error of a black image: subtract the mean image first"
        if _close(result, math.sqrt(right)) or _close(result, np.sqrt((off**2).sum(axis=1)).mean()):
            return "leave it squared: no root"
        if _close(result, 0.0):
            return "differences add up to 0: square them before you add"
        return (
            f"you got {float(result):.4g}: the mean over the images of the sum over the pixels of "
            "(x - mean image) squared"
        )

    return _check(mean_image_error, ((x,), judge))


def check_mask(mask):
    """Check a student's `mask`, which sets a share of the pixels to 0, each image's own.

    Lesson 06, exercise 1: `mask(images, rate, rng)`.

    Args:
        mask: the student's function: an array of shape (n, height, width), the share, and a
            `numpy.random.Generator` in; an array of the same shape out.

    Returns:
        A `Verdict`.

    >>> check_mask(lambda x, rate, rng: x * (rng.random(x.shape) >= rate) / (1 - rate))
    ✗ the pixels that are left became brighter: that is dropout's rescaling; masking leaves them
    as they are
    """
    images = np.linspace(0.1, 1.0, 50 * 20 * 20).reshape(50, 20, 20)
    rate = 0.3

    def judge(result):
        if problem := _shape_problem(result, images.shape):
            return problem
        if np.asarray(result).dtype == bool:
            return "these are the places alone: multiply the images by them"
        result = np.asarray(result, float)
        black = result == 0
        share = black.mean()
        if share == 1:
            return "all pixels became 0"
        kept = result[~black]
        if kept.size and _close(kept, images[~black] / (1 - rate)):
            return (
                "the pixels that are left became brighter: that is dropout's rescaling; "
                "masking leaves them as they are"
            )
        if kept.size and not _close(kept, images[~black]):
            return "a pixel is either 0 or what it was: nothing is added to it"
        if share == 0:
            return "no pixel became 0"
        if (black == black[0]).all():
            return (
                "all images lost the same pixels: draw a number for each pixel of each image, "
                "rng.random(images.shape)"
            )
        if (black == black.all(axis=2, keepdims=True)).all() or (
            black == black.all(axis=1, keepdims=True)
        ).all():
            return (
                "whole rows or columns became 0: draw a number for each pixel, "
                "rng.random(images.shape)"
            )
        if abs(share - (1 - rate)) < 0.03:
            return (
                f"a share of {share:.2f} became 0, wanted {rate}: rate is what is lost, "
                "not what is kept"
            )
        if abs(share - rate) > 0.03:
            return f"a share of {share:.2f} of the pixels became 0, wanted {rate}"
        return None

    first = np.random.default_rng(0)
    rngs, drawn = iter((first, first, np.random.default_rng(0), np.random.default_rng(1))), []
    hint = "draw from the rng that you are given, and from nothing else: "

    def with_rng(images, rate):
        drawn.append(mask(images, rate, next(rngs)))
        return drawn[-1]

    def goes_on(_):
        return (
            hint + "two calls with one rng drew the same places"
            if np.array_equal(drawn[0], drawn[1])
            else None
        )

    def begins_anew(_):
        return (
            None
            if np.array_equal(drawn[0], drawn[2])
            else hint + "two rngs of one seed drew different places"
        )

    def other_share(result):
        return (
            None
            if abs(np.mean(np.asarray(result) == 0) - 0.6) < 0.03
            else "right for a rate of 0.3, but not for 0.6"
        )

    case = images, rate
    return _check(
        with_rng if callable(mask) else mask,
        (case, judge),
        (case, goes_on),
        (case, begins_anew),
        ((images, 0.6), other_share),
    )


def check_psnr(psnr):
    """Check a student's `psnr`, which computes the peak signal-to-noise ratio of images.

    Lesson 06, exercise 2: `psnr(x, x_hat)`, of images in [0, 1], in decibels, averaged over the
    images.

    Args:
        psnr: the student's function: two arrays of shape (n, n_pixels) in, a number out.

    Returns:
        A `Verdict`.

    >>> check_psnr(lambda x, x_hat: -10 * np.log10(((x - x_hat) ** 2).mean()))
    ✗ this is the PSNR of the error of all images together: take each image's own, then the mean
    of those
    """
    rng = np.random.default_rng(4)
    x = rng.random((4, 6))
    x_hat = x + rng.normal(size=(4, 6)) * [[0.05], [0.1], [0.2], [0.4]]
    mse = ((x - x_hat) ** 2).mean(axis=1)
    right = np.mean(-10 * np.log10(mse))

    def judge(result):
        if np.shape(result) == (4,):
            return "one number for each image: average them"
        if problem := _shape_problem(result, ()):
            return problem + " (one number)"
        if _close(result, right):
            return None
        if _close(result, -10 * np.log10(mse.mean())):
            return (
                "this is the PSNR of the error of all images together: take each image's own, "
                "then the mean of those"
            )
        if _close(result, -right):
            return "the sign: a smaller error is a larger PSNR, 10 log10(1 / MSE)"
        if _close(result, 2 * right):
            return "20 goes with the root of the MSE; with the MSE itself it is 10"
        if _close(result, right / 2):
            return "10 goes with the MSE; with its root it is 20"
        if _close(result, np.mean(-10 * np.log10(((x - x_hat) ** 2).mean(axis=0)))):
            return (
                "the MSE is the mean over the pixels of an image (axis 1): yours is over the images"
            )
        if _close(result, np.mean(-10 * np.log(mse))):
            return "decibels are made with the logarithm to the base 10, np.log10"
        if _close(result, np.mean(-10 * np.log10(mse * x.shape[1]))):
            return "the MSE is averaged over the pixels: you summed"
        if _close(result, np.mean(20 * np.log10(255) - 10 * np.log10(mse))):
            return "these images go up to 1, not to 255: the peak is 1"
        return (
            "for each image 10 log10(1 / MSE), with the MSE over its pixels; "
            "then the mean over the images"
        )

    return _check(psnr, ((x, x_hat), judge))


def check_shrinkage(shrinkage):
    """Check a student's `shrinkage`, which computes the factors of the best linear denoiser.

    Lesson 06, exercise 3: `shrinkage(variances, stddev)`. A component of variance v, seen through
    noise of standard deviation s, is best multiplied by v / (v + s^2).

    Args:
        shrinkage: the student's function: an array of shape (k,) and a number in, an array of shape
            (k,) out.

    Returns:
        A `Verdict`.

    >>> check_shrinkage(lambda variances, stddev: variances / (variances + stddev))
    ✗ the noise enters with its variance, the square of its standard deviation
    """
    v, s = np.array([5.0, 1.0, 0.3, 0.0]), 0.5
    right = v / (v + s**2)

    def judge(result):
        if problem := _shape_problem(result, v.shape):
            return problem
        if _close(result, right):
            return None
        if _close(result, v / (v + s)):
            return "the noise enters with its variance, the square of its standard deviation"
        if _close(result, 1 - right):
            return (
                "this is the share of the noise: keep the share of the signal, "
                "a factor near 1 where the variance is large"
            )
        if _close(result, v**2 / (v**2 + s**2)):
            return (
                "the variances are squares already (explained_variance_, not singular_values_): "
                "don't square them again"
            )
        if _close(result, np.sqrt(right)):
            return (
                "no root: this factor multiplies the component itself, "
                "and the root would leave too much noise in it"
            )
        if _close(result, (v > s**2).astype(float)):
            return (
                "that keeps or drops a component, as PCA does: the best factor lies between 0 and 1"
            )
        if _close(result, (v + s**2) / np.where(v > 0, v, np.nan)) or np.max(result) > 1:
            return "upside down: the factor is at most 1"
        return "minimise the mean of (v_j - a (v_j + noise))^2 over a: set its derivative to 0"

    other = "right for a standard deviation of 0.5, but not for 0.7"
    return _check(shrinkage, ((v, s), judge), _another(v, 0.7, expected=v / (v + 0.49), hint=other))


def check_kl_penalty(kl_penalty):
    """Check a student's `kl_penalty`, which computes the sparsity penalty of a code.

    Lesson 07, exercise 1: `kl_penalty(code, target)` is the Kullback-Leibler divergence that
    `layers.KLSparsity` adds, summed over the units.

    Args:
        kl_penalty: the student's function: activations between 0 and 1, shape (n, units), and the
            target in; one number out, in nats.

    Returns:
        A `Verdict`.

    >>> check_kl_penalty(lambda code, t: (t * np.log(t / code.mean(axis=0))).sum())
    ✗ this is half the formula: a unit that is off is an outcome too, add (1 - target) log((1 -
    target) / (1 - mean))
    """
    code = np.random.default_rng(5).uniform(0.05, 0.6, (7, 4)) * [1.0, 0.5, 1.5, 0.8]
    target = 0.1

    def kl(a, b):
        return a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b))

    mean = code.mean(axis=0)
    right = kl(target, mean).sum()
    half = (target * np.log(target / mean)).sum()

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + " (one number: the sum over the units)"
        if _close(result, right):
            return None
        if _close(result, half):
            return (
                "this is half the formula: a unit that is off is an outcome too, "
                "add (1 - target) log((1 - target) / (1 - mean))"
            )
        if _close(result, right - half):
            return "this is half the formula: add target log(target / mean), for the unit being on"
        if _close(result, right / code.shape[1]):
            return (
                f"your penalty is {code.shape[1]} times too small: it was averaged over the "
                "units; sum over them"
            )
        if _close(result, kl(mean, target).sum()):
            return "the two are swapped: the target stands first, in front of the logarithms"
        if _close(result, kl(target, code).sum(axis=1).mean()) or _close(
            result, kl(target, code).sum()
        ):
            return (
                "first the mean activation of each unit over the batch, then the penalty: "
                "a unit may be on for a few images"
            )
        if _close(result, kl(target, code.mean(axis=1)).sum()):
            return "the mean is over the batch (axis 0): yours is over the units of an image"
        if _close(result, kl(target, code.mean())):
            return "each unit has a mean of its own: yours is one mean for all of them"
        if _close(result, -right):
            return "the sign: a penalty is 0 at the target and positive elsewhere"
        if _close(result, right / np.log(2)):
            return "this is in bits: nats have the natural logarithm, np.log"
        return "mean = code.mean(axis=0), then the sum over the units of both halves of the formula"

    other = "right for a target of 0.1, but not for 0.3"
    return _check(
        kl_penalty,
        ((code, target), judge),
        _another(code, 0.3, expected=kl(0.3, mean).sum(), hint=other),
    )


def check_top_k(top_k):
    """Check a student's `top_k`, which keeps the k largest values of each row.

    Lesson 07, exercise 2: `top_k(code, k)`. The other values become 0.

    Args:
        top_k: the student's function: an array of shape (n, units) and k in, an array of the same
            shape out.

    Returns:
        A `Verdict`.

    >>> check_top_k(lambda code, k: code * (code >= np.sort(code, axis=0)[-k]))
    ✗ the k largest of each image, along axis 1: yours are the k largest of each unit
    """
    code = np.array(
        [[3.0, -4.0, 1.0, 2.0, 0.5], [-1.0, 5.0, 2.5, 0.2, -6.0], [0.1, 0.7, 0.3, 0.9, -0.8]]
    )
    k = 2

    def keep(chosen):
        return np.where(chosen, code, 0)

    def rank(values, axis):
        return np.argsort(np.argsort(-values, axis=axis), axis=axis)

    right = keep(rank(code, 1) < k)

    def judge(result):
        if np.shape(result) == (3, k):
            return (
                "these are the k values alone: their places matter, so the code keeps its shape, "
                "with zeros elsewhere"
            )
        if problem := _shape_problem(result, code.shape):
            return problem
        if _close(result, right):
            return None
        if _close(result, right != 0):
            return "these are ones and zeros: keep the values themselves"
        if _close(result, keep(rank(code, 0) < k)):
            return "the k largest of each image, along axis 1: yours are the k largest of each unit"
        if _close(result, keep(rank(np.abs(code), 1) < k)):
            return (
                "the largest values, not the largest absolute values: "
                "a strongly negative unit is off"
            )
        if _close(result, keep(rank(-code, 1) < k)):
            return "these are the k smallest: np.sort goes upwards"
        if _close(result, code - right):
            return "the other way round: you set the k largest to 0"
        if _close(result, keep(rank(code, 1) < k - 1)):
            return "one value too few: the k-th largest stays (>= and not >)"
        if _close(result, keep(rank(code, 1) < k + 1)):
            return "one value too many: with sort, the k-th largest is at index -k"
        if _close(result, keep(code >= np.sort(code, axis=None)[-k * len(code)])):
            return "you compared all images with one threshold: each image has its own k largest"
        return "each row keeps its k largest values, in their places, and has zeros elsewhere"

    few = np.array([[-1.0, -2.0, 3.0, -4.0, -5.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    kept = np.array([[-1.0, -2.0, 3.0, 0, 0], [0, 0, 3.0, 4.0, 5.0]])

    def other(result):
        if _close(result, kept):
            return None
        if _close(result, np.maximum(kept, 0)):
            return "a negative value may be among the k largest: then it is kept"
        return "right for k = 2, but not for k = 3"

    return _check(top_k, ((code, k), judge), ((few, 3), other))


def check_convolution_parameters(convolution_parameters):
    """Check a student's `convolution_parameters`, which counts the weights of a convolution.

    Lesson 08, exercise 1: `convolution_parameters(kernel_size, channels, filters)`. Biases count,
    too.

    Args:
        convolution_parameters: the student's function: the side of a square kernel, the channels of
            the input, and the number of filters in; a number out.

    Returns:
        A `Verdict`.

    >>> check_convolution_parameters(lambda size, channels, filters: size**2 * channels * filters)
    ✗ the biases are missing: each filter has one
    """
    size, channels, filters = 5, 3, 7

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem
        count = float(result)
        hints = {
            size**2 * channels * filters: "the biases are missing: each filter has one",
            (size**2 + 1)
            * channels
            * filters: "a filter has one bias, not one for each channel of its input",
            size**2 * channels * filters
            + 1: "each filter has a bias of its own: yours is one for all",
            size**2 * channels * filters
            + channels: "a bias belongs to a filter, not to a channel of the input",
            (size**2 + 1)
            * filters: "a filter looks at all channels of its input, with a kernel for each",
            (size * channels + 1)
            * filters: "a kernel is square: size times size weights for each channel",
            size**2 * channels + 1: "that is one filter: there are as many as filters says",
        }
        if count == (size**2 * channels + 1) * filters:
            return None
        return hints.get(
            count, f"for a kernel of 5 x 5, 3 channels and 7 filters: {count:g}, which is not right"
        )

    other = "right for a kernel of 5 and 3 channels, but not for a kernel of 3 and 16 channels"
    return _check(
        convolution_parameters,
        ((size, channels, filters), judge),
        _another(3, 16, 32, expected=4640, hint=other),
    )


def check_hold_people_out(hold_people_out):
    """Check a student's `hold_people_out`, which draws people and marks all their pictures.

    Lesson 08, exercise 2: `hold_people_out(persons, n_people, rng)`.

    Args:
        hold_people_out: the student's function: who is on each picture, integers of shape (n,), how
            many people to hold out, and a `numpy.random.Generator` in; a boolean array of shape
            (n,) out, True for the pictures held out.

    Returns:
        A `Verdict`.

    >>> check_hold_people_out(lambda persons, n, rng: rng.random(len(persons)) < n / 8)
    ✗ some people have pictures on both sides: draw people, not pictures
    """
    persons = np.repeat([3, 5, 8, 11, 12, 20, 21, 30], [4, 6, 5, 5, 3, 7, 5, 5])
    n_people, everyone = 3, set(np.unique(persons).tolist())

    def judge(result):
        held = np.asarray(sorted(result) if isinstance(result, (set, frozenset)) else result)
        if (
            held.dtype != bool
            and held.ndim == 1
            and held.size < len(persons)
            and set(held.tolist()) <= everyone
        ):
            return (
                "these are people: mark their pictures, True or False for each, "
                "np.isin(persons, people)"
            )
        if held.dtype != bool and held.ndim == 1 and len(held) != len(persons):
            return "these are numbers of pictures: return True or False for each picture"
        if problem := _shape_problem(result, persons.shape):
            return problem
        if held.dtype != bool:
            return (
                f"the dtype is {held.dtype}, wanted bool: it will be used as persons[held_out] "
                "and persons[~held_out]"
            )
        out, kept = set(persons[held].tolist()), set(persons[~held].tolist())
        if out & kept:
            return "some people have pictures on both sides: draw people, not pictures"
        if not out:
            return "nobody is held out"
        if len(out) == len(everyone) - n_people:
            return f"the other way round: True for the {n_people} people who are held out"
        if len(out) < n_people:
            return (
                f"{len(out)} people are held out, wanted {n_people}: "
                "draw from np.unique(persons), and nobody twice (replace=False)"
            )
        if len(out) > n_people:
            return f"{len(out)} people are held out, wanted {n_people}"
        drawn.append(frozenset(out))
        return None

    def goes_on(_):
        if len(set(drawn)) > 1:
            return None
        return "always the same people: draw them from the rng that you are given, rng.choice(...)"

    def begins_anew(_):
        return (
            None
            if drawn[-1] == drawn[0]
            else "not repeatable: draw from the rng that you are given, and from nothing else"
        )

    def with_rng(persons, n_people):
        return hold_people_out(persons, n_people, next(rngs))

    # Ten calls with one generator: that all fall on the same people by chance is out of the
    # question.
    first, drawn = np.random.default_rng(0), []
    rngs = iter([first] * 10 + [np.random.default_rng(0), np.random.default_rng(0)])
    case = persons, n_people
    tries = [(case, judge)] * 9 + [(case, lambda result: judge(result) or goes_on(result))]
    tries.append((case, lambda result: judge(result) or begins_anew(result)))

    fewer = np.repeat([2, 4, 6], 5)

    def other(result):
        held = np.asarray(result, bool)
        right = (
            np.shape(held) == fewer.shape
            and len(set(fewer[held].tolist())) == 1
            and held.sum() == 5
        )
        return None if right else "right for 3 people of 8, but not for 1 of 3"

    tries.append(((fewer, 1), other))
    return _check(with_rng if callable(hold_people_out) else hold_people_out, *tries)


def check_transposed_convolution(transposed_convolution):
    """Check a student's `transposed_convolution`, which upsamples a sequence.

    Lesson 08, exercise 3: `transposed_convolution(x, kernel, stride)`. Nothing is cut off at the
    edges.

    Args:
        transposed_convolution: the student's function: arrays of shape (n,) and (k,) and the stride
            in; an array of shape ((n - 1) * stride + k,) out.

    Returns:
        A `Verdict`.

    >>> def stretched(x, kernel, stride):
    ...     return np.convolve(np.repeat(x, stride), kernel)
    >>> check_transposed_convolution(stretched)
    ✗ the shape is (13,), wanted (12,): the last stamp begins at (n - 1) * stride and is as long
    as the kernel
    """
    x, kernel, stride = np.array([1.0, -2.0, 3.0, 5.0, 7.0]), np.array([1.0, 10.0, 200.0, 0.5]), 2

    def stamped(x, kernel, stride, add=True):
        out = np.zeros((len(x) - 1) * stride + len(kernel))
        for i, value in enumerate(x):
            place = slice(i * stride, i * stride + len(kernel))
            out[place] = value * kernel + add * out[place]
        return out

    right = stamped(x, kernel, stride)

    def judge(result):
        if np.shape(result) == (len(x) + len(kernel) - 1,):
            return (
                "the stride is missing: from one number of x to the next the kernel moves on by "
                "`stride` places"
            )
        if problem := _shape_problem(result, right.shape):
            return (
                f"{problem}: the last stamp begins at (n - 1) * stride and is as long as the kernel"
            )
        if _close(result, right):
            return None
        if _close(result, stamped(x, kernel, stride, add=False)):
            return (
                "where two stamps overlap they add up: yours overwrites (= where += is needed; "
                "and += with an array of indices counts each place once: np.add.at)"
            )
        if _close(result, stamped(x, kernel[::-1], stride)):
            return "the kernel is reversed: it is laid down as it is"
        if _close(result, stamped(np.ones_like(x), kernel, stride)):
            return "each stamp is multiplied by its number of x"
        if _close(result, stamped(x, np.ones_like(kernel), stride)):
            return "each number of x is multiplied by the whole kernel"
        return "add x[i] * kernel at the places from i * stride on, for each i"

    other = "right for a stride of 2, but not for a stride of 3"
    return _check(
        transposed_convolution,
        ((x, kernel, stride), judge),
        _another(x, kernel, 3, expected=stamped(x, kernel, 3), hint=other),
    )


def check_gaussian_kl(gaussian_kl):
    """Check a student's `gaussian_kl`, which computes the KL term of a VAE.

    Lesson 09, exercise 1: `gaussian_kl(z_mean, z_log_var)`, the divergence from the standard normal
    distribution.

    Args:
        gaussian_kl: the student's function: means and log-variances of shape (n, n_latents) in;
            nats of shape (n,) out.

    Returns:
        A `Verdict`.

    >>> def averaged(mean, log_var):
    ...     return (mean**2 + np.exp(log_var) - 1 - log_var).mean(axis=1) / 2
    >>> check_gaussian_kl(averaged)
    ✗ your KL is 3 times too small: it was averaged over the latents; sum over them
    """
    rng = np.random.default_rng(6)
    mean, log_var = rng.normal(size=(5, 3)), rng.normal(-1, 1, (5, 3))

    def kl(mean, log_var):
        return (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1) / 2

    right = kl(mean, log_var)

    def judge(result):
        if np.shape(result) == () and (_close(result, right.mean()) or _close(result, right.sum())):
            return "one number for each image: the mean over the batch comes later"
        if _close(result, kl(mean.T, log_var.T)):
            return "sum over the latents of an image, axis 1, and over nothing else"
        if problem := _shape_problem(result, right.shape):
            return problem + ": one number of nats for each image"
        if _close(result, right):
            return None
        if _close(result, right / mean.shape[1]):
            return (
                f"your KL is {mean.shape[1]} times too small: it was averaged over the latents; "
                "sum over them"
            )
        if _close(result, 2 * right):
            return "twice too large: the formula begins with one half"
        if _close(result, -right) or _close(result, -2 * right):
            return "the sign: a divergence is 0 for the prior itself and positive elsewhere"
        if _close(result, kl(mean, 2 * log_var)) or _close(
            result, kl(mean, 2 * np.log(np.abs(log_var)))
        ):
            return (
                "z_log_var is the logarithm of the variance, not of the standard deviation, "
                "and not the deviation itself"
            )
        if _close(result, (mean**2 + np.exp(log_var / 2) - 1 - log_var).sum(axis=1) / 2):
            return (
                "the formula has the variance, np.exp(z_log_var): yours has the standard deviation"
            )
        if _close(result, (mean + np.exp(log_var) - 1 - log_var).sum(axis=1) / 2):
            return "the mean is squared"
        if _close(result, (mean**2 + np.exp(log_var) - log_var).sum(axis=1) / 2):
            return "the 1 is missing: for the prior itself, mean 0 and variance 1, the KL is 0"
        return (
            "(mean^2 + variance - 1 - log variance) / 2 for each latent, "
            "and the sum over the latents"
        )

    other = (
        "right for some latents, but not for those of the prior, mean 0 and log-variance 0, "
        "where the KL is 0"
    )
    prior = np.zeros((2, 4))
    return _check(
        gaussian_kl,
        ((mean, log_var), judge),
        _another(prior, prior, expected=np.zeros(2), hint=other),
    )


def check_sample(sample):
    """Check a student's `sample`, which draws latents by the reparametrisation trick.

    Lesson 09, exercise 2: `sample(z_mean, z_log_var, rng)`, one latent for each image.

    Args:
        sample: the student's function: means and log-variances of shape (n, n_latents) and a
            `numpy.random.Generator` in; latents of the same shape out.

    Returns:
        A `Verdict`.

    >>> def too_wide(mean, log_var, rng):
    ...     return mean + np.exp(log_var) * rng.standard_normal(mean.shape)
    >>> check_sample(too_wide)
    ✗ the spread is exp(z_log_var), the variance: epsilon is multiplied by the standard
    deviation, np.exp(z_log_var / 2)
    """
    values = np.random.default_rng(9)
    mean = values.normal([-3.0, 0.5, 20.0], 2, (4000, 3))
    log_var = values.normal([1.0, -2.0, 2.0], 0.5, (4000, 3))
    std = np.exp(log_var / 2)

    def is_standard(e):
        return np.allclose(e.mean(axis=0), 0, atol=0.1) and np.allclose(e.std(axis=0), 1, atol=0.07)

    def judge(result):
        if problem := _shape_problem(result, mean.shape):
            return problem
        z = np.asarray(result, float)
        if not np.isfinite(z).all():
            return (
                "not a number: a logarithm may be negative; the standard deviation is "
                "np.exp(z_log_var / 2)"
            )
        if _close(z, mean):
            return "this is z_mean: epsilon is missing"
        draws.append(z)
        epsilon = (z - mean) / std
        if (epsilon.std(axis=0) < 1e-6).all():
            return (
                "every image gets the same epsilon: draw as many as there are latents in the "
                "batch, z_mean.shape"
            )
        if np.abs(np.corrcoef(epsilon.T) - np.eye(3)).max() > 0.5:
            return "the latents of an image get the same epsilon: draw one for each, z_mean.shape"
        if is_standard(epsilon / std):
            return (
                "the spread is exp(z_log_var), the variance: epsilon is multiplied by the "
                "standard deviation, np.exp(z_log_var / 2)"
            )
        if is_standard((z - mean) / np.abs(log_var)):
            return "the spread is z_log_var itself: the standard deviation is np.exp(z_log_var / 2)"
        if is_standard(z - mean):
            return (
                "the spread is 1 whatever z_log_var says: multiply epsilon by np.exp(z_log_var / 2)"
            )
        if is_standard(z / std):
            return "z_mean is missing: the cloud lies around it"
        centred = epsilon - epsilon.mean(axis=0)
        if (
            not np.allclose((centred**4).mean(axis=0) / (centred**2).mean(axis=0) ** 2, 3, atol=0.6)
            and np.abs(epsilon).max() < 15
        ):
            return "epsilon must be normally distributed, rng.standard_normal: yours is not"
        if not np.allclose(epsilon.std(axis=0), 1, atol=0.07):
            return "the standard deviation of what you draw is not np.exp(z_log_var / 2)"
        if not np.allclose(epsilon.mean(axis=0), 0, atol=0.1):
            return "the mean of what you draw is not z_mean"
        if len(np.unique(epsilon.round(8), axis=0)) < len(epsilon):
            return (
                "some images get the same epsilon: draw one for each latent of each image, "
                "z_mean.shape"
            )
        return None

    def goes_on(result):
        problem = judge(result)
        same = problem is None and np.array_equal(draws[-1], draws[-2])
        return (
            "the second call draws the same epsilon: do not make a generator inside, use the rng"
            if same
            else problem
        )

    def begins_anew(result):
        problem = judge(result)
        other = problem is None and not np.array_equal(draws[-1], draws[0])
        return (
            "not repeatable: draw from the rng that you are given, and from nothing else"
            if other
            else problem
        )

    def with_rng(mean, log_var):
        return sample(mean, log_var, next(rngs))

    first, draws = np.random.default_rng(0), []
    rngs = iter([first, first, np.random.default_rng(0)])
    tries = [((mean, log_var), question) for question in (judge, goes_on, begins_anew)]
    return _check(with_rng if callable(sample) else sample, *tries)


def check_slerp(slerp):
    """Check a student's `slerp`, which goes along the arc between two vectors.

    Lesson 10, exercise 1: `slerp(a, b, t)`, for vectors of one length.

    Args:
        slerp: the student's function: two arrays of shape (d,), of the same length |a| = |b|, and a
            number from 0 to 1 in; an array of shape (d,) out.

    Returns:
        A `Verdict`.

    >>> check_slerp(lambda a, b, t: (1 - t) * a + t * b)
    ✗ this is the straight line: its middle is shorter than its ends
    """
    a = np.array([3.0, 0.0, 4.0, 0.0])
    b = np.array([0.0, 3.0, 2.4, 3.2])  # as long as a, which is 5
    short_a, short_b = np.array([0.6, 0.8]), np.array([0.0, 1.0])
    # The cosine of some with themselves comes out a little above 1.
    twins = np.random.default_rng(0).normal(size=(40, 3))
    t = 0.25

    def arc(a, b, t):
        angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)

    right, straight = arc(a, b, t), (1 - t) * a + t * b

    def judge(result):
        if problem := _shape_problem(result, a.shape):
            return problem
        if _close(result, right):
            return None
        if _close(result, straight):
            return "this is the straight line: its middle is shorter than its ends"
        if _close(result, arc(b, a, t)):
            return "the other way round: t = 0 is a, and t = 1 is b"
        if _close(result, right / 5):
            return (
                "the length is 1, wanted that of a and b: use the unit vectors for the angle only"
            )
        if _close(result, 5 * straight / np.linalg.norm(straight)):
            return (
                "on the arc, but not evenly: a straight line stretched to the arc runs faster in "
                "its middle"
            )
        if np.isnan(result).any():
            return (
                "not a number: the arc cosine is of the cosine, a @ b / (|a| |b|), and not of a @ b"
            )
        degrees = np.degrees(np.arccos(a @ b / 25))
        if _close(
            result, (np.sin((1 - t) * degrees) * a + np.sin(t * degrees) * b) / np.sin(degrees)
        ):
            return "np.sin takes radians, as np.arccos gives them"
        return (
            "(sin((1 - t) angle) a + sin(t angle) b) / sin(angle), with the angle between a and b"
        )

    def at_parallel(result):
        if _close(result, a):
            return None
        return (
            "for two equal vectors the angle is 0, and you divide by its sine: "
            "return the straight line there"
        )

    def rounded(result):
        if np.isfinite(result).all():
            return None
        return (
            "rounding can make a cosine a little larger than 1, and its arc cosine is not a "
            "number: np.clip it to -1 ... 1"
        )

    other = "right for vectors of length 5, but not for those of length 1"
    return _check(
        slerp,
        ((a, b, t), judge),
        _another(a, b, 1.0, expected=b, hint="t = 1 must be b"),
        _another(short_a, short_b, 0.3, expected=arc(short_a, short_b, 0.3), hint=other),
        ((a, a.copy(), 0.5), at_parallel),
        *(((twin, twin.copy(), 0.5), rounded) for twin in twins),
    )


def check_importance_bound(importance_bound):
    """Check a student's `importance_bound`, which bounds the log-likelihood of images.

    Lesson 10, exercise 2: `importance_bound(log_weights)` is the logarithm of the mean weight of
    each image's samples.

    Args:
        importance_bound: the student's function: logarithms of the weights, shape (n, k), k samples
            of each of n images, in; nats of shape (n,) out.

    Returns:
        A `Verdict`.

    >>> check_importance_bound(lambda log_weights: log_weights.mean(axis=1))
    ✗ this is the mean of the logarithms, the ELBO: the bound is the logarithm of the mean
    """
    log_weights = np.random.default_rng(7).normal(-2.0, 1.5, (4, 6))

    def bound(x, axis=1):
        return np.logaddexp.reduce(x, axis=axis) - np.log(x.shape[axis])

    right = bound(log_weights)

    def judge(result):
        if np.shape(result) == () and _close(result, right.mean()):
            return "one number for each image: the mean over the images comes later"
        if problem := _shape_problem(result, right.shape):
            return problem + ": one number for each of the 4 images; each row is the samples of one"
        if _close(result, right):
            return None
        if _close(result, log_weights.mean(axis=1)):
            return (
                "this is the mean of the logarithms, the ELBO: "
                "the bound is the logarithm of the mean"
            )
        if _close(result, right + np.log(log_weights.shape[1])):
            return "this is the logarithm of the sum: the mean is the sum over k, so subtract log k"
        if _close(result, np.exp(right)):
            return "this is the mean weight: its logarithm is missing"
        if _close(result, -right):
            return "the sign: this is a bound on the log-likelihood itself"
        if _close(result, log_weights.max(axis=1)):
            return "this is the largest weight only"
        return "log of the mean of exp(log_weights), along each row"

    def at_small(result):
        if np.isposinf(result).any() or np.isnan(result).any():
            return (
                "exp of a large number is infinite: take the *largest* log-weight of each image "
                "out of the sum, and add it at the end"
            )
        if np.isneginf(result).any():
            return (
                "exp(-800) is 0 for a computer: take the largest log-weight of each image out of "
                "the sum, and add it at the end"
            )
        if _close(result, bound(small)):
            return None
        return (
            "right for small numbers, but not for log-weights around -800: "
            "take out each image's own largest, before the sum"
        )

    small = np.random.default_rng(8).normal(-800.0, 3.0, (3, 5)) - np.array(
        [[0.0], [900.0], [100.0]]
    )
    small[1, 0] = 0.0  # far above the mean and the least of its row
    return _check(importance_bound, ((log_weights,), judge), ((small,), at_small))


def check_auroc(auroc):
    """Check a student's `auroc`, which measures how well scores rank anomalies.

    Lesson 11, exercise 1: `auroc(normal, anomalous)` is the share of pairs in the right order, in
    percent.

    Args:
        auroc: the student's function: scores of shape (n,) and of shape (m,) in; a number from 0 to
            100 out.

    Returns:
        A `Verdict`.

    >>> check_auroc(lambda normal, anomalous: (anomalous[:, None] > normal).mean())
    ✗ this is a share: in percent it is 100 times as much
    """
    normal = np.array([0.1, 0.7, 0.3, 0.2, 0.9, 0.4])
    anomalous = np.array([0.8, 0.35, 1.5, 0.15, 0.5])
    right = 100 * (anomalous[:, np.newaxis] > normal).mean()  # 19 of 30 pairs

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + ": one number for all pairs together"
        if _close(result, right):
            return None
        if _close(result, right / 100):
            return "this is a share: in percent it is 100 times as much"
        if _close(result, 100 - right) or _close(result, 1 - right / 100):
            return "the wrong way round: an *anomaly* should have the higher score"
        if _close(result, right * 30 / 100):
            return (
                "this is the number of pairs in order: divide by the number of all pairs, n times m"
            )
        if _close(result, 100 * (anomalous > normal[:5]).mean()):
            return (
                "you compared the first with the first, the second with the second: "
                "every anomaly meets every normal example"
            )
        if _close(result, 100 * (anomalous > normal.mean()).mean()) or _close(
            result, 100 * (anomalous > np.median(normal)).mean()
        ):
            return (
                "this is the recall at one threshold: there is none here; "
                "every anomaly meets every normal example"
            )
        if (
            np.abs(result - right) < 0.6
            and _close(result, np.round(right))
            or _close(result, np.round(right, 2))
        ):
            return "right, but rounded: return the number as it is"
        return (
            "of all pairs of an anomaly and a normal example, the share in which the anomaly has "
            "the higher score, in percent"
        )

    tied = np.array([1.0, 2.0, 2.0, 3.0]), np.array([2.0, 3.0])

    def at_ties(result):
        if _close(result, 68.75):  # 4 pairs in order, 3 tied, of 8
            return None
        if _close(result, 50.0):
            return (
                "two equal scores count as nothing: half of them should count, "
                "as if a coin were thrown"
            )
        if _close(result, 87.5):
            return (
                "two equal scores count in full: half of them should count, "
                "as if a coin were thrown"
            )
        return "right without ties, but not with equal scores, of which half should count"

    low = _another(
        normal / 1000 - 5,
        anomalous / 1000 - 5,
        expected=right,
        hint="right for these scores, but not for scores around -5 that lie close together: "
        "compare them as they are, with no grid of thresholds and no absolute values",
    )
    return _check(auroc, ((normal, anomalous), judge), (tied, at_ties), low)


def check_threshold(threshold):
    """Check a student's `threshold`, which sets a threshold by normal scores alone.

    Lesson 11, exercise 2: `threshold(normal, false_alarm_rate)`.

    Args:
        threshold: the student's function: scores of normal validation examples, shape (n,), and a
            share from 0 to 1 in; a number out, above which lies that share of the scores.

    Returns:
        A `Verdict`.

    >>> check_threshold(lambda normal, false_alarm_rate: np.quantile(normal, false_alarm_rate))
    ✗ 90% of the normal scores lie above your threshold, where 10% should: the high scores are
    the alarms
    """
    normal = np.random.default_rng(9).exponential(2.0, 1000)
    right = np.sort(normal)

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + ": one number"
        if right[898] <= result <= right[901]:  # any definition of a quantile
            return None
        if not np.isfinite(result):
            return "this is no finite number: take a quantile of the scores"
        if _close(result, normal.min()):
            return "this is the smallest score: every other normal example would raise an alarm"
        if _close(result, normal.max()):
            return (
                "this is the largest score: no normal example would raise an alarm, "
                "and few anomalies would"
            )
        if (
            np.abs(
                result
                - np.array([normal.mean() + k * normal.std() for k in (1, 1.2816, 1.6449, 2, 3)])
            ).min()
            < 2e-3
        ):
            return (
                "mean and standard deviations presume a normal distribution, "
                "and scores are lopsided: take a quantile"
            )
        if result <= np.quantile(normal, 0.02):
            return (
                "almost every score lies above it: np.percentile counts from 0 to 100, "
                "np.quantile from 0 to 1"
            )
        if right[98] <= result <= right[101]:
            return (
                "90% of the normal scores lie above your threshold, where 10% should: "
                "the high scores are the alarms"
            )
        return (
            f"{(normal > result).mean():.1%} of the normal scores lie above your threshold, "
            "where 10% should: take a quantile"
        )

    others = np.random.default_rng(10).exponential(1.0, 400)

    def of_others(result):
        if np.sort(others)[318] <= result <= np.sort(others)[321]:
            return None
        share = (others > result).mean()
        return (
            f"right for a rate of 0.1, but for 0.2 and 400 other scores {share:.1%} lie above: "
            "use both arguments as they come"
        )

    return _check(threshold, ((normal, 0.1), judge), ((others, 0.2), of_others))


def check_precision(precision):
    """Check a student's `precision`, which says what share of the alarms are anomalies.

    Lesson 11, exercise 3: `precision(recall, false_alarm_rate, prevalence)`.

    Args:
        precision: the student's function: three shares from 0 to 1 in, one out.

    Returns:
        A `Verdict`.

    >>> check_precision(lambda recall, false_alarms, prevalence: recall / (recall + false_alarms))
    ✗ this forgets how rare anomalies are: weigh the recall with prevalence, the false alarms
    with 1 - prevalence
    """
    r, f, p = 0.8, 0.05, 0.01
    right = r * p / (r * p + f * (1 - p))

    def judge(result):
        if problem := _shape_problem(result, ()):
            return problem + ": one number"
        if _close(result, right):
            return None
        if _close(result, 100 * right):
            return "this is in percent: a share from 0 to 1 is wanted"
        if _close(result, r / (r + f)):
            return (
                "this forgets how rare anomalies are: weigh the recall with prevalence, "
                "the false alarms with 1 - prevalence"
            )
        if _close(result, r * p):
            return (
                "this is the share of all examples that are found anomalies: "
                "divide it by the share that raises an alarm"
            )
        if _close(result, r * p / (r * p + f)):
            return (
                "false alarms come from the normal examples alone: their share is "
                "false_alarm_rate * (1 - prevalence)"
            )
        if _close(result, r * (1 - p) / (r * (1 - p) + f * p)):
            return "prevalence is the share of *anomalies*: it belongs to the recall"
        if _close(result, f * (1 - p) / (r * p + f * (1 - p))):
            return "this is the share of *false* alarms among the alarms"
        if _close(result, r * p / (f * (1 - p))):
            return "these are the odds, found over false: divide by found + false"
        if np.abs(result - right) < 0.006:
            return "right, but rounded: return the number as it is"
        return (
            "of what raises an alarm, the share that are anomalies: "
            "found / (found + false alarms), each as a share of all examples"
        )

    common = _another(
        0.9,
        0.2,
        0.5,
        expected=0.45 / 0.55,
        hint="right for rare anomalies only: use all three arguments as they come",
    )
    return _check(precision, ((r, f, p), judge), common)
