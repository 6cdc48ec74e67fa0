# make app          serve the explorer
# make check        format, lint, types, JavaScript
# make test-fast    the tests without a browser or a server
# make test         check, then all tests
# make cluster-test install Ray, too, and test replicas on it
# make bench        speed beside that of others
# make robustness   what a real server stands
# make lock         write requirements.lock anew
# make audit        look for known vulnerabilities in what it lists
# make clean        remove what these have installed
#
# Nothing is installed outside .venv, .venv-bench (bench) and .venv-tools (lock, audit), except Debian's chromium when no
# browser is found and this is root.
PYTHON ?= python3
PY := .venv/bin/python
BENCH := .venv-bench/bin/python
TOOLS := .venv-tools/bin
TEST_WORKERS ?= 2
PYTEST = OMP_NUM_THREADS=1 $(PY) -m pytest -q -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --durations=25

.PHONY: app test test-fast check cluster-test bench robustness browser lock audit clean

app: .venv/app.done
	$(PY) app.py

# One worker for each of two cores, each with one thread; a worker takes a whole module of tests, so that what a module
# shares is made once. The order is that of tests/conftest.py.
test: check browser
	$(PYTEST)

# All that needs neither a browser nor a server.
test-fast: .venv/dev.done
	$(PYTEST) -m "not browser and not server"

cluster-test: .venv/cluster.done
	$(PY) -m pytest -q tests/inference/replicas

# Format, lint, types, JavaScript: what a commit must pass, in under a minute.
check: .venv/dev.done
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	@if [ ! -f package.json ] || ! command -v npm > /dev/null; then echo "JavaScript is not checked: npm is not installed."; \
	elif ! { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund; }; then \
		echo "JavaScript is not checked: its tools cannot be installed (npm ci)."; \
	else npm run --silent check; fi

bench: .venv-bench/done
	$(BENCH) -m benchmarks $(BENCH_OPTIONS)

# What hostile and many visitors can do to a real server; ROBUSTNESS_OPTIONS=--quick shows that all of it runs, --full
# makes the soak thirty minutes long.
robustness: .venv/dev.done
	$(PY) -m robustness $(ROBUSTNESS_OPTIONS)

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/app.done: .venv/bin/python requirements.txt
	$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev.done: .venv/app.done pyproject.toml
	$(PY) -m pip install -q --disable-pip-version-check -e '.[dev]'
	touch $@

.venv/cluster.done: .venv/dev.done
	$(PY) -m pip install -q --disable-pip-version-check -e '.[cluster]' psutil==7.2.2
	touch $@

.venv-bench/done: requirements.txt pyproject.toml benchmarks/without-dependencies.txt
	$(PYTHON) -m venv .venv-bench
	$(BENCH) -m pip install -q --disable-pip-version-check -e '.[bench]'
	$(BENCH) -m pip install -q --disable-pip-version-check --no-deps -r benchmarks/without-dependencies.txt
	touch $@

browser: .venv/dev.done
	$(PY) -m harness.browser

# Everything that requirements.txt brings along, at the versions installed in .venv. torch stays out, because each
# platform has its own build of it; what torch itself needs besides NVIDIA's libraries is in.
lock: .venv-tools/done .venv/app.done
	grep -v -e '^torch==' -e '^#' requirements.txt > .venv-tools/lock.in
	$(PY) -c "import importlib.metadata as m; print(*(r for r in m.requires('torch') \
		if 'extra' not in r and not r.startswith(('nvidia', 'cuda', 'triton'))), sep='\n')" >> .venv-tools/lock.in
	$(PY) -m pip freeze -q --exclude torch --exclude noise-scale-explorer > .venv-tools/installed.txt
	printf '%s\n' '# Everything but torch that the explorer needs, by hash, for all platforms; written by make lock.' \
		'# torch is left out: its builds differ by platform. Install it after this file, at the version in requirements.txt.' \
		> requirements.lock
	$(TOOLS)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		-c .venv-tools/installed.txt .venv-tools/lock.in -o .venv-tools/lock.out
	cat .venv-tools/lock.out >> requirements.lock

audit: .venv-tools/done
	@grep '^torch==' requirements.txt > .venv-tools/torch.txt
	@{ $(TOOLS)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock \
		&& $(TOOLS)/pip-audit --strict --disable-pip --no-deps -r .venv-tools/torch.txt; } > .venv-tools/audit.log 2>&1 \
		&& echo "No known vulnerability in requirements.lock and torch." \
		|| { grep -q '^Found [0-9]' .venv-tools/audit.log && cat .venv-tools/audit.log \
		|| echo "Nothing was audited: the database of vulnerabilities cannot be reached (.venv-tools/audit.log)."; exit 1; }

.venv-tools/done:
	$(PYTHON) -m venv .venv-tools
	$(TOOLS)/python -m pip install -q --disable-pip-version-check uv==0.13.9 pip-audit==2.10.1
	touch $@

clean:
	rm -rf .venv .venv-bench .venv-tools
