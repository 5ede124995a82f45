"""requirements.lock is closed under requirements and extras on every target, and the set-up knows what it lacks."""

import importlib.metadata
import re
import tomllib
from functools import cache
from itertools import product

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import install
from support.paths import ROOT

TEXT = install.LOCK.read_text(encoding="utf-8")
PINS = [Requirement(line.rstrip(" \\")) for line in TEXT.splitlines() if re.match(r"[a-z0-9]", line)]

PLATFORMS = {
    "Linux x86-64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "Linux aarch64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macOS arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
TARGETS = list(product(PLATFORMS, (11, 12, 13, 14)))


def environment(platform, minor):
    return (
        default_environment()
        | PLATFORMS[platform]
        | {
            "os_name": "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "python_version": f"3.{minor}",
            "python_full_version": f"3.{minor}.0",
        }
    )


def applies(requirement, target, extras=("",)):
    return requirement.marker is None or any(
        requirement.marker.evaluate(target | {"extra": extra}) for extra in extras
    )


def pins_on(target):
    """The pins of a target by their canonical names; each name once."""
    pins = [pin for pin in PINS if applies(pin, target)]
    by_name = {canonicalize_name(pin.name): pin for pin in pins}
    assert len(by_name) == len(pins)
    return by_name


@cache
def requirements_of(name):
    """What the installed package asks for; None where it is not installed."""
    try:
        return [Requirement(line) for line in importlib.metadata.requires(name) or []]
    except importlib.metadata.PackageNotFoundError:
        return None


def version_of(pin):
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


def missing(pins, target, requirements, extras, who):
    """What `requirements` ask for on a target that no pin gives: the package, its version or its extra."""
    for requirement in requirements:
        if not applies(requirement, target, extras):
            continue
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            yield f"{who} wants {requirement}, which is not pinned"
            continue
        if not requirement.specifier.contains(version_of(pin), prereleases=True):
            yield f"{who} wants {requirement}, and {pin} is pinned"
        if lacking := requirement.extras - pin.extras:
            yield f"{who} wants {requirement}, and {pin} is pinned without {sorted(lacking)}"


@pytest.mark.parametrize(("platform", "minor"), TARGETS)
def test_lock_is_closed(platform, minor):
    target = environment(platform, minor)
    pins = pins_on(target)
    asked = []
    checked = 0
    for name, pin in pins.items():
        # A pin of another platform is not installed here; where two versions are pinned by Python, either one speaks.
        wanted = requirements_of(name)
        if wanted is None:
            assert not applies(pin, default_environment()), f"{pin} is not installed"
            continue
        checked += 1
        asked += missing(pins, target, wanted, ("", *pin.extras), pin)
    assert asked == []
    assert checked > 100


@pytest.mark.parametrize(("platform", "minor"), TARGETS)
def test_lock_has_what_the_project_asks_for(platform, minor):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    extras = project["project"]["optional-dependencies"]
    # What a GPU needs depends on its driver, and is not pinned.
    for requirements in (lines for name, lines in extras.items() if name != "gpu"):
        wanted += [line for line in requirements if not line.startswith("qdjunction[")]
    target = environment(platform, minor)
    assert list(missing(pins_on(target), target, map(Requirement, wanted), ("",), "qdjunction")) == []


def test_an_extra_that_is_not_pinned_is_found():
    target = environment("Linux x86-64", 11)
    pins = pins_on(target) | {"coverage": Requirement("coverage==7.17.3")}
    found = missing(pins, target, [Requirement("coverage[toml]>=7.10.6")], ("",), "pytest-cov")
    assert list(found) == [
        "pytest-cov wants coverage[toml]>=7.10.6, and coverage==7.17.3 is pinned without ['toml']"
    ]


def test_every_pin_has_hashes_and_none_an_address():
    blocks = re.split(r"(?m)^(?=[a-z0-9])", TEXT)[1:]
    assert len(blocks) == len(PINS)
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in TEXT


def test_packages_without_wheels_are_those_that_are_pinned():
    """A new pin may have wheels that the old one lacked: whoever changes it looks again."""
    pinned = {f"{pin.name}=={version_of(pin)}" for pin in PINS}
    assert {
        install.NO_WHEEL_FOR_PYTHON_314,
        install.NO_WHEEL_FOR_LINUX_ARM,
        *install.NO_WHEEL_BEFORE_MACOS_15,
    } <= pinned
