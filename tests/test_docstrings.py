"""Every public docstring tells a stranger what it must: what the thing does, what goes in and in
which shape, what comes out, what is refused; and it shows an example."""

import ast
import builtins
import functools
import importlib
import inspect
import pathlib
import pkgutil
import re
import textwrap

import pytest

PACKAGE = "course_utils"
ROOT = pathlib.Path(__file__).resolve().parent.parent / PACKAGE
# What arrays are called in the course. What goes through `_validate` as an array, or is said to be
# one, is one, too.
ARRAYS = {"x", "x_hat", "z", "z_mean", "z_log_var", "images", "code", "codes"}
IS_ARRAY = re.compile(r"\b(arrays?|tensors?|matrix|vectors?)\b")

NEEDS_NOTEBOOKS = "works on notebooks that were run: tests/test_lessons.py makes some"
# Where a rule need not hold, and why.
EXEMPT = {
    ("shows_an_example", "lessons.execute"): NEEDS_NOTEBOOKS,
    ("shows_an_example", "lessons.machine"): "measures this machine, for some seconds",
    ("shows_an_example", "lessons.measure"): NEEDS_NOTEBOOKS,
    ("shows_an_example", "lessons.picture"): NEEDS_NOTEBOOKS,
    ("shows_an_example", "lessons.read"): NEEDS_NOTEBOOKS,
    ("shows_an_example", "lessons.results"): NEEDS_NOTEBOOKS,
    ("shows_an_example", "lessons.tell"): NEEDS_NOTEBOOKS,
    ("shows_an_example", "plotting.AltFigure"): "`plotting.figure` makes it, and shows how",
}


# What is public


def names_of_modules(folder=ROOT, prefix=f"{PACKAGE}."):
    """Of all modules that are not private; none is imported, for some take ten seconds."""
    for _, name, is_folder in pkgutil.iter_modules([str(folder)], prefix):
        if not is_private(name):
            yield name
            if is_folder:
                yield from names_of_modules(folder / name.rsplit(".", 1)[1], f"{name}.")


def is_private(full):
    return any(part.startswith("_") for part in full.split("."))


def is_ours(thing):
    return (thing.__module__ or "").split(".")[0] == PACKAGE


def public(module):
    """The functions, classes and methods that a room hands out, by their names.

    A room that is a folder hands out what its `__all__` says; what its files have beyond that is
    for each other.
    """
    room = module.__name__.removeprefix(f"{PACKAGE}.")
    if "." in room:
        return
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not is_private(n)]
    for name in names:
        thing = vars(module)[name]
        is_code = inspect.isfunction(thing) or inspect.isclass(thing)
        if is_code and thing.__module__.startswith(module.__name__):
            yield f"{room}.{name}", thing
            yield from methods(thing, f"{room}.{name}")


def methods(thing, full):
    """The public methods with arguments that no other library documents."""
    if not inspect.isclass(thing):
        return
    theirs = [base for base in thing.__mro__ if not is_ours(base)]
    for name, value in vars(thing).items():
        value = getattr(value, "__func__", value)  # of a class method or a static one
        documented = is_private(name) or any(hasattr(base, name) for base in theirs)
        if inspect.isfunction(value) and parameters(value) and not documented:
            yield f"{full}.{name}", value


def between_files(module):
    """The functions and classes that the files of a folder have for each other."""
    for name, thing in vars(module).items():
        is_code = inspect.isfunction(thing) or inspect.isclass(thing)
        # What begins with "pytest_" is called by pytest, which documents it.
        elsewhere = name.startswith(("_", "pytest_")) or not is_code
        if not elsewhere and thing.__module__ == module.__name__:
            yield f"{module.__name__.removeprefix(f'{PACKAGE}.')}.{name}", thing


# What the code says


def parameters(thing):
    """The names of what is to be passed: to a function, or to make an object of a class."""
    if inspect.isclass(thing) and issubclass(thing, tuple):
        return list(thing._fields)
    function = thing.__init__ if inspect.isclass(thing) else thing
    if inspect.isclass(thing) and not (inspect.isfunction(function) and is_ours(function)):
        return []  # inherited
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def functions(thing):
    """What runs: the function itself; of a class its methods and those of its private bases.

    A method that says itself what it refuses is left out.
    """
    if not inspect.isclass(thing):
        return [inspect.unwrap(thing)]
    bases = [base for base in thing.__mro__[1:] if is_ours(base) and is_private(base.__name__)]
    found = {}
    for cls in (*reversed(bases), thing):
        found |= {name: getattr(value, "__func__", value) for name, value in vars(cls).items()}
    ours = [f for f in found.values() if inspect.isfunction(f) and is_ours(f)]
    return [function for function in ours if not section(function, "Raises")]


