# `make report` runs the shipped study to its report, `make test` passes the tests. Either sets up what it needs first:
# Python 3.11, 3.12 or 3.13 with venv, and the network to fetch the locked packages. No root. Paths are quoted wherever
# they are used: the checkout and what the variables name may have spaces and any letters.
PYTHON ?= python3
CORES ?= 2
RESULTS ?= results
FIGURES ?= figures
CRATE ?= crate.zip
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
# Snakemake starts python and the engines by their names.
WITH_PATH := PATH="$(BIN):$$PATH"
SNAKEMAKE := $(WITH_PATH) snakemake --cores $(CORES)
STUDY = $(if $(CONFIG),--configfile "$(CONFIG)")
# Snakemake reads the file before the Snakefile does, and has a traceback for one that is missing.
CHECK = $(if $(CONFIG),@"$(BIN)/qdjunction" check "$(CONFIG)" >/dev/null)
STAMP := $(VENV)/.installed

.PHONY: report retry figures crate clusters test lint lock docs clean help

help:
	@echo "make report    run the study of config.yaml, or of CONFIG=mine.yaml, to report/index.html in its results"
	@echo "make retry     do again what failed and was recorded, with the settings as they are now"
	@echo "make figures   draw all figures again from RESULTS=results, into FIGURES=figures; no engine is run"
	@echo "make crate     pack RESULTS=results, its workflow and its history as an RO-Crate into CRATE=crate.zip"
	@echo "make test      check style and run all tests"
	@echo "make clusters  remake the relaxed geometries that ship in clusters/relaxed"
	@echo "make docs      write docs/config.md, docs/config.schema.json and the rule graph anew"
	@echo "make lock      resolve requirements.lock anew from pyproject.toml"
	@echo "make clean     remove the environment (results stay)"

# Locks and incomplete marks that a killed run left behind are no reason to begin again; a lock of a run that lives is.
report: $(STAMP)
	$(CHECK)
	@"$(BIN)/python" -m qdjunction.study.snakemake_lock
	$(SNAKEMAKE) --rerun-incomplete $(STUDY)

# What failed and was recorded is done once more, and nothing else; say RESULTS=... for another study's folder.
retry: $(STAMP)
	$(CHECK)
	@"$(BIN)/python" -m qdjunction.study.snakemake_lock
	"$(BIN)/qdjunction" failures "$(RESULTS)" --forget
	$(SNAKEMAKE) --rerun-incomplete --rerun-triggers mtime $(STUDY)

# From results that were run here or elsewhere; STYLE=mine.mplstyle changes how they look.
figures: $(STAMP)
	"$(BIN)/qdjunction" figures "$(RESULTS)" --output "$(FIGURES)" $(if $(STYLE),--style "$(STYLE)")

# LICENCE=CC-BY-4.0 AUTHOR="..." ORCID=... say what the results cannot.
crate: $(STAMP)
	"$(BIN)/qdjunction" crate "$(RESULTS)" --output "$(CRATE)" --author "$(AUTHOR)" --orcid "$(ORCID)" --licence "$(LICENCE)"

clusters: $(STAMP)
	for start in clusters/relaxed/starts/*.extxyz; do \
	    name=$$(basename "$$start" .extxyz); \
	    "$(BIN)/qdjunction" relax "$$start" --engine xtb --fmax 0.05 --threads $(CORES) \
	        --workdir "build/clusters/$$name" --output "clusters/relaxed/$${name}_xtb.extxyz" || exit; \
	done

lint: $(STAMP)
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/snakefmt" --check --compact-diff Snakefile rules
	$(WITH_PATH) snakemake --lint
	"$(BIN)/mypy"

test: $(STAMP) lint
	$(WITH_PATH) OMP_NUM_THREADS=1 pytest -n $(CORES) --dist loadfile --cov --cov-report=term:skip-covered $(TESTS)

docs: $(STAMP)
	$(WITH_PATH) python docs/make.py

$(STAMP): requirements.lock pyproject.toml envs/install.py
	"$(PYTHON)" envs/install.py $(VENV)
	@touch $@

# Needs uv, which is no dependency of the project. Extras stay, since pip is told to look for nothing beyond the lock.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-strip-extras --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf $(VENV)
