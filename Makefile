# make run and make test do everything on a machine with Python 3.11, 3.12 or 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test fast lint imports types docs bench audit sbom up down status lock clean

run: $(STAMP)  ## the stack, the whole graph on the bundled sample, today's answer
	@$(BIN)/macro-cycle up
	@$(BIN)/macro-cycle run

test: $(STAMP)  ## every test
	$(BIN)/pytest -n 2

fast: $(STAMP)  ## the tests that take no more than a few seconds
	$(BIN)/pytest -n 2 -m "not slow"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

imports: $(STAMP)  ## imports only go downward
	$(BIN)/lint-imports --no-cache

types: $(STAMP)
	$(BIN)/mypy

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(STAMP)  ## figures beside their peers and targets
	$(BIN)/python -m benchmarks

AUDIT := $(VENV)/audit
$(AUDIT): ## tools that read the environment from outside, so that they are no part of it
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/pip install --quiet pip-audit==2.10.1 cyclonedx-bom==7.5.0

audit: $(AUDIT)  ## known faults of the pinned versions; asks the index's advisories
	$(AUDIT)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

sbom: $(STAMP) $(AUDIT)  ## what is installed, as CycloneDX: dist/sbom.json
	@mkdir -p dist
	$(AUDIT)/bin/cyclonedx-py environment $(VENV) --pyproject pyproject.toml --output-reproducible -o dist/sbom.json

up down status: $(STAMP)
	@$(BIN)/macro-cycle $@

lock: $(STAMP)  ## pin every dependency again
	$(BIN)/pip-compile --quiet --extra dev --extra cluster --strip-extras --no-header --no-annotate --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --output-file constraints.txt pyproject.toml
	sed -i 's/+cpu$$//' constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned dependencies into $(VENV) (a few minutes the first time)"
	@$(BIN)/pip install --quiet --upgrade pip
	@# torch first and alone: drawn in by another package it may come as a build for CUDA, gigabytes large
	@$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

clean: ## end the stack and delete its state and the environment
	-@test -x $(BIN)/macro-cycle && $(BIN)/macro-cycle down
	rm -rf $(VENV) .macro_cycle site
