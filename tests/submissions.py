"""Submissions, handed in and graded: helpers of test_assignments.py and test_grading.py."""

import copy
import csv
import pathlib
import shutil

import nbformat
from nbgrader.api import Gradebook

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "assignments" / "source"
SETS = sorted(path.stem for path in SOURCE.glob("*/*.ipynb"))


def read(name):
    return nbformat.read(SOURCE / name / f"{name}.ipynb", as_version=4)


def nbgrader_cells(book):
    return {
        cell.metadata.nbgrader.grade_id: cell for cell in book.cells if "nbgrader" in cell.metadata
    }


def points(name, by_tests):
    """From the id of each test (or of each answer that a person reads) to its points."""
    cells = nbgrader_cells(read(name)).items()
    return {
        i: c.metadata.nbgrader.points
        for i, c in cells
        if c.metadata.nbgrader.grade and c.metadata.nbgrader.locked == by_tests
    }


def hand_in(course, student, name, book):
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(book, folder / f"{name}.ipynb")


def with_cells(book, changed):
    """A copy of the notebook in which a student has written `changed`, from ids of cells to their
    text."""
    book = copy.deepcopy(book)
    cells = nbgrader_cells(book)
    for grade_id, source in changed.items():
        assert cells[grade_id].metadata.nbgrader.solution
        cells[grade_id].source = source.strip()
    return book


def grades(course, student, name):
    """From the id of each graded cell to its points, None where a person has to read; of the
    gradebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_submission_notebook(name, name, student)
        return {
            grade.name: None if grade.needs_manual_grade else grade.score
            for grade in notebook.grades
        }


def mark(course, student, name, marks, comment, answer="explanation"):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade(answer, name, name, student)
        grade.manual_score, grade.needs_manual_grade = marks, False
        gradebook.find_comment(answer, name, name, student).manual_comment = comment
        gradebook.db.commit()


def table(course):
    with open(course / "grades.csv", encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["student", "set", "points", "of", "to read", "note"]
    return rows


def lines(text):
    return {line.strip() for line in text.splitlines()}


def copy_of_the_course(folder):
    course = folder / "assignments"
    ours = shutil.ignore_patterns(
        "release",
        "submitted",
        "autograded",
        "feedback",
        "downloaded",
        "gradebook.db",
        "grades.csv",
        ".*",
    )
    shutil.copytree(ROOT / "assignments", course, ignore=ours)
    return course
