# Every command prepares what it needs first (scripts/setup); a second run finds it there.
PORT ?= 8000
REQUESTS ?= 20000

.PHONY: help demo demo-reset test figures faults fuzz load load-short lint format bench try-install

help:
	@echo "make demo [PORT=8000]  the whole product on this machine"
	@echo "make demo-reset        empty the demo's data"
	@echo "make test              every test, on PostgreSQL and Redis, and on SQLite what differs there"
	@echo "make figures [ROW=…]   the full counts row by row, kept in var/figures/ (hours; goes on where it stopped)"
	@echo "make faults [ROW=smtp] everything that breaks, while customers go on (hours; a row at most 40 minutes)"
	@echo "make fuzz [REQUESTS=…] 20,000 requests that nobody foresaw, behind nginx (half an hour)"
	@echo "make load              100,000 quotes, read and signed for half an hour; load-short: two minutes"
	@echo "make lint              style, types, imports, templates, migrations, deployment"
	@echo "make format            lay out the code"
	@echo "make try-install       docs/operations.md in a bare Debian that boots (as root, 5 to 15 minutes)"
	@echo "make bench             how fast it is, beside a reference"

demo:
	@scripts/setup demo
	@DEMO=1 exec .venv/bin/python manage.py demo --port $(PORT)

demo-reset:
	@scripts/demo-reset

test:
	@scripts/setup tests
	@scripts/test

figures:
	@scripts/setup tests
	@.venv/bin/python -m logisav.tests.rows

load:
	@scripts/setup tests
	@.venv/bin/python -m logisav.tests.load

load-short:
	@scripts/setup tests
	@.venv/bin/python -m logisav.tests.load --short --quotes 2000 --ramp 10 --seconds 30

# BATCHES: how often each fault meets ten customers. What is done stands in var/figures, and the next call goes on.
BATCHES ?= 8
faults:
	@scripts/setup tests
	@.venv/bin/python -m logisav.tests.faults --batches $(BATCHES) $(ROW)

fuzz:
	@scripts/setup tests
	@nice .venv/bin/python -m logisav.tests.fuzz --requests $(REQUESTS)

lint:
	@scripts/setup lint
	@scripts/lint

format:
	@scripts/setup lint
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format .

bench:
	@scripts/setup tests
	@.venv/bin/python -m bench

try-install:
	@scripts/try-install
