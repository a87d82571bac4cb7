# `make demo` and `make test` are all that a fresh clone needs: Python 3.11 and a network or a wheel folder.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile

.PHONY: demo test test-all check bench lock chromium postgresql clean

demo: $(READY)  ## build the sample workspace where it is missing and open the dashboard
	$(BIN)/evenhand demo

test: $(READY) chromium postgresql  ## everything that takes seconds; closes with pytest's own line
	$(PYTEST)

test-all: $(READY) chromium postgresql check  ## also what takes minutes
	$(PYTEST) -m "slow or not slow"

check: $(READY)  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY)  ## the figures of benchmarks/README.md; beside peers, which it installs: python -m benchmarks.peers OUT
	$(BIN)/python -m benchmarks

lock:  ## requirements.lock from a fresh environment: exact versions of what runs, tests and checks
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --upgrade ".[test,dev,polars]"
	build/lock/bin/python -m pip freeze --exclude evenhand > requirements.lock
	rm -rf build/lock

# The stamp: nothing is installed again until a version or the packaging changes.
$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Tests in a browser want Debian's Chromium, those of the ledger its PostgreSQL; without them they are skipped and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  sh tests/debian.sh chromium

postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || sh tests/debian.sh postgresql

clean:  ## what the targets above made, except the environment
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
