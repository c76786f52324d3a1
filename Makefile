# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/.ready

.PHONY: setup demo test test-fast check clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable ".[test]"
	touch $(READY)

demo: $(READY)
	$(BIN)/zatlas demo --out runs/demo

check: $(READY)
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check
	$(BIN)/python -m pytest

test-fast: $(READY)
	$(BIN)/python -m pytest -m "not long"

clean:
	rm -rf .venv runs
