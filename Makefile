# Everything needed on a fresh machine is Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Without compiled modules every start is several times slower.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: sandbox test check bench pictures lock soak docs format clean

sandbox: $(STAMP)  ## open wrapkey on its own sandbox, 20 times faster than Azure
	$(BIN)/wrapkey --sandbox --scenario $(or $(SCENARIO),contoso) --speed $(or $(SPEED),20)

test: $(STAMP)  ## all tests
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not soak"

check: $(STAMP)  ## formatting, lint, types, direction of imports, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m services.schema --check

bench: $(STAMP)  ## every benchmark prints ratios to a baseline of the same run
	$(BIN)/python -m benchmarks

soak: $(STAMP)  ## slow tests
	$(BIN)/python -m pytest -m soak

pictures: $(STAMP)  ## the README's pictures, from the running app on the sandbox
	$(BIN)/python -m docs.pictures

docs: $(STAMP)  ## write the generated documents
	$(BIN)/python -m services.schema --write

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP)  ## write requirements.lock anew: names, versions and hashes only
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
		--strip-extras --extra dev --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--no-emit-options --output-file requirements.lock pyproject.toml

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q $(VENV)/lib tui screens services sandbox
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
