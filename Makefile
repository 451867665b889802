# make demo   sets everything up and runs the main job
# make test   sets everything up and runs every check
# make help   lists the rest

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint tests benchmarks explore mutations fuzz fuzz-coverage recordings clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /	/' | expand -t 14

demo: $(VENV)/.runs ## stream a clip in real time to a mock Deepgram, transcribe it, judge and score both
	$(BIN)/dgharness run fixtures/recordings/lecture.toml --watch --html-file reports/out/demo.html

test: lint tests ## everything that CI checks

lint: $(VENV)/.tests ## format, style, types, who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: $(VENV)/.tests ## the tests, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 3 --dist loadgroup
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

benchmarks: $(VENV)/.tests ## figures, side by side in one run; takes minutes
	$(BIN)/pip install --quiet --editable '.[benchmarks]'
	$(BIN)/pytest tests/benchmarks -s

explore: $(VENV)/.runs ## 10,000 seeded fault schedules for each endpoint, in virtual time; some 15 minutes
	$(BIN)/dgharness simulate fixtures/cases/booking.toml --seeds 10000
	$(BIN)/dgharness simulate fixtures/cases/flux.toml --seeds 10000

mutations: $(VENV)/.tests ## take each guard out once and see a test go red; a minute or two
	$(BIN)/python tests/mutations/run.py

fuzz: $(VENV)/.tests ## 100,000 hostile connections; takes some minutes
	DGHARNESS_FUZZ_ATTACKS=100000 $(BIN)/pytest tests/fuzz -s

fuzz-coverage: $(VENV)/.tests ## coverage-guided fuzzing of every parser and of the pure connections; some minutes
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz.guided.run

recordings: $(VENV)/.tests ## what Whisper hears in the clips, streamed in real time and posted; four minutes
	$(BIN)/python fixtures/make_recordings.py

clean: ## forget the virtual environment and all caches
	rm -rf $(VENV) .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks

# Debian's python3 comes without venv's other half: it is installed where that is allowed, and named where it is not.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dgharness needs Python 3.11 or newer: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y python3-venv && $(PYTHON) -m venv --clear $(VENV); } \
		|| { echo "python3-venv is missing: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.runs: $(BIN)/pip pyproject.toml
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.tests: $(BIN)/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[test,moonshine,whisper]'
	@command -v chromium > /dev/null \
		|| { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y chromium > /dev/null; } \
		|| echo "no Chromium here (apt-get install chromium): the tests of the HTML page will be skipped"
	@touch $@ $(VENV)/.runs
