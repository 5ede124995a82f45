"""Structures and junctions are built before any job, so that what cannot be built is refused."""

import re

import pytest

from qdjunction.core.errors import InputError
from qdjunction.structure.perovskite.catalogue import list_dots, load_dot
from qdjunction.structure.sources.contract import try_junction
from qdjunction.study import build
from qdjunction.study.config import parse_config
from support.paths import CLUSTERS

PERI = "Sc1cccc2cccc(S)c12"
"""Naphthalene-1,8-dithiol: its two thiols stand side by side."""


def planned(dot, tried=True, **keys):
    config = parse_config({"study": "t", "dots": [dot], **keys}, "c.yaml")
    return build.make_study(config, CLUSTERS, "c.yaml", tried)


def molecule(smiles, **keys):
    return {"source": "smiles", "name": "m", "smiles": smiles, "contacts": ["L-R"], **keys}


def sites(left, right=5, **keys):
    return {"sites": {"L": {"atom": left, **keys}, "R": {"atom": right}}}


def ligated(*ligands, contacts=("L-R3",)):
    base = {"dot": "8Pb", "cation": "Cs"}
    return {
        "source": "ligands",
        "name": "it",
        "base": base,
        "ligands": list(ligands),
        "contacts": list(contacts),
    }


@pytest.mark.parametrize(
    ("dot", "message"),
    [
        (
            molecule(PERI),
            r"c\.yaml: m/L-R: The tips at contacts 'L' and 'R' come within .* \(before any relaxation: conformer of",
        ),
        (
            molecule("Sc1ccc(S)cc1", **sites(0, direction=[0, 0, 1])),
            r"m/L-R: Gold of the tip at contact 'L' overlaps the structure: .* let the directions of the contacts lead",
        ),
        (
            molecule("Sc1ccc(S)cc1", **sites(0, "S farthest along -z")),
            r"m: sites\.R\.atom = 'S farthest along -z': contact 'L' is atom 0 \(S\) too",
        ),
        (
            molecule("Nc1ccc(N)cc1"),
            r"m: sites\.L\.direction: the bonds of atom 0 \(N\) lie all around it, .* give the",
        ),
        (
            {"dot": "12Pb", "contacts": ["L-R1", "R1-R2"]},
            r"12Pb_MAPbBr3/R1-R2: The tips at contacts 'R1' and 'R2' come within .* \(before any relaxation: ideal",
        ),
        (
            ligated({"ligand": "acetate", "replace": "La", "direction": [0, 0, 1]}, contacts=()),
            r"it: ligand acetate \(replace La\) does not fit: in the best pose .* choose another site or direction",
        ),
        (
            ligated({"ligand": "octylamine", "cap": "L"}),
            r"it/L-R3: Gold of the tip at contact 'L' overlaps .* relaxation: ligands placed by a",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_before_any_job(dot, message):
    with pytest.raises(InputError, match=message):
        planned(dot)
    assert planned(dot, tried=False).dots


def test_a_contact_that_a_ligand_took_is_explained():
    for placement, reason in (
        ({"ligand": "acetate", "replace": "R3"}, "its Br gives way to acetate (replace R3)"),
        ({"replace": ["R3"]}, "its Br is taken away"),
    ):
        others = [] if "ligand" in placement else [{"ion": "Cs", "count": 1}]
        message = (
            rf"pair 'L-R3': it has no contact 'R3' any more, {re.escape(reason)}; name another of L, R1, R2"
        )
        with pytest.raises(InputError, match=message):
            planned(ligated(placement, *others))


def test_variants_with_other_tips_are_tried():
    """Seven layers on neighbouring sites of 12Pb, where three fit."""
    dot = {"dot": "12Pb", "cation": "Cs", "contacts": ["R1-R3", "R1-R4", "R1-L"]}
    assert planned(dot, robustness={"offset_ev": [0.5]}).variants
    with pytest.raises(InputError, match=r"@layers-\d+/R1-R3: .*'R1' and 'R3' come within"):
        planned(dot, robustness={"layers": [3, 7]})


@pytest.mark.parametrize("name", list_dots(CLUSTERS))
def test_no_pair_of_the_catalogue_is_refused(name):
    pairs = list(load_dot(name, CLUSTERS).pairs)
    for cation in ("MA", "Cs"):
        assert planned({"dot": name, "cation": cation, "contacts": pairs}).junctions


def test_dots_of_one_lattice_are_tried_once(monkeypatch):
    """Planning a screening takes no longer with more arrangements of the halides."""
    tried = []

    def counted(atoms, left, right, electrodes, is_whole):
        tried.append((atoms.get_chemical_formula(), left, right))
        try_junction(atoms, left, right, electrodes, is_whole)

    monkeypatch.setattr(build, "try_junction", counted)
    screen = {"dots": ["8Pb"], "halides": ["Br0.5Cl0.5", "I"], "seeds": 20, "contacts": ["L-R1", "L-R3"]}
    study = build.make_study(parse_config({"study": "t", "screen": [screen]}, "c.yaml"), CLUSTERS, "c.yaml")
    assert len(study.junctions) == 2 * 21
    assert len(tried) == len(set(tried)) == 4
