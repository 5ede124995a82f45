import json
import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from qdjunction.core.errors import MachineError
from qdjunction.core.lock import STALE_S, run_lock
from support.processes import preloaded

HOLD = """
import sys, time
from pathlib import Path
from qdjunction.core.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `tmp_path`."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lock_is_gone_after_use(tmp_path):
    with run_lock(tmp_path):
        assert json.loads((tmp_path / "lock.json").read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_held_folder_is_refused_with_the_name_of_its_holder(tmp_path, holder):
    with (
        pytest.raises(
            MachineError, match=rf"host {socket.gethostname()}, process {holder.pid}, last sign of life"
        ),
        run_lock(tmp_path),
    ):
        pass


def test_the_lock_of_a_killed_holder_is_taken_over(tmp_path, holder):
    holder.kill()
    holder.wait()
    with run_lock(tmp_path):
        assert json.loads((tmp_path / "lock.json").read_text())["pid"] == os.getpid()


def test_another_host_is_believed_until_its_heartbeat_stops(tmp_path):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"host": "node-17", "pid": 1, "job_id": "4711", "since": 0}))
    with pytest.raises(MachineError, match="host node-17, process 1, job 4711"), run_lock(tmp_path):
        pass
    old = time.time() - STALE_S - 60
    os.utime(path, (old, old))
    with run_lock(tmp_path):
        assert json.loads(path.read_text())["host"] == socket.gethostname()


def test_a_damaged_lock_goes_stale_too(tmp_path):
    path = tmp_path / "lock.json"
    path.write_text("{")
    with pytest.raises(MachineError, match="host unknown"), run_lock(tmp_path):
        pass
    os.utime(path, (0, 0))
    with run_lock(tmp_path):
        pass


def test_what_a_dead_holder_left_running_here_is_ended(tmp_path, holder):
    orphan = subprocess.Popen(["sleep", "60"], cwd=tmp_path, start_new_session=True)
    elsewhere = subprocess.Popen(["sleep", "60"], cwd="/", start_new_session=True)
    for process in (orphan, elsewhere):
        path = tmp_path / "lock.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"process_group": process.pid}))
        holder.kill()
        holder.wait()
        with run_lock(tmp_path):
            pass
        path.write_text(json.dumps({"host": socket.gethostname(), "pid": holder.pid, "job_id": ""}))
    assert orphan.wait(5) == -15
    assert elsewhere.poll() is None, "a process group whose number was given anew is left alone"
    elsewhere.kill()
    elsewhere.wait()


def test_a_process_that_got_the_number_of_a_dead_holder_holds_nothing(tmp_path, holder):
    path = tmp_path / "lock.json"
    started = psutil.Process(holder.pid).create_time()
    said = {"host": socket.gethostname(), "pid": holder.pid, "started": started - 3600, "since": 0}
    path.write_text(json.dumps(said))
    with pytest.raises(MachineError, match=f"process {holder.pid}"), run_lock(tmp_path):
        pass
    old = time.time() - 60
    os.utime(path, (old, old))
    with run_lock(tmp_path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_holder_that_sleeps_keeps_its_lock(tmp_path, holder):
    holder.send_signal(19)  # SIGSTOP: no sign of life from now on
    os.utime(tmp_path / "lock.json", (0, 0))
    with pytest.raises(MachineError, match=f"process {holder.pid}"), run_lock(tmp_path):
        pass


def test_a_lock_that_was_taken_over_is_left_to_its_new_holder(tmp_path):
    path = tmp_path / "lock.json"
    other = json.dumps({"host": "node-17", "pid": 1, "since": 0})
    with run_lock(tmp_path):
        path.write_text(other)
    assert path.read_text() == other


def test_a_newcomer_that_died_over_a_stale_lock_stops_nobody(tmp_path):
    for path in (tmp_path / "lock.json", tmp_path / ".lock.json-guard"):
        path.write_text("")
        os.utime(path, (0, 0))
    with run_lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["hard links", "no hard links"])
def links(request, tmp_path_factory):
    """Environment of a process on a file system with hard links, or on one where they are not permitted."""
    if request.param == "hard links":
        return dict(os.environ)
    library = preloaded(NO_LINKS, tmp_path_factory.mktemp("links"))
    return os.environ | {"LD_PRELOAD": str(library)}


NO_LINKS = """\
#include <errno.h>
int link(const char *from, const char *to) { errno = EPERM; return -1; }
int linkat(int a, const char *from, int b, const char *to, int flags) { errno = EPERM; return -1; }
"""


def test_hard_links_are_refused_where_they_are_to_be(tmp_path, links):
    (tmp_path / "one").touch()
    code = "import os; os.link('one', 'two')"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=links, capture_output=True, text=True, check=False
    )
    assert ("Operation not permitted" in run.stderr) == ("LD_PRELOAD" in links)


def test_of_many_newcomers_one_gets_the_lock(tmp_path, links):
    assert len(_crowd(tmp_path, links)) == 1
    assert list(tmp_path.iterdir()) == []


def test_of_many_newcomers_one_gets_a_stale_lock(tmp_path, links):
    (tmp_path / "lock.json").write_text(json.dumps({"host": "gone", "pid": 1}))
    os.utime(tmp_path / "lock.json", (0, 0))
    assert len(_crowd(tmp_path, links)) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_result_is_kept_with_or_without_links(tmp_path, links):
    code = (
        "from pathlib import Path; from qdjunction.core.resume import resume\n"
        "resume('h.nc', 'work', '0' * 64, lambda path: (path.parent.mkdir(), path.write_bytes(b'results')))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=links, check=True)
    (kept,) = (tmp_path / "work").iterdir()
    assert (tmp_path / "h.nc").read_bytes() == b"results"
    assert kept.samefile(tmp_path / "h.nc") == ("LD_PRELOAD" not in links)


def _crowd(folder, environment):
    """Start processes that want the lock at once; return what those printed that got it."""
    code = HOLD.replace("time.sleep(60)", "sys.stdin.read()")
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", code, folder], text=True, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    # Each has ended without a line, or holds the lock until its input ends.
    lines = [process.stdout.readline() for process in crowd]
    errors = [process.communicate()[1] for process in crowd]
    said = list(zip(lines, errors, strict=True))
    assert all(line or "another run works here" in error for line, error in said), said
    return [line for line in lines if line == "held\n"]
