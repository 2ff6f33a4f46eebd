# Each target sets up what it needs on a machine that has Python >= 3.11, pip and make. A second run installs nothing.
PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
PYTEST := $(PY) -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow check lint types bounds coverage bench notebooks clean

help:  ## print what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(PY):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "weaklab needs Python 3.11 or newer; say make PYTHON=...")'
	@# A failed venv leaves a python without pip behind, which a second make would take for a finished one.
	@$(PYTHON) -m venv $(VENV) || { rm -f $(PY); echo "$(PYTHON) cannot make a virtual environment: install python3-venv (Debian, Ubuntu: apt-get install python3-venv), then say make again." >&2; exit 1; }

$(VENV)/.core: pyproject.toml constraints.txt | $(PY)
	@echo "Installing weaklab into $(VENV) (once) ..."
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "Installing what the tests and the linters need into $(VENV) (once) ..."
	$(PIP) --editable ".[dev]"
	@touch $@

demo: $(VENV)/.core  ## label and classify over 14,000 real docstrings, without labels
	$(PY) examples/01_docstrings.py

test: $(VENV)/.dev  ## run the tests (a few minutes)
	$(PYTEST) -m "not slow" --numprocesses auto --maxprocesses 4 --dist loadfile

test-slow: $(VENV)/.dev  ## run the experiments that take more than ten seconds each
	$(PYTEST) -m slow

bounds: $(VENV)/.dev  ## run the tests of the kernels with every index checked (a minute)
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(VENV)/.bounds $(PYTEST) tests/kernels -m "not slow"

coverage: $(VENV)/.dev  ## run the tests and report branch coverage (fails under 90 %)
	$(PYTEST) -m "not slow" --cov=weaklab --cov-branch --cov-report=term --cov-fail-under=90

lint: $(VENV)/.dev  ## ruff, import-linter, file sizes
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(PY) tests/tools/file_sizes.py

types: $(VENV)/.dev  ## mypy
	$(VENV)/bin/mypy

bench: $(VENV)/.core  ## time label models, apply and tables beside snorkel's and crowd-kit's; with WEAKLAB_DATA=FOLDER also score them
	$(PY) tests/bench/peers.py --environment .bench
	$(PY) tests/bench/apply.py --environment .bench
	$(PY) tests/bench/analysis.py --environment .bench
	$(PY) tests/bench/files.py --environment .bench
	$(PY) tests/bench/parity.py --environment .bench
	$(PY) tests/bench/augment.py --environment .bench
	$(PY) tests/bench/files.py --environment .bench
	$(if $(WEAKLAB_DATA),$(PY) tests/bench/label_models.py "$(WEAKLAB_DATA)")

notebooks: $(VENV)/.dev  ## write the notebook twins of the examples anew
	$(PY) tests/examples/notebooks.py

check: lint types test  ## what CI runs

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
