# `make demo` and `make test` set up .venv themselves; PYTHON says with which interpreter.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= ../shared/data
OUT ?= quality.json
SEEDS ?= 3
METHODS ?= kmeans,idec,nightfold-norefine,nightfold,nightfold-auto

.PHONY: demo test check format bench-quality clean

demo: .venv/ready
	$(BIN)/nightfold demo --store demo-store

test: .venv/ready
	$(BIN)/python -m pytest

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-quality: .venv/ready
	$(BIN)/python tests/benchmarks/quality.py --data $(DATA) --out $(OUT) --seeds $(SEEDS) --methods $(METHODS)

clean:
	rm -rf .venv demo-store

# Anew whenever a pin or a dependency changes. torch comes first and exactly, so that the CPU build is found
# where an index has both.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[offline,dev]"
	touch .venv/ready
