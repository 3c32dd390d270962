# Every command prepares what it needs first (scripts/setup); a second run finds it there.
PORT ?= 8000

.PHONY: help demo demo-reset test figures lint format bench

help:
	@echo "make demo [PORT=8000]  tout le produit, sur cette machine"
	@echo "make demo-reset        vide les données de la démo"
	@echo "make test              tous les tests, sur SQLite puis sur PostgreSQL et Redis"
	@echo "make figures           les comptes complets, et leur tableau (plus d'une heure)"
	@echo "make lint              style, types, imports, gabarits, migrations, déploiement"
	@echo "make format            met le code en forme"
	@echo "make bench             les mesures de vitesse"

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
	@LOGISAV_FIGURES=1 LOGISAV_TEST_STACK=postgres .venv/bin/pytest

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
