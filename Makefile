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

# What depends on the backend: files that import one, or Keras, and their tests. tests/test_package.py says which are
# missing. (Of test_metrics.py, one test compares with PyTorch.)
BACKEND_TESTS := course_utils/exercises/lesson03_networks.py course_utils/layers course_utils/models \
    course_utils/runtime.py course_utils/training \
    tests/test_layers.py tests/test_models.py tests/test_network_exercises.py tests/test_reports.py tests/test_runtime.py tests/test_tensors.py \
    tests/test_training.py \
    tests/test_metrics.py::test_kl_agrees_with_torch

# Two at a time, with one thread each: on two cores, two processes of two threads get in each other's way.
ONE_THREAD := OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
# The longest files first (tests/conftest.py, course_utils/lessons/plugin.py): pytest-xdist's own order would be those with
# the most tests or cells.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
UNIT_TESTS := $(ONE_THREAD) $(BIN)/python -m pytest $(TWO)
NBVAL := $(ONE_THREAD) $(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=600 --durations=0 \
         $(TWO) $(NOTEBOOKS)
# JupyterLab refuses to run as root unless told that this is meant, as it is in a container.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# The kernel is this environment's python3, whatever kernels the user has registered elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
# For notebooks that import TensorFlow before course_utils, which sets the same (and says why).
export TF_CPP_MIN_LOG_LEVEL ?= $(if $(wildcard /dev/nvidiactl /dev/dxg),1,3)

# The scripts in .venv name the Python that they were installed for. Is it gone, since the folder was moved or renamed, they
# are installed anew.
ifneq ($(shell p=$$(sed -n '1s/^\#!//p' .venv/bin/pip 2>/dev/null); test -n "$$p" && ! test -e "$$p" && echo gone),)
$(info This folder was moved or renamed: .venv, which names the old place, is made anew.)
$(shell rm -rf .venv)
endif

.DEFAULT_GOAL := help
.PHONY: help lab test test-lessons test-backends style format install assignments rehearse grade formgrader execute results report bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s  %s\n", $$1, $$2 }' Makefile

lab: $(INSTALLED)  ## open the first notebook in JupyterLab (options in ARGS="...")
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) $(ARGS) notebooks/00_start_here.ipynb

test: $(GRADING)  ## unit tests, then every notebook at the smoke budget
	$(UNIT_TESTS)
	COURSE_BUDGET=smoke $(NBVAL)

test-lessons: $(INSTALLED)  ## every notebook at the quick budget, two at a time, all claims judged
	COURSE_BUDGET=quick $(NBVAL)

test-backends: $(BACKENDS)  ## on JAX and PyTorch (installs both), the unit tests that depend on the backend
	for backend in jax torch; do \
	    echo "== $$backend =="; KERAS_BACKEND=$$backend $(UNIT_TESTS) --quiet $(BACKEND_TESTS) || exit 1; done

style: $(INSTALLED)  ## say where code of the package, the tests or the notebooks is out of style (ruff)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(INSTALLED)  ## bring code into style, so far as ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

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
	COURSE_BUDGET=quick $(BIN)/python -m course_utils.lessons execute $(NOTEBOOKS)

results: $(INSTALLED)  ## write README's two tables and its picture from the stored notebooks
	$(BIN)/python -m course_utils.lessons results \
	    --picture notebooks/09_variational_autoencoders.ipynb "A square of 30 by 30 digits" images/plane.png

report: $(INSTALLED)  ## say which lessons took too long or too much memory when they were stored
	$(BIN)/python -m course_utils.lessons report

bench: $(INSTALLED)  ## time our PCA against scikit-learn's, and an epoch of training against bare products, Keras and PyTorch
	$(BIN)/python tests/bench_pca.py
	$(BIN)/python tests/bench_training.py

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
