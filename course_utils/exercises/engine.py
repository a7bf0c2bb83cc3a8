"""An exercise is data: a reference solution, cases, and named mistakes. The engine compares.

A student's function runs beside the reference. If they differ, the mistakes run, each a function
that makes it. The hint of the one that does what the student's does is the answer, so that a hint
is never false about the mistake that it names.
"""

import copy
import dataclasses
import functools
import inspect
import itertools
import textwrap
import typing

import numpy as np

from course_utils import claims
from course_utils.exercises import _limits, _values

NOTHING = "your function returns nothing yet: write it, and end it with `return`"
CHANGED = (
    "your function changes what it was given: compute something new "
    "(no `-=`, no `sort()`, nothing assigned to a part of it)"
)


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
        return claims.printable(f"{'✓' if self.passed else '✗'} {self.message}")


def exercise(
    reference,
    *,
    mistakes,
    cases=(),
    draw=None,
    goal="",
    measure=None,
    rtol=1e-4,
    draws=20,
    seconds=10,
):
    """Make the check of an exercise.

    Args:
        reference: the solution, a function. The name of the check comes from its name, and the
            check's docstring from its docstring, which says what goes in and what comes out.
        mistakes: {hint: function that makes the mistake, or a list of such functions}. Each takes
            what the reference takes.
        cases: arguments to try, each a tuple; or {what to call them: arguments}, for messages such
            as "right for a stride of 2, but not for 3". Without any, one random case is used.
        draw: a function of a `numpy.random.Generator` that returns random arguments, a tuple, from
            all that the docstring allows. They are tried once the cases are right.
        goal: what is wanted, a sentence for whoever made none of the mistakes.
        measure: what is compared where it is not the result itself: a function of `call` and the
            arguments, in which `call(*arguments, shape=None, parts=(), raw=False)` calls the
            student's function; with the names of several `parts` it returns as many arrays; `raw`,
            and they are not read as arrays: a layer, a model. `measure` returns an array, or
            {sentence to be said if this part differs: number, array, string or `Within`}; "{got}"
            and "{wanted}" stand for the values there.
        rtol: the relative tolerance of floats, which float32 arithmetic should meet.
        draws: how many random arguments are tried.
        seconds: how long the whole check may take. (One long step inside a library can't be ended:
            it goes on in the background.)

    Returns:
        A function of the student's function that returns a `Verdict` and raises nothing, whatever
        that function does. Its attribute `exercise` holds the data.

    >>> def double(x):
    ...     return 2 * x
    >>> check = exercise(double, mistakes={"that is the square": lambda x: x**2}, cases=[(3,)])
    >>> check(lambda x: x * x)
    ✗ that is the square
    """
    names = list(inspect.signature(reference).parameters)
    cases = cases or ([draw(np.random.default_rng(0))] if draw else [])
    if not isinstance(cases, dict):
        cases = {_values.shown(arguments, names): arguments for arguments in cases}
    mistakes = {
        hint: functions if isinstance(functions, list) else [functions]
        for hint, functions in mistakes.items()
    }
    data = Exercise(reference, mistakes, cases, draw, draws, goal, measure, rtol, seconds)

    def check(function):
        return data.check(function)

    check.__name__ = check.__qualname__ = f"check_{reference.__name__}"
    check.__module__ = reference.__module__
    check.__doc__ = _docstring(reference)
    check.exercise = data
    return check


def audit(check):
    """What is wrong with an exercise: for its author, and for a test.

    Args:
        check: what `exercise` returned.

    Returns:
        A list of sentences, empty if all is well: the reference gives no result or not twice the
        same, a mistake passes or gets another hint than its own, two mistakes agree on all cases.

    >>> from course_utils import exercises
    >>> exercises.audit(exercises.check_scale)
    []
    """
    data = check.exercise
    right = data._ours(data.reference)
    ends = [right(i).sentence for i in range(len(data.arguments)) if isinstance(right(i), _Ended)]
    found = [f"the reference gives no result: {sentence}" for sentence in ends]
    if not (verdict := check(data.reference)):
        found.append(f"the reference differs from itself: {verdict.message}")
    wrong = []
    for hint, mistake in data.each_mistake():
        verdict, outcomes = check(mistake), data._ours(mistake)
        if verdict or not verdict.message.endswith(_values.one_line(hint)):
            found.append(f"the mistake “{hint}” is answered: {verdict.message}")
        if not data.agree_on_cases(outcomes, right):
            wrong.append((hint, outcomes))
    for (one, first), (other, second) in itertools.combinations(wrong, 2):
        if one != other and data.agree_on_cases(first, second):
            found.append(f"no case tells “{one}” from “{other}”")
    return found