@functools.cache
def tree(function):
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except OSError:  # a decorator made it
        return ast.Pass()


def own_nodes(node):
    """All nodes below one, but not those of functions and classes inside."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield from own_nodes(child)


def is_inner(function):
    """Whether a function of the package is private, or a room's own."""
    room = importlib.import_module(".".join(function.__module__.split(".")[:2]))
    name = function.__name__
    return is_private(f"{function.__module__}.{name}") or name not in vars(room)


def helpers(function):
    """The functions of the package that a function names and that nobody else is to call."""
    for node in ast.walk(tree(function)):
        value = None
        if isinstance(node, ast.Name):
            value = function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value = getattr(function.__globals__.get(node.value.id), node.attr, None)
        if inspect.isfunction(value) and is_ours(value) and is_inner(value):
            yield inspect.unwrap(value)


def raised(thing):
    """The exceptions that a thing, or an inner function that it calls, raises by name."""
    done, left = [], functions(thing)
    while left:
        function = left.pop()
        if function in done:
            continue
        done.append(function)
        left += helpers(function)
        for node in ast.walk(tree(function)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = ast.unparse(node.exc.func)
                error = function.__globals__.get(name) or getattr(builtins, name, None)
                if inspect.isclass(error) and issubclass(error, Exception):
                    yield error


def gives(function):
    """Whether a function returns or yields anything."""
    for node in own_nodes(tree(inspect.unwrap(function))):
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            value = node.value
            if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
                return True
    return False


def arrays(thing):
    """The parameters that are arrays, as far as names and checks tell."""
    found = ARRAYS | {name for name, said in explained(thing).items() if IS_ARRAY.search(said)}
    for function in functions(thing):
        for node in ast.walk(tree(function)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_check = node.func.attr in ("number_array", "unit_images")
                if is_check and isinstance(node.args[0], ast.Constant):
                    found.add(node.args[0].value)
    return sorted(found & set(parameters(thing)))


# What the docstring says


def text(thing):
    """The docstring of a thing itself, not of its base class."""
    written = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    return inspect.cleandoc(written or "")


def section(thing, *titles):
    """What stands under a title such as "Args:"; "" if there is no such title."""
    title = "|".join(titles)
    found = re.search(rf"^(?:{title}):\n((?: .*\n|\n(?= ))+)", text(thing) + "\n", re.MULTILINE)
    return textwrap.dedent(found[1]) if found else ""


def explained(thing):
    """What "Args:" says of each name; of a named tuple, what "Attributes:" says."""
    is_tuple = inspect.isclass(thing) and issubclass(thing, tuple)
    said = section(thing, "Attributes" if is_tuple else "Args")
    items = re.split(r"^(?=\S)", said, flags=re.MULTILINE)[1:]
    parts = [item.partition(":") for item in items]
    return {n.strip("*"): what for names, _, what in parts for n in re.split(r",\s+", names)}


# The rules: what is wrong, in words, or None


def begins_with_a_sentence(thing):
    first = text(thing).split("\n\n")[0]
    if not first:
        return "has no docstring"
    return None if first.endswith(".") else f"begins without a full stop: {first!r}"


def explains_every_parameter(thing):
    in_the_text = set(re.findall(r"`(\w+)`", text(thing)))
    told = explained(thing) or in_the_text
    missing = [name for name in parameters(thing) if name not in told]
    return f"does not explain {missing}" if missing else None


def explains_nothing_else(thing):
    invented = [name for name in explained(thing) if name not in parameters(thing)]
    return f"explains {invented}, which it does not take" if invented else None


def says_what_comes_out(thing):
    if inspect.isfunction(thing) and gives(thing) and not section(thing, "Returns", "Yields"):
        return "returns something and does not say what"
    return None


def says_what_is_refused(thing):
    told = set(re.findall(r"\w+", section(thing, "Raises")))
    kinds = [[c.__name__ for c in error.__mro__[:-3]] for error in raised(thing)]
    silent = {names[0] for names in kinds if not told & set(names)}
    return f"raises {sorted(silent)} and does not say when" if silent else None


def shows_an_example(thing):
    is_method = inspect.isfunction(thing) and "." in thing.__qualname__
    is_error = inspect.isclass(thing) and issubclass(thing, Exception)
    return None if is_method or is_error or ">>> " in text(thing) else "shows no example"


def tells_shapes(thing):
    untold = arrays(thing) and "shape" not in text(thing)
    return f"does not say of which shape {arrays(thing)} are" if untold else None


RULES = (
    begins_with_a_sentence,
    explains_every_parameter,
    explains_nothing_else,
    says_what_comes_out,
    says_what_is_refused,
    shows_an_example,
    tells_shapes,
)


@pytest.mark.parametrize("name", list(names_of_modules()))
def test_docstrings_tell_what_they_must(name):
    module = importlib.import_module(name)
    assert begins_with_a_sentence(module) is None
    found = {(rule.__name__, full): rule(thing) for full, thing in public(module) for rule in RULES}
    idle = [where for where in EXEMPT if where in found and not found[where]]
    assert not idle, f"strike them from EXEMPT: {idle}"
    found |= {("", full): begins_with_a_sentence(thing) for full, thing in between_files(module)}
    told = [
        f"{name} {said}"
        for (rule, name), said in found.items()
        if said and (rule, name) not in EXEMPT
    ]
    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    "rule, full, there, fault",
    [
        (begins_with_a_sentence, "latent.lerp", "a + t b.", "a + t b"),
        (begins_with_a_sentence, "layers.TopK", "to 0.\n", "to 0\n"),
        (begins_with_a_sentence, "models.VariationalAutoencoder.kl_nats", "nats.\n", "nats\n"),
        (explains_every_parameter, "latent.lerp", "a, b:", "a:"),
        (explains_every_parameter, "latent.lerp", "t: one", "u: one"),
        (explains_every_parameter, "models.dense_vae", "seed, dtype, name:", "seed, name:"),
        (explains_every_parameter, "layers.Sampling", "kwargs:", "others:"),
        (explains_every_parameter, "metrics.Probe", "strength:", "C:"),
        (explains_nothing_else, "latent.lerp", "a, b:", "a, b, c:"),
        (explains_nothing_else, "layers.KLSparsity", "weight:", "share: of what.\n        weight:"),
        (explains_nothing_else, "models.SquaredError", "name, kwargs:", "name, kwargs, axis:"),
        (says_what_comes_out, "latent.lerp", "Returns:", "Gives:"),
        (says_what_comes_out, "models.VariationalAutoencoder.kl_nats", "Returns:", ""),
        (says_what_is_refused, "latent.lerp", "TypeError, ValueError:", "TypeError:"),
        (says_what_is_refused, "datasets.load_mnist", "ValueError:", "Error:"),
        (says_what_is_refused, "layers.GaussianCorruption", "TypeError, ", ""),  # its base's
        (says_what_is_refused, "models.Autoencoder", "Raises:", "Refuses:"),
        (shows_an_example, "latent.lerp", ">>> ", ""),
        (shows_an_example, "checks.Verdict", ">>> ", ""),
        (tells_shapes, "latent.lerp", "shape", "size"),  # what is checked as an array
        (tells_shapes, "metrics.squared_error", "shape", "size"),  # what is called as one
        (tells_shapes, "models.VariationalAutoencoder.kl_nats", "shape", "size"),
    ],
)
def test_each_rule_finds_a_fault(monkeypatch, rule, full, there, fault):
    room, *path = full.split(".")
    thing = functools.reduce(getattr, path, importlib.import_module(f"{PACKAGE}.{room}"))
    assert rule(thing) is None
    assert there in thing.__doc__
    monkeypatch.setattr(thing, "__doc__", thing.__doc__.replace(there, fault))
    assert rule(thing) is not None


def test_the_walk_finds_what_is_there():
    modules = list(names_of_modules())
    assert {"course_utils.datasets", "course_utils.training"} <= set(modules)
    assert "course_utils._validate" not in modules
    found = dict(public(importlib.import_module("course_utils.models")))
    assert {"models.dense_vae", "models.VariationalAutoencoder.kl_nats"} <= set(found)
    # Keras's own methods and what is imported are documented elsewhere.
    strangers = {"call", "compute_loss", "get_config", "Sampling", "sharing", "_around"}
    assert not strangers & {full.rsplit(".", 1)[1] for full in found}
    for _, full in EXEMPT:
        room = full.split(".")[0]
        assert full in dict(public(importlib.import_module(f"{PACKAGE}.{room}")))
