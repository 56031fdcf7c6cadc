# Sets itself up: every target builds .venv from the lock when it is missing or out of date.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --no-compile --quiet
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-annotate --custom-compile-command "make lock" \
          --extra postgresql pyproject.toml

SEEDS    ?= 100
FIRST    ?= 1
JOBS     ?= $(shell nproc)
SCENARIO ?=
PAYMENTS ?= 50
ENTERED  ?= 1000
COMPANIES ?= 20
NODES    ?= 4
ACCOUNTS ?= 500
MINUTES  ?= 10
SEED     ?= 1

PYTEST = $(BIN)/python -m pytest --dist worksteal
# Counting lines makes tests take twice as long: it is done over the tests of what is counted.
COUNTED := $(addprefix tests/,unit/actors unit/store integration/actors integration/conformance \
             integration/store integration/vendors) $(wildcard tests/unit/daemon/cli/test_cli_backup*.py)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types imports docs simulate storm jobs-storm chaos bench lock clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUN) ## see it work: sandbox vendor, daemon and dashboard; no credentials, no network
	@$(BIN)/syncline demo $(ARGS)

test: $(DEV) ## run every test, with the coverage gate
	@[ ! -x .ci/system-tools ] || .ci/system-tools
	@$(PYTEST) --numprocesses $(JOBS) --cov --cov-report=term $(COUNTED)
	@$(PYTEST) --numprocesses $(JOBS) $(addprefix --ignore=,$(COUNTED) tests/e2e)
	@# Processes wait for each other more than they work.
	@$(PYTEST) --numprocesses $$((2 * $(JOBS))) tests/e2e

lint: $(DEV) ## check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python .ci/sizes.py

format: $(DEV) ## rewrite the code as `make lint` wants it
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(DEV) ## check types
	@$(BIN)/mypy

imports: $(DEV) ## check which package may import which
	@$(BIN)/lint-imports

docs: $(DEV) ## write the tables of docs/observability.md anew, from the code
	@PYTHONPATH=.:tests $(BIN)/python -m support.observability_page

simulate: $(DEV) ## play SEEDS=100 seeds of the simulation, from FIRST=1; one SCENARIO=name or all in turn
	@PYTHONPATH=tests $(BIN)/python tests/simulation/simulate.py --seeds $(SEEDS) --first $(FIRST) \
	  --jobs $(JOBS) --scenario "$(SCENARIO)"

storm: $(DEV) ## play SEEDS=100 storms of PAYMENTS=50 payments (and other writes) each, and count what happened twice
	@PYTHONPATH=tests $(BIN)/python tests/simulation/storm.py --seeds $(SEEDS) --first $(FIRST) \
	  --jobs $(JOBS) --payments $(PAYMENTS)

jobs-storm: $(DEV) ## play SEEDS=100 storms of ENTERED=1000 jobs offered to COMPANIES=20, and count what came twice
	@PYTHONPATH=tests $(BIN)/python tests/simulation/jobs_storm.py --seeds $(SEEDS) --first $(FIRST) \
	  --jobs $(JOBS) --entered $(ENTERED) --companies $(COMPANIES)

chaos: $(DEV) ## let NODES=4 keep ACCOUNTS=500 for MINUTES=10 while they, and PostgreSQL, are killed, frozen and cut off; SEED=1
	@PYTHONPATH=tests $(BIN)/python tests/simulation/chaos.py --nodes $(NODES) --accounts $(ACCOUNTS) \
	  --minutes $(MINUTES) --seed $(SEED)

bench: $(DEV) ## measure ingest, memory and start-up on this machine
	@$(BIN)/python -m bench $(ARGS)

lock: $(DEV) ## resolve the dependencies anew
	@$(COMPILE) --upgrade --group build --output-file requirements.lock
	@$(COMPILE) --upgrade --group build --group dev --constraint requirements.lock \
	  --output-file requirements-dev.lock

clean: ## remove all that the other targets made
	@rm -rf $(VENV) dist build .coverage .pytest_cache .mypy_cache .ruff_cache \
	  .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Syncline needs Python 3.11 or newer, and $(PYTHON) is not." \
	    "Name another: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV): about a minute, the first time only ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUN) requirements-dev.lock
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@
