# Every target sets up what it needs in .venv, once. ARGS=... is handed on to the program that a target runs.

PYTHON ?=
CONFORMANCE ?= ../shared/conformance
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
CODE := $(wildcard src tests tools bench)

.DEFAULT_GOAL := help
.PHONY: help install up demo test test-slow check format bench measure conformance requirements clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

install: $(VENV)/.dev ## set up .venv, with everything that tests and checks need

up: $(VENV)/.server ## start the server (ARGS="--help" for its options)
	@exec $(BIN)/firstlight up $(ARGS)

demo: $(VENV)/.dev ## start services that misbehave on schedule, and the server if it is not up
	@exec tools/demo-beside-server $(BIN)/firstlight $(ARGS)

test: $(VENV)/.dev ## run the tests (ARGS="tests/house -k cycles" for some of them)
	@$(BIN)/python -m pytest -q $(ARGS)

test-slow: $(VENV)/.dev ## run the slow tests: crashes, overload, many more examples
	@$(BIN)/python -m pytest -q -m slow --timeout=3600 --hypothesis-profile=deep $(ARGS)

check: $(VENV)/.dev ## check formatting, lint, types and the house rules
	@$(BIN)/python -m ruff format --check --output-format concise .
	@$(BIN)/python -m ruff check --output-format concise .
	@$(BIN)/python -m mypy --strict $(CODE)
	@$(BIN)/python -m pytest -q tests/house

format: $(VENV)/.dev ## format the code and mend what ruff can mend
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .

bench: $(VENV)/.dev ## run the benchmarks
	@$(BIN)/python -m bench $(ARGS)

measure: $(VENV)/.made ## print the sizes of the code beside the sizes we aim at
	@$(BIN)/python -m tools.measure $(ARGS)

conformance: $(VENV)/.dev ## run the cases in $CONFORMANCE (default ../shared/conformance)
	@$(BIN)/python -m tools.conformance $(CONFORMANCE) $(ARGS)

requirements: $(VENV)/.dev ## compile requirements/*.txt again (ARGS=--upgrade for newer versions)
	@tools/compile-requirements $(ARGS)

clean: ## remove .venv, build/, dist/ and caches; never data
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# PYTHON=... decides which Python makes .venv; otherwise the first of these that can.
$(VENV)/.made:
	@python=$$(tools/find-python $(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3)) \
		&& echo "making $(VENV) with $$python" \
		&& $$python -m venv --clear $(VENV)
	@touch $@

# requirements/dev.txt holds all of requirements/server.txt: whichever is installed, the server is.
$(VENV)/.server $(VENV)/.dev: $(VENV)/.%: requirements/%.txt pyproject.toml $(VENV)/.made
	@echo "installing requirements/$*.txt into $(VENV)"
	@$(PIP) --require-hashes --requirement requirements/$*.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $(VENV)/.server $@
