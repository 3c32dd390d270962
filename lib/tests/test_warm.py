"""Each job has a process of its own, nothing stays of it, and nobody works for nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lib import warm
from lib.tests import forked
from lib.tests.processes import children, is_gone, memory, open_files

pytestmark = pytest.mark.sqlite

ROOT = Path(warm.__file__).resolve().parents[1]
SECRET = "SECRET-OF-THE-STARTER"
PARENT = "import os; answer.write(str(os.getppid()).encode())"


def environment(home: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}


def made(*options: str) -> warm.Warm:
    command = [sys.executable, "-P", "-m", "lib.tests.forked", *options]
    return warm.Warm(command, environment=environment, scratch="logisav-warm-")


@pytest.fixture(scope="module")
def warmed() -> warm.Warm:
    return made()


def answer(one: warm.Warm, job: str, *, seconds: float = 30) -> str:
    done = one.run(job.encode(), seconds=seconds)
    assert done.code == 0, done.said.decode()
    return done.answer.decode()


def parent(one: warm.Warm) -> int:
    return int(answer(one, PARENT))


# One job, and nothing of it for the next


def test_answer_last_words_and_code_come_back(warmed: warm.Warm) -> None:
    done = warmed.run(b"answer.write(b'A' * 10_000_000); print('out'); code = 12", seconds=30)
    assert done == warm.Done(12, b"A" * 10_000_000, b"out\n")


def test_a_job_may_be_large(warmed: warm.Warm) -> None:
    assert answer(warmed, "answer.write(b'read')#" + "x" * 12_000_000) == "read"


def test_a_job_leaves_nothing_to_the_next(warmed: warm.Warm) -> None:
    look = "import os; said = f'{len(kept)} {os.listdir()} {os.environ.get(\"LEFT\")}'; answer.write(said.encode())"
    leave = "kept.append('x'); open(os.environ['HOME'] + '/left', 'w'); os.environ['LEFT'] = 'x'"
    assert answer(warmed, f"{look}; {leave}; assert os.listdir() == ['left']") == "0 [] None"
    assert answer(warmed, look) == "0 [] None"


def test_each_job_has_a_process_and_all_have_one_parent(warmed: warm.Warm) -> None:
    pids = [
        answer(warmed, "import os; answer.write(f'{os.getpid()} {os.getppid()}'.encode())") for _ in range(3)
    ]
    assert len({pid.split()[0] for pid in pids}) == 3
    assert len({pid.split()[1] for pid in pids}) == 1
    assert all(is_gone(int(pid.split()[0])) for pid in pids)


def test_a_job_holds_its_own_files_alone(warmed: warm.Warm) -> None:
    look = (
        "import os, time; time.sleep(0.5)\n"
        "for number in (*range(4), *range(4, 64)):\n"
        "  try: answer.write(os.readlink(f'/proc/self/fd/{number}').split(':')[0].encode() + b' ')\n"
        "  except FileNotFoundError: pass"
    )
    with ThreadPoolExecutor(3) as threads:
        files = list(threads.map(lambda _: answer(warmed, look), range(3)))
    assert files == ["/memfd pipe pipe pipe "] * 3


def test_many_threads_ask_at_once(warmed: warm.Warm) -> None:
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda number: answer(warmed, f"answer.write(b'{number}')"), range(40)))
    assert said == [str(number) for number in range(40)]


# What the parent knows


def test_the_parent_opens_nothing_and_reads_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    one, said = made(), "SAID-BY-A-CUSTOMER"
    pid = parent(one)
    before = open_files(pid)
    assert answer(one, f"answer.write({said!r}.encode()); print({said!r})") == said
    assert open_files(pid) == before
    assert before == ["/memfd", "/memfd", "socket"]
    for words, found in ((said, False), (SECRET, False), (forked.MARK.decode(), True)):
        assert any(words.encode() in piece for piece in memory(pid)) is found, words
    assert SECRET.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


def test_the_parent_is_one_thread_and_shares_no_memory_that_can_be_written(warmed: warm.Warm) -> None:
    pid = parent(warmed)
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert [line for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if " rw-s" in line] == []


# What goes wrong


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 28,) * 2); bytearray(1 << 30)", 1),
        (
            "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass",
            -signal.SIGXCPU,
        ),
        ("raise SystemExit(0)", 1),
        ("import os; os._exit(7)", 7),
    ],
    ids=["killed", "memory", "time", "exit", "sudden exit"],
)
def test_the_parent_outlives_a_job_that_dies(warmed: warm.Warm, job: str, code: int) -> None:
    before = parent(warmed)
    assert warmed.run(job.encode(), seconds=30).code == code
    assert parent(warmed) == before


def test_after_a_crash_in_native_code_the_next_job_meets_another_layout_of_memory(warmed: warm.Warm) -> None:
    before = parent(warmed)
    assert warmed.run(b"import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", seconds=30).code == -11
    assert is_gone(before)
    assert parent(warmed) != before


def test_crashes_of_others_cost_an_innocent_job_none_of_its_tries(tmp_path: Path) -> None:
    """More of them than a job has tries, while it runs: it begins again each time, and is done."""
    shared, begun = made(), tmp_path / "begun"
    innocent = (
        f"import os, time; os.write(os.open('{begun}', 1089), b'x')\n"
        f"time.sleep(0 if os.path.getsize('{begun}') > {warm.TRIES} else 30); answer.write(b'done')"
    )
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(shared.run, innocent.encode(), seconds=60)
        for crashes in range(1, warm.TRIES + 2):
            while not begun.exists() or begun.stat().st_size < crashes:
                if waiting.done():
                    break
                time.sleep(0.01)
            if not waiting.done():
                shared.run(b"import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", seconds=30)
        assert waiting.result().answer == b"done"
    assert begun.stat().st_size == warm.TRIES + 1


def test_a_job_that_takes_too_long_is_ended_and_the_parent_stays(warmed: warm.Warm, tmp_path: Path) -> None:
    before, start = parent(warmed), time.monotonic()
    job = f"import os, pathlib, time; pathlib.Path('{tmp_path}/pid').write_text(str(os.getpid())); time.sleep(60)"
    with pytest.raises(warm.Endless):
        warmed.run(job.encode(), seconds=1)
    assert time.monotonic() - start < 5
    assert is_gone(int((tmp_path / "pid").read_text()))
    assert parent(warmed) == before


def test_an_answer_without_end_is_ended(warmed: warm.Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "MOST_SAID", 1_000_000)
    with pytest.raises(warm.Endless):
        warmed.run(b"while True: answer.write(b'x' * 100_000)", seconds=30)


def test_a_parent_that_was_killed_is_started_anew(warmed: warm.Warm) -> None:
    before = parent(warmed)
    os.kill(before, signal.SIGKILL)
    assert parent(warmed) != before


def test_a_job_whose_parent_is_killed_is_done_all_the_same(warmed: warm.Warm, tmp_path: Path) -> None:
    """By another parent; the first fork is gone."""
    before, begun = parent(warmed), tmp_path / "begun"
    job = (
        f"import os, time; os.write(os.open('{begun}', 1089), b'%d\\n' % os.getpid()); time.sleep(1)\n"
        + PARENT
    )
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(answer, warmed, job)
        wait_for(begun.exists)
        os.kill(before, signal.SIGKILL)
        assert int(asked.result()) != before
    first, second = map(int, begun.read_text().split())
    assert is_gone(first)
    assert first != second


def test_a_parent_that_hangs_is_ended(warmed: warm.Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "GRACE", 0.5)
    before = parent(warmed)
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(warm.Endless):
        warmed.run(b"", seconds=1)
    assert is_gone(before)
    assert parent(warmed) != before


def test_a_parent_that_cannot_start_says_why() -> None:
    command = [sys.executable, "-c", "raise OSError('cannot load library')"]
    done = warm.Warm(command, environment=environment, scratch="logisav-warm-").run(b"", seconds=30)
    assert done.code == 1
    assert b"cannot load library" in done.said


def test_ctrl_c_is_for_the_starter(warmed: warm.Warm) -> None:
    before = parent(warmed)
    os.kill(before, signal.SIGINT)
    assert parent(warmed) == before


# Nobody is left


STARTER = f"""
import os, sys, time
from lib import warm
from lib.tests.test_warm import answer, made, parent, {"PARENT"}
one = made()
print(parent(one), flush=True)
"""


def started(more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER + more],
        stdout=subprocess.PIPE,
        text=True,
        env=environment("/nonexistent"),
        cwd=ROOT,
    )


@pytest.mark.parametrize("job", ["time.sleep(60)", "one.run(b'import time; time.sleep(60)', seconds=60)"])
def test_nobody_outlives_a_starter_that_is_killed(job: str) -> None:
    with started(job) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        if "run" in job:
            wait_for(lambda: bool(children(pid)))
        family = [pid, *children(pid)]
        starter.kill()
    assert [one for one in family if not is_gone(one)] == []
    assert len(family) == 1 + ("run" in job)


def test_a_fork_of_the_starter_has_a_parent_of_its_own_and_holds_no_other() -> None:
    more = """
if not os.fork():
    print(parent(one), flush=True)
    sys.stdin.read()
    os._exit(0)
time.sleep(60)
"""
    with started(more) as starter:
        assert starter.stdout is not None
        first, second = int(starter.stdout.readline()), int(starter.stdout.readline())
        assert first != second
        (other,) = (pid for pid in children(starter.pid) if pid != first)
        assert not is_gone_at_once(second)
        starter.kill()
        assert is_gone(first)
        assert not is_gone_at_once(second)
        os.kill(other, signal.SIGKILL)
        assert is_gone(second)


def test_a_parent_without_a_job_gives_its_memory_back() -> None:
    one = made("0.5")
    assert answer(one, "import time; time.sleep(1); answer.write(b'longer than that')") == "longer than that"
    before = parent(one)
    assert is_gone(before)
    assert parent(one) != before


def is_gone_at_once(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
