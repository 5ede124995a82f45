"""The section `traces` of a study."""

from pathlib import Path

import pytest

from qdjunction.core.errors import InputError
from qdjunction.report.plan import planned_figures
from qdjunction.study.build import make_study
from qdjunction.study.config import parse_config
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.sets import TraceSet, TracesSection
from qdjunction.traces.settings import ReadSettings
from support.paths import CLUSTERS

BIASES = [{"name": f"b{n}", "path": "p", "bias_v": 0.05 * n} for n in range(1, 6)]


@pytest.fixture(autouse=True)
def folders_of_traces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "p"):
        Path(name).mkdir()
        (Path(name) / "trace-1.txt").touch()
    Path("empty").mkdir()
    Path("table.ods").touch()


def study_with(traces):
    values = {"study": "x", "dots": [{"dot": "1Pb", "contacts": ["short", "long"]}]}
    return make_study(parse_config(values | ({"traces": traces} if traces is not None else {})), CLUSTERS)


def test_without_the_section_nothing_is_planned():
    assert not [figure for figure in planned_figures(study_with(None)) if figure.traces]


def test_sets_predictions_and_bias_series_get_their_figures():
    series = {
        "name": "bias",
        "sets": [entry["name"] for entry in BIASES],
        "level_log10_g": -2.7,
        "width_nm": 1.0,
    }
    prediction = {"name": "theory", "dot": "1Pb_MAPbBr3"}
    study = study_with({"sets": BIASES, "predictions": [prediction], "bias_series": [series]})
    stems = [figure.stem for figure in planned_figures(study) if figure.traces]
    assert len(stems) == len(set(stems)) == 6 * (4 + len(ANALYSES)) + 1
    assert stems[0] == "traces_b1_conductance"
    assert stems[-1] == "traces_bias_bias"


def test_a_set_may_have_columns_and_units_of_its_own():
    own = {"name": "own", "path": "a", "read": {"conductance_unit": "siemens"}}
    traces = study_with(
        {"read": {"displacement_unit": "ang"}, "sets": [own, {"name": "same", "path": "b"}]}
    ).config.traces
    assert traces.settings_of("own").read.conductance_unit == "siemens"
    assert traces.settings_of("same").read.conductance_unit == "log10_g0"
    assert {traces.settings_of(name).read.displacement_unit for name in ("own", "same")} == {"ang"}


def test_an_own_section_is_validated_with_the_keys_that_it_leaves_out():
    traces = study_with(
        {
            "read": {"nm_per_volt": 8, "bias_v": 0.2},
            "peaks": {"count": 2, "confidence": 0.9},
            "sets": [
                {
                    "name": "own",
                    "path": "a",
                    "read": {"displacement_unit": "volts", "bias_v": None},
                    "peaks": {"guesses_log10_g": [-2, -4]},
                }
            ],
        }
    ).config.traces
    own = traces.settings_of("own")
    assert (own.read.nm_per_volt, own.read.bias_v) == (8, None)
    assert (own.peaks.count, own.peaks.confidence) == (2, 0.9)


def test_own_sections_of_models_are_completed_as_those_of_a_file():
    read = ReadSettings(displacement_unit="ang")
    entry = TraceSet(name="own", path="a", read=ReadSettings(conductance_unit="siemens"))
    own = TracesSection(read=read, sets=[entry]).settings_of("own").read
    assert (own.displacement_unit, own.conductance_unit) == ("ang", "siemens")


def test_a_prediction_may_have_peaks_of_its_own():
    prediction = {"name": "theory", "dot": "1Pb_MAPbBr3", "peaks": {"count": 2}}
    traces = study_with(
        {"peaks": {"count": 4}, "sets": [{"name": "m", "path": "a"}], "predictions": [prediction]}
    ).config.traces
    assert traces.settings_of("theory").peaks.count == 2
    assert traces.settings_of("m").peaks.count == 4


def test_a_current_with_its_bias_is_read():
    read = {"conductance_unit": "volts", "gain_v_per_a": 1e6}
    sets = [
        {"name": "a", "path": "a", "bias_v": 0.1, "read": read},
        {"name": "b", "path": "b", "read": read | {"bias_v": -0.2}},
    ]
    section = study_with({"sets": sets}).config.traces
    assert [section.settings_of(name).read.bias_v for name in "ab"] == [0.1, -0.2]


def test_the_settings_of_an_analysis_have_its_name():
    assert [analysis.sections[0] for analysis in ANALYSES.values()] == list(ANALYSES)


