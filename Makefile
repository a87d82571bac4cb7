# `make demo` and `make test` are all that a fresh clone needs: Python 3.11 and a network or a wheel folder.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile

.PHONY: demo test test-all check bench lock chromium clean

demo: $(READY)  ## build the sample workspace where it is missing and open the dashboard
	$(BIN)/evenhand demo

test: $(READY) chromium  ## everything that takes seconds; closes with pytest's own line
	$(PYTEST)

test-all: $(READY) chromium check  ## also what takes minutes
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

# The browser tests want Debian's Chromium; without it they are skipped and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if ! command -v apt-get >/dev/null; then echo "No Chromium and no apt-get: the browser tests will be skipped." >&2; \
	  elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	  elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq chromium >/dev/null; \
	  else echo "No Chromium: the browser tests will be skipped. To run them: sudo apt-get install chromium" >&2; fi; } || \
	  echo "Chromium could not be installed: the browser tests will be skipped." >&2

clean:  ## what the targets above made, except the environment
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
