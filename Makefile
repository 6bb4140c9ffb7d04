# Everything below needs Python 3.11 or newer, git and make, and nothing else: `make demo` is the place to start.

PYTHON ?= python3
BIN := .venv/bin
# Two processes share the tests file by file, each with a PostgreSQL and ports of its own, in the order of tests/conftest.py.
SHARED := --numprocesses 2 --dist loadfile --no-loadscope-reorder
# What is under test is what is checked: our own sources, migrations and tests.
SOURCES := buyside tests alembic rxconfig.py $(wildcard benches)

.PHONY: help setup setup-dev demo serve test check looks types pages kernels nightly bench docs lock clean

help:
	@echo "make demo     set up, start both surfaces with a demo company, print their addresses"
	@echo "make serve    the same without the demo company"
	@echo "make test     all tests, on a PostgreSQL and in a browser of their own"
	@echo "make check    format, lint, types, import contracts, migrations equal tables, then all tests"
	@echo "make nightly  the long tests;  make bench  ratios against a reference run;  make docs  the reference pages"
	@echo "make lock     write the locks anew after a change of pyproject.toml (needs uv)"

setup: .venv/.runtime

setup-dev: .venv/.development

.venv/bin/python:
	@sh scripts/make-venv $(PYTHON)

# The locks name every file by its hash; pip takes nothing else, and builds nothing from source.
.venv/.runtime: requirements.lock scripts/make-venv | .venv/bin/python
	@echo "Installing packages. This happens once and takes about a minute."
	@test -e .venv/.development || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

.venv/.development: requirements-dev.lock scripts/make-venv | .venv/bin/python
	@echo "Installing packages. This happens once and takes about a minute."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@ .venv/.runtime

demo: setup
	@$(BIN)/buyside demo

serve: setup
	@$(BIN)/buyside serve

test: setup-dev
	$(BIN)/python -m pytest -m "not nightly" $(SHARED)

# While the types are checked, on the other processor is made what each process of tests would otherwise make or wait for.
check: setup-dev
	$(MAKE) --no-print-directory --jobs 2 types pages looks kernels
	$(BIN)/python -m pytest -m "not nightly" $(SHARED)

looks: setup-dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/lint-imports --no-logo

types: setup-dev
	$(BIN)/mypy

pages: setup-dev
	$(BIN)/python -m tests.ahead pages

kernels: setup-dev
	$(BIN)/python -m tests.ahead kernels

nightly: setup-dev
	$(BIN)/python -m pytest -m nightly $(SHARED)

bench: setup-dev
	$(BIN)/python -m benches

docs: setup-dev
	$(BIN)/python -m docs.write

# --no-header and --no-emit-*: a lock names packages, versions and hashes, and no place to get them from.
lock:
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock
	uv pip compile -q pyproject.toml --extra dev -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements-dev.lock

clean:
	rm -rf .venv .web .web-portal .web-shared .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
