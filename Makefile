# Two commands on a fresh machine: `make demo` and `make test`. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test check bench soak up up-fake format clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Install the program and its tools into .venv

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, {sys.executable} is {v[0]}.{v[1]}: try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' constraints.txt)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Build a sample failure, run the whole pipeline on it offline, print the report
	@$(BIN)/python examples/demo.py

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -n 2

check: $(STAMP) ## Lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(STAMP) ## Print speed and memory, each as a ratio against a baseline of the same run
	$(BIN)/python -m benchmarks

soak: $(STAMP) ## Run the long proofs: a minute of writers and readers, a log of 2 GB, how cost grows, a replay of each labelled incident
	$(BIN)/python -m benchmarks.warehouse --seconds 60
	$(BIN)/python -m benchmarks.log_rows --big
	$(BIN)/python -m benchmarks.evidence --curves
	$(BIN)/python -m benchmarks.verify

up: $(STAMP) ## Start Dagster with its UI
	$(BIN)/incident-responder up

up-fake: $(STAMP) ## Serve a fake of every vendor on this machine, with a config to try the program on them
	$(BIN)/python -m tests.fakes

format: $(STAMP) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what this file made
	rm -rf $(VENV) build dist out