class _Stopped(Exception):
    """A call ended in something that is no result."""

    def __init__(self, outcome):
        super().__init__(outcome.sentence)
        self.outcome = outcome


@dataclasses.dataclass(frozen=True)
class _Ended:
    """An outcome that is no result: the function raised, or returned nothing, or text, or ..."""

    what: str
    detail: str
    sentence: str = dataclasses.field(compare=False)


_NOTHING, _UNREADABLE = "nothing", "unreadable"


@dataclasses.dataclass(frozen=True, eq=False)
class Exercise:
    """The data of an exercise: `exercise` makes it, and describes them.

    Args:
        reference: the solution.
        mistakes: {hint: functions}.
        cases: {what to call them: arguments}.
        draw: the function that draws arguments, or None.
        draws: how often.
        goal: what is wanted, a sentence.
        measure: what is compared, or None.
        rtol: the relative tolerance of floats.
        seconds: how long a check may take.

    >>> check = exercise(abs, mistakes={"the sign stays": lambda x: x}, cases=[(-3,), (2,)])
    >>> check.exercise.cases
    {'x = -3': (-3,), 'x = 2': (2,)}
    """

    reference: typing.Callable
    mistakes: dict
    cases: dict
    draw: typing.Callable | None
    draws: int
    goal: str
    measure: typing.Callable | None
    rtol: float
    seconds: float
    _found: dict = dataclasses.field(default_factory=dict, init=False, repr=False)

    @functools.cached_property
    def arguments(self):
        """All arguments that are tried, a list: those of the cases, then the random ones."""
        seeds = range(self.draws if self.draw else 0)
        drawn = [self.draw(np.random.default_rng(seed)) for seed in seeds]
        return [*self.cases.values(), *drawn]

    def check(self, function):
        """The verdict on a student's function.

        Args:
            function: the function; anything else gets a hint, too.

        Returns:
            A `Verdict`.
        """
        if not callable(function):
            got = type(function).__name__
            return Verdict(False, f"pass the function itself, without calling it, got {got}")
        calls = []
        with _limits.short_prints(lambda: len(calls) < 2):  # what the first call prints
            try:
                hint = _limits.within(self.seconds, lambda: self._hint(function, calls))
            except Exception as error:  # the engine's fault, and told as such
                hint = f"your function can't be judged, and this is not your fault: {_text(error)}"
        if hint is None:
            where = self._called((calls or self.arguments)[-1])
            hint = f"{where}, your function had not returned after {self.seconds} s"
        return Verdict(hint == "right", _values.one_line(hint))

    def _hint(self, function, calls):
        """ "right", or what to tell; `calls` receives the arguments of each call."""
        mine, right = self.outcomes(function, calls), self._ours(self.reference)
        everything = range(len(self.arguments))
        wrong = next((i for i in everything if not self._agree(mine(i), right(i))), None)
        if wrong is None:
            return "right"
        if isinstance(mine(0), _Ended) and mine(0).what == _NOTHING:
            return NOTHING
        for hint, mistake in self.each_mistake():
            theirs = self._ours(mistake)
            if all(self._agree(mine(i), theirs(i)) for i in everything):
                ended = isinstance(mine(wrong), _Ended)
                return f"{mine(wrong).sentence}: {hint}" if ended else hint
        return self._unnamed(wrong, mine(wrong), right(wrong))

    def _unnamed(self, i, got, wanted):
        """The sentence for an outcome that no named mistake has: the case, got, wanted."""
        first, *others = self.cases
        if i > len(others):
            given = _values.shown(self.arguments[i], self._names)
            where = "right for the small cases, but not for " + given
            where = "right for the small cases; but " if isinstance(got, _Ended) else f"{where}: "
        elif i:
            where = f"right for {first}, but not for {others[i - 1]}: "
        else:
            where = "" if isinstance(got, (_Ended, dict)) else f"for {first}, "
        if isinstance(got, _Ended):
            told, goal = got.sentence, got.what == _UNREADABLE
        else:
            told, goal = _values.difference(got, wanted, self.rtol), not isinstance(got, dict)
        return where + told + (f": {self.goal}" if goal and self.goal else "")

    @property
    def _names(self):
        return list(inspect.signature(self.reference).parameters)

    def _called(self, arguments):
        return "called with " + _values.shown(arguments, self._names)

    def each_mistake(self):
        """Yield (hint, function) for each mistake."""
        for hint, functions in self.mistakes.items():
            for function in functions:
                yield hint, function

    def agree_on_cases(self, one, other):
        """Whether two functions have the same `outcomes` in all cases; the random ones don't count.

        Args:
            one, other: what `outcomes` returned.

        Returns:
            A bool.
        """
        return all(self._agree(one(i), other(i)) for i in range(len(self.cases)))

    def _ours(self, function):
        """The outcomes of the reference or of a mistake, found once for all that are checked."""
        return self._found.setdefault(function, self.outcomes(function))

    def _agree(self, got, wanted):
        if isinstance(got, _Ended) or isinstance(wanted, _Ended):
            return type(got) is type(wanted) and got == wanted
        return _values.close(got, wanted, self.rtol)

    def outcomes(self, function, calls=None):
        """What a function does with each of the arguments.

        Args:
            function: the function.
            calls: a list that receives the arguments of each call, or None.

        Returns:
            A function of i: the outcome for the i-th arguments, found when it is asked for.
        """

        def call(*arguments, shape=None, parts=(), raw=False):
            if calls is not None:
                calls.append(arguments)
            where = self._called(arguments) + ", your function "
            result = _call(function, arguments, where, parts, raw)
            if shape is not None and result.shape != shape:
                told = f"the shape is {result.shape}, wanted {shape or 'one number'}"
                raise _Stopped(_Ended("shape", str(result.shape), told))
            return result

        @functools.cache
        def outcome(i):
            try:
                with np.errstate(all="ignore"):
                    return (self.measure or _returned)(call, *self.arguments[i])
            except _Stopped as stopped:
                return stopped.outcome
            except Exception as error:  # what came can't even be measured
                told = f"what your function returns can't be judged: {_text(error)}"
                return _Ended("unjudged", type(error).__name__, told)

        return outcome


