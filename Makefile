# What a maintainer types; .ci/run calls the same targets.
VENV ?= .venv
TORCH ?= torch==2.13.0
PYTHON_OF_IMAGES ?= python3.12
export PATH := $(abspath $(VENV))/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup style types test bench lock sbom

# A virtual environment with every extra, and the tools of the page's tests.
setup:
	test -d $(VENV) || python3 -m venv $(VENV)
	pip install -qq $(TORCH)
	pip install -qq -e '.[dev,export,hub,loadtest,test,train]'
	npm ci --silent --no-audit --no-fund --prefix tests/web

# Lint, format, and which room imports which.
style:
	ruff check .
	ruff format --check .
	lint-imports --no-logo

types:
	pyright

test:
	cd tests/web && npm test --silent
	pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered --cov-fail-under=90

bench:
	python -m loadtest run

# The lock files that the images install from, resolved anew.
lock:
	$(PYTHON_OF_IMAGES) deploy/lock.py

# What the images hold of Python packages, as CycloneDX: `make -s sbom > sbom.json`.
sbom:
	python3 deploy/sbom.py deploy/requirements.lock
