# make figures draws everything; make help lists the rest. Each target sets up .venv by itself: Python 3.11 or newer and make
# are all that is needed; with uv at hand it is faster.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.installed
LOWEST := $(VENV)-lowest
BUILD  := build
RAW    ?=

export PYTHONHASHSEED = 0
export MPLBACKEND = agg
# BLAS threads cost more than they give on matrices of this size
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1

STUDIES := peace_agreements signing_dyads accord_implementation onset double_coding third_party_role
STUDY   ?= $(STUDIES)# make data STUDY=onset RAW=folder

# Results by study, and the results that each figure is drawn from: as in peacestudy/study/results and peacestudy/figures/registry.py.
COMMON := terms models notes hypotheses ranges ledger
TEXTS  := profile descriptive consistency survival coverage facts cases permutation influence
RESULTS_peace_agreements      := $(COMMON) $(TEXTS) survival_adjusted over_time variants variant_group variant_counts windows window_draws weights balance predicted_probabilities moderation support interactions effects_by_moderator contexts out_of_sample calibration forecasts forecast_check implementation known_cases indicators_left_out vintages vintage_counts vintage_findings
RESULTS_signing_dyads         := $(COMMON) $(TEXTS) variants variant_group variant_counts windows comparison differences
RESULTS_accord_implementation := $(COMMON) delivery accords correlations landmarks
RESULTS_onset                 := $(COMMON) variants variant_group variant_counts coverage published facts
RESULTS_double_coding         := terms models notes agreement agreement_above_lowest pairs confusion ratings by_rater left_out
RESULTS_third_party_role      := notes agreement agreement_above_lowest agreement_with_blanks pairs confusion disputed ratings uncertainty uncertainty_notes accuracies flips dropped_indicator
FIGURES_peace_agreements      := profile forest survival ledger over_time variants variant_group windows predicted_probability moderation domestic_politics contexts selection calibration forecasts vintages
FIGURES_signing_dyads         := ledger variants windows comparison
FIGURES_accord_implementation := promise_and_implementation landmarks delivery
FIGURES_onset                 := onset variants
FIGURES_double_coding         := agreement ratings by_rater
FIGURES_third_party_role      := agreement readings uncertainty
NEEDS_profile               := profile notes
NEEDS_forest                := hypotheses terms models notes permutation influence
NEEDS_survival              := survival survival_adjusted facts notes hypotheses
NEEDS_ledger                := ledger coverage notes
NEEDS_over_time             := over_time notes
NEEDS_variants              := variants variant_group notes
NEEDS_variant_group         := variant_group notes
NEEDS_windows               := windows notes
NEEDS_predicted_probability := predicted_probabilities support notes
NEEDS_moderation            := moderation hypotheses models notes
NEEDS_domestic_politics     := effects_by_moderator interactions notes
NEEDS_contexts              := contexts notes
NEEDS_delivery              := hypotheses models notes
NEEDS_selection := terms models weights notes
NEEDS_calibration           := out_of_sample calibration notes
NEEDS_forecasts             := forecasts notes
NEEDS_vintages              := vintage_findings vintages vintage_counts notes
NEEDS_comparison          := comparison differences notes
NEEDS_promise_and_implementation := delivery correlations notes
NEEDS_landmarks             := landmarks accords hypotheses models notes
NEEDS_onset                 := terms models hypotheses ranges variants published notes
NEEDS_agreement             := agreement agreement_above_lowest notes
NEEDS_ratings               := ratings pairs notes
NEEDS_readings              := ratings pairs notes
NEEDS_uncertainty           := uncertainty flips notes
NEEDS_by_rater              := by_rater terms left_out models notes
# a study that is compared with another also reads that one
COMPARED_signing_dyads        := peace_agreements
COMPARED_third_party_role     := peace_agreements

