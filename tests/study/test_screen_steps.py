"""A screening does all contacts of a dot in one job: packs, contacts that fail, work that is not done again."""

import json
import shutil
import zipfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from qdjunction import screen_steps, steps
from qdjunction.core.errors import InputError, StructureError
from qdjunction.core.provenance import digest
from qdjunction.engine.registry import make_engine
from qdjunction.interference.settings import InterferenceSettings
from qdjunction.study.config import ElectrodeSettings, TransportSettings
from qdjunction.study.failures import find_failures, forget_failures, read_failure, recorded_case
from qdjunction.study.packs import JUNCTION_FILES, TRANSPORT_FILES, read_manifest, unpack
from qdjunction.study.records import read_record
from qdjunction.transport import read_transmission

RELAXED = Path(__file__).parents[1] / "data" / "report" / "results" / "1Pb_MAPbBr3" / "relaxed.extxyz"
ELECTRODES = ElectrodeSettings(layers=1)
TRANSPORT = TransportSettings(energy_min_ev=-4, energy_max_ev=6, energy_step_ev=0.05)
SHORT, LONG = {"short": ["L", "R1"]}, {"long": ["L", "R2"]}
NOWHERE = {"L-R9": ["L", "R9"]}


@pytest.fixture
def dot(tmp_path):
    folder = tmp_path / "results" / "1Pb"
    folder.mkdir(parents=True)
    return folder


def attempt(dot, policy="record"):
    """The failure policy of a job for this dot."""
    config = {"study": "s", "on_failure": policy, "dots": [{"dot": "1Pb", "contacts": ["short"]}]}
    return partial(
        recorded_case, SimpleNamespace(config=config, rule="screen_junctions", wildcards=[dot.name], input=[])
    )


def work(dot):
    return dot.parent / "work" / dot.name


def junctions(dot, contacts, electrodes=ELECTRODES, under=None):
    screen_steps.junctions(
        RELAXED, contacts, electrodes, make_engine("xtb", threads=1), work(dot), dot / "junctions.zip",
        under or attempt(dot),
    )  # fmt: skip


def transport(dot, contacts, interference=None):
    tables = tuple(dot / name for name in ("conductance.csv", "series.csv", "series.json"))
    screen_steps.transport(
        dot / "junctions.zip", contacts, TRANSPORT, interference or InterferenceSettings(), work(dot),
        dot.parent / "cache", dot / "transport.zip", tables, attempt(dot),
    )  # fmt: skip


def computed(caplog):
    """What was computed and what was there, from the log."""
    said = [record.getMessage() for record in caplog.records if ", contact " in record.getMessage()]
    caplog.clear()
    there = [text.split(",")[0] for text in said if text.endswith("done before")]
    return [text.split(",")[0] for text in said if not text.endswith("done before")], there


def test_packs_hold_what_the_single_steps_give(dot, tmp_path):
    contacts = SHORT | LONG
    junctions(dot, contacts)
    transport(dot, contacts)
    unpack(dot / "junctions.zip", dot, [f"long/{name}" for name in JUNCTION_FILES])
    unpack(dot / "transport.zip", dot, [f"long/{name}" for name in TRANSPORT_FILES])

    one = tmp_path / "one"
    steps.junction(RELAXED, "L", "R2", ELECTRODES, one / "junction.extxyz", one / "junction.json")
    engine = make_engine("xtb", threads=1)
    steps.hamiltonian(one / "junction.extxyz", engine, one / "work", one / "hamiltonian.nc")
    steps.transmission_of_study(one / "hamiltonian.nc", TRANSPORT, one / "transmission.nc", one / "cache")
    assert (dot / "long" / "junction.extxyz").read_bytes() == (one / "junction.extxyz").read_bytes()
    spectra = [read_transmission(folder / "transmission.nc").transmission for folder in (dot / "long", one)]
    np.testing.assert_allclose(*spectra, rtol=1e-9)
    assert json.loads((dot / "series.json").read_text())["series"][0]["junctions"] == ["short", "long"]
    assert sorted(path.name for path in work(dot).iterdir()) == ["junctions.zip", "transport.zip"]
    assert work(dot).joinpath("junctions.zip").samefile(dot / "junctions.zip"), "two names, not two files"


def test_packs_say_who_made_them_from_what(dot):
    junctions(dot, SHORT)
    transport(dot, SHORT)
    first, second = (read_record(dot / name) for name in ("junctions.zip", "transport.zip"))
    assert first.provenance["inputs"] == {str(RELAXED): digest(RELAXED)}
    assert first.engine["method"] == "GFN1-xTB"
    assert second.provenance["inputs"] == {str(dot / "junctions.zip"): digest(dot / "junctions.zip")}
    unpack(dot / "junctions.zip", dot, ["short/hamiltonian.nc"])
    assert first.members["short/hamiltonian.nc"] == digest(dot / "short" / "hamiltonian.nc")