def test_the_settings_to_read_give_the_bias_of_a_set_only_its_sign():
    read = {"conductance_unit": "nanoamperes", "bias_v": -0.1}
    sets = [
        {"name": "a", "path": "a", "bias_v": 0.1},
        {"name": "b", "path": "b", "bias_v": 0.25, "read": {"bias_v": -0.25}},
    ]
    section = study_with({"read": read, "sets": sets}).config.traces
    assert [section.settings_of(name).read.bias_v for name in "ab"] == [-0.1, -0.25]


BAD = {
    "old name": ({"correlation": {}}, "unknown key 'traces.correlation'; did you mean 'correlate'?"),
    "misspelt": ({"jump": {"rise_decade": 1}}, "traces.jump.rise_decade'; did you mean 'rise_decades'?"),
    "theory": ({"sets": [{"name": "m", "path": "a", "theory": "t"}]}, "no prediction named 't'"),
    "twice": ({"sets": [{"name": "m", "path": "a"}, {"name": "m", "path": "b"}]}, "'m' stands for two"),
    "dot": ({"predictions": [{"name": "t", "dot": "12Pb"}]}, "traces.predictions.0.dot = '12Pb'"),
    "left": (
        {"predictions": [{"name": "t", "dot": "1Pb_MAPbBr3", "left": "La"}]},
        "no left contact of 1Pb_MAPbBr3",
    ),
    "path": (
        {"sets": [{"name": "m", "path": "none"}]},
        "traces.sets.0.path = 'none': there is no such file or folder",
    ),
    "empty folder": (
        {"sets": [{"name": "m", "path": "a"}, {"name": "n", "path": "empty"}]},
        "traces.sets.1.path: empty: no file matches traces.read.pattern '*'",
    ),
    "pattern": (
        {"sets": [{"name": "m", "path": "a", "read": {"pattern": "*.csv"}}]},
        "traces.sets.0.path: a: no file matches traces.read.pattern '*.csv'",
    ),
    "format": (
        {"sets": [{"name": "m", "path": "table.ods"}]},
        "traces.sets.0.path: table.ods: '.ods' is not one of .h5",
    ),
    "name": ({"sets": [{"name": "../m", "path": "a"}]}, "traces.sets.0.name = '../m'"),
    "bias": ({"sets": [{"name": "m", "path": "a", "bias_v": -0.1}]}, "traces.sets.0.bias_v = -0.1"),
    "current without its bias": (
        {
            "read": {"conductance_unit": "nanoamperes"},
            "sets": [{"name": "a", "path": "a", "bias_v": 0.1}, {"name": "b", "path": "b"}],
        },
        "set 'b': conductance_unit is nanoamperes, which a conductance follows from only with the bias",
    ),
    "another bias for all sets": (
        {
            "read": {"conductance_unit": "nanoamperes", "bias_v": 0.1},
            "sets": [{"name": "a", "path": "a", "bias_v": 0.1}, {"name": "b", "path": "b", "bias_v": 0.25}],
        },
        "set 'b': its bias is 0.25 V, but traces.read.bias_v is 0.1; leave the latter out, or give -0.25",
    ),
    "another bias of its own": (
        {"sets": [{"name": "a", "path": "a", "bias_v": 0.1, "read": {"bias_v": -0.2}}]},
        "set 'a': its bias is 0.1 V, but traces.read.bias_v is -0.2",
    ),
    "keys of all and of a set that contradict each other": (
        {
            "peaks": {"guesses_log10_g": [-2, -3, -4]},
            "sets": [{"name": "a", "path": "a", "peaks": {"count": 2}}],
        },
        "traces.sets.0.peaks: 3 guesses for 2 peaks",
    ),
    "few biases": (
        {"sets": BIASES, "bias_series": [{"name": "s", "sets": ["b1"], "level_log10_g": -2, "width_nm": 1}]},
        "traces.bias_series.0.sets",
    ),
    "no bias": (
        {
            "sets": [*BIASES[:4], {"name": "b5", "path": "p"}],
            "bias_series": [
                {"name": "s", "sets": [f"b{n}" for n in range(1, 6)], "level_log10_g": -2, "width_nm": 1}
            ],
        },
        "'b5' is not a set with a bias_v",
    ),
}


@pytest.mark.parametrize(("traces", "message"), BAD.values(), ids=BAD)
def test_bad_sections_are_one_clear_sentence(traces, message):
    with pytest.raises(InputError) as caught:
        study_with(traces)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
