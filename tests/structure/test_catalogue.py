from pathlib import Path

import pytest

from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.catalogue import list_dots, load_dot
from support.paths import CLUSTERS


def write(folder: Path, text: str) -> Path:
    (folder / "X.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("name", list_dots(CLUSTERS))
def test_every_shipped_dot_loads_with_its_pairs(name):
    definition = load_dot(name, CLUSTERS)
    assert definition.name == name
    assert len(definition.pb_sites) == int(name.removesuffix("Pb"))
    assert definition.reference
    expected = {"short", "long"} if name == "1Pb" else {f"L-R{n}" for n in range(1, definition.block[2] + 2)}
    assert expected <= definition.pairs.keys()


def test_short_is_cis_and_long_is_trans():
    definition = load_dot("1Pb", CLUSTERS)
    directions = {name: definition.contact_sites[name].direction for name in ("L", "R1", "R2")}
    assert definition.pairs == {"short": ("L", "R1"), "long": ("L", "R2")}
    assert directions == {"L": (0, 0, -1), "R1": (-1, 0, 0), "R2": (0, 0, 1)}


def test_10pb_keeps_the_contact_column_whole():
    sites = load_dot("10Pb", CLUSTERS).pb_sites
    assert {(0, 0, k) for k in range(3)} <= set(sites)


def test_unknown_dot_lists_what_is_there():
    with pytest.raises(InputError, match=r"'9Pb'.*1Pb, 8Pb, 10Pb, 12Pb, 16Pb, 18Pb, 27Pb, 64Pb"):
        load_dot("9Pb", CLUSTERS)


def test_a_name_cannot_leave_the_folder():
    with pytest.raises(InputError, match="no dot"):
        load_dot("../clusters/1Pb", CLUSTERS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("block: [2, 2", ["line 1", "not valid YAML"]),
        ("", ["is empty"]),
        ("[1, 2]", ["table of keys"]),
        ("blok: [1, 1, 1]", ["'blok'", "did you mean 'block'"]),
        ("block: [1, 1, 1]\ncontacts: {colum: [0, 0]}", ["contacts.colum", "column"]),
        (
            "block: [1, 1, 1]\ncontacts: {named: {Q: {pb: [0, 0, 0], side: -x}}}",
            ["named.Q.side", "known here: pb, face"],
        ),
        ("block: [1, 1, 0]", ["block.2", "greater than 0", "0"]),
        ("block: [1, 1, one]", ["block.2", "one"]),
        ("block: [2, 1, 1]\nremoved: [[2, 0, 0]]", ["[2, 0, 0]", "not in the block"]),
        ("block: [1, 1, 1]\nremoved: [[0, 0, 0]]", ["no Pb"]),
        ("block: [3, 1, 1]\nremoved: [[1, 0, 0]]", ["pieces"]),
        ("block: [2, 1, 1]\nremoved: [[0, 0, 0]]", ["contact L", "[0, 0, 0]"]),
        ("block: [2, 1, 1]\ncontacts: {column: [1, 0]}", ["contact R1", "bridges", "[0, 0, 0]"]),
        ("block: [1, 1, 1]\ncontacts: {named: {Q: {pb: [0, 0, 0], face: up}}}", ["named.Q.face", "up"]),
        ("block: [1, 1, 1]\ncontacts: {named: {R1: {pb: [0, 0, 0], face: +y}}}", ["R1", "sliding series"]),
        ("block: [1, 1, 1]\npairs: {short: [L, R9]}", ["short", "R9", "L, R1, R2"]),
        ("block: [1, 1, 1]\npairs: {short: [L, L]}", ["short", "both ends"]),
        ("block: [1, 1, 1]\nname: Y", ["name"]),
    ],
)
def test_a_bad_file_is_one_clear_error_a_key(tmp_path, text, words):
    with pytest.raises(InputError) as caught:
        load_dot("X", write(tmp_path, text))
    message = str(caught.value)
    assert all(f"{tmp_path / 'X.yaml'}" in line for line in message.splitlines())
    assert all(word in message for word in words), message


def test_a_file_that_is_no_text_is_one_clear_error(tmp_path):
    (tmp_path / "X.yaml").write_bytes(b"\xff\xfe\x00block")
    with pytest.raises(InputError, match=r"X\.yaml, line 1: not UTF-8 text"):
        load_dot("X", tmp_path)
