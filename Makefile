# `make demo` and `make test` need Python >= 3.11 and a package index, nothing else: they make .venv themselves.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat constraints.txt pyproject.toml | cksum | cut -d' ' -f1)
SPARK := $(VENV)/.spark-$(shell cat constraints.txt | cksum | cut -d' ' -f1)
WORKERS ?= auto
ARGS ?=
N ?= 2000
SEED ?= 1
ENGINE ?= duckdb

.PHONY: help setup demo test check format lint types unit e2e bench mutants fuzz constraints clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## Make .venv with exactly what constraints.txt says

$(READY):
	@test -n "$(PYTHON)" || { echo "metricast needs Python 3.11 or newer; none was found (make PYTHON=/path/to/python)"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || { echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@$(BIN)/python -m compileall -q semantic exporters scheduler
	@rm -f $(VENV)/.ready-*
	@touch $(READY)

$(SPARK): $(READY)
	@echo "installing Spark into $(VENV): 485 MB"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pyspark
	@rm -f $(VENV)/.spark-*
	@touch $(SPARK)

demo: $(READY) ## Make the sample data, run the weekly export, show where the workbook is
	@$(BIN)/metricast demo

test: lint types unit ## Format, lint, types, architecture and every test that needs no service

check: ## Exactly what CI runs
	@bash .ci/run

format: $(READY) ## Rewrite the code in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

unit: $(READY)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --ignore=tests/e2e $(ARGS)

e2e: $(SPARK) ## The tests with real components; METRICAST_REQUIRE_E2E=1 makes a missing one a failure
	@$(BIN)/python -m pytest -q tests/e2e $(ARGS)

bench: $(READY) ## Benchmarks: a table, no judgement
	@$(BIN)/python -m tests.bench $(ARGS)

mutants: $(SPARK) ## Plant faults in the compiler; a test must find each, on DuckDB or, with ARGS="--engine spark", on Spark
	@$(BIN)/python -m tests.mutants $(ARGS)

fuzz: $(if $(filter duckdb,$(ENGINE)),$(READY),$(SPARK)) ## Random models and queries against the reference: make fuzz N=2000 SEED=1; ENGINE=spark or both
	@$(BIN)/python -m tests.fuzz --n $(N) --seed $(SEED) --engine $(ENGINE) $(ARGS)

constraints: $(READY) ## Write constraints.txt anew from what is in .venv
	@$(BIN)/python -m pip freeze --exclude-editable | grep -Ev '^(metricast|pip|setuptools)\b' > constraints.txt

clean: ## Remove what was built and cached, keep .venv
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
