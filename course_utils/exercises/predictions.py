"""Questions that a student answers before a cell runs."""

import html
import numbers
import sys

from course_utils import claims


def predict(question, options, answer, because):
    """Ask for a prediction: radio buttons, and an explanation for whichever is chosen.

    Where no kernel runs, a notebook shows question and options as text, and outside notebooks they
    are printed. The answer and the explanations stay in the kernel until somebody chooses: nothing
    of them is stored with the notebook.

    Args:
        question: the question, a string.
        options: at least two different strings, to choose from.
        answer: the right one, a string out of `options`, or its index.
        because: what is right or wrong about each: {option: explanation}, or a list in the order of
            `options`.

    Returns:
        None.

    Raises:
        TypeError, ValueError: if these make no question: options that repeat, an answer that is
            none of them, an option without explanation.

    >>> predict("Is 1 + 1 more than 1?", ["yes", "no"], "yes", ["1 is added.", "Add 1."])
    Is 1 + 1 more than 1?
      A. yes
      B. no
    """
    options = _options(question, options)
    answer = _answer(options, answer)
    because = _because(options, because)
    lines = [f"{chr(ord('A') + i)}. {option}" for i, option in enumerate(options)]
    text = "\n  ".join([question, *lines])
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        print(claims.printable(text))
        return
    from IPython.display import display

    asked, *listed = map(html.escape, [question, *lines])
    static = f"<p><b>{asked}</b></p><p>{'<br>'.join(listed)}</p>"
    live = _buttons(f"<b>{asked}</b>", lines, options.index(answer), [because[o] for o in options])
    # One output in three forms. Whatever shows it takes the first that it can.
    display(live._repr_mimebundle_() | {"text/html": static, "text/plain": text}, raw=True)


def question(name, text, options, answer):
    """Make a question of the course, a function that asks it when it is called.

    Args:
        name: of the function, a string, such as "ask_units".
        text: the question.
        options: {option: what is right or wrong about it}, at least two.
        answer: the right option, or its index.

    Returns:
        A function without arguments that calls `predict`.

    >>> ask_sum = question("ask_sum", "1 + 1?", {"2": "One more than 1.", "3": "Not quite."}, "2")
    >>> ask_sum()
    1 + 1?
      A. 2
      B. 3
    """

    def ask():
        predict(text, list(options), answer, options)

    shown = "\n".join([text, *(f"  {chr(65 + i)}. {option}" for i, option in enumerate(options))])
    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = f"Ask for a prediction, before the lesson shows it.\n\n>>> {name}()\n{shown}\n"
    return ask


def _buttons(asked, lines, right, because):
    """The widget: the question, buttons, and a place for what is said to the choice."""
    import ipywidgets

    wide = {"width": "auto"}  # long text breaks where the window ends
    buttons = ipywidgets.RadioButtons(options=lines, value=None, layout=wide)
    said = ipywidgets.HTML(layout=wide)

    def say(_):
        i = buttons.index
        if i is not None:
            verdict = "✓ Right." if i == right else f"✗ Not {lines[i][0]}."
            said.value = f'<div role="status"><b>{verdict}</b> {html.escape(because[i])}</div>'

    buttons.observe(say, names="value")
    return ipywidgets.VBox([ipywidgets.HTML(asked, layout=wide), buttons, said])


def _options(question, options):
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"question must be a sentence, got {question!r}")
    if isinstance(options, str) or not all(isinstance(option, str) for option in options):
        raise TypeError(f"options must be a list of strings, got {options!r}")
    options = list(options)
    if not 2 <= len(set(options)) == len(options) <= 26:
        raise ValueError(f"options must be two or more, and differ, got {options!r}")
    return options


def _answer(options, answer):
    if isinstance(answer, numbers.Integral) and not isinstance(answer, bool):
        if not 0 <= answer < len(options):
            raise ValueError(f"answer must be from 0 to {len(options) - 1}, got {answer}")
        return options[answer]
    if answer not in options:
        raise ValueError(f"answer must be one of the options {options}, got {answer!r}")
    return answer


def _because(options, because):
    if isinstance(because, dict):
        given = because
    else:
        because = [because] * len(options) if isinstance(because, str) else list(because)
        if len(because) != len(options):
            raise ValueError(
                f"because must explain each of the {len(options)} options, got {len(because)}"
            )
        given = dict(zip(options, because, strict=True))
    if set(given) != set(options):
        raise ValueError(f"because must explain the options {options}, got {list(given)}")
    if not all(isinstance(text, str) and text.strip() for text in given.values()):
        raise TypeError(f"because must explain each option in words, got {list(given.values())}")
    return given
