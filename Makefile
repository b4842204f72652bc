# Everything sets itself up: `make run` and `make test` work on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Public data sets, kept outside the repository.
SHARED_DATA ?= $(or $(LIUKE_SHARED_DATA),../shared/data)
PIP := $(BIN)/python -m pip --disable-pip-version-check
# uv takes a tenth of pip's time. It asks the registry that pip is set to; where it can't, pip does the work.
UV = UV_DEFAULT_INDEX="$${PIP_INDEX_URL:-$$($(PIP) config get global.index-url 2>/dev/null || echo https://pypi.org/simple)}" \
	$(BIN)/uv pip install --python $(BIN)/python
# Processes that run the tests: one more than there are cores, since those that start programs often wait for them.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(5, 1 + (os.cpu_count() or 1)))")

.PHONY: run test test-slow test-scale lint types imports bench bench-nlu bench-tuned bench-augment bench-talk bench-answers bench-facts bench-tau bench-harm bench-recommend bench-intake bench-retention bench-churn bench-prices bench-scale torture transcript pictures clean help

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

run: $(VENV)/.run  ## Start the demo shop (or yours) in one process
	@exec $(BIN)/liuke run

test: $(VENV)/.test  ## Check style, types, rooms and promises
	@$(MAKE) --no-print-directory lint types imports
	@# The workers fill the cores: threads of their own would only wait for each other.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

test-slow: $(VENV)/.test  ## The tests that take long: whole fits and trainings, killed processes, long visits of a browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile -m "slow and not alone"
	$(BIN)/python -m pytest -m alone

test-scale: $(VENV)/.scale  ## Check that Spark gives the same features as DuckDB; needs Java 17
	$(BIN)/python -m pytest -m scale

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

imports: $(VENV)/.test
	$(BIN)/lint-imports

bench: $(VENV)/.test  ## Answered messages a second and latency, beside a bare echo bot; start-up; memory
	$(BIN)/python -m tests.benchmarks.load --write

bench-intake: $(VENV)/.test  ## How long a shop's data takes to come in, by files and API; the bot's answers meanwhile
	$(BIN)/python -m tests.benchmarks.intake --write

bench-nlu: $(VENV)/.test  ## Quality and speed of the understanding
	$(BIN)/python -m tests.benchmarks.nlu --public $(SHARED_DATA)/nlu
	$(BIN)/python -m tests.benchmarks.nlu_context --write
	$(BIN)/python -m tests.benchmarks.nlu_products --write
	$(BIN)/python -m tests.benchmarks.goods_speed --write
	$(BIN)/python -m tests.benchmarks.nlu_pages --write
	$(BIN)/python -m tests.benchmarks.nlu_teaching --public $(SHARED_DATA)/nlu
	$(BIN)/python -m tests.benchmarks.nlu_teaching_bounds --public $(SHARED_DATA)/nlu
	$(BIN)/python -m tests.benchmarks.nlu_public --public $(SHARED_DATA)/nlu

bench-tuned: $(VENV)/.test  ## Both encoders fine-tuned on the public sets; hours
	$(BIN)/python -m tests.benchmarks.nlu_tuned --public $(SHARED_DATA)/nlu

bench-talk: $(VENV)/.test  ## Conversations over invented shops: answers, requests, harm
	$(BIN)/python -m tests.benchmarks.talk tests/benchmarks/talk_shops --out .talk --read tests/benchmarks/talk_grades.tsv --write

bench-answers: $(VENV)/.test  ## Questions of pages, goods, needs and orders over invented shops
	$(BIN)/python -m tests.benchmarks.answers tests/benchmarks/talk_shops tests/benchmarks/answer_rows --out .answers --write

bench-facts: $(VENV)/.test  ## What answers a question: which fact of a product, and the pages or goods, over invented shops
	$(BIN)/python -m tests.benchmarks.goods_facts --write
	$(BIN)/python -m tests.benchmarks.page_or_goods --write

bench-tau: $(VENV)/.test  ## A public set of tasks with a scripted customer: which requests come of them
	$(BIN)/python -m tests.benchmarks.tau --data $(SHARED_DATA)/conversations/tau_retail --out .tau --write

bench-harm: $(VENV)/.test  ## Messages that wish nothing of consequence: what comes of them all the same
	$(BIN)/python -m tests.benchmarks.harm --out .harm --write

bench-augment: $(VENV)/.test  ## What writing training messages other ways is worth; after `liuke nlu build --public`
	$(BIN)/python -m tests.benchmarks.nlu_augment --work .nlu-build --public $(SHARED_DATA)/nlu

bench-retention: $(VENV)/.test  ## Quality of recommendations and churn scores on real shops' logs
	$(BIN)/python -m tests.benchmarks.retention --data $(SHARED_DATA)/retention
	$(BIN)/python -m tests.benchmarks.retention_shapes --data $(SHARED_DATA)/retention

bench-recommend: $(VENV)/.test  ## How long a recommendation takes, and what a place for new products costs
	$(BIN)/python -m tests.benchmarks.recommend_speed --data $(SHARED_DATA)/retention

bench-churn: $(VENV)/.test  ## Churn from cut to cut, contract tables, warnings, campaigns, clusters
	$(BIN)/python -m tests.benchmarks.churn --data $(SHARED_DATA)/retention
	$(BIN)/python -m tests.benchmarks.warnings --data $(SHARED_DATA)/retention --write

bench-prices: $(VENV)/.test  ## Demand forecasts, effects of offers, and policies in a world with known truth, beside peers
	$(BIN)/python -m tests.benchmarks.prices_demand --data $(SHARED_DATA)/retention --write
	$(BIN)/python -m tests.benchmarks.prices_uplift --data $(SHARED_DATA)/retention
	$(BIN)/python -m tests.benchmarks.prices_world --write
	$(BIN)/python -m tests.benchmarks.offer_speed --write

bench-scale: $(VENV)/.test  ## Features and scores of 400,000 customers from 8 million events
	$(BIN)/python -m tests.benchmarks.scale --write
	$(BIN)/python -m tests.benchmarks.long_log_speed --write

torture: $(VENV)/.test  ## Attack the program for ten minutes while customers write
	$(BIN)/python -m tests.torture --write

transcript: $(VENV)/.test  ## Play the conversations and write docs/transcript.md
	$(BIN)/python -m tests.e2e.transcript

pictures: $(VENV)/.test  ## Take the pictures of the documentation; needs Debian's chromium
	$(BIN)/python -m tests.e2e.pictures

clean:  ## Remove the virtual environment and caches; data under LIUKE_HOME stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

# A stamp each: re-made when what it depends on changes.
$(VENV)/bin/python:
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit("Liuke needs Python 3.11 or newer; name one with PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Liuke and what it needs to run (once, half a minute) …"
	@$(PIP) install --quiet --constraint constraints.txt uv || true
	@$(UV) --constraint constraints.txt --editable . \
		|| $(PIP) install --progress-bar on --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing what the tests and the training need (once, a few minutes) …"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev,train]'
	@touch $@

$(VENV)/.scale: pyproject.toml constraints.txt | $(VENV)/.test
	@echo "Installing Spark (once, a minute) …"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev,train,scale]'
	@touch $@
