# PostDevAI. `make run` starts it, `make test` tests it; `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
REPO ?= .
BIN := .venv/bin

.PHONY: help setup run demo test test-mesh check crash bench bench-long soak fmt proto models clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 10

setup: ## .venv from the hashed lock
	@$(PYTHON) scripts/setup.py

run: setup ## start the three nodes, index REPO and open the TUI
	@exec $(BIN)/python scripts/run.py --repo "$(REPO)"

demo: setup models ## a scripted tour that checks itself
	@$(BIN)/python scripts/demo.py

models: setup ## the small models, once, by hash
	@$(BIN)/python scripts/fetch_models.py

test: setup models ## every room by itself
	@$(BIN)/python -m pytest -n 3 --ignore=tests/secure --ignore=tests/flow --ignore=tests/crash

test-mesh: setup models ## whole meshes of processes: journeys, attacks, kills
	@$(BIN)/python -m pytest tests/secure tests/flow tests/crash

check: setup ## format, lint, types, layers, protocol
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/buf lint protos
	@$(BIN)/python scripts/check_protos.py

crash: setup models ## hundreds of seeded rounds of kill -9
	@$(BIN)/python -m pytest -m crash --timeout=3600

bench: setup models ## the figures of docs/benchmarks.md
	@$(BIN)/python -m scripts.bench

bench-long: setup models ## those that take the better part of an hour
	@$(BIN)/python -m scripts.bench --long

soak: setup models ## two hours under steady work: memory, descriptors, nothing lost
	@$(BIN)/python -m scripts.soak

fmt: setup ## format and sort imports
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

proto: setup ## common/pb, docs/api and the table of parsers
	@$(BIN)/python scripts/gen_protos.py
	@$(BIN)/python scripts/gen_api_docs.py
	@$(BIN)/python scripts/gen_parser_table.py

clean: ## what make made; the memory in POSTDEVAI_HOME stays
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache snapshot_report.html
