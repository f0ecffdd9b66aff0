# Everything runs from .venv, which the first target that needs it makes.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE := 1

.PHONY: run test test-slow check demo-data demo-model clean

run: $(VENV)/.installed  ## start the dashboard on the embedded demo
	$(BIN)/betalens serve $(ARGS)

test: $(VENV)/.tested  ## run every test but the slow ones
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/pytest -m "not slow" $(ARGS)

test-slow: $(VENV)/.tested  ## run the tests that take minutes
	$(BIN)/pytest -m slow $(ARGS)

demo-data: $(VENV)/.demo  ## render the demo's studies again (about an hour on 2 cores)
	$(BIN)/python -m model.demo.build

demo-model: $(VENV)/.demo  ## train the demo's checkpoint again (about an hour on 2 cores)
	$(BIN)/python -m model.demo.build --extra 2400 --out build/demo-extra
	$(BIN)/betalens train --config assets/demo-config.json --extra build/demo-extra --half --out assets/checkpoint

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)
	touch $@

$(VENV)/.demo: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	touch $@

clean:
	rm -rf $(VENV) build