def _returned(call, *arguments):
    return call(*arguments)


def _call(function, arguments, where, parts=(), raw=False):
    """The function's result as an array, or as one for each of its `parts`; `raw`, as it came. It
    gets copies, except of a random generator and of what can be called: a layer, a model."""
    fixed = [not (isinstance(v, np.random.Generator) or callable(v)) for v in arguments]
    given = [copy.deepcopy(v) if keep else v for v, keep in zip(arguments, fixed, strict=True)]
    try:
        result = function(*given)
        result = list(result) if _values.is_lazy(result) else result
    except _limits.TimeUp:
        raise
    except NotImplementedError as error:
        raise _Stopped(_Ended(_NOTHING, "", f"{where}is not written yet")) from error
    except BaseException as error:  # whatever it is: `exit()`, too
        kind, text = type(error).__name__, _text(error)
        raise _Stopped(_Ended(kind, text, f"{where}raised {kind}: {text}")) from error
    if result is None or result is Ellipsis:
        told = f"{where}returned nothing: does every branch of it end with `return`?"
        raise _Stopped(_Ended(_NOTHING, "", told))
    pairs = zip(arguments, given, fixed, strict=True)
    if not all(_values.same(before, after) for before, after, keep in pairs if keep):
        raise _Stopped(_Ended("changed", "", CHANGED))
    if parts and not (hasattr(result, "__len__") and len(result) == len(parts)):
        came = len(result) if isinstance(result, (tuple, list)) else type(result).__name__
        told = f"{where}returned {came}, wanted {len(parts)} results: return {', '.join(parts)}"
        raise _Stopped(_Ended("parts", str(came), told))
    if raw:
        return result
    try:
        if parts:
            return [_values.as_array(part) for part in result]
        return _values.as_array(result)
    except _limits.TimeUp:
        raise
    except BaseException as error:  # text, a dictionary, rows of unequal length
        kind = type(result).__name__
        told = f"{where}returned what can't be compared with numbers ({kind})"
        raise _Stopped(_Ended(_UNREADABLE, kind, told)) from error


def _text(error):
    try:
        return _values.one_line(str(error), 200)
    except Exception:
        return "(it has no text)"


def _docstring(reference):
    name, written = reference.__name__, inspect.getdoc(reference) or "An exercise."
    contract = textwrap.indent(written.split("\n>>>")[0].rstrip(), "    ")
    return f"""Check a student's `{name}`, whose docstring could be the one below.

{contract}

Args:
    function: the student's function.

Returns:
    A `Verdict`.

>>> def {name}{inspect.signature(reference)}: ...  # your code
>>> check_{name}({name})
✗ {NOTHING}
"""
