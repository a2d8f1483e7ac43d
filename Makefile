# Two commands for a newcomer: `make demo`, `make test`. The rest is the daily loop.
PYTHON ?= python3
B := .venv/bin
STATIC := backofficine/static/dist
LOCALES := $(patsubst %.po,%.mo,$(wildcard backofficine/*/locale/*/LC_MESSAGES/django.po))

.PHONY: demo past test check bench bench-orders format assets locks screenshots clean
.DELETE_ON_ERROR:

# The styles are made while the demo lives its past: two processors, half a minute less.
demo: .venv/.run
	@$(MAKE) --no-print-directory -j2 past $(STATIC)/.built
	@$(B)/backofficine demo

past: .venv/.run $(LOCALES)
	@$(B)/backofficine demo --build-only

test: .venv/.dev $(STATIC)/.built $(LOCALES)
	@$(B)/python tools/run_tests.py $(ARGS)

check: .venv/.dev $(LOCALES)
	@$(B)/python tools/run_checks.py

bench: .venv/.dev $(STATIC)/.built $(LOCALES)
	@$(B)/python tools/bench.py $(ARGS)

bench-orders: .venv/.dev
	@$(B)/python tools/bench_orders.py $(ARGS)

format: .venv/.dev
	$(B)/ruff check --fix --quiet . ; $(B)/ruff format .

assets: $(STATIC)/.built $(LOCALES)

locks:
	$(B)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q pyproject.toml --group build -o requirements/run.txt
	$(B)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q pyproject.toml --group build --group test --group check -o requirements/dev.txt

clean:
	rm -rf .venv $(STATIC) frontend/node_modules $(LOCALES)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Il faut Python 3.11 ou plus récent : make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv .venv || { echo "Il manque le module venv : apt install python3-venv"; rm -rf .venv; exit 1; }

.venv/.run: requirements/run.txt .venv/bin/python
	@echo "Installation des composants (une minute la première fois)…"
	@$(B)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(B)/python tools/link_program.py
	@touch $@

.venv/.dev: requirements/dev.txt .venv/bin/python
	@echo "Installation des composants et des outils de test…"
	@$(B)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(B)/python tools/link_program.py
	@touch $@

# The sprite and the styles hold only what templates name, so templates are sources too.
$(STATIC)/.built: frontend/node_modules/.installed frontend/build.mjs $(shell find frontend/src backofficine -path '*/templates/*.html' -o -path 'frontend/src/*' -type f)
	@echo "Préparation des styles et des scripts…"
	@$(B)/python tools/assets.py --no-install
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json | .venv/bin/python
	@test -f .venv/.run -o -f .venv/.dev || $(MAKE) --no-print-directory .venv/.run
	@$(B)/python tools/assets.py --install-only
	@touch $@

%.mo: %.po
	@test -f .venv/.run -o -f .venv/.dev || $(MAKE) --no-print-directory .venv/.run
	@$(B)/python tools/messages.py compile $< $@
