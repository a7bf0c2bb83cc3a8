"""The engine behind the exercises: what it takes for the same, answers and survives."""

import decimal
import doctest
import fractions
import sys
import time
import types

import ipywidgets
import numpy as np
import pytest
import scipy.sparse

from course_utils import exercises
from course_utils.exercises import Within, audit, exercise, predict, predictions

CHECKS = [getattr(exercises, name) for name in exercises.__all__ if name.startswith("check_")]


def double(x):
    """Twice x."""
    return 2 * x


def check_of(reference=double, **data):
    """An exercise of one case, unless told otherwise."""
    defaults = {"cases": [(np.array([[1.5, 2.0], [3.0, -4.5]]),)], "mistakes": {}}
    return exercise(reference, **defaults | data)


# What the exercises of the course are made of


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_no_two_mistakes_look_alike_and_each_gets_its_hint(check):
    assert audit(check) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_each_exercise_tries_random_arguments_too(check):
    assert len(check.exercise.arguments) - len(check.exercise.cases) >= 2
    assert len(check.exercise.mistakes) >= 4


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_docstring_says_the_task_and_its_example_runs(check):
    reference = check.exercise.reference
    assert reference.__doc__.split("\n")[0] in check.__doc__
    names = {check.__name__: check}
    (example,) = doctest.DocTestFinder().find(check, check.__name__, globs=names, module=False)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert len(example.examples) == 2 and runner.run(example).failed == 0


def test_shares_of_one_are_reached_whatever_was_rounded():
    needed = exercises.check_components_needed.exercise.reference
    rng = np.random.default_rng(0)
    spectra = [np.sort(rng.exponential(1, 12))[::-1] for _ in range(200)]
    assert {needed(s, 1.0) for s in spectra} == {12}
    assert needed(np.array([3.0, 2.0, 0.0]), 1.0) == 2


def test_a_move_beyond_the_image_leaves_nothing():
    shift = exercises.check_shift.exercise.reference
    assert not shift(np.ones((2, 3, 4)), 5, 0).any() and not shift(np.ones((2, 3, 4)), 0, -9).any()


# Results of every kind


@pytest.mark.parametrize(
    "kind",
    [
        np.float32,
        np.float64,
        np.longdouble,
        np.ndarray.tolist,
        np.matrix,
        scipy.sparse.csr_array,
        np.ma.masked_array,
        list,
        iter,
        tuple,
        lambda a: a.astype(object),
        lambda a: a.astype(complex),
        lambda a: [list(map(decimal.Decimal, map(str, row))) for row in a.tolist()],
        lambda a: [list(map(fractions.Fraction, row)) for row in a.tolist()],
        lambda a: (row for row in a),
        lambda a: [[np.array(value) for value in row] for row in a],
    ],
)
def test_a_right_result_is_right_in_any_form(kind):
    assert check_of()(lambda x: kind(2 * x))


@pytest.mark.parametrize(
    "kind", [int, float, np.int8, np.uint64, np.float16, np.array, decimal.Decimal, "7".__class__]
)
def test_a_count_may_be_any_number_but_no_text(kind):
    check = check_of(len, cases=[("a" * 7,)])
    assert bool(check(lambda text: kind(len(text)))) == (kind is not str)
    assert "whole number" in check(lambda text: 7.25).message


def test_what_a_masked_array_hides_does_not_count():
    hidden = check_of()(lambda x: np.ma.masked_array(2 * x, mask=[[True, False], [False, False]]))
    assert not hidden and "nan" in hidden.message


@pytest.mark.parametrize(
    "result", ["text", {"an": "object"}, {1, 2}, [[1], [1, 2]], b"bytes", 1j, [None], object(), len]
)
def test_what_holds_no_numbers_gets_a_sentence(result):
    verdict = check_of()(lambda x: result)
    assert not verdict and "can't be compared" in verdict.message


# Same and not the same


def test_float32_inside_is_near_enough_and_two_decimals_are_not():
    check = check_of(lambda x: np.sqrt(x), cases=[(np.linspace(1, 50, 30),)])
    assert check(lambda x: np.sqrt(np.float32(x)))
    assert not check(lambda x: np.sqrt(x).round(2))


