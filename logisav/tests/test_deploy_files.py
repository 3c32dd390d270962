"""The files of deploy/, looked at by the programs that will read them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from logisav.tests.topology import DEPLOY, ROOT

pytestmark = pytest.mark.sqlite

UNITS = DEPLOY / "systemd"
GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
MOST_EXPOSED = 3.0  # of 10, by systemd's own count
HARD_VALUES = r"""
PLAIN=postgres://logisav:p-w_d@localhost:5432/logisav
QUOTED='with spaces, a # and "quotes"'
SLASHED='back\slash and `tick`'
MARKS='!&|;<>()*?[]{}~^%=@+,:./'
EMPTY=
EMPTY_QUOTED=''
# COMMENT='no'
ACCENTED='Thermo Rhône'
"""


def needs(program: str | Path) -> None:
    """Left out on a machine of one's own; the build machine leaves nothing out."""
    if shutil.which(program) is None and not os.environ.get("CI"):
        pytest.skip(f"needs {program}")


def as_a_shell_reads(file: Path) -> dict[str, str]:
    script = f"set -a; . {shlex.quote(str(file))}; env -0"
    said = subprocess.run(["env", "-i", "/bin/sh", "-c", script], check=True, capture_output=True, text=True)
    found = dict(line.split("=", 1) for line in said.stdout.split("\0") if line)
    return {name: value for name, value in found.items() if name not in {"PWD", "SHLVL", "_", "OLDPWD"}}


def as_systemd_reads(file: Path, tmp_path: Path) -> dict[str, str]:
    """By the parser that EnvironmentFile= has too; this program of systemd's prints what it found."""
    needs(GENERATOR)
    place = tmp_path / "environment.d"
    place.mkdir(exist_ok=True)
    (place / "logisav.conf").write_bytes(file.read_bytes())
    said = subprocess.run(
        [GENERATOR], env={"XDG_CONFIG_HOME": str(tmp_path)}, check=True, capture_output=True, text=True
    )
    # It quotes for a shell.
    script = f"set -a\n{said.stdout}\nenv -0"
    found = subprocess.run(
        ["env", "-i", "/bin/bash", "-c", script], check=True, capture_output=True, text=True
    )
    pairs = dict(line.split("=", 1) for line in found.stdout.split("\0") if line)
    return {name: value for name, value in pairs.items() if name in names_in(file)}


def names_in(file: Path) -> list[str]:
    return re.findall(r"(?m)^([A-Z0-9_]+)=", file.read_text())


@pytest.mark.parametrize("name", ["example", "hard values"])
def test_a_shell_and_systemd_read_the_settings_alike(name: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text((ROOT / ".env.example").read_text() if name == "example" else HARD_VALUES)
    shell = as_a_shell_reads(file)
    assert sorted(shell) == sorted(names_in(file))
    # This program of systemd's leaves empty ones out.
    assert {name: value for name, value in shell.items() if value} == as_systemd_reads(file, tmp_path)


def installed(tmp_path: Path) -> Path:
    """The units where a machine has them, and the programs that they start."""
    place = tmp_path / "etc/systemd/system"
    shutil.copytree(UNITS, place)
    for name in ("gunicorn", "celery", "python"):
        program = tmp_path / "opt/logisav/.venv/bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch(mode=0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").touch(mode=0o755)
    return place


def unit_names() -> list[str]:
    files = sorted(path.name for path in UNITS.iterdir() if path.suffix in {".service", ".timer"})
    return [name.replace("@.", "@urgent.") for name in files]


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    needs("systemd-analyze")
    installed(tmp_path)
    said = subprocess.run(
        [
            "systemd-analyze",
            "verify",
            f"--root={tmp_path}",
            "--recursive-errors=no",
            "--man=no",
            *unit_names(),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.parametrize("unit", [name for name in unit_names() if name.endswith(".service")])
def test_a_service_is_fenced_in(unit: str, tmp_path: Path) -> None:
    needs("systemd-analyze")
    installed(tmp_path)
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--root={tmp_path}", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"exposure level for \S+: ([\d.]+)", said.stdout)
    assert level, said.stderr
    assert float(level[1]) <= MOST_EXPOSED


def test_units_start_commands_that_exist() -> None:
    lines = re.findall(r"manage\.py (\S+)", "".join(path.read_text() for path in UNITS.glob("*.service")))
    assert set(lines) >= {"sweep", "restamp", "purge", "backup"}
    assert set(lines) <= set(get_commands())
