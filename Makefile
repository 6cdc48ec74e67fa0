# make app: serve the explorer. make test: install what tests need and run them. Nothing is installed outside .venv,
# except Debian's chromium when no browser is found and this is root.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: app test lint browser clean

app: .venv/app.done
	$(PY) app.py

test: .venv/dev.done browser
	$(PY) -m ruff check .
	$(PY) -m pytest -q

lint: .venv/dev.done
	$(PY) -m ruff check .

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/app.done: .venv/bin/python requirements.txt
	$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev.done: .venv/app.done requirements-dev.txt
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@

browser: .venv/dev.done
	$(PY) -m tests.browser

clean:
	rm -rf .venv
