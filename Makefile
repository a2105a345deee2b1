# The commands a newcomer needs. `make demo` and `make test` work on a machine with Python 3.11+ and make.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
STAMP   = $(VENV)/.installed

.PHONY: demo test check bench load crash-matrix fuzz coverage format update docs clean

demo: $(STAMP)  ## install, then run the main job on samples and show what it did
	@$(BIN)/gateway demo

test: $(STAMP)  ## run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(STAMP)  ## style, types, import layers, generated docs, clean tree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/tree.py

bench: $(STAMP)  ## paired benchmarks; writes tests/bench/results/latest.json
	$(BIN)/python tests/bench/run.py

ARGS ?= --files 10000 --partners 20 --store sqlite
load: $(STAMP)  ## the exchange under load over SFTP, half an hour or more; ARGS='--large 1400' for one large document
	$(BIN)/python tests/bench/exchange_load.py $(ARGS)

crash-matrix: $(STAMP)  ## kill -9 at every failpoint, on both stores, with one worker and with two
	GATEWAY_CRASH_MATRIX=all $(BIN)/python -m pytest tests/exchange/test_crash.py tests/exchange/test_as2_crash.py tests/submit/test_market_workers.py --durations 5

SECONDS ?= 600
TARGET  ?= run
fuzz: $(STAMP)  ## look for inputs that break something, for SECONDS; TARGET=as2 for messages of AS2; not part of the suite
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	$(BIN)/python tests/fuzz/$(TARGET).py --seconds $(SECONDS)

coverage: $(STAMP)  ## branches of the AS2 core that its tests pass; fails below 95 in a hundred
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[coverage]'
	$(BIN)/python -m coverage run --branch --source=gateway/transports/as2 -m pytest tests/transports/as2 -q
	$(BIN)/python -m coverage report -m --fail-under 95

format: $(STAMP)  ## let ruff format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

update: $(STAMP)  ## rewrite expected files and generated docs; read the diff
	$(BIN)/python -m pytest --update
	$(BIN)/python docs/generate.py

docs: $(STAMP)
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache tests/bench/results

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo,test,check]'
	@touch $@
