"""Break-junction traces, each set with its prediction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qdjunction.report.sections.contract import BiasSection, PageSection, TraceSection, of_traces
from qdjunction.report.sections.registry import sections
from qdjunction.report.tables import Table, number, share
from qdjunction.study import layout

if TYPE_CHECKING:
    from markupsafe import Markup

    from qdjunction.report.page import Page
    from qdjunction.report.trace_data import TraceResults
    from qdjunction.study.table import Study


SHOWN_BAD = 100
"""Number of files left out that the page lists; the summary of the set lists all."""


class TracesSection(PageSection):
    """The sets of traces with their figures and tables, and the bias series."""

    name = "traces"
    order = 20
    title = "Break-junction traces"

    def files(self, study: Study) -> Iterable[str]:
        """Return the selected traces, their histograms and summaries, and the truth of simulations."""
        predictions = study.config.traces.predictions if study.config.traces else ()
        return [
            *of_traces(study, layout.JUMPS, layout.HISTOGRAMS, layout.SELECTION),
            *(
                f"{layout.TRACES}/{one.name}/{file}"
                for one in predictions
                for file in (layout.TRUTH, layout.SIMULATION)
            ),
        ]

    def html(self, page: Page) -> Markup | str:
        """Return the section; empty if the study has no traces."""
        traces, parts = page.results.traces, sections(TraceSection, page.results.study)
        if not traces.sets:
            return ""
        return page.render(
            HTML,
            sets=[
                {
                    "name": entry.name,
                    "label": entry.label,
                    "simulated": entry.is_simulated,
                    "bias_v": entry.summary.bias_v,
                    "theory": entry.theory.name if entry.theory else "",
                    "outcome": outcome(entry),
                    "simulation": simulation_sentence(entry),
                    "figures": [figure for part in parts for figure in page.figures(part, traces=entry.name)],
                    "tables": [table for part in parts for table in part.tables(entry)],
                    "bad": bad_table(entry),
                }
                for entry in traces.sets
            ],
            bias_series=[
                part.html(page, series)
                for series in traces.bias_series
                for part in sections(BiasSection, page.results.study)
            ],
        )


HTML = """
<section id="traces">
<h2>Break-junction traces</h2>
<p>Experiment and theory on the same axes. Simulated traces come from a forward model that slides over the computed
conductances; its displacements, noise and shares of traces are settings, not results.
Of several figures of the same kind, only the first has a caption.</p>
{% for entry in sets %}
<h3>{{ entry.label }}{% if entry.bias_v %}, {{ "%g" % (1000 * entry.bias_v) }} mV{% endif %}</h3>
{% if entry.simulated %}<p><strong>{{ entry.simulation }}</strong></p>{% endif %}
<p>{{ entry.outcome }}{% if entry.theory %} Drawn with them: {{ entry.theory }}, simulated.{% endif %}</p>
<div class="pair">
{% set first = loop.first %}
{% for figure in entry.figures %}
{{ show_figure(figure, figure.title ~ ", " ~ entry.name, caption=first) }}
{% endfor %}
</div>
{% for table in entry.tables %}
{{ show_table(table) }}
{% endfor %}
{% if entry.bad %}
<details><summary>{{ entry.bad.caption }}</summary>
{{ show_table(entry.bad, caption=False) }}
</details>
{% endif %}
{% endfor %}
{% for part in bias_series %}
{{ part }}
{% endfor %}
</section>
"""


def outcome(entry: TraceResults) -> str:
    """Return the numbers of traces read, left out and with a jump, in words."""
    summary = entry.summary
    text = (
        f"{summary.traces} traces read, {len(summary.bad)} left out; {summary.complete} are complete and "
        f"{summary.selectable} have enough points for the jump rule. "
    )
    if unused := "; ".join(f"{one.count}, which each {one.reason}" for one in summary.unused):
        text += f"Read and not used: {unused}. "
    if assumed := "; ".join(f"{one.assumed} ({one.count} traces)" for one in summary.assumptions):
        text += f"Assumed: {assumed}. "
    if not summary.selectable:
        return text + "There is none to select from."
    part, low, high = summary.jump_share
    return text + (
        f"{summary.jumps} have a jump: {part:.0%} of those with enough points "
        f"({summary.confidence:.0%} interval {low:.0%} to {high:.0%}), {summary.jumps / summary.traces:.0%} "
        "of all read."
    )


def simulation_sentence(entry: TraceResults) -> str:
    """Return the origin of predicted traces and the score of the jump rule, in words."""
    simulation, score = entry.simulation, entry.score
    if simulation is None or simulation.engine is None or score is None:
        return ""
    names = [site.name for site in simulation.sites]
    engine = simulation.engine
    model = " (embedded model, not DFT)" if engine.embedded else ""
    text = (
        f"Simulated, not measured: {simulation.traces} traces of the forward model, sliding over "
        f"{', '.join(names)} with the conductances computed with {engine.method}{model}, with the Fermi "
        f"energy at {number(simulation.fermi_ev)} eV. In {share(simulation.share_with_jump)} of them a "
        "contact slides onto a site of much higher conductance"
    )
    if score.true:
        text += f"; the jump rule finds {share(score.recall)} of these"
    if score.found:
        text += f", and {share(score.precision)} of what it selects is true"
    return text + "."


def bad_table(entry: TraceResults) -> Table | None:
    """Return the files left out with the reasons; None if there are none."""
    bad = entry.summary.bad
    if not bad:
        return None
    more = f", of which the first {SHOWN_BAD} follow" if len(bad) > SHOWN_BAD else ""
    return Table(
        f"{len(bad)} left out of {entry.summary.source}, with the reasons{more}; summary.json of the set lists all.",
        ("file", "reason"),
        tuple((item.name, item.reason) for item in bad[:SHOWN_BAD]),
        2,
    )


KIND = TracesSection()
