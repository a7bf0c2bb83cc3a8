"""Questions to be answered before a cell runs: what will come out?"""

import html
import numbers
import sys


def predict(question, options, answer, because):
    """Ask for a prediction: radio buttons, and an explanation for whichever is chosen.

    In a notebook the question stands there as text, which stays where no kernel runs, and the
    buttons below it. The answer and the explanations stay in the kernel until somebody chooses:
    nothing of them is stored with the notebook. Elsewhere, question and options are printed.

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
    letters = [chr(ord("A") + i) for i in range(len(options))]
    lines = [f"  {letter}. {option}" for letter, option in zip(letters, options, strict=True)]
    text = "\n".join([question, *lines])
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        print(text)
        return
    from IPython.display import display

    items = "".join(f"<li>{html.escape(option)}</li>" for option in options)
    static = f'<p><b>{html.escape(question)}</b></p><ol type="A">{items}</ol>'
    display({"text/plain": text, "text/html": static}, raw=True)
    display(_buttons(options, letters, answer, because))


def _buttons(options, letters, answer, because):
    """The widget: buttons, and below them a place for what is said to the choice."""
    import ipywidgets

    buttons = ipywidgets.RadioButtons(
        options=[
            (f"{x}. {option}", i)
            for i, (x, option) in enumerate(zip(letters, options, strict=True))
        ],
        value=None,
        description="Your prediction:",
        style={"description_width": "initial"},
        layout={"width": "max-content"},
    )
    said = ipywidgets.HTML()

    def say(change):
        if change["new"] is not None:
            right = options[change["new"]] == answer
            verdict = "✓ Right." if right else f"✗ Not {letters[change['new']]}."
            explanation = html.escape(because[options[change["new"]]])
            said.value = f'<div role="status"><b>{verdict}</b> {explanation}</div>'

    buttons.observe(say, names="value")
    return ipywidgets.VBox([buttons, said])


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
