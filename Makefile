# Each target does all the set-up it needs. `make up` and `make test` are all a newcomer types.
.DEFAULT_GOAL := help
PYTHON ?= python3
export PYTHON
ENV ?= local
METAL ?= tests/metal
bin := .venv/bin
# what make test samples and make test-fuzz runs in whole
fuzzed := tests/engine/fuzz tests/engine/test_kills.py tests/engine/test_buckets.py tests/engine/test_fault_calls.py tests/engine/test_fault_packs.py tests/sandbox/aws/test_killed_updates.py

.PHONY: help setup up down test test-fuzz test-train lint types lock metal-needs metal-up metal-down metal-lint test-metal

help: ## these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## make .venv from requirements.lock (done by every other target)
	@scripts/setup

up: setup ## bring the environment up: provision, train, serve (ENV=local)
	@$(bin)/datahall up $(ENV)

down: setup ## take it down and prove that nothing is left (ENV=local)
	@$(bin)/datahall down $(ENV)

test: setup ## run the tests
	@$(bin)/python -m pytest --numprocesses 2 --dist loadgroup $(if $(AFTER_FUZZ),$(fuzzed:%=--ignore=%))

test-fuzz: setup ## thousands of random lives of a stack, every KILL_STEP-th moment to kill it, every fault (CASES=2000)
	@DATAHALL_FUZZ=$${CASES:-2000} DATAHALL_KILL_STEP=$${KILL_STEP:-1} $(bin)/python -m pytest $(fuzzed) -n auto --dist worksteal

test-train: setup ## each model trained, and several processes that are killed and put together anew (minutes)
	@DATAHALL_TRAIN=1 $(bin)/python -m pytest tests/workloads -m train -n 2 --dist loadgroup $(LEAVE)

lint: setup ## ruff: rules and format
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .

types: setup ## mypy --strict
	@$(bin)/mypy

lock: setup ## resolve requirements.in again into requirements.lock
	@$(bin)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links requirements.in -o requirements.lock
	@if grep -n '://' requirements.lock; then echo 'lock: an address in requirements.lock' >&2; exit 1; fi

metal-needs: setup
	@scripts/metal-needs

metal-up: metal-needs ## emulated hosts: a head, two workers, a service host (Linux, root)
	@$(bin)/datahall hosts up

metal-down: setup ## take the emulated hosts away and prove that nothing is left
	@$(bin)/datahall hosts down

metal-lint: setup ## ansible-lint, production profile
	@PATH="$(CURDIR)/$(bin):$$PATH" ansible-lint -q

test-metal: metal-needs ## the playbooks on emulated hosts, a converge killed every KILL_STEP changes (Linux, root; minutes)
	@DATAHALL_METAL=1 DATAHALL_KILL_STEP=$${KILL_STEP:-3} $(bin)/python -m pytest $(METAL) -s --durations=15
