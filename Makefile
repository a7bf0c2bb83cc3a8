# `make lab` opens the course, `make test` checks it; each installs what it needs, once.
# Any Python from 3.11 to 3.13 will do; name another with `make lab PYTHON=/path/to/python`.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
            $$p -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := .venv/installed
BACKENDS := .venv/backends
NOTEBOOKS ?= notebooks/*.ipynb

NBVAL := $(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=300 --durations=0 $(NOTEBOOKS)
# JupyterLab refuses to run as root unless told that this is meant, as it is in a container.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# The kernel is this environment's python3, whatever kernels the user has registered elsewhere.
export JUPYTER_PREFER_ENV_PATH := 1
# For notebooks that import TensorFlow before course_utils, which sets the same (and says why).
export TF_CPP_MIN_LOG_LEVEL ?= $(if $(wildcard /dev/nvidiactl /dev/dxg),1,3)

.DEFAULT_GOAL := help
.PHONY: help lab test test-lessons test-backends install execute results report bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s  %s\n", $$1, $$2 }' Makefile

lab: $(INSTALLED)  ## open the first notebook in JupyterLab (options in ARGS="...")
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) $(ARGS) notebooks/00_start_here.ipynb

test: $(INSTALLED)  ## unit tests, then every notebook at the smoke budget
	$(BIN)/python -m pytest
	COURSE_BUDGET=smoke $(NBVAL)

test-lessons: $(INSTALLED)  ## every notebook at the quick budget, all claims judged
	COURSE_BUDGET=quick $(NBVAL)

test-backends: $(BACKENDS)  ## the unit tests on TensorFlow, JAX and PyTorch (installs the other two)
	for backend in tensorflow jax torch; do \
	    echo "== $$backend =="; KERAS_BACKEND=$$backend $(BIN)/python -m pytest --quiet || exit 1; done

install: $(INSTALLED)  ## prepare .venv and stop there

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

$(BACKENDS): $(INSTALLED)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable ".[backends]"
	@touch $@
