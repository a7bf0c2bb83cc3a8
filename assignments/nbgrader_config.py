"""Settings of nbgrader for the problem sets, and two steps of our own in its grading. README.md says how to use them."""
import pathlib

import nbformat
from nbgrader import utils
from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, Execute, NbGraderPreprocessor

HERE = pathlib.Path(__file__).resolve().parent


class MendCells(NbGraderPreprocessor):
    """Make the graded cells of a submission those of the released notebook again, each of them once.

    A cell that was deleted is put back behind the one that it followed: a test is run all the same, an answer is its stub again
    and earns nothing. (nbgrader's own `add_missing_cells` stops with a KeyError if a test is gone together with the answer before
    it.) Of a cell that was copied the last one counts. (nbgrader's `DeduplicateIds` leaves metadata that nbgrader then refuses.)
    """

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        release = HERE / "release" / names["assignment"] / f"{names['notebook']}.ipynb"
        present = {_grade_id(cell): cell for cell in nb.cells}
        for cell in nb.cells:
            if _grade_id(cell) is not None and cell is not present[_grade_id(cell)]:
                del cell.metadata["nbgrader"]
        before = None
        for wanted in nbformat.read(release, as_version=4).cells:
            grade_id = _grade_id(wanted)
            if grade_id is None:
                continue
            if grade_id not in present:
                self.log.warning("%s was missing from the submission, and was put back", grade_id)
                place = next((i + 1 for i, cell in enumerate(nb.cells) if cell is before), 0)
                nb.cells.insert(place, wanted)
                present[grade_id] = wanted
            before = present[grade_id]
        return nb, resources


class WarningsCostNothing(NbGraderPreprocessor):
    """Call the stderr of a test its stdout: nbgrader takes any line on stderr, a warning or a progress bar, for a failure."""

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and utils.is_grade(cell):
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        return cell, resources


def _grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


c = get_config()  # noqa: F821  (nbgrader puts it here)
c.CourseDirectory.course_id = "autoencoders"
c.CourseDirectory.root = str(HERE)
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
# ada_12345_set1_pca.ipynb, or Ada Lovelace_..._set1_pca-2.ipynb: the student up to the first underscore, the set at the end
c.FileNameCollectorPlugin.named_regexp = r".*[/\\](?P<student_id>[^/\\_]+)_.*?(?P<file_id>set\d+_[a-z]+)(-\d+)?\.ipynb$"
c.Execute.timeout = 60  # seconds for one cell; then it is interrupted, and counts as failed
c.Execute.iopub_timeout = 10  # seconds to come to an end after that; then the notebook is given up
ours = {DeduplicateIds: [MendCells], Execute: [Execute, WarningsCostNothing]}
for name in ("sanitize_preprocessors", "autograde_preprocessors"):
    c.Autograde[name] = [step for known in getattr(Autograde(), name) for step in ours.get(known, [known])]
