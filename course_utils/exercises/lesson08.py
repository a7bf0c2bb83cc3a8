"""Lesson 08: convolutional autoencoders."""

import itertools

import numpy as np

from course_utils.exercises._values import Within
from course_utils.exercises.engine import exercise


def convolution_parameters(kernel_size, channels, filters):
    """Count the weights and biases of a convolution (lesson 08, exercise 1).

    Args:
        kernel_size: the side of a square kernel, an integer.
        channels: of the input, an integer.
        filters: an integer.

    Returns:
        An integer.

    >>> convolution_parameters(3, 16, 32)
    4640
    """
    return (kernel_size**2 * channels + 1) * filters


check_convolution_parameters = exercise(
    convolution_parameters,
    cases={
        "a kernel of 5 and 3 channels (and 7 filters)": (5, 3, 7),
        "a kernel of 3 and 16 channels (and 32 filters)": (3, 16, 32),
    },
    draw=lambda rng: tuple(rng.integers(1, rng.choice([2, 20], 3)).tolist()),
    goal="count what one filter has, and then all filters",
    mistakes={
        "the biases are missing: each filter has one": lambda size, c, f: size**2 * c * f,
        "a filter has one bias, not one for each channel of its input":
            lambda size, c, f: (size**2 + 1) * c * f,
        "each filter has a bias of its own: yours is one for all":
            lambda size, c, f: size**2 * c * f + 1,
        "a bias belongs to a filter, not to a channel of the input":
            lambda size, c, f: size**2 * c * f + c,
        "a filter looks at all channels of its input, with a kernel for each":
            lambda size, c, f: (size**2 + 1) * f,
        "a kernel is square: size times size weights for each channel":
            lambda size, c, f: (size * c + 1) * f,
        "that is one filter: there are as many as filters says":
            lambda size, c, f: size**2 * c + 1,
        "the kernel has size times size weights, not twice size":
            lambda size, c, f: (2 * size * c + 1) * f,
    },
)  # fmt: skip


def hold_people_out(persons, n_people, rng):
    """Draw people, and mark all their pictures (lesson 08, exercise 2).

    Args:
        persons: who is on each picture, integers of shape (n,).
        n_people: how many people to draw, an integer from 1 to how many there are.
        rng: a `numpy.random.Generator`.

    Returns:
        A boolean array of shape (n,), True for the pictures of the people drawn.

    >>> hold_people_out(np.array([7, 7, 7]), 1, np.random.default_rng(0)).tolist()
    [True, True, True]
    """
    return np.isin(persons, rng.choice(np.unique(persons), n_people, replace=False))


def _held_out(call, persons, n_people):
    rng = np.random.default_rng(0)
    draws = [call(persons, n_people, rng) for _ in range(400)]
    anew = np.random.default_rng(0)
    again = [call(persons, n_people, anew) for _ in range(20)]
    form = _form(draws[0], persons)
    if form != _MARKS or any(_form(draw, persons) != form for draw in draws):
        return {_WANTED: form}
    held = [frozenset(persons[draw].tolist()) for draw in draws]
    kept = [frozenset(persons[~draw].tolist()) for draw in draws]
    pairs = {pair for people in held for pair in itertools.combinations(sorted(people), 2)}
    sizes = np.array(list(map(len, held)))
    return {
        _WANTED: form,
        "some people have pictures on both sides: draw people, not pictures, and mark all theirs":
            not any(h & k for h, k in zip(held, kept, strict=True)),
        "in some draws fewer people are held out than n_people says":
            bool((sizes < n_people).any()),
        "{got} people are held out, wanted {wanted}": Within(sizes.mean(), 0.4),
        "always the same people: draw them from the rng that you are given, rng.choice(...)":
            len(set(held)) > 1,
        "in 400 draws only {got} people were ever held out, and {wanted} may be: draw from "
        "np.unique(persons), without replacement": len(frozenset().union(*held)),
        "some people are drawn more often than others: draw from np.unique(persons), where each "
        "stands once, without replacement": _is_even(held, persons, n_people),
        "in 400 draws only {got} pairs of people were ever held out together, and {wanted} may be: "
        "draw from np.unique(persons), without replacement": len(pairs),
        "not repeatable: draw from the rng that you are given, and from nothing else":
            all(map(np.array_equal, draws, again)),
    }  # fmt: skip


_MARKS = "True or False for each picture"
_WANTED = "this is {got}, wanted {wanted}, np.isin(persons, people)"


def _is_even(held, persons, n_people):
    """Whether each is drawn as often as chance allows: four and a half standard deviations."""
    people = np.unique(persons)
    shares = np.array([np.mean([person in group for group in held]) for person in people.tolist()])
    wanted = n_people / len(people)
    far = 4.5 * np.sqrt(wanted * max(1 - wanted, 0) / len(held)) + 1e-9
    return bool(np.abs(shares - wanted).max() <= far)


def _form(result, persons):
    """What kind of answer this is; in the cases no person's number is a picture's."""
    if result.dtype.kind == "b":
        return _MARKS if result.shape == persons.shape else "not one for each picture"
    if np.isin(result, persons).all() and result.size:
        return "people"
    if np.isin(result, [0, 1]).all() and result.shape == persons.shape:
        return "0 or 1 for each picture"
    return "numbers of pictures" if result.dtype.kind in "iu" else "an array of other numbers"