ROOMS     := core core/workbook coding coding/sheets coding/reliability coding/scoring outcomes outcomes/files outcomes/registry joins joins/columns joins/keys joins/time joins/events joins/states joins/files joins/writers models models/kernels models/formulas models/engines models/inference models/missing models/resampling models/fit_notes models/interpretation models/diagnosis models/contexts robustness study study/config study/builders study/results
CODE      := $(wildcard peacestudy/*.py $(ROOMS:%=peacestudy/%/*.py) peacestudy/core/*.csv)
DRAWING   := $(wildcard peacestudy/figures/*.py peacestudy/figures/drawings/*.py)
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
data_of    = $(wildcard datasets/$(1)/*.csv datasets/$(1)/*.toml datasets/$(1)/*.json)

# a figure is a set of three files: all of them are goals, so that one that is missing or old is drawn again
FIGURE_FILES   := $(foreach s,$(STUDIES),$(foreach e,pdf png csv,$(FIGURES_$(s):%=$(BUILD)/$(s)/figures/%.$(e))))
FIGURE_COUNT   := $(words $(foreach s,$(STUDIES),$(FIGURES_$(s))))
NOTEBOOK_FILES := $(NOTEBOOKS:notebooks/%.ipynb=$(BUILD)/notebooks/%.html)

.PHONY: help figures tables results notebooks data vintages test test-all test-lowest check reference lab lock clean
.DELETE_ON_ERROR:
.SUFFIXES:

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

figures: $(FIGURE_FILES) ## every figure as PDF, PNG and CSV, from the committed tables
	@if [ -e $(BUILD)/.drew ]; then rm -f $(BUILD)/.drew; echo "figures are in $(STUDIES:%=$(BUILD)/%/figures)"; \
	else echo "nothing has changed: the $(FIGURE_COUNT) figures in $(BUILD)/*/figures are up to date"; fi

tables: $(STUDIES:%=$(BUILD)/%/tables/.made) ## every table as Markdown, HTML and LaTeX
	@echo "tables are in $(STUDIES:%=$(BUILD)/%/tables)"

results: $(STUDIES:%=$(BUILD)/%/results/.made) ## every result as CSV; the only step that fits models
	@echo "results are in $(STUDIES:%=$(BUILD)/%/results)"

notebooks: $(NOTEBOOK_FILES) ## execute the notebooks into $(BUILD)/notebooks/*.html
	@echo "notebooks are in $(BUILD)/notebooks"

data: $(READY) ## rebuild the studies' tables from source files: make data RAW=folder [STUDY=name]
	@for study in $(STUDY); do $(PY) -m peacestudy data $$study $(if $(RAW),--raw "$(RAW)") || exit 1; done

vintages: $(READY) ## compare studies on other releases of their sources: make vintages RAW=folder
	@$(PY) -m peacestudy vintages peace_agreements $(if $(RAW),--raw "$(RAW)")

test: $(READY) ## the tests, but those marked slow
	$(PY) -m pytest -n 2 --dist worksteal -m "not slow"

test-all: $(READY) ## all tests
	$(PY) -m pytest -n 2 --dist worksteal

test-lowest: $(LOWEST)/.installed ## the tests, with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest -n 2 --dist worksteal -m "not slow"

check: $(READY) ## ruff, mypy, the floors of the house, the study folders
	$(BIN)/ruff check peacestudy tests notebooks docs
	$(BIN)/ruff format --check peacestudy tests notebooks docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	@for study in $(STUDIES); do $(PY) -m peacestudy check $$study || exit 1; done

reference: $(READY) ## write docs/public_names.md, the list of public names, again
	$(PY) docs/build_public_names.py

lab: $(READY) ## JupyterLab
	$(BIN)/jupyter lab notebooks

lock: ## write requirements.lock again (maintainers; needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --all-extras pyproject.toml -o requirements.lock

clean: ## remove everything made, .venv included
	rm -rf $(BUILD) dist $(VENV) $(LOWEST)

# ---- files

# Results and tables are stamped when all of them are there: a stamp whose files are gone is no stamp.
lost = $(filter-out $(wildcard $(BUILD)/$(1)/$(2)/*),$(3))
results_of = $(RESULTS_$(1):%=$(BUILD)/$(1)/results/%.csv)
tables_of = $(shell cat $(BUILD)/$(1)/tables/.made 2>/dev/null)
$(foreach s,$(STUDIES),$(if $(call lost,$(s),results,$(call results_of,$(s))),$(shell rm -f $(BUILD)/$(s)/results/.made)))
$(foreach s,$(STUDIES),$(if $(call lost,$(s),tables,$(call tables_of,$(s))),$(shell rm -f $(BUILD)/$(s)/tables/.made)))

define study_rules
$(BUILD)/$(1)/results/.made: $(call data_of,$(1)) $(foreach s,$(COMPARED_$(1)),$(call data_of,$(s))) $$(CODE) | $$(READY)
	@echo "$(1): fitting the declared models ..."
	@$$(PY) -m peacestudy results $(1) --out $$(@D)
	@touch $$@
# A result that came out as it was keeps its time, so that nothing is redrawn for it.
$(RESULTS_$(1):%=$(BUILD)/$(1)/results/%.csv): $(BUILD)/$(1)/results/.made ;
$(BUILD)/$(1)/tables/.made: $(RESULTS_$(1):%=$(BUILD)/$(1)/results/%.csv) $$(wildcard peacestudy/tables/*.py) | $$(READY)
	@$$(PY) -m peacestudy tables $(1) --results $(BUILD)/$(1)/results --out $$(@D)
	@ls $$(@D)/* > $$@
endef
define figure_rule
# % stands for the dot: a pattern with several targets is one rule that makes all of them, in every version of make
$(BUILD)/$(1)/figures/$(2)%pdf $(BUILD)/$(1)/figures/$(2)%png $(BUILD)/$(1)/figures/$(2)%csv: $(NEEDS_$(2):%=$(BUILD)/$(1)/results/%.csv) $$(DRAWING) | $$(READY)
	@$$(PY) -m peacestudy figure $(1) $(2) --results $(BUILD)/$(1)/results --out $$(@D)
	@touch $(BUILD)/.drew
endef
$(foreach s,$(STUDIES),$(eval $(call study_rules,$(s))))
$(foreach s,$(STUDIES),$(foreach f,$(FIGURES_$(s)),$(eval $(call figure_rule,$(s),$(f)))))

$(BUILD)/notebooks/%.html: notebooks/%.ipynb $(foreach s,$(STUDIES),$(call data_of,$(s))) $(CODE) $(DRAWING) $(wildcard peacestudy/tables/*.py) | $(READY)
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

# The lowest versions of numpy, pandas and scipy have no wheels for newer versions of Python.
$(LOWEST)/.installed: pyproject.toml tests/lowest_versions.py
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else "the lowest versions need Python 3.11 to 3.13; this is %d.%d. Try: make test-lowest PYTHON=python3.11" % v[:2])'
	@rm -f $@
	@echo "setting up $(LOWEST) with the lowest versions (once; some minutes) ..."
	@$(PYTHON) -m venv --clear $(LOWEST)
	@$(PYTHON) tests/lowest_versions.py > $(LOWEST)/lowest.txt
	@$(LOWEST)/bin/python -m pip install -q --disable-pip-version-check --no-input -c $(LOWEST)/lowest.txt -e ".[test,fast,scale,files]"
	@$(LOWEST)/bin/python -m pip check
	@touch $@
