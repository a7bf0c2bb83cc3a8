"""The command line: `python -m course_utils.lessons --help`."""

import argparse
import json
import pathlib
import sys

import course_utils.lessons
from course_utils.lessons import execution, minutes, stored, tables


def main(arguments=None):
    given = _parser().parse_args(arguments)
    if given.command == "speed":
        print(json.dumps(execution.machine()))
    elif given.command == "execute":
        execution.execute_all(given.notebooks)
    elif given.command == "report":
        print(minutes.report(sorted(given.folder.glob("*.ipynb"))))
    else:
        _write_results(given.readme, sorted(given.folder.glob("*.ipynb")), given.picture)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.lessons", description=course_utils.lessons.__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("speed", help="measure this machine")
    execute = commands.add_parser("execute", help="run notebooks and store what came out")
    execute.add_argument("notebooks", nargs="+", type=pathlib.Path)
    report = commands.add_parser("report", help="say what took too long or too much memory")
    results = commands.add_parser("results", help="write README's tables and the lessons' minutes")
    for command in (report, results):
        command.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("notebooks"))
    results.add_argument("--readme", type=pathlib.Path, default=pathlib.Path("README.md"))
    results.add_argument(
        "--picture",
        nargs=3,
        metavar=("NOTEBOOK", "ALT", "FILE"),
        help="write the figure whose alternative text begins with ALT into FILE",
    )
    return parser


def _write_results(readme, paths, picture):
    """All of it is made before anything is written, so that an error leaves all as it was."""
    try:
        new = {path: minutes.tell(path) for path in paths}
        new[readme] = tables.results(readme.read_text(encoding="utf-8"), paths)
        figure = stored.picture(pathlib.Path(picture[0]), picture[1]) if picture else None
    except ValueError as error:
        sys.exit(str(error))
    for path, text in new.items():
        if text != path.read_text(encoding="utf-8"):
            stored.write(path, text)
    if picture:
        pathlib.Path(picture[2]).write_bytes(figure)


if __name__ == "__main__":
    main()
