# Every target sets up what it needs; only Python 3.11 or newer, make and git are assumed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOAK ?= 500
SAMPLES ?= 256
STUDY := docs/studies/taiwan-korea-sobol

.PHONY: demo test soak lint docs pages pictures browser bench evidence study wheel clean

demo: $(INSTALLED)  ## solve the shipped Taiwan-Korea case, print the plan and how to go on
	$(BIN)/sluicegate solve taiwan-korea; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 4 ]
	@folder=$$(ls -dt results/taiwan-korea/*/ | head -n 1); echo; echo "How to go on:"; \
	  echo "  $(BIN)/sluicegate report $${folder%/}     # a page of this plan, to open in a browser"; \
	  echo "  $(BIN)/sluicegate explain taiwan-korea    # what the plan needs, and why"; \
	  echo "  $(BIN)/sluicegate init mine               # a case of your own to fill in"; \
	  echo "  $(BIN)/sluicegate --help"

test: $(INSTALLED) lint docs browser  ## the whole suite, and the pages of the docs
	$(BIN)/python -m pytest -n 2

soak: $(INSTALLED)  ## many more random cases against the oracle, and the slow examples of the docs
	SLUICEGATE_SOAK=$(SOAK) $(BIN)/python -m pytest -m soak -n 2

lint: $(INSTALLED)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p build/types && ln -sfn $(CURDIR) build/types/sluicegate
	MYPYPATH=build/types $(BIN)/mypy $(foreach room,data model analysis report commands,--package sluicegate.$(room)) --module sluicegate.cli

docs: $(INSTALLED)  ## the site, in build/docs; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

browser:  ## Chromium, in which the pages are tested; without it those tests are skipped
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  apt-get update -qq && apt-get install -qq -y chromium >/dev/null; } || \
	  echo "No Chromium here: the pages will not be tested in a browser."

pages: $(INSTALLED)  ## what docs/*.md take from the program, written anew
	$(BIN)/python -m tools.docs
	$(BIN)/python -m tools.architecture

pictures: $(INSTALLED) browser  ## the pictures of the docs, drawn anew from the program; Taiwan-Korea's take some minutes
	$(BIN)/python -m tools.pictures

bench: $(INSTALLED)  ## ratios against other ways to do the same work; rewrites docs/benchmarks.md
	$(BIN)/python -m tools.bench

evidence: $(INSTALLED)  ## the model against the record; rewrites docs/evidence.md, docs/evidence-assumptions.md and their charts
	$(BIN)/python -m tools.evidence

study: $(INSTALLED)  ## sweep Taiwan-Korea anew into docs/studies, about an hour of two processes; docs/sweeps.md shows what comes out
	rm -rf $(STUDY)
	$(BIN)/sluicegate sweep taiwan-korea --design sobol --samples $(SAMPLES) --seed 1 --rel-gap 0.01 -o $(STUDY) \
	  --vary parties.united-states.loss_weight --vary stocks.ulsan/mature-logic.initial \
	  --vary demands.ulsan/mature-logic.shortage_penalty --vary demands.cheonan/packaged-ai-chip.shortage_penalty \
	  --vary retaliations.hbm-review/kr-hbm.cost --vary limits.political_capital
	$(BIN)/sluicegate sweep summary $(STUDY)
	$(BIN)/sluicegate sweep summary $(STUDY) --outcome same_policies

wheel: $(INSTALLED)
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt setuptools wheel
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable ".[cluster,test,lint,docs]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