def test_counts_and_flags_are_exact():
    check = check_of(lambda x: x.size * 10**6, cases=[(np.ones(4),)])
    assert check(lambda x: 4e6) and not check(lambda x: 4e6 + 1)


def test_measured_parts_have_tolerances_of_their_own():
    def mean(call, x):
        return {"the mean is {got}, wanted {wanted}": Within(call(x).mean(), 0.5), "sum": 1}

    check = check_of(measure=mean, cases=[(np.ones(3),)])
    assert check(lambda x: 2 * x + 0.4)
    assert check(lambda x: 2 * x + 0.6).message == "the mean is 2.6, wanted 2"


def test_results_of_several_parts_are_read_part_by_part():
    def sums(x):
        """Both sums of x."""
        return x.sum(axis=0), x.sum(axis=1)

    def both(call, x):
        down, across = call(x, parts=("down", "across"))
        return {"the sums down the columns are wrong": down, "those across are wrong": across}

    check = check_of(sums, measure=both, cases=[(np.arange(6.0).reshape(2, 3),)])
    assert check(sums) and check(lambda x: [list(x.sum(axis=0)), list(x.sum(axis=1))])
    assert "down the columns" in check(lambda x: (x.sum(axis=0) + 1, x.sum(axis=1))).message
    assert "those across" in check(lambda x: (x.sum(axis=0), -x.sum(axis=1))).message
    for wrong, came in ((np.float64(3), "float64"), ((1, 2, 3), "3"), ((1,), "1"), (7, "int")):
        message = check(lambda x, wrong=wrong: wrong).message
        assert f"returned {came}, wanted 2 results: return down, across" in message
    assert "can't be compared" in check(lambda x: ("text", x)).message


# Answers


HINTS = {"that is the square": lambda x: x**2, "nothing happened": lambda x: x}


def test_what_is_no_array_can_be_asked_for_too():
    """A layer, a model: `raw`. What can be called is handed over as it is, not copied."""

    def adder(add, n):
        return lambda x: add(x, n)

    def measure(call, n):
        made = call(np.add, n, raw=True)
        return {"adds {got}, wanted {wanted}": made(0), "keeps its numbers": made(5) - made(0)}

    check = exercise(
        adder,
        measure=measure,
        cases=[(3,)],
        mistakes={"this subtracts": lambda add, n: lambda x: x - n},
    )
    assert check(lambda add, n: lambda x: n + x)
    assert check(lambda add, n: lambda x: x - n).message == "this subtracts"
    assert check(lambda add, n: lambda x: x + 4).message == "adds 4, wanted 3"
    assert check(lambda add, n: lambda x: add(x, n) if add is np.add else 0)
    assert "'NoneType'" not in check(lambda add, n: 7).message
    assert "not callable" in check(lambda add, n: 7).message


def test_what_was_found_out_about_a_mistake_is_kept():
    """Two hundred submissions pay for each of them once."""
    ran = []

    def wrong(x):
        ran.append(x)
        return x + 1

    check = exercise(abs, cases=[(-3,)], mistakes={"one too many": wrong})
    assert [check(lambda x: x + 1).message for _ in range(3)] == ["one too many"] * 3
    assert len(ran) == 1


def test_a_mistake_is_named_if_it_does_the_same_everywhere():
    check = check_of(mistakes=HINTS, draw=lambda rng: (rng.normal(size=3),), cases=[(3,), (5,)])
    assert check(lambda x: x * x).message == "that is the square"
    only_there = check(lambda x: x * x if np.ndim(x) == 0 else 2 * x)
    assert only_there.message == "for x = 3, you got 9, wanted 6"


def test_a_mistake_that_raises_is_named_beside_what_it_raised():
    check = check_of(mistakes={"lists don't add up": lambda x: [] + x})
    verdict = check(lambda x: [] + x)
    assert not verdict and "raised ValueError" in verdict.message
    assert verdict.message.endswith(": lists don't add up")
    assert "lists don't" not in check(lambda x: int("x")).message


