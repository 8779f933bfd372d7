# What there is to do here; `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Lab tests side by side: each waits a third of its time.
WORKERS ?= 3

# A part of a run that is recorded for the summary. Of a whole run's parts, not of each, a test has to be selected.
PART := $(BIN)/python -m tests.summary.part
WHOLE := $(MAKE) --no-print-directory OR_NONE=--or-none

.PHONY: help lab lab-down test artifacts check checks unit test-lab test-vm lint lint-form lint-types lint-imports lint-docs \
  format docs bench proof mutations clean

# What Python compiles is kept: tests start many processes, and each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

lab: $(STAMP) ## a real cluster in a lab on this machine: build, boot, deploy, verify
	@$(BIN)/underlay bundle --for inventories/lab.py --prefill
	@$(BIN)/underlay lab image
	@$(BIN)/underlay deploy inventories/lab.py
	@echo "kubectl: $(BIN)/underlay kubectl get pods -A"
	@echo "undo: make lab-down"

lab-down: $(STAMP) ## take the lab away again: no process, namespace, mount, route or interface is left
	@$(BIN)/underlay lab down --all

test: $(STAMP) ## every test: checks and unit tests while the bundle is built, then the lab tests; ARGS="-k WORD" selects, without checks
	@rm -rf .cache/parts
	@$(WHOLE) -j2 $(if $(ARGS),unit,check) artifacts && $(WHOLE) test-lab; \
	  $(BIN)/python -m tests.summary $$? $(if $(ARGS),,lint) unit image bundle lab

ARTIFACTS := .cache/artifacts.log

artifacts: $(STAMP) ## what the labs of the tests boot and install from; its output goes to .cache/artifacts.log
	@mkdir -p .cache && echo "artifacts: building what is missing, see $(ARTIFACTS)"
	@{ $(PART) image -- $(BIN)/underlay lab image \
	  && $(PART) bundle -- nice $(BIN)/underlay bundle --prefill --with metallb --with kube-router; } > $(ARTIFACTS) 2>&1 \
	  || { cat $(ARTIFACTS); exit 1; }
	@echo "artifacts: done; $$(tail -n 1 $(ARTIFACTS))"

# One part's output after another's, and every part to its end, whatever another says.
check: $(STAMP) ## checks and unit tests side by side, no root, a minute or two; ARGS="-k WORD" selects tests
	@$(MAKE) --no-print-directory --keep-going --output-sync=target $(if $(findstring jobserver,$(MAKEFLAGS)),,-j2) checks unit

checks:
	@$(PART) lint -- $(MAKE) --no-print-directory lint

unit: $(STAMP) ## unit tests, no root; ARGS="-k WORD" selects
	$(PART) unit --tests $(OR_NONE) -- $(BIN)/pytest tests/unit -q -n auto $(ARGS)

test-lab: $(STAMP) ## tests on a real cluster in the lab (root); WORKERS=1 runs one after the other, ARGS="-k WORD" selects
	@$(BIN)/underlay bundle --prefill --with metallb --with kube-router
	$(PART) lab --tests $(OR_NONE) -- $(BIN)/pytest tests/lab -v -n $(WORKERS) $(ARGS)

lint: lint-form lint-types lint-imports lint-docs ## format, lint, types, imports, generated docs

lint-form: $(STAMP)
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .

lint-types: $(STAMP)
	$(BIN)/mypy

lint-imports: $(STAMP)
	@found=$$($(BIN)/lint-imports --no-cache) || { echo "$$found"; exit 1; }

lint-docs: $(STAMP)
	$(BIN)/cog --check --diff --verbosity=1 README.md docs/*.md

format: $(STAMP) ## put the code in its form
	$(BIN)/ruff format -q .
	$(BIN)/ruff check -q --fix .

docs: $(STAMP) ## renew the generated parts of README and docs
	$(BIN)/underlay networks --draw docs/pictures
	$(BIN)/underlay bgp inventories/lab_bgp.py --picture docs/pictures/lab-bgp.svg
	$(BIN)/cog -r README.md docs/*.md

bench: $(STAMP) ## measure, side by side where there is a rival
	$(BIN)/python -m tests.bench

PROOF := $(CURDIR)/.cache/proof.jsonl

proof: $(STAMP) ## see how far each mode is proven, on real kernels, and write underlay/catalog/proof.yaml
	@mkdir -p .cache && rm -f $(PROOF)
	UNDERLAY_PROOF=$(PROOF) $(BIN)/pytest tests/unit/plan/test_rendered_modes.py -q -n auto
	-UNDERLAY_PROOF=$(PROOF) $(BIN)/pytest tests/lab -q
	-UNDERLAY_PROOF=$(PROOF) $(BIN)/pytest tests/vm -q
	$(BIN)/python -m tests.proof $(PROOF)

MUTATIONS := $(CURDIR)/.cache/mutations.txt
HEALTH := $(CURDIR)/.cache/healthy.txt

mutations: export UNDERLAY_MUTATIONS = $(MUTATIONS)
mutations: export UNDERLAY_HEALTH = $(HEALTH)
mutations: export UNDERLAY_HEALTHY = 20
mutations: $(STAMP) ## break one thing at a time in verified clusters, verify each healthy mode 20 times, write both tables (root, an hour and a half)
	@mkdir -p .cache && rm -f $(MUTATIONS) $(HEALTH)
	-$(BIN)/pytest tests/lab/test_mutations.py tests/lab/test_policies.py tests/lab/test_modes.py -q
	-$(BIN)/pytest tests/vm/test_mutations.py -q
	@mv $(MUTATIONS) docs/mutations.txt && mv $(HEALTH) docs/healthy.txt
	$(BIN)/cog -r docs/verification.md

test-vm: $(STAMP) ## modes that need another kernel, and a whole deploy, on emulated virtual machines (root, an hour)
	@$(BIN)/underlay bundle --prefill
	$(BIN)/pytest tests/vm -v --durations=0

clean: ## remove the virtual environment
	rm -rf $(VENV)

$(STAMP): pyproject.toml tools/install.sh
	@bash tools/install.sh $(PYTHON) $(VENV)
	@touch $@
