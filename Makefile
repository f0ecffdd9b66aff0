# Everything runs from .venv, which the first target that needs it makes.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Processes that share the tests out; 0 is this one alone.
WORKERS := 3
# Installs Debian's packages (2) where their program (1) is not at hand; as root.
debian = command -v $(1) >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2))
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE := 1

.PHONY: run test check-js test-slow docs demo-data demo-model lock audit clean

run: $(VENV)/.installed  ## start the dashboard on the embedded demo
	$(BIN)/betalens serve $(ARGS)

test: $(VENV)/.tested check-js  ## run every test but the slow ones
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/basedpyright
	$(BIN)/pytest -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS) \
		|| { [ $$? -eq 1 ] && echo "Failed beside others: once more, alone" && \
			$(BIN)/pytest -m "not slow" --last-failed --last-failed-no-failures none -v $(ARGS); }

check-js: tests/js/node_modules/.installed  ## lint, formatting and unit tests of the page's scripts
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix tests/js run --silent check

test-slow: $(VENV)/.tested  ## run the tests that take minutes
	$(BIN)/pytest -m slow $(ARGS)

docs: $(VENV)/.docs  ## write the reference pages from the code, and the site into build/docs
	$(BIN)/python -m docs.site.reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --config-file docs/site/mkdocs.yml

demo-data: $(VENV)/.demo  ## render the demo's studies again (about an hour on 2 cores)
	$(BIN)/python -m model.studies.demo.build

demo-model: $(VENV)/.demo  ## train the demo's checkpoint again (about an hour on 2 cores)
	$(BIN)/python -m model.studies.demo.build --extra 2400 --out build/demo-extra
	$(BIN)/betalens train --config assets/demo-config.json --extra build/demo-extra --half --overwrite --out assets/checkpoint

lock: $(VENV)/.tested  ## resolve the images' exact versions again: deploy/*.lock, sbom.cdx.json, LICENSES.md
	mkdir -p build
	$(BIN)/python -m pip install --quiet --dry-run --ignore-installed --report build/resolved.json ".[postgres]"
	$(BIN)/python deploy/lock.py build/resolved.json

audit: $(VENV)/.tested  ## ask the public service what is known against the locked versions
	$(BIN)/pip-audit --disable-pip --requirement deploy/requirements.lock --requirement deploy/torch-cuda.lock

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	$(call debian,chromium,chromium)
	$(call debian,dcmj2pnm,dcmtk) || echo "DCMTK is not at hand: comparisons with it are skipped"
	$(call debian,dciodvfy,dicom3tools) || echo "dicom3tools is not at hand: its checks of what leaves as DICOM are skipped"
	$(call debian,DicomSRValidator,default-jre-headless pixelmed-apps) \
		|| echo "PixelMed's programs are not at hand: their checks of reports are skipped"
	command -v nginx >/dev/null || (cd $(VENV) && apt-get download -qq nginx && dpkg --extract nginx_*.deb nginx) \
		|| echo "nginx is not at hand: tests behind it are skipped"
	touch $@

# Node comes with the extra `test`.
tests/js/node_modules/.installed: tests/js/package.json tests/js/package-lock.json $(VENV)/.tested
	cd tests/js && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	touch $@

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

$(VENV)/.demo: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	touch $@

clean:
	rm -rf $(VENV) build tests/js/node_modules
