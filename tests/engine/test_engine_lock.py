import json
import os
import socket
import subprocess
import sys
import time

import pytest
from qdjunction.core.errors import MachineError
from qdjunction.core.lock import STALE_S, run_lock

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


def test_of_many_newcomers_one_gets_a_stale_lock(tmp_path):
    (tmp_path / "lock.json").write_text(json.dumps({"host": "gone", "pid": 1}))
    os.utime(tmp_path / "lock.json", (0, 0))
    code = HOLD.replace("time.sleep(60)", "time.sleep(3)")
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    outcomes = [process.communicate()[0] for process in crowd]
    assert outcomes.count("held\n") == 1
