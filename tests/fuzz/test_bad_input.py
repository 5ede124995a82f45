"""Broken and hostile input: always a value or one clear error, never anything else (``docs/security.md``).

What is wrong is made by hypothesis: values of any type in any place of a configuration, and bytes cut off, changed or
put into real files. An error that is not one of ours fails the test, and so does a hang (each example has a deadline).
"""

import copy
import os
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from igorwriter import IgorWave
from nptdms import ChannelObject, TdmsWriter
from pyarrow import parquet as pq
from scipy.io import savemat

from qdjunction.core.errors import InputError, QdjunctionError
from qdjunction.engine.siesta.extraction import electronic_structure_from_run, read_hamiltonian
from qdjunction.engine.siesta.pseudopotentials import read_pseudopotential
from qdjunction.engine.store import read_electronic_structure
from qdjunction.steps.transport import read_junction
from qdjunction.structure.perovskite.catalogue import load_dot
from qdjunction.structure.xyz import read_structure
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config, read_config
from qdjunction.traces.reading import open_traces, preview
from qdjunction.transport import read_transmission
from support.paths import CLUSTERS, PSEUDOPOTENTIALS, RECORDED, ROOT, SIESTA_RUNS

DOT = RECORDED / "1Pb_MAPbBr3"
SIESTA = SIESTA_RUNS / "converged"

EXAMPLES = int(os.environ.get("QDJUNCTION_FUZZ", "60"))
"""Examples a test; QDJUNCTION_FUZZ=2000 looks longer."""

fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=timedelta(seconds=20),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.just("../../etc/passwd"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    """Paths to every value of nested tables and lists."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SHIPPED["screen"] = [{"dots": ["8Pb"], "halides": ["Br", "I0.5Br0.5"], "seeds": 2, "contacts": ["L-R1"]}]
CATALOGUE = yaml.safe_load((CLUSTERS / "12Pb.yaml").read_text(encoding="utf-8"))


def changed(values, path, value):
    """The same with another value in one place."""
    if not path:
        return value
    result = copy.deepcopy(values)
    place = result
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return result


def is_clear(error: QdjunctionError, source: str) -> None:
    """An error names the file and is free of what only a programmer understands."""
    text = str(error)
    assert source in text
    assert not re.search(r"Traceback|pydantic|object at 0x|<class", text), text


def read_or_refused(read: Callable[[], object], source: str) -> None:
    """Reading gives something, or one clear error."""
    try:
        read()
    except QdjunctionError as error:
        is_clear(error, source)


@fuzzed
@given(path=st.sampled_from(list(places(SHIPPED))), value=anything)
def test_any_value_in_any_place_of_a_configuration(path, value):
    try:
        study = make_study(parse_config(changed(SHIPPED, path, value), "study.yaml"), CLUSTERS, "study.yaml")
    except InputError as error:
        is_clear(error, "study.yaml")
        return
    for case in (*study.dots, *study.junctions):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*(/[A-Za-z0-9][A-Za-z0-9_.+-]*)?", case.id)


@fuzzed
@given(path=st.sampled_from(list(places(CATALOGUE))[1:]), value=anything)
def test_any_value_in_any_place_of_a_catalogue_file(tmp_path, path, value):
    (tmp_path / "dot.yaml").write_text(yaml.safe_dump(changed(CATALOGUE, path, value)), encoding="utf-8")
    read_or_refused(lambda: load_dot("dot", tmp_path), "dot.yaml")


@fuzzed
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_as_configuration_and_catalogue_file(tmp_path, data):
    path = tmp_path / "study.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"study\.yaml"):
        read_config(path)
    with pytest.raises(QdjunctionError, match="study"):
        load_dot("study", tmp_path)


YAML_TRICKS = {
    "code": "study: !!python/object/apply:os.system ['touch pwned']",
    "bomb": "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)
    ),
    "recursion": "study: &x [*x]",
    "depth": "study: " + "[" * 5000,
    "merge": "<<: {study: s}\ndots: []",
    "two documents": "study: a\n---\nstudy: b",
    "null byte": "study: a\0b",
    "huge number": "study: s\ndots: [{dot: 1Pb, contacts: [long], seed: " + "9" * 6000 + "}]",
}  # fmt: skip


@pytest.mark.parametrize("text", YAML_TRICKS.values(), ids=YAML_TRICKS)
def test_tricks_of_yaml(tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(text)
    with pytest.raises(InputError, match=r"study\.yaml") as caught:
        read_config("study.yaml")
    assert len(str(caught.value)) < 5000
    assert not Path("pwned").exists()


damage = st.tuples(
    st.sampled_from(["cut", "change", "insert", "repeat"]),
    st.floats(0, 0.999),
    st.binary(min_size=1, max_size=12),
)


def damaged(data: bytes, kind: str, where: float, junk: bytes) -> bytes:
    at = int(where * len(data))
    match kind:
        case "cut":
            return data[:at]
        case "change":
            return data[:at] + junk + data[at + len(junk) :]
        case "insert":
            return data[:at] + junk + data[at:]
    return data[:at] + data[at // 2 :]


READERS = {
    "extended XYZ": (DOT / "relaxed.extxyz", read_structure),
    "electronic structure": (DOT / "hamiltonian.nc", read_electronic_structure),
    "transmission": (DOT / "long" / "transmission.nc", read_transmission),
    "HSX": (SIESTA / "siesta.HSX", lambda path: read_hamiltonian(path.parent, "HSX")),
    "TSHS": (SIESTA.parent / "periodic" / "siesta.TSHS", lambda path: read_junction(path, [0], [1])),
    "pseudopotential": (PSEUDOPOTENTIALS / "H.psf", read_pseudopotential),
}
RUN = ("XV", "EIG", "FA", "ORB_INDX", "fdf", "out", "HSX")


@fuzzed
@given(how=damage)
@pytest.mark.parametrize(("original", "read"), READERS.values(), ids=READERS)
def test_damaged_files(original, read, tmp_path, how):
    if original.suffix == ".HSX":
        for name in RUN:
            shutil.copy(SIESTA / f"siesta.{name}", tmp_path)
    path = tmp_path / original.name
    path.unlink(missing_ok=True)
    path.write_bytes(damaged(original.read_bytes(), *how))
    read_or_refused(lambda: read(path), path.name)


@fuzzed
@given(how=damage)
@pytest.mark.parametrize("name", RUN)
def test_damaged_run_of_siesta(tmp_path, name, how):
    for other in RUN:
        shutil.copy(SIESTA / f"siesta.{other}", tmp_path)
    path = tmp_path / f"siesta.{name}"
    path.write_bytes(damaged(path.read_bytes(), *how))
    read_or_refused(lambda: electronic_structure_from_run(tmp_path), str(tmp_path))


@fuzzed
@given(how=damage)
def test_damaged_trace_is_skipped_with_its_reason(tmp_path, how):
    displacement = np.linspace(0, 2, 400)
    values = np.column_stack([displacement, -3 * displacement])
    np.savetxt(tmp_path / "whole.txt", values)
    (tmp_path / "damaged.txt").write_bytes(damaged((tmp_path / "whole.txt").read_bytes(), *how))
    source = open_traces(tmp_path)
    names = sorted([trace.name for trace in source] + [bad.name for bad in source.bad])
    # A part that is copied again makes the displacement start again, as a second trace does.
    *parts, last = names
    assert parts
    assert all(name.startswith("damaged.txt") for name in parts)
    assert last == "whole.txt"


DISPLACEMENT = np.linspace(0, 2, 120)
ARRAYS = {"displacement_nm": np.tile(DISPLACEMENT, (3, 1)), "log10_g": np.tile(-3 * DISPLACEMENT, (3, 1))}


def write_hdf5(path):
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("trace", 3)
        data.createDimension("point", len(DISPLACEMENT))
        for name, values in ARRAYS.items():
            data.createVariable(name, "f8", ("trace", "point"), zlib=True)[:] = values


def write_tdms(path):
    with TdmsWriter(path) as writer:
        columns = {"z": DISPLACEMENT, "log10(G/G0)": -3 * DISPLACEMENT}
        writer.write_segment([ChannelObject("trace", name, values) for name, values in columns.items()])


def write_text(path):
    np.savetxt(path, np.column_stack([DISPLACEMENT, -3 * DISPLACEMENT]), "%.4f")


def write_igor_text(path):
    rows = "".join(f"{z:.4f} {-3 * z:.4f}\n" for z in DISPLACEMENT)
    path.write_text(f"IGOR\nWAVES z g\nBEGIN\n{rows}END\n")


TRACE_FILES = {
    "t.txt": write_text,
    "t.txt.gz": write_text,
    "t.itx": write_igor_text,
    "t.npz": lambda path: np.savez_compressed(path, **ARRAYS),
    "t.h5": write_hdf5,
    "t.mat": lambda path: savemat(path, {"trace": np.column_stack([DISPLACEMENT, -3 * DISPLACEMENT])}),
    "packed.mat": lambda path: savemat(path, {"t": [{"z": DISPLACEMENT, "g": -DISPLACEMENT}]}, do_compression=True),
    "t.parquet": lambda path: pq.write_table(pa.table({key: list(value) for key, value in ARRAYS.items()}), path),
    "t.tdms": write_tdms,
    "t.ibw": lambda path: IgorWave(np.column_stack([DISPLACEMENT, -3 * DISPLACEMENT])).save(str(path)),
}  # fmt: skip


@pytest.fixture(scope="module", params=TRACE_FILES)
def trace_file(request, tmp_path_factory):
    """A file of each format, and its content."""
    path = tmp_path_factory.mktemp("whole") / request.param
    TRACE_FILES[request.param](path)
    assert list(open_traces(path))
    return path.name, path.read_bytes()


@fuzzed
@given(how=damage)
def test_a_damaged_file_of_traces_is_one_clear_error(trace_file, tmp_path, how):
    name, content = trace_file
    path = tmp_path / name
    path.unlink(missing_ok=True)
    path.write_bytes(damaged(content, *how))
    read_or_refused(lambda: list(open_traces(path)), name)
    read_or_refused(lambda: preview(path), name)
