# What `make` can do here. Everything stays inside this directory; see deploy/setup.sh for how.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-parts test-whole test-plays properties bench backtest torture tep pictures screenshots lock clean

BIN := .venv/bin
# A failed test is repeated once and named (decision 32).
PYTEST := $(BIN)/pytest -p no:cacheprovider --reruns 1 --reruns-delay 2 -rR

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## the environment, TimescaleDB and mosquitto; skips what is up to date
	@deploy/setup.sh

demo: setup ## the whole system with simulators, and the control room's page
	@$(BIN)/parkwatch demo

test: setup ## every check: lint, format, architecture, types, tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	cd service/web && ../../$(BIN)/python -m deploy.node vue-tsc --noEmit
	cd service/web && ../../$(BIN)/python -m deploy.node vitest run
	@$(MAKE) --no-print-directory -j3 --output-sync=target test-parts test-whole test-plays

# Side by side: the first computes, the others mostly wait.
test-parts:
	$(PYTEST) tests/contract tests/unit

test-whole:
	$(PYTEST) tests/integration --ignore=tests/integration/service --ignore=tests/integration/simulators

test-plays:
	$(PYTEST) tests/integration/service tests/integration/simulators tests/scenario tests/browser

properties: setup ## the property tests in their long form, thousands of random worlds a kind of rule; an hour or two
	$(BIN)/pytest -m slow tests/unit tests/contract

bench: setup ## measure speed; writes bench.json
	@$(BIN)/parkwatch bench --json bench.json

backtest: setup ## try rules on 30 days of 5,000 tags every 10 s (1.3 G samples, 5.2 GB in /tmp); some minutes
	@$(BIN)/python -m deploy.bench.backtest --days 30

torture: setup ## kill the service 20 times, take the database away, take the service from its loggers; ten minutes
	@$(BIN)/python -m deploy.torture

tep: ## record the Tennessee Eastman runs anew, in an environment of their own
	python3 -m venv .cache/tep
	.cache/tep/bin/pip install --quiet tep-studio==0.2.0 pyarrow
	.cache/tep/bin/python simulators/tep/record.py simulators/tep/recordings

pictures: ## draw the documents' pictures of every kind of rule anew
	@$(BIN)/python -m deploy.pictures

screenshots: setup ## the page over a running demonstration, both languages, three widths, into .data/screenshots
	@$(BIN)/python -m deploy.screenshots .data/screenshots

lock: ## make requirements.lock anew from pyproject.toml
	@deploy/setup.sh lock

clean: ## delete all that was made here
	@deploy/setup.sh clean
