# Everything runs in .venv, which is set up once and again only when the dependencies change.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test bench lint format lock fuzz audit sbom licences docs reference dist pack pretrain model clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo 'empathy-scan needs Python 3.11 to 3.13; say which with: make PYTHON=python3.12'; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## set up, and scan the samples into build/
	@$(RUN)/empathy-scan scan data/samples --store build/store --reports build/reports; \
	  code=$$?; test $$code -eq 0 -o $$code -eq 3 # 3: two of the samples are broken on purpose

test: lint ## set up, check and pass every test
	$(RUN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

bench: $(READY) ## how fast it is, beside the plain pipeline of transformers (under 20 minutes)
	@$(RUN)/python benchmarks/speed.py $(BENCH)

lint: $(READY) ## what CI checks before the tests
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy

format: $(READY) ## put the code in order
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

lock: $(READY) ## write the installed versions to requirements.lock
	{ sed -n 1p requirements.lock; $(RUN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > build.lock
	mv build.lock requirements.lock

FUZZED ?= 10
fuzz: $(READY) ## feed every reader broken inputs for FUZZED minutes; what is found lies under build/fuzz
	$(RUN)/python benchmarks/fuzz.py build/fuzz --minutes $(FUZZED) --seed $$(date +%s)

PIP_AUDIT := pip-audit==2.10.1
ADVISORIES ?= pypi
audit: $(READY) ## look the dependencies up among known vulnerabilities; needs the network
	@test -x build/audit/bin/pip-audit || { $(PYTHON) -m venv build/audit && \
	  build/audit/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_AUDIT); } \
	  || { rm -rf build/audit; echo 'audit: not done: pip-audit cannot be installed on a machine without a network'; exit 2; }
	@build/audit/bin/pip-audit --strict --vulnerability-service $(ADVISORIES) --disable-pip --no-deps \
	  --requirement requirements.lock || { code=$$?; \
	  echo 'audit: a vulnerability is named above, or the advisories cannot be reached from here: then nothing was audited'; \
	  exit $$code; }

sbom: $(READY) ## write a bill of materials (CycloneDX) to build/sbom.cdx.json
	@mkdir -p build
	$(RUN)/python release/supply.py sbom > build/sbom.cdx.json

licences: $(READY) ## write docs/licences.md from the lock and what is installed
	$(RUN)/python release/supply.py licences > build.licences
	mv build.licences docs/licences.md

docs: $(READY) ## build the documentation as a site into build/site, with warnings as errors
	NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --quiet --strict
	@echo 'build/site/index.html; with search: $(RUN)/python -m http.server --directory build/site'

reference: $(READY) ## write the pages and pictures of docs/ that are made from the program
	$(RUN)/python release/reference.py

dist: $(READY) ## build wheel and source archive twice, and see that they are the same bytes
	$(RUN)/python release/supply.py dist build/dist

# The model: CORPORA is a folder with open/*.jsonl.gz (and research/ for evaluation); see data/training/README.md.
CORPORA ?= corpora
MINUTES ?= 150

pack: $(READY) ## pack the open text for pretraining
	$(RUN)/python data/training/pack_text.py $(CORPORA)/open build/packed --written data/training/authored

pretrain: $(READY) ## pretrain the encoder for MINUTES, from its checkpoint if there is one
	$(RUN)/python data/training/pretrain.py build/packed build/encoder --minutes $(MINUTES)

model: $(READY) ## train, calibrate and evaluate the shipped model
	$(RUN)/empathy-scan -v train --backbone build/encoder/encoder --corpora $(CORPORA) --out models/default --epochs 4 --auxiliary-minutes 4

clean: ## remove what was made, but for the environment
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