def _pictures(rng):
    people = rng.choice(np.arange(100, 200), rng.integers(4, 8), replace=False)
    persons = rng.permutation(np.repeat(people, rng.integers(1, 6, len(people))))
    return persons, int(rng.integers(2, len(people)))


_PERSONS = np.repeat([103, 105, 108, 111, 112, 120, 121, 130], [2, 9, 5, 5, 3, 9, 5, 2])


def _marks(persons, n, rng):
    return hold_people_out(persons, n, rng)


def _people(persons, n, rng):
    return rng.choice(np.unique(persons), n, replace=False)


check_hold_people_out = exercise(
    hold_people_out,
    measure=_held_out,
    cases={
        "3 people of 8": (_PERSONS, 3),
        "1 of 3": (np.repeat([102, 104, 106], 5), 1),
        "2 of 2": (np.repeat([107, 109], [3, 4]), 2),
    },
    draw=_pictures,
    draws=2,
    seconds=20,
    goal="True or False for each picture, np.isin(persons, people)",
    mistakes={
        "some people have pictures on both sides: draw people, not pictures":
            lambda persons, n, rng: rng.permutation(len(persons)) < n,
        "these are people: mark their pictures, True or False for each, np.isin(persons, people)": [
            _people,
            lambda persons, n, rng: persons[_marks(persons, n, rng)],
        ],
        "these are numbers of pictures: return True or False for each picture":
            lambda persons, n, rng: np.flatnonzero(_marks(persons, n, rng)),
        "these are 0 and 1, wanted bool: it will be used as persons[held_out] and "
        "persons[~held_out]": lambda persons, n, rng: _marks(persons, n, rng).astype(int),
        "nobody is held out": lambda persons, n, rng: np.zeros(len(persons), bool),
        "everybody is held out": lambda persons, n, rng: np.ones(len(persons), bool),
        "the other way round: True for the people who are held out":
            lambda persons, n, rng: ~_marks(persons, n, rng),
        "sometimes a person is drawn twice: draw from np.unique(persons), and nobody twice "
        "(replace=False)": [
            lambda persons, n, rng: np.isin(persons, rng.choice(np.unique(persons), n)),
            lambda persons, n, rng: np.isin(persons, rng.choice(persons, n)),
            lambda persons, n, rng: np.isin(persons, rng.choice(persons, n, replace=False)),
        ],
        "always the same people: draw them from the rng that you are given, rng.choice(...)": [
            lambda persons, n, rng: np.isin(persons, np.unique(persons)[:n]),
            lambda persons, n, rng: _marks(persons, n, np.random.default_rng(0)),
        ],
        "not repeatable: draw from the rng that you are given, and from nothing else":
            lambda persons, n, rng: _marks(persons, n, np.random.default_rng()),
    },
)  # fmt: skip


def transposed_convolution(x, kernel, stride):
    """Upsample a sequence; nothing is cut off at the edges (lesson 08, exercise 3).

    Args:
        x: shape (n,).
        kernel: shape (k,).
        stride: an integer, at least 1.

    Returns:
        An array of shape ((n - 1) * stride + k,).

    >>> transposed_convolution(np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0]), 2).tolist()
    [1.0, 1.0, 3.0, 2.0, 2.0]
    """
    return _stamped(x, kernel, stride)


def _stamped(x, kernel, stride, add=True):
    out = np.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        place = slice(i * stride, i * stride + len(kernel))
        out[place] = value * kernel + add * out[place]
    return out


def _sequence(rng):
    n, k, stride = rng.integers(1, 7), rng.integers(1, 6), rng.integers(1, 5)
    return rng.normal(0, 2, n), rng.normal(0, 2, k), int(stride)


_SEQUENCE, _KERNEL = np.array([1.0, -2.0, 3.0, 5.0, 7.0]), np.array([1.0, 10.0, 200.0, 0.5])

check_transposed_convolution = exercise(
    transposed_convolution,
    cases={"a stride of 2": (_SEQUENCE, _KERNEL, 2), "a stride of 3": (_SEQUENCE, _KERNEL, 3)},
    draw=_sequence,
    goal="the last stamp begins at (n - 1) * stride and is as long as the kernel; add x[i] * "
    "kernel at the places from i * stride on, for each i",
    mistakes={
        "the stride is missing: from one number of x to the next the kernel moves on by `stride` "
        "places": lambda x, kernel, stride: np.convolve(x, kernel),
        "where two stamps overlap they add up: yours overwrites (= where += is needed; and += with "
        "an array of indices counts each place once: np.add.at)":
            lambda x, kernel, stride: _stamped(x, kernel, stride, add=False),
        "the kernel is reversed: it is laid down as it is":
            lambda x, kernel, stride: _stamped(x, kernel[::-1], stride),
        "each stamp is multiplied by its number of x":
            lambda x, kernel, stride: _stamped(np.ones_like(x), kernel, stride),
        "each number of x is multiplied by the whole kernel":
            lambda x, kernel, stride: _stamped(x, np.ones_like(kernel), stride),
        "between the numbers of x belong stride - 1 zeros, not copies of them":
            lambda x, kernel, stride: np.convolve(np.repeat(x, stride), kernel),
        "there are zeros behind the last number, too: the result is too long":
            lambda x, kernel, stride: np.append(_stamped(x, kernel, stride), [0.0] * (stride - 1)),
    },
)  # fmt: skip
