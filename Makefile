# Everything a fresh machine needs is made by these targets; nothing is installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

FRONT := daemon/vorzimmer/web/front

.PHONY: help setup packages asterisk lock lint format test test-long demo bench faults clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.installed $(FRONT)/.built ## Python environment of this checkout, and the page

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory install PACKAGES=python3-venv
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(FRONT)/.built: $(FRONT)/node_modules/.installed $(wildcard $(FRONT)/*.* $(FRONT)/src/* $(FRONT)/src/*/* $(FRONT)/src/*/*/*)
	cd $(FRONT) && npm run --silent build
	@touch $@

# Not by --prefix: npm would look for the machine's own settings there.
$(FRONT)/node_modules/.installed: $(FRONT)/package-lock.json
	@command -v npm >/dev/null || $(MAKE) --no-print-directory install PACKAGES="nodejs npm"
	cd $(FRONT) && npm ci --silent
	@touch $@

packages: ## System packages for trying and testing: SIPp, a softphone, a browser, fonts, the tool that unpacks Asterisk, systemd's checker of units
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || $(MAKE) --no-print-directory install PACKAGES=chromium
	@command -v sipp >/dev/null || $(MAKE) --no-print-directory install PACKAGES=sip-tester
	@command -v baresip >/dev/null || $(MAKE) --no-print-directory install PACKAGES=baresip-core
	@command -v mmdebstrap >/dev/null || $(MAKE) --no-print-directory install PACKAGES=mmdebstrap
	@[ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || $(MAKE) --no-print-directory install PACKAGES=fonts-dejavu-core
	@[ -f /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf ] || [ -f /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || $(MAKE) --no-print-directory install PACKAGES=fonts-droid-fallback
	@command -v systemd-analyze >/dev/null || $(MAKE) --no-print-directory install PACKAGES=systemd

install:
	@command -v apt-get >/dev/null || { echo "Please install $(PACKAGES): this machine has no apt-get." >&2; exit 1; }
	@echo "installing $(PACKAGES) …"
	@$(SUDO) apt-get update -qq
	@DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null

asterisk: setup packages ## An Asterisk for the sandbox: the installed one, or an unpacked one in the cache
	@$(BIN)/vorzimmer sandbox fetch

demo: asterisk ## Real calls through a sandbox, from INVITE to mail; KEEP=1 leaves it running
	@$(BIN)/python -m tests.demo $(if $(KEEP),--keep)

test: asterisk ## All tests, against a real Asterisk, PostgreSQL and mail server
	$(BIN)/pytest -n 3 --dist loadgroup -m "not long" $(ARGS)

test-long: asterisk ## Hundreds of repetitions: every await, every race
	$(BIN)/pytest -n 3 --dist loadgroup -m long $(ARGS)

bench: asterisk ## Dial, app_queue and the daemon on one Asterisk in one run
	@$(BIN)/python -m tests.bench $(ARGS)

faults: asterisk ## SIPp's load while one thing after another dies: nothing may be missing, double or dropped
	@$(BIN)/python -m tests.faults $(ARGS)

lock: setup ## Pin the newest allowed versions, with hashes and without an index
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --all-extras \
	  --no-annotate --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock pyproject.toml

lint: setup ## ruff, mypy, import contracts; the page's types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(FRONT) && npm run --silent check && npm run --silent weight

format: setup ## Write the code as ruff would
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what setup made
	rm -rf $(VENV) $(FRONT)/node_modules $(FRONT)/.built daemon/vorzimmer/web/static
