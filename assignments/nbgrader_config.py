"""Settings of nbgrader for the problem sets, and two steps of our own in its grading. README.md
says how to use them."""

import pathlib

import nbformat
from nbgrader import utils
from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, Execute, NbGraderPreprocessor

HERE = pathlib.Path(__file__).resolve().parent


class MendCells(NbGraderPreprocessor):
    """Make the graded cells of a submission those of the released notebook again, each of them
    once.

    A cell that was deleted is put back behind the one that it followed: a test is run all the same,
        an answer is its stub again
    and earns nothing. (nbgrader's own `add_missing_cells` stops with a KeyError if a test is gone
        together with the answer
    before it.) Of a cell that was copied the last one counts. (nbgrader's `DeduplicateIds` leaves
        metadata that it then
    refuses.) Points, locks and tags are the released ones: a cell tagged "skip-execution" would
        pass without being run.
    """

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        release = nbformat.read(
            HERE / "release" / names["assignment"] / f"{names['notebook']}.ipynb", as_version=4
        )
        released = {_grade_id(cell): cell for cell in release.cells if _grade_id(cell)}
        present = {_grade_id(cell): cell for cell in nb.cells if _grade_id(cell) in released}
        if not any(utils.is_solution(released[grade_id]) for grade_id in present):
            raise ValueError(
                "no answer of the released notebook is in it: another notebook, "
                "or one that lost its cells' metadata"
            )
        for cell in nb.cells:
            if cell is not present.get(_grade_id(cell)):
                cell.metadata.pop("nbgrader", None)
        before = None
        for grade_id, cell in released.items():
            if grade_id in present:
                present[grade_id].metadata = cell.metadata
            else:
                self.log.warning("%s was missing from the submission, and was put back", grade_id)
                place = next((i + 1 for i, other in enumerate(nb.cells) if other is before), 0)
                nb.cells.insert(place, cell)
                present[grade_id] = cell
            before = present[grade_id]
        return nb, resources


class OnlyErrorsFail(NbGraderPreprocessor):
    """Leave of what a test put out what nbgrader should judge it by: whether it ended with an
    error.

    nbgrader takes any line on stderr, a warning or a progress bar, for a failure, so that is called
    stdout; and a value that is shown for partial credit, even where an error follows, so that goes.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and utils.is_grade(cell):
            cell.outputs = [
                output for output in cell.outputs if output.output_type != "execute_result"
            ]
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        return cell, resources


def _grade_id(cell):
    metadata = cell.metadata.get("nbgrader")
    return metadata.get("grade_id") if isinstance(metadata, dict) else None


c = get_config()  # noqa: F821  (nbgrader puts it here)
c.CourseDirectory.course_id = "autoencoders"
c.CourseDirectory.root = str(HERE)
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
# Names that Canvas and Moodle give: the student up to the first underscore, the set at the end.
# "-2" and " (1)" are repetitions.
student, problem_set, again = (
    r"(?P<student_id>[^/\\_]+)",
    r"(?P<file_id>set\d+_[a-z]+)",
    r"(-\d+| ?\(\d+\))?",
)
c.FileNameCollectorPlugin.named_regexp = rf".*[/\\]{student}_.*?{problem_set}{again}\.ipynb$"
c.Execute.timeout = 60  # seconds for one cell; then it is interrupted, and counts as failed
c.Execute.iopub_timeout = 10  # seconds to come to an end after that; then the notebook is given up
ours = {DeduplicateIds: [MendCells], Execute: [Execute, OnlyErrorsFail]}
for name in ("sanitize_preprocessors", "autograde_preprocessors"):
    c.Autograde[name] = [
        step for known in getattr(Autograde(), name) for step in ours.get(known, [known])
    ]
