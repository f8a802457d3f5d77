# The two commands to know: `make serve` and `make test`. Each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Errors are shown; warnings about the machine's own pip settings are not ours to mend.
PIP = $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help setup serve test check format bench soak docs lock wheel clean

help: ## List the targets.
	@echo "Creamery: the Python package index that anyone can run."; echo
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(VENV)/.serve ## Create .venv with the locked, hash-checked dependencies.
	@echo "Ready: $(BIN)/creamery"

serve: $(VENV)/.serve ## Set up, then run the index on http://localhost:8000.
	@exec $(BIN)/creamery serve

test: $(VENV)/.clients ## Set up, then run every check and every test.
	@exec $(BIN)/python tests/run.py

check: $(VENV)/.test ## Style, types, walls between rooms.
	@exec $(BIN)/python tests/run.py --only-checks

soak: $(VENV)/.clients ## The long numbers: kills, random operations, mutations.
	@exec $(BIN)/python tests/run.py --soak

bench: $(VENV)/.test ## Figures as ratios to nginx and peers in the same run (see bench/README.md).
	@exec $(BIN)/python -m bench

format: $(VENV)/.test ## Format the code.
	@$(BIN)/ruff format -q src tests bench && $(BIN)/ruff check -q --fix src tests bench

docs: $(VENV)/.test ## Write the generated reference pages anew.
	@exec $(BIN)/python docs/generate.py

lock: $(VENV)/.test ## Resolve the dependencies anew, for every supported interpreter.
	@$(LOCK) pyproject.toml --group setup -o requirements/serve.txt
	@$(LOCK) pyproject.toml --group setup --group test -c requirements/serve.txt -o requirements/test.txt
	@$(LOCK) --group bench -o requirements/bench.txt
	@$(LOCK) --group clients -o requirements/clients.txt
	@$(LOCK) --group clients-pip-20 -o requirements/clients-pip-20.txt
	@$(subst 3.11,3.12,$(LOCK)) --group clients-bandersnatch-8 -o requirements/clients-bandersnatch-8.txt

wheel: $(VENV)/.test ## Build the wheel into dist/.
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean: ## Remove .venv and what builds leave.
	rm -rf $(VENV) .venv-bench .venv-clients dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Creamery needs Python 3.11 or newer; $(PYTHON) is older, or not there. Name another: make PYTHON=python3.12 ..."; exit 2; }
	@# A venv that was begun and not finished would look finished to the next run.
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing; on Debian or Ubuntu: apt-get install python3-venv"; exit 2; }

$(VENV)/.serve: $(BIN)/python requirements/serve.txt pyproject.toml
	@echo "Installing the locked dependencies, which may take a minute ..."
	@$(PIP) --require-hashes -r requirements/serve.txt
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.test: $(VENV)/.serve requirements/test.txt
	@echo "Installing what the tests need, which may take a few minutes ..."
	@$(PIP) --require-hashes -r requirements/test.txt
	@touch $@

$(VENV)/.clients: $(VENV)/.test $(wildcard requirements/clients*.txt)
	@$(BIN)/python -m tests.real.client_tools
	@touch $@