def test_random_arguments_find_what_is_right_by_luck():
    check = check_of(draw=lambda rng: (rng.normal(size=(2, 2)),), goal="twice")
    message = check(lambda x: np.array([[3.0, 4.0], [6.0, -9.0]])).message
    assert message.startswith("right for the small cases, but not for x = [[")
    assert message.endswith("]]: twice")


def test_cases_are_called_by_their_names():
    check = check_of(cases={"one": (1.0,), "a half": (0.5,)}, goal="twice")
    assert (
        check(lambda x: 2).message
        == "right for one, but not for a half: you got 2, wanted 1: twice"
    )


def test_the_audit_finds_what_is_wrong():
    assert audit(check_of(mistakes=HINTS)) == []
    (passes,) = audit(check_of(mistakes={"right": double}))
    assert "is answered: right" in passes
    alike = check_of(mistakes={"squared": lambda x: x**2, "cubed": lambda x: x**3}, cases=[(1,)])
    assert any("no case tells “squared” from “cubed”" in sentence for sentence in audit(alike))
    refused = check_of(lambda x: None)
    assert "the reference gives no result" in audit(refused)[0]


# What a function may do


def deep(x):
    return deep(x)


class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def raises(error):
    def function(x):
        raise error

    return function


@pytest.mark.parametrize(
    "function, words",
    [
        (raises(IndexError("a\nb")), "raised IndexError: a b"),
        (raises(Odd()), "raised Odd: (it has no text)"),
        (raises(SystemExit(3)), "raised SystemExit: 3"),
        (raises(KeyboardInterrupt()), "raised KeyboardInterrupt"),
        (raises(ExceptionGroup("many", [ValueError()])), "raised ExceptionGroup: many"),
        (raises(MemoryError()), "raised MemoryError"),
        (raises(NotImplementedError()), "returns nothing yet"),
        (deep, "raised RecursionError"),
        (lambda x: (1 / 0 for _ in x), "raised ZeroDivisionError"),
        (lambda: 3, "raised TypeError"),
        (lambda x: None, "returns nothing yet"),
        (lambda x: ..., "returns nothing yet"),
        (lambda x: x.fill(0), "returns nothing yet"),
        (lambda x: x.__imul__(2), "changes what it was given"),
        (lambda x: 2 * x[0], "the shape is (2,), wanted (2, 2)"),
        (raises(ValueError("x" * 10_000)), "…"),
    ],
)
def test_whatever_happens_is_a_sentence_of_one_line(function, words):
    verdict = check_of()(function)
    assert not verdict and words in verdict.message
    assert "\n" not in verdict.message and len(verdict.message) <= 400


def test_arguments_are_copies():
    x = np.array([1.0, 2.0])
    check_of(cases=[(x,)])(lambda given: given.fill(0))
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_function_that_never_returns_is_ended(stubborn):
    at = []

    def forever(x):
        while not at or at[-1] < 10**12:
            try:
                at.append(time.monotonic())
            except BaseException:
                if not stubborn:
                    raise

    start = time.monotonic()
    verdict = check_of(seconds=0.5)(forever)
    assert "had not returned after 0.5 s" in verdict.message
    assert time.monotonic() - start < 5
    if not stubborn:
        time.sleep(0.3)
        assert time.monotonic() - at[-1] > 0.2
    at.append(10**12)


