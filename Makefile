# Two commands for a fresh machine with Python 3.10 to 3.13 and pip. Both work a second time.
#   make demo    makes .venv, installs Epochal with what fits this machine, and runs `epochal demo`
#   make test    makes .venv-test, and runs lint, types and all tests through tox (make test ENVS="lint py311-core")
# PYTHON=python3.12 takes another interpreter.
PYTHON ?= python3

.PHONY: demo test clean
demo:
	@$(PYTHON) .ci/demo.py $(ARGS)

test:
	@$(PYTHON) .ci/tests.py $(ENVS)

clean:
	rm -rf .venv .venv-test .tox build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
