# Every command sets up what it needs first; with nothing to set up that takes a second.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test test-deep lint format coverage prove twins mutate bench bench-engine bench-gas audit lock clean distclean

# The first that runs: a version manager's shim may be there and lead nowhere.
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do $$p -c "" 2>/dev/null && echo $$p && break; done)
VENV   := $(CURDIR)/.venv/bin
PEERS  := python/yardstick/locks
IN_VENV = PATH="$(VENV):$$PATH" VIRTUAL_ENV="$(CURDIR)/.venv"

help:
	@echo "make demo          the keeper at work on the mainnet replica; ends with a report"
	@echo "make test          all tests (ONLY=fast, forge, twins, fork or e2e: one stage)"
	@echo "make lint          all checks of the sources (ONLY=ruff, format, imports, mypy, sizes, forge-fmt, forge-lint, contract-rules)"
	@echo "make format        lay the sources out"
	@echo "make bench         how time and memory grow with the number of pools"
	@echo "make bench-gas     executor and vault beside what others do, into docs/gas.md and docs/vault.md"
	@echo "make bench-engine  the engine's figures beside its peers', into docs/benchmarks.md; some ten minutes"
	@echo "make test-deep     the long runs (ONLY=coverage, prove, forge, fork, fast, story): hours"
	@echo "make coverage      lines, functions and branches of the contracts that the Solidity tests reach"
	@echo "make prove         what holds for every value, by halmos (ONLY=<part of a proof's name>)"
	@echo "make twins         the attacks against twins without a guard (ONLY=<twin>); part of make test"
	@echo "make mutate        faults put into the contracts that no test notices (ONLY=<file>, OPTIONS=--help)"
	@echo "make audit         slither over the contracts"
	@echo "make setup         only the set-up: environment, packages, compiler, contracts, replica"
	@echo "make lock          resolve the packages anew, into the lock files"
	@echo "make clean         remove what is built; distclean: and the environment and packages"

setup:
ifeq ($(PYTHON),)
	@echo "Set-up stopped: no python3 runs here."
	@echo "  Remedy: install CPython 3.11 or 3.12, such as: sudo apt install python3.11 python3.11-venv"
	@exit 1
else
	@PYTHONPATH=python $(PYTHON) -m bootstrap
endif

demo: setup
	@$(IN_VENV) steelyard demo

test: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate test $(ONLY)

lint: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate lint $(ONLY)

format: setup
	@$(IN_VENV) ruff check --fix --exit-zero --quiet .
	@$(IN_VENV) ruff format --quiet .
	@$(IN_VENV) forge fmt

bench: setup
	@$(IN_VENV) steelyard bench

# ONLY=quotes (or sizing, paths, decision, imports): some of it. OPTIONS=--help says what can be set.
bench-engine: setup
	@$(IN_VENV) PYTHONPATH=python python -m yardstick $(ONLY) $(OPTIONS)

bench-gas: setup
	@$(IN_VENV) STEELYARD_WRITE_GAS=1 ape test -q tests/fork/test_gas_page.py tests/fork/test_vault_gas_page.py

# Outside of the gate: hours, and with new draws each time.
test-deep: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate test-deep $(ONLY)

coverage: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate.coverage

prove: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate.prove $(ONLY)

twins: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate.twins $(ONLY)

# ONLY names files by the end of their path; OPTIONS="--sample 30 --seed 7" draws others.
mutate: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate.mutate $(ONLY) $(OPTIONS)

audit: setup
	@$(IN_VENV) PYTHONPATH=python python -m gate.audit

lock: setup
	@$(IN_VENV) uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
		--extra dev pyproject.toml -o requirements.lock
	@$(IN_VENV) uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.12 \
		$(PEERS)/methods-and-degenbot-0.5.0.in -o $(PEERS)/methods-and-degenbot-0.5.0.lock
	@$(IN_VENV) uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.13 \
		$(PEERS)/degenbot-0.6.0a17.in -o $(PEERS)/degenbot-0.6.0a17.lock
	@$(IN_VENV) uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
		python/gate/locks/halmos.in -o python/gate/locks/halmos.lock
	@npm install --package-lock-only --ignore-scripts

clean:
	@rm -rf .build out cache build dist contracts/.cache .steelyard/replica
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find python tests scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean
	@rm -rf .venv node_modules .steelyard/packages .steelyard/peers .steelyard/setup.log