def test_without_threads_there_is_no_clock_but_an_answer(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", start)
    assert check_of()(double) and not check_of()(lambda x: x)


def test_an_interrupt_from_outside_is_not_swallowed(monkeypatch):
    def join(thread, seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("threading.Thread.join", join)
    with pytest.raises(KeyboardInterrupt):
        check_of(seconds=0.1)(double)


def test_the_first_call_may_print_and_not_without_end(capsys):
    def chatty(x):
        print("shape", x.shape)
        print("warned", file=sys.stderr)
        return 2 * x

    check = check_of(draw=lambda rng: (rng.normal(size=5),))
    assert check(chatty)
    printed = capsys.readouterr()
    assert printed.out == "shape (2, 2)\nwarned\n" and not printed.err
    assert check(lambda x: print("x" * 10**6) or 2 * x)
    printed = capsys.readouterr().out
    assert len(printed) < 2100 and printed.endswith("… (and more)\n")


@pytest.mark.parametrize("draw", [None, lambda rng: (rng.normal(size=(4, 3)),)])
def test_the_student_s_generator_is_the_one_that_is_shown(draw):
    def noisy(x, rng):
        return x + rng.normal()

    def measure(call, x):
        return call(x, np.random.default_rng(0))

    check = exercise(noisy, measure=measure, cases=[(np.ones(9),)], draw=draw, mistakes={})
    assert check(noisy)
    assert "called with x of shape (9,), rng, your function" in check(lambda x, r: x[99]).message
    assert "called with x of shape (9,), rng, your function" in check(lambda x: x).message


RIGHT_BUT_RANDOM = {
    exercises.check_mask: [
        lambda x, rate, rng: np.where(rng.uniform(size=x.shape) < rate, 0, x),
        lambda x, rate, rng: x * rng.binomial(1, 1 - rate, x.shape),
        lambda x, rate, rng: x * rng.choice([0, 1], x.shape, p=[rate, 1 - rate]),
    ],
    exercises.check_sample: [
        lambda mean, log_var, rng: rng.normal(mean, np.exp(log_var / 2)),
        lambda mean, log_var, rng: mean + np.sqrt(np.exp(log_var)) * rng.normal(size=mean.shape),
    ],
    exercises.check_hold_people_out: [
        lambda p, n, rng: np.isin(p, rng.permutation(np.unique(p))[:n]),
        lambda p, n, rng: np.isin(p, rng.choice(sorted(set(p.tolist())), n, replace=False)),
    ],
}
RIGHT_BUT_RANDOM = [(check, f) for check, functions in RIGHT_BUT_RANDOM.items() for f in functions]


@pytest.mark.parametrize("check, function", RIGHT_BUT_RANDOM)
def test_chance_refuses_nobody(check, function):
    """Each time on numbers of its own, drawn from the generator all the same."""
    for begin in range(6):

        def later(*arguments, begin=begin):
            *others, rng = arguments
            rng.bit_generator.advance(begin)
            return function(*others, rng)

        assert check(later), check(later)


def _from_a_die(images, rate, rng):
    return images * (rng.integers(10, size=images.shape) >= round(10 * rate))


def _in_blocks(images, rate, rng):
    n, height, width = images.shape
    blocks = rng.random((n, height // 2 + 1, width // 2 + 1)) >= rate
    return images * blocks.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]


def _neighbours(persons, n, rng):
    people = np.unique(persons)
    return np.isin(persons, np.roll(people, rng.integers(len(people)))[:n])


def _mirrored(images, rate, rng):
    lost = rng.random(images.shape) < rate
    middle = images.shape[2] // 2
    lost[:, :, -middle:] = lost[:, :, :middle][:, :, ::-1]
    return images * ~lost


def _by_pictures(persons, n, rng):
    people = list(dict.fromkeys(rng.permutation(persons).tolist()))
    return np.isin(persons, people[:n])


def _one_size_of_noise(mean, log_var, rng):
    return mean + np.exp(log_var.mean(axis=0) / 2) * rng.standard_normal(mean.shape)


@pytest.mark.parametrize(
    "check, function, words",
    [
        (exercises.check_mask, _from_a_die, "a share of"),
        (exercises.check_mask, _mirrored, "become 0 together"),
        (exercises.check_hold_people_out, _by_pictures, "more often"),
        (exercises.check_sample, _one_size_of_noise, "from image to image"),
        (exercises.check_mask, _in_blocks, "become 0 together"),
        (
            exercises.check_mask,
            lambda x, rate, rng: x * (rng.random(x.shape) >= rate + 0.02),
            "a share of",
        ),
        (
            exercises.check_hold_people_out,
            lambda p, n, rng: np.isin(p, rng.choice(np.unique(p)[:-1], n, replace=False)),
            "were ever held out",
        ),
        (exercises.check_hold_people_out, _neighbours, "pairs of people"),
        (
            exercises.check_sample,
            lambda mean, log_var, rng: mean + np.exp(log_var / 2) * rng.logistic(size=mean.shape),
            "standard deviation",
        ),
    ],
)
def test_chance_hides_no_mistake(check, function, words):
    verdict = check(function)
    assert not verdict and words in verdict.message


# Predictions


OPTIONS = ["along <it>", "across", "neither"]
BECAUSE = {"along <it>": "Nearly.", "across": "As <b>all</b> lies there.", "neither": "One must."}


class Kernel:
    """Enough of a notebook's shell to have outputs shown."""

    kernel = types.SimpleNamespace()


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as it would be in a notebook."""
    outputs = []
    monkeypatch.setattr("IPython.get_ipython", Kernel)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    return outputs


def test_in_a_terminal_the_question_is_text(capsys):
    assert predict("Which?", OPTIONS, "across", BECAUSE) is None
    assert capsys.readouterr().out == "Which?\n  A. along <it>\n  B. across\n  C. neither\n"


def test_in_a_notebook_nothing_stored_gives_the_answer_away(shown):
    predict("Which <way>?", OPTIONS, "across", BECAUSE)
    (data,) = shown
    assert data["text/plain"] == "Which <way>?\n  A. along <it>\n  B. across\n  C. neither"
    assert "Which &lt;way&gt;?" in data["text/html"] and "A. along &lt;it&gt;" in data["text/html"]
    states = ipywidgets.Widget.get_manager_state()["state"]
    for stored in (str(data), str(states)):
        assert "As " not in stored and "Nearly" not in stored and "Right" not in stored
    labels = ("A. along <it>", "B. across", "C. neither")
    parts = [state["state"] for state in states.values()]
    buttons = [state for state in parts if state.get("_options_labels") == labels]
    assert buttons and buttons[-1]["index"] is None


@pytest.mark.parametrize(
    "answer, because",
    [("across", BECAUSE), (1, list(BECAUSE.values())), (np.int64(1), tuple(BECAUSE.values()))],
)
def test_each_choice_is_explained(shown, monkeypatch, answer, because):
    made = []
    original = predictions._buttons
    monkeypatch.setattr(
        predictions, "_buttons", lambda *given: made.append(original(*given)) or made[-1]
    )
    predict("Which?", OPTIONS, answer, because)
    _, buttons, said = made[0].children
    told = []
    for i in (0, 1, 2, 0):
        buttons.index = i
        told.append(said.value)
    assert "✗ Not A.</b> Nearly." in told[0] and told[3] == told[0]
    assert "✓ Right.</b> As &lt;b&gt;all&lt;/b&gt; lies there." in told[1]
    assert "✗ Not C.</b> One must." in told[2]


@pytest.mark.parametrize(
    "given, error, words",
    [
        ({"question": " "}, ValueError, "question must be a sentence"),
        ({"options": "abc"}, TypeError, "options must be a list of strings, got 'abc'"),
        ({"options": ["a", 2]}, TypeError, "options must be a list of strings"),
        ({"options": ["across"]}, ValueError, "two or more"),
        ({"options": ["across", "across"]}, ValueError, "and differ"),
        ({"answer": "up"}, ValueError, "answer must be one of the options"),
        ({"answer": 3}, ValueError, "answer must be from 0 to 2, got 3"),
        ({"answer": True}, ValueError, "answer must be one of the options"),
        ({"because": ["one", "two"]}, ValueError, "each of the 3 options, got 2"),
        ({"because": {"across": "so"}}, ValueError, "because must explain the options"),
        ({"because": ["one", "", "three"]}, TypeError, "each option in words"),
    ],
)
def test_what_makes_no_question_is_refused(given, error, words, capsys):
    question = {"question": "Which?", "options": OPTIONS, "answer": 1, "because": BECAUSE}
    with pytest.raises(error, match=words):
        predict(**question | given)
    assert not capsys.readouterr().out
