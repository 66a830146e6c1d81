# make figures draws everything; make help lists the rest. Each target sets up .venv by itself: Python 3.11 or newer and make
# are all that is needed; with uv at hand it is faster.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.installed
STUDY  := peace_agreements
OUT    := build/$(STUDY)
RAW    ?=

export PYTHONHASHSEED = 0
export MPLBACKEND = agg
# BLAS threads cost more than they give on matrices of this size
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1

DATA      := $(wildcard datasets/$(STUDY)/*.csv datasets/$(STUDY)/*.toml datasets/$(STUDY)/*.json)
ROOMS     := core coding outcomes joins models study
CODE      := $(wildcard peacestudy/*.py $(ROOMS:%=peacestudy/%/*.py) peacestudy/core/*.csv peacestudy/outcomes/sources/*.py)
RESULTS   := terms models notes hypotheses profile descriptive consistency survival ledger coverage facts cases permutation influence
FIGURES   := profile forest survival ledger
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
DRAWING   := peacestudy/figures/theme.py peacestudy/figures/registry.py

FIGURE_FILES   := $(FIGURES:%=$(OUT)/figures/%.pdf)
RESULT_FILES   := $(RESULTS:%=$(OUT)/results/%.csv)
NOTEBOOK_FILES := $(NOTEBOOKS:notebooks/%.ipynb=build/notebooks/%.html)

.PHONY: help figures tables results notebooks data test check lab lock clean
.DELETE_ON_ERROR:
.SUFFIXES:

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

figures: $(FIGURE_FILES) ## every figure as PDF, PNG and CSV, from the committed tables
	@if [ -e $(OUT)/.drew ]; then rm -f $(OUT)/.drew; echo "figures are in $(OUT)/figures"; \
	else echo "nothing has changed: the $(words $(FIGURES)) figures in $(OUT)/figures are up to date"; fi

tables: $(OUT)/tables/.made ## every table as Markdown, HTML and LaTeX
	@echo "tables are in $(OUT)/tables"

results: $(OUT)/results/.made ## every result as CSV; the only step that fits models
	@echo "results are in $(OUT)/results"

notebooks: $(NOTEBOOK_FILES) ## execute the notebooks into build/notebooks/*.html
	@echo "notebooks are in build/notebooks"

data: $(READY) ## rebuild the study's tables from source files: make data RAW=folder
	@$(PY) -m peacestudy data $(STUDY) $(if $(RAW),--raw "$(RAW)")

test: $(READY) ## prove it
	$(PY) -m pytest -n 2

check: $(READY) ## ruff, mypy, the floors of the house, the study folder
	$(BIN)/ruff check peacestudy tests notebooks
	$(BIN)/ruff format --check peacestudy tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PY) -m peacestudy check $(STUDY)

lab: $(READY) ## JupyterLab
	$(BIN)/jupyter lab notebooks

lock: ## write requirements.lock anew (maintainers; needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --all-extras pyproject.toml -o requirements.lock

clean: ## remove everything made, .venv included
	rm -rf build dist $(VENV)

# ---- files

$(OUT)/results/.made: $(DATA) $(CODE) | $(READY)
	@echo "fitting the declared models (about 20 s) ..."
	@$(PY) -m peacestudy results $(STUDY) --out $(@D)
	@touch $@

# A result that came out as it was keeps its time, so that nothing is redrawn for it.
$(RESULT_FILES): $(OUT)/results/.made ;

$(OUT)/figures/profile.pdf: $(addprefix $(OUT)/results/,profile.csv notes.csv)
$(OUT)/figures/forest.pdf: $(addprefix $(OUT)/results/,hypotheses.csv terms.csv models.csv notes.csv permutation.csv influence.csv)
$(OUT)/figures/survival.pdf: $(addprefix $(OUT)/results/,survival.csv facts.csv notes.csv hypotheses.csv)
$(OUT)/figures/ledger.pdf: $(addprefix $(OUT)/results/,ledger.csv coverage.csv notes.csv)
$(FIGURE_FILES): $(OUT)/figures/%.pdf: peacestudy/figures/%.py $(DRAWING) | $(READY)
	@$(PY) -m peacestudy figure $(STUDY) $* --results $(OUT)/results --out $(@D)
	@touch $(OUT)/.drew

$(OUT)/tables/.made: $(RESULT_FILES) $(wildcard peacestudy/tables/*.py) | $(READY)
	@$(PY) -m peacestudy tables $(STUDY) --results $(OUT)/results --out $(@D)
	@touch $@

build/notebooks/%.html: notebooks/%.ipynb $(DATA) $(CODE) $(wildcard peacestudy/figures/*.py peacestudy/tables/*.py) | $(READY)
	@mkdir -p $(@D)
	$(BIN)/jupyter nbconvert --to html --execute --log-level=WARN --output-dir $(@D) $<

# The stamp is written last: a set-up that fails is tried again.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "peacestudy needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.11 ..." % v[:2])'
	@rm -f $@
	@echo "setting up $(VENV) with pinned packages (once; half a minute with uv, some minutes with pip) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@{ command -v uv >/dev/null 2>&1 && uv pip install -q --python $(PY) --require-hashes -r requirements.lock; } \
	|| $(PY) -m pip install -q --disable-pip-version-check --no-input --require-hashes -r requirements.lock
	@$(PY) -m pip install -q --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@$(PY) -m pip check
	@touch $@
