"""The section `traces` of a study: the measured and predicted sets of traces, and how they are analysed."""

from typing import Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from qdjunction.core.errors import InputError
from qdjunction.core.limits import Energy, Log10Conductance
from qdjunction.core.schema import Name, Section
from qdjunction.traces.analyses.registry import ANALYSES
from qdjunction.traces.settings import PeakSettings, ReadSettings, TracesSettings

_OWN_SECTIONS = ("read", "peaks")
"""Sections of the settings that a set may have for itself."""


class TraceSet(Section):
    """Measured traces of one sample."""

    name: Name
    """Name of the set, in file names and in the report."""
    path: str = Field(min_length=1)
    """Folder of text traces, or a file with many traces; relative to where Snakemake runs."""
    bias_v: float | None = Field(default=None, gt=0, le=5)
    """Bias of the measurement (V); no molecular junction withstands more than 5 V. The `bias_v` of `read` may add a
    negative sign, but no other value."""
    read: ReadSettings | None = None
    """Columns and units of this set; keys that are left out are those of `traces.read`."""
    peaks: PeakSettings | None = None
    """Peaks of this set; keys that are left out are those of `traces.peaks`."""
    theory: Name | None = None
    """Name of the prediction that is drawn on the same axes."""


class Prediction(Section):
    """Traces that are simulated from the conductances that the study computes."""

    name: Name
    """Name of the set, in file names and in the report."""
    dot: Name
    """Dot of the study, e.g. `12Pb_MAPbBr3`, as `qdjunction check` prints it."""
    left: Name = "L"
    """Left contact of the sliding series."""
    fermi_ev: Energy | None = None
    """Position of E_F (eV, relative to the computed one); by default the headline energy of `interference`."""
    traces: int = Field(default=500, ge=50, le=1_000_000)
    """Number of traces."""
    peaks: PeakSettings | None = None
    """Peaks of this set; keys that are left out are those of `traces.peaks`."""


class BiasSeries(Section):
    """Sets of one sample at several biases, compared with the Simmons model."""

    name: Name
    """Name of the series, in file names and in the report."""
    sets: list[Name] = Field(min_length=5)
    """Names of at least five sets, each with its `bias_v`."""
    level_log10_g: Log10Conductance
    """The peak of each set that is nearest to this log10(G/G0) is followed."""
    width_nm: float = Field(gt=0, le=20)
    """Width of the barrier (nm), for instance the contact distance; nothing tunnels through more than 20 nm."""
    image_permittivity: float | None = Field(default=None, ge=1, le=1e4)
    """Relative permittivity of the barrier, for image charges; null leaves them out."""


class TracesSection(TracesSettings):
    """Break-junction traces: sets, predictions and how they are analysed."""

    sets: list[TraceSet] = Field(default=[])
    """Measured traces."""
    predictions: list[Prediction] = Field(default=[])
    """Simulated traces from the study's own conductances."""
    bias_series: list[BiasSeries] = Field(default=[])
    """Sets that differ only in the bias."""

    @field_validator("sets", "predictions", mode="before")
    @classmethod
    def _complete_own_sections(cls, entries: Any, info: ValidationInfo) -> Any:
        """Fill the sections of the entries from those of all sets, which are validated before."""
        return [_completed(entry, info.data) for entry in entries] if isinstance(entries, list) else entries

    @model_validator(mode="after")
    def _check_names_and_analyses(self) -> "TracesSection":
        entries: list[TraceSet | Prediction | BiasSeries] = [*self.sets, *self.predictions, *self.bias_series]
        names = [entry.name for entry in entries]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"the name '{name}' stands for two of sets, predictions and bias_series; use a different "
                    "name for each"
                )
        predicted = {prediction.name for prediction in self.predictions}
        for measured in self.sets:
            if measured.theory is not None and measured.theory not in predicted:
                raise ValueError(
                    f"set '{measured.name}': there is no prediction named '{measured.theory}' "
                    f"(there are: {', '.join(sorted(predicted)) or 'none'}); correct `theory`"
                )
        for measured in self.sets:
            try:
                read = self.settings_of(measured.name).read
            except InputError as error:
                raise ValueError(f"set '{measured.name}': {error}") from None
            if read.needs_bias and read.bias_v is None:
                raise ValueError(
                    f"set '{measured.name}': conductance_unit is {read.conductance_unit}, which a conductance follows "
                    "from only with the bias; give the bias_v of the set, or that of its settings to read"
                )
        for name in self.enabled:
            try:
                ANALYSES[name].check(self)
            except InputError as error:
                raise ValueError(str(error)) from None
        biases = {entry.name: entry.bias_v for entry in self.sets}
        for series in self.bias_series:
            for name in series.sets:
                if biases.get(name) is None:
                    raise ValueError(
                        f"bias series '{series.name}': '{name}' is not a set with a bias_v; correct the name or "
                        "set the bias of the set"
                    )
        return self

    @property
    def settings(self) -> TracesSettings:
        """Settings of the analysis, without the sets."""
        return TracesSettings.model_validate(self.model_dump(include=set(TracesSettings.model_fields)))

    def settings_of(self, name: str) -> TracesSettings:
        """Return the settings of the analysis of one set, whose own settings take precedence."""
        entries: list[TraceSet | Prediction] = [*self.sets, *self.predictions]
        entry = next(entry for entry in entries if entry.name == name)
        own = {key: getattr(entry, key, None) for key in _OWN_SECTIONS}
        settings = self.settings.model_copy(
            update={key: value for key, value in own.items() if value is not None}
        )
        bias_v = getattr(entry, "bias_v", None)
        if bias_v is None:
            return settings
        return settings.model_copy(update={"read": settings.read.at_bias(bias_v)})


def _completed(entry: Any, common: dict[str, Any]) -> Any:
    """Return an entry whose own sections have the keys that are given for all sets, unless it gives them itself."""
    entry = _given(entry)
    if not isinstance(entry, dict):
        return entry
    own = {key: _given(entry[key]) for key in _OWN_SECTIONS if key in entry and key in common}
    return entry | {
        key: _given(common[key]) | values for key, values in own.items() if isinstance(values, dict)
    }


def _given(value: Any) -> Any:
    """Return the keys that a model was given; any other value as it is."""
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