def test_a_contact_that_fails_leaves_the_others_and_is_tried_again(dot, caplog):
    caplog.set_level("INFO")
    junctions(dot, SHORT | NOWHERE)
    transport(dot, SHORT | NOWHERE)
    (failure, paths), *others = find_failures(dot.parent).items()
    assert not others
    assert (failure.step, failure.case, failure.error) == ("screen_junctions", "1Pb/L-R9", "StructureError")
    assert paths == [dot / "junctions.zip", dot / "transport.zip"]
    assert read_record(dot / "transport.zip").inside == (failure,)
    summary = json.loads((dot / "series.json").read_text())["series"]
    assert [one["junctions"] for one in summary] == [["short"]]
    assert "R9" in json.dumps(summary)
    caplog.clear()

    shutil.rmtree(work(dot))  # an archive comes without it
    assert forget_failures(dot.parent) == 1
    assert not (dot / "junctions.zip").exists()
    assert not (dot / "transport.zip").exists()
    junctions(dot, SHORT | LONG)
    assert computed(caplog) == (["long"], ["short"])
    transport(dot, SHORT | LONG)
    assert computed(caplog) == (["long"], ["short"])
    assert not find_failures(dot.parent)


def test_a_contact_that_the_pack_lacks_is_named(dot):
    junctions(dot, LONG)
    with pytest.raises(InputError, match=r"junctions\.zip: lacks short; run Snakemake without"):
        transport(dot, SHORT | LONG)
    with pytest.raises(InputError, match=r"junctions\.zip: holds no short/junction\.json"):
        unpack(dot / "junctions.zip", dot, ["short/junction.json"])


def test_what_was_unpacked_does_not_outlive_its_pack(dot):
    junctions(dot, NOWHERE | LONG)
    unpack(dot / "junctions.zip", dot, ["L-R9/hamiltonian.nc", "long/hamiltonian.nc"])
    (dot / "report").mkdir()
    (dot / "report" / "index.html").write_text("a page")
    assert len(next(iter(find_failures(dot.parent).values()))) == 2
    junctions(dot, {"L-R9": ["L", "R1"]} | LONG)  # the contact is there now
    assert not find_failures(dot.parent)
    assert not (dot / "long" / "hamiltonian.nc").exists()
    assert not (dot / "report" / "index.html").exists()


def test_a_pack_in_the_making_is_left_alone(dot):
    junctions(dot, NOWHERE)
    (dot / ".junctions-x.zip").write_bytes(b"half")
    assert len(find_failures(dot.parent)) == 1


def test_settings_of_the_series_leave_transmissions(dot, caplog):
    caplog.set_level("INFO")
    junctions(dot, LONG)
    transport(dot, LONG)
    caplog.clear()
    transport(dot, LONG, interference=InterferenceSettings(jump_decades=0.3))
    assert computed(caplog) == ([], ["long"])
    transport(dot, LONG, interference=InterferenceSettings(offset_ev=1.5))
    assert computed(caplog) == (["long"], [])


def test_all_contacts_may_fail(dot):
    junctions(dot, NOWHERE)
    transport(dot, NOWHERE)
    assert read_failure(dot / "series.json").case == "1Pb/L-R9"
    assert len(find_failures(dot.parent)) == 1


def test_stop_stops(dot):
    with pytest.raises(StructureError, match="R9"):
        junctions(dot, NOWHERE | SHORT, under=attempt(dot, "stop"))
    assert not (dot / "junctions.zip").exists()


def test_a_contact_more_leaves_those_that_are_there(dot, caplog):
    caplog.set_level("INFO")
    junctions(dot, LONG)
    before = read_manifest(dot / "junctions.zip")["sha256"]
    (dot / "junctions.zip").unlink()  # as Snakemake does before it runs the job once more
    caplog.clear()
    junctions(dot, SHORT | LONG)
    assert computed(caplog) == (["short"], ["long"])
    assert read_manifest(dot / "junctions.zip")["sha256"].items() >= before.items()
    junctions(dot, SHORT)
    assert computed(caplog) == ([], ["short"])
    assert list(read_manifest(dot / "junctions.zip")["keys"]) == ["short"]


def test_other_settings_are_other_work(dot, caplog):
    caplog.set_level("INFO")
    junctions(dot, LONG)
    caplog.clear()
    junctions(dot, LONG, ElectrodeSettings(layers=1, apex_distance_ang=2.9))
    assert computed(caplog) == (["long"], [])


def test_an_interrupted_job_goes_on_with_the_next_contact(dot, caplog):
    caplog.set_level("INFO")

    def interrupted(name, outputs):
        if name == "long":
            raise KeyboardInterrupt
        return attempt(dot)(name, outputs)

    with pytest.raises(KeyboardInterrupt):
        junctions(dot, SHORT | LONG, under=interrupted)
    assert not (dot / "junctions.zip").exists()
    caplog.clear()
    junctions(dot, SHORT | LONG)
    assert computed(caplog) == (["long"], ["short"])
    assert [path.name for path in work(dot).iterdir()] == ["junctions.zip"]


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "a/b/c", "..", ""])
def test_names_in_a_pack_lead_nowhere(dot, name):
    pack = work(dot) / "junctions.zip"
    pack.parent.mkdir(parents=True)
    with zipfile.ZipFile(pack, "w") as archive:
        archive.writestr(f"{name}/hamiltonian.nc", "x")
        archive.writestr(
            "pack.json", json.dumps({"keys": {name: "k"}, "sha256": {f"{name}/hamiltonian.nc": ""}})
        )
    with pytest.raises(InputError, match=r"junctions\.zip: no whole pack"):
        junctions(dot, SHORT)
    assert not list(dot.parent.parent.rglob("escaped"))
