"""The file names of results stand in one place, and the rules make these files."""

import re

from qdjunction.study import layout
from support.paths import ROOT

NAMES = {value for name, value in vars(layout).items() if name.isupper()}
FILES = {name for name in NAMES if "." in name}
SUFFIXES = "|".join(sorted({name.rpartition(".")[2] for name in FILES}))


def test_no_name_stands_for_two_results():
    given = [value for name, value in vars(layout).items() if name.isupper()]
    assert len(given) == len(set(given))


def test_the_rules_make_the_files_of_the_layout_and_no_others():
    rules = "".join(path.read_text() for path in sorted((ROOT / "rules").glob("*.smk")))
    named = set(re.findall(rf"[\"/]([a-z_]+\.(?:{SUFFIXES}))\"", rules))
    assert named <= FILES
    # These two are put in by their constants.
    assert FILES - named == {layout.STUDY, layout.FIGURE_RECORD}
    assert {"RECORD", "FIGURE_RECORD"} <= set(re.findall(r"<results>.*\{(\w+)\}\"", rules))


def test_no_module_of_the_library_names_a_result_itself():
    modules = sorted((ROOT / "workflow" / "qdjunction").rglob("*.py"))
    assert len(modules) > 50
    for path in modules:
        if path.name != "layout.py":
            code = re.sub(r"``.*?``", "", path.read_text(encoding="utf-8"))
            literals = set(re.findall(r"[\"']([\w.]+)[\"']", code))
            assert not literals & FILES, path
