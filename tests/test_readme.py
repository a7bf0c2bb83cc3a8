"""README and what stands beside it: its numbers, commands and links, so far as `make results` does
not write them."""

import pathlib
import re
import sys
import tomllib

import pytest
import yaml

from course_utils import lessons

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PROSE = " ".join(README.split())  # a sentence may be broken over lines


def megabytes(paths):
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def test_the_sizes_of_data_and_notebooks():
    data, notebooks = map(
        int, re.search(r"is (\d+) MB of data and (\d+) MB of notebooks", PROSE).groups()
    )
    assert data == pytest.approx(megabytes((ROOT / "data").iterdir()), abs=2)
    assert notebooks == pytest.approx(megabytes((ROOT / "notebooks").glob("*.ipynb")), abs=1)


@pytest.mark.skipif(
    pathlib.Path(sys.prefix) != ROOT / ".venv", reason="not in the environment that make creates"
)
@pytest.mark.skipif((ROOT / ".venv" / "backends").exists(), reason="JAX and PyTorch are here, too")
def test_the_disk_that_the_environment_takes():
    told = float(re.search(r"([\d.]+) GB of disk", PROSE)[1])
    assert told == pytest.approx(megabytes((ROOT / ".venv").rglob("*")) / 1000, rel=0.15)


def test_no_lesson_needs_more_memory_than_is_told():
    told = float(re.search(r"No lesson needs more than ([\d.]+) GiB", PROSE)[1])
    peaks = [
        lessons.read(path)["metadata"]["course"]["peak_gib"]
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    ]
    assert 0.7 * told < max(peaks) <= told


def test_the_versions_of_python():
    told = re.search(r"need Python ([\d., or]+) and make", PROSE)[1]
    assert re.findall(r"\d\.(\d+)", told) == ["11", "12", "13"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"


def test_every_target_of_make_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)[1].split())
    workflow = (ROOT / ".github" / "workflows" / "course.yml").read_text(encoding="utf-8")
    pages = [
        (ROOT / page).read_text(encoding="utf-8")
        for page in ("CONTRIBUTING.md", "assignments/README.md")
    ]
    for text in (README, workflow, *pages):
        named = set(re.findall(r"(?:^|`|run: )make ([a-z][a-z-]*)", text, re.MULTILINE))
        assert named and named <= targets


def test_links_and_pictures_are_there_and_pictures_have_a_text():
    for text, target in re.findall(r"\[([^\]]*)\]\(([^)#]+)", README):
        assert "://" in target or (ROOT / target).exists(), target
        assert text.strip()
    assert all(len(text) > 40 for text in re.findall(r"!\[([^\]]*)\]", README))
    page = (ROOT / "assignments" / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", page)
    assert links and all(
        "://" in target or (ROOT / "assignments" / target).exists() for target in links
    )


def test_the_picture_is_a_figure_of_the_stored_lesson():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    notebook, beginning, file = re.search(r'--picture (\S+) "(.+)" (\S+)', makefile).groups()
    figure = lessons.picture(ROOT / notebook, beginning)
    assert (ROOT / file).read_bytes() == figure, "run `make results`"
    assert f"]({file})" in README


def test_the_commands_without_make_are_those_of_the_project():
    (extras,) = set(re.findall(r'--editable "\.\[(.+?)\]"', README))
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert (
        re.search(
            r"^name: (.*)", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.MULTILINE
        )[1]
        in README
    )
    nbval = re.search(
        r"^NBVAL := .* -m (pytest .*) --durations",
        (ROOT / "Makefile").read_text(encoding="utf-8"),
        re.MULTILINE,
    )[1]
    assert f"python -m {nbval}" in README


def test_the_licences_of_the_data_are_those_of_their_own_page():
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (MNIST|Fashion-MNIST|Faces) \| .* \| (.*) \|$", README, re.MULTILINE)
    assert len(rows) == 3 and all(licence in page for _, licence in rows)


def test_the_workflow_runs_what_it_says_and_where():
    workflow = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "course.yml").read_text(encoding="utf-8")
    )
    jobs = workflow["jobs"]
    runs = {
        name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()
    }
    assert runs["test"] == ["make style", "make test"] and runs["lessons"] == ["make test-lessons"]
    assert (
        "--nbval-lax" in runs["gpu"][-1]
        and "gpu" in jobs["gpu"]["runs-on"]
        and "self-hosted" in jobs["gpu"]["runs-on"]
    )
    on = workflow[True]  # YAML reads "on" as a truth value
    assert {"push", "schedule", "workflow_dispatch"} <= on.keys()
    assert set(on["workflow_dispatch"]["inputs"]["budget"]["options"]) <= {"smoke", "quick", "full"}


def test_the_citation_names_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] and citation["license"] == PROJECT["license"]
