# Every target sets up .venv first: a fresh clone needs Python 3.11 or later, make, and network to package registries.
.PHONY: up down test check bench
.DELETE_ON_ERROR:

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/ready

up: $(READY) ## Create or update the dev environment on the embedded AWS.
	@$(BIN)/tee-infra up dev --local --yes
	@echo
	@echo 'Next:'
	@echo '  eval "$$($(BIN)/tee-infra local env)"   # this shell: pulumi, boto3 and any AWS SDK use the embedded AWS'
	@echo '  pulumi preview -s prod                    # the plan for production'
	@echo '  tee-infra show dev                        # tables, settings, outputs'

down: $(READY) ## Delete the dev environment and stop the embedded AWS.
	@$(BIN)/tee-infra down dev --local --yes
	@$(BIN)/tee-infra local stop

test: $(READY) ## Run every test. The first time, this builds the Pulumi CLI if it cannot be installed.
	@$(BIN)/tee-infra engine || [ -z "$$CI" ]
	$(BIN)/pytest

check: $(READY) ## Format, lint, types, floors, dependencies, workflows.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/deptry tee_infra
	$(BIN)/deptry tests bench --ignore DEP002,DEP004 # what the program uses, they need not; development tools they may
	$(BIN)/zizmor --offline --quiet --pedantic .github

bench: $(READY) ## Print how long things take. Asserts nothing.
	@$(BIN)/python -m bench

# The lock has every package's hash and no index's address: it installs from whichever index is configured.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version.split()[0] + "; choose another with: make PYTHON=python3.12 ...")'
	@echo 'setting up .venv'
	@command -v uv >/dev/null || [ -x .uv/bin/uv ] || { $(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv==$(UV_VERSION); }
	@uv=$$(command -v uv || echo .uv/bin/uv); \
	$$uv venv --quiet --clear --python "$$(command -v $(PYTHON))" .venv && \
	$$uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock && \
	$$uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q tee_infra
	@touch $@
