# biasim: everything starts here. `make help` lists the targets.
# Every target that needs the environment makes it first; a second call installs nothing.

PYTHON ?= python3
CONFIG ?= immortal_time.yaml
ARGS   ?=
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# One BLAS thread a process: biasim runs one process a core.
export OMP_NUM_THREADS      := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS      := 1

.DEFAULT_GOAL := help
.PHONY: help setup simulate check test test-all lint bench figures matrix lessons verify lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  CONFIG=name or path (default $(CONFIG)); ARGS='--workers 1 --precision 0.005' and the like"

setup: $(READY) ## create .venv from the lock

$(READY): lock/requirements.txt lock/installer.txt pyproject.toml setup.py $(wildcard src/biasim/kernels/*.c src/biasim/kernels/*.h)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "biasim needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing from lock/requirements.txt"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lock/installer.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python lock/requirements.txt || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lock/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

simulate: $(READY) ## run a study: CONFIG=immortal_time.yaml
	@$(BIN)/biasim simulate $(CONFIG) $(ARGS)

check: $(READY) ## check a study without running it: CONFIG=...
	@$(BIN)/biasim check $(CONFIG) $(ARGS)

test: $(READY) ## the fast tests (a few minutes on two cores)
	@$(BIN)/python -m pytest -n auto -m "not long" $(ARGS)

test-all: $(READY) ## all tests, the long statistical suite included
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(READY) ## ruff, changing nothing
	@$(BIN)/ruff check src tests benchmarks

bench: $(READY) ## speed, as ratios to lifelines in the same run
	@$(BIN)/python -m benchmarks $(ARGS)

figures: $(READY) ## draw again the figures of every study in results/
	@$(BIN)/biasim figures --all $(ARGS)

matrix: $(READY) ## every method in the world of every bias
	@$(BIN)/biasim matrix $(ARGS)

lessons: $(READY) ## write the tables of docs/lessons; ARGS=immortal_time for one
	@$(BIN)/biasim lessons $(ARGS)

verify: $(READY) ## which kernels are in use, and how far they are from lifelines
	@$(BIN)/biasim verify $(ARGS)

lock: $(READY) ## resolve the dependencies anew into lock/
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet --upgrade -o lock/requirements.txt
	@grep -h '^uv==' lock/requirements.txt | sed 's/ .*//' | $(BIN)/uv pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o lock/installer.txt

clean: ## remove the environment, caches and raw replicates; small tables and figures stay
	rm -rf $(VENV) build src/biasim.egg-info .pytest_cache .ruff_cache .hypothesis results/*/replicates results/matrix/*/
	find src tests -name '*.so' -delete -o -name __pycache__ -type d -prune -exec rm -rf {} +
