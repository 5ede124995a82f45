# `make report` runs the shipped study and writes its report, `make test` runs the tests. Both set up their environment
# first, which needs Python 3.11, 3.12 or 3.13 with venv and a network connection for the locked packages, but no root
# access. All paths are quoted: the checkout and the values of the variables may contain spaces and any letters.
PYTHON ?= python3
CORES ?= 2
RESULTS ?= results
FIGURES ?= figures
CRATE ?= crate.zip
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
# Snakemake starts python and the engines by their names.
WITH_PATH := PATH="$(BIN):$$PATH"
SNAKEMAKE := $(WITH_PATH) python -m qdjunction.study.snakemake_run --cores $(CORES)
STUDY = $(if $(CONFIG),--configfile "$(CONFIG)")
# Snakemake reads the file before the Snakefile does, and raises a traceback if it is missing.
CHECK = $(if $(CONFIG),@"$(BIN)/qdjunction" check "$(CONFIG)" >/dev/null)
STAMP := $(VENV)/.installed
# What the modules of a cluster put there would take precedence over the locked packages.
unexport PYTHONPATH PYTHONHOME

.PHONY: install report paper retry figures crate clusters test test-quick lint lock docs dist changelog clean help

help:
	@echo "make report    run the study in config.yaml, or in CONFIG=mine.yaml; writes report/index.html in its results"
	@echo "make paper     the same for paper.yaml, the dots of Zheng et al. (2019), with a table of published values"
	@echo "make install   set up the environment in .venv, which the other targets do themselves"
	@echo "make retry     repeat the calculations whose failure was recorded, with the current settings"
	@echo "make figures   draw all figures again from RESULTS=results into FIGURES=figures; no engine is run"
	@echo "make crate     pack RESULTS=results, its workflow and its provenance as an RO-Crate into CRATE=crate.zip"
	@echo "make test      check style and run all tests"
	@echo "make test-quick   run only the tests of units and physics"
	@echo "make clusters  relax the geometries shipped in clusters/relaxed again"
	@echo "make docs      build the documentation in build/site, with docs/config.md and the rule graph from the code"
	@echo "make dist      build the source distribution and the wheel in dist/"
	@echo "make changelog   move changes/ into CHANGELOG.md"
	@echo "make lock      resolve requirements.lock again from pyproject.toml"
	@echo "make clean     remove the environment (results are not removed)"

install: $(STAMP)

# The lock and incomplete files of a killed run are removed; the lock of a run that is still alive stops the new one.
report: $(STAMP)
	$(CHECK)
	@"$(BIN)/python" -m qdjunction.study.snakemake_lock
	$(SNAKEMAKE) --rerun-incomplete $(STUDY)

# With CONFIG=paper.yaml, checked and resumed in the same way.
paper:
	$(MAKE) report CONFIG=paper.yaml

# Repeats only the recorded failures; set RESULTS=... for the folder of another study.
retry: $(STAMP)
	$(CHECK)
	@"$(BIN)/python" -m qdjunction.study.snakemake_lock
	"$(BIN)/qdjunction" failures "$(RESULTS)" --forget
	$(SNAKEMAKE) --rerun-incomplete --rerun-triggers mtime $(STUDY)

# From results computed here or elsewhere; STYLE=mine.mplstyle changes the style.
figures: $(STAMP)
	"$(BIN)/qdjunction" figures "$(RESULTS)" --output "$(FIGURES)" $(if $(STYLE),--style "$(STYLE)")

# LICENCE=CC-BY-4.0 AUTHOR="..." ORCID=... supply what the results do not contain.
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
	$(WITH_PATH) OMP_NUM_THREADS=1 pytest -n $(CORES) --dist loadfile --no-loadscope-reorder $(TESTS)

# Units and physics, fast enough for every change: no Snakemake, no Slurm, no browser, no test of ten seconds or more.
QUICK := core structure interference transport traces
test-quick: $(STAMP)
	$(WITH_PATH) OMP_NUM_THREADS=1 pytest -q -n $(CORES) --dist loadfile -m "not slow" $(QUICK:%=tests/%)

docs: $(STAMP)
	$(WITH_PATH) python docs/make.py
	$(WITH_PATH) OMP_NUM_THREADS=1 sphinx-build --fail-on-warning --keep-going --quiet -b html docs build/site
	@echo "build/site/index.html"

# By the locked setuptools, without pip, which would download its own.
BUILD := from setuptools import build_meta as build; build.build_sdist("dist"); build.build_wheel("dist")
dist: $(STAMP)
	rm -rf build/lib dist
	"$(BIN)/python" -c '$(BUILD)' >/dev/null
	@echo "dist/"

changelog: $(STAMP)
	"$(BIN)/python" docs/changelog.py

# Python 2 cannot parse envs/install.py, which checks the version.
PYTHON_3 := import sys; sys.exit(None if sys.version_info > (3, 6) else "qdjunction needs CPython 3.11, 3.12 or 3.13: \
    name one with make PYTHON=python3.13")
$(STAMP): requirements.lock pyproject.toml setup.py envs/install.py
	@"$(PYTHON)" -c '$(PYTHON_3)'
	"$(PYTHON)" envs/install.py $(VENV)
	@touch $@

# Needs uv, which is not a dependency of the project. Extras are kept in the lock, which is all that is installed.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-strip-extras --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf $(VENV)
