# `make lab` opens the course, `make test` checks it; each installs what it needs, once.
# Any Python from 3.11 to 3.13 will do; name another with `make lab PYTHON=/path/to/python`.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
            $$p -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := .venv/installed
BACKENDS := .venv/backends
GRADING := .venv/grading
NOTEBOOKS ?= notebooks/*.ipynb

NBVAL := $(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 --durations=0 $(NOTEBOOKS)
# Two at a time. At the smoke budget a kernel builds more than it computes, and building has one thread: so one for each kernel.
UNIT_TESTS := $(BIN)/python -m pytest -n 2 --dist loadfile
ONE_THREAD := OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
# JupyterLab refuses to run as root unless told that this is meant, as it is in a container.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# The kernel is this environment's python3, whatever kernels the user has registered elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
# For notebooks that import TensorFlow before course_utils, which sets the same (and says why).
export TF_CPP_MIN_LOG_LEVEL ?= $(if $(wildcard /dev/nvidiactl /dev/dxg),1,3)

.DEFAULT_GOAL := help
.PHONY: help lab test test-lessons test-backends install assignments rehearse grade formgrader execute results report bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s  %s\n", $$1, $$2 }' Makefile

lab: $(INSTALLED)  ## open the first notebook in JupyterLab (options in ARGS="...")
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) $(ARGS) notebooks/00_start_here.ipynb

test: $(GRADING)  ## unit tests, then every notebook at the smoke budget
	$(UNIT_TESTS)
	COURSE_BUDGET=smoke $(ONE_THREAD) $(NBVAL) -n 2 --dist loadfile

test-lessons: $(INSTALLED)  ## every notebook at the quick budget, all claims judged
	COURSE_BUDGET=quick $(NBVAL)

test-backends: $(BACKENDS)  ## the unit tests on TensorFlow, JAX and PyTorch (installs the other two)
	for backend in tensorflow jax torch; do \
	    echo "== $$backend =="; KERAS_BACKEND=$$backend $(UNIT_TESTS) --quiet || exit 1; done

install: $(INSTALLED)  ## prepare .venv and stop there

assignments: $(GRADING)  ## build the student versions of the problem sets, in assignments/release
	$(BIN)/python assignments/grading.py release

rehearse: $(GRADING)  ## try the problem sets: full marks for the solutions, none for the untouched student version
	$(BIN)/python assignments/grading.py rehearse

grade: $(GRADING)  ## grade what lies in assignments/submitted and write feedback
	$(BIN)/python assignments/grading.py grade

formgrader: $(GRADING)  ## open nbgrader's pages for reading and marking answers (options in ARGS="...")
	cd assignments && PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab --LabApp.default_url=/formgrader $(AS_ROOT) $(ARGS)

execute: $(INSTALLED)  ## run the notebooks top to bottom and store outputs, time and memory (NOTEBOOKS="..." for some)
	COURSE_BUDGET=quick $(BIN)/python tests/lessons.py execute $(NOTEBOOKS)

results: $(INSTALLED)  ## write README's two tables and its picture from the stored notebooks
	$(BIN)/python tests/lessons.py results

report: $(INSTALLED)  ## say which lessons took too long or too much memory when they were stored
	$(BIN)/python tests/lessons.py report

bench: $(INSTALLED)  ## time our PCA against scikit-learn's
	$(BIN)/python tests/bench_pca.py

lock: $(INSTALLED)  ## recompile constraints.txt to the newest versions, for all platforms
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip compile --universal --all-extras --python-version 3.11 --fork-strategy fewest \
	    --upgrade --quiet --custom-compile-command "make lock" --output-file constraints.txt pyproject.toml

clean:  ## remove .venv
	rm -rf .venv

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 was found: install one, or name it with PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable ".[lab,test]"
	@touch $@

$(GRADING): $(INSTALLED)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable ".[grading]"
	@touch $@

$(BACKENDS): $(INSTALLED)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable ".[backends]"
	@touch $@
