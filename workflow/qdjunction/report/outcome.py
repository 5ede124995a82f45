"""The outcome of a series in words."""

from qdjunction.interference.pair_results import PairControl
from qdjunction.interference.results import ComparisonSeries, DecaySeries
from qdjunction.interference.settings import InterferenceSettings, headline_text
from qdjunction.report import tables
from qdjunction.report.data import SeriesResults


def headline(series: SeriesResults, settings: InterferenceSettings) -> str:
    """Return the outcome of a series at the headline energy in one or two sentences."""
    summary = series.summary
    where = headline_text(settings.reference, settings.offset_ev)
    where = f"At {where} (E − E_F = {tables.number(summary.headline_energy_ev)} eV)"
    names = summary.junctions
    if isinstance(summary, DecaySeries):
        verdict = summary.at_headline
        beta = f"β = {tables.number(verdict.beta_per_ang)} per Å"
        ends = tables.interval(verdict.beta_interval_per_ang)
        if ends != tables.MISSING:
            beta += f" ({verdict.confidence:.0%} interval {ends})"
        verb = "decays" if verdict.beta_per_ang > 0 else "does not decay"
        text = (
            f"{where} the conductance {verb} from {names[0]} to {names[-2]} with {beta}. {names[-1]} lies "
            f"{_decades(verdict.step_decades)} {names[-2]} and {_decades(verdict.above_trend_decades)} the trend"
        )
        if verdict.band_confidence is not None:
            text += f"; it would be above any prediction band up to {verdict.band_confidence:.1%} confidence"
        return text + "."
    if isinstance(summary, ComparisonSeries):
        ratio = summary.log10_ratio_at_headline
        word = "better" if ratio >= 0 else "worse"
        first = f"{where} {names[1]} conducts {tables.number(abs(ratio))} decades {word} than {names[0]}."
        return f"{first} {_capital(summary.sentence)}"
    return _capital(summary.sentence)


def verdict_sentence(series: SeriesResults, settings: InterferenceSettings) -> str:
    """Return which criteria of a jump hold, at the headline energy and over the gap, and how weak the band is."""
    summary, verdict = series.decay, series.decay.at_headline
    shares, last = summary.shares, summary.junctions[-1]
    text = (
        f"A jump has two criteria. The step of at least {settings.jump_decades:g} decades at {last} is "
        f"{'present' if verdict.step else 'absent'} at the headline energy, and present over "
        f"{tables.share(shares['step'])} of the gap. "
    )
    fitted = len(summary.junctions) - 1
    if verdict.band is None:
        return text + f"The fit to {fitted} contacts has no prediction band, so the second cannot be judged."
    text += (
        f"At the headline energy {last} {'lies' if verdict.band else 'does not lie'} above the "
        f"{settings.confidence:.0%} prediction band of the fit; it does over {tables.share(shares['band'])} of the gap"
    )
    if fitted == 3:
        text += "; with three contacts the band rests on one degree of freedom and is a weak test"
    return text + "."


def control_sentence(series: SeriesResults, pairs: PairControl | None = None) -> str:
    """Where the controls of a series lie; for a series with a jump and none, that interference is not shown by it.

    `pairs` is the control over all pairs of the dot.
    """
    summary = series.summary
    sentences = [typeset(control.sentence) for control in summary.controls]
    sentences += [
        f"The control {name} failed ({reason})." for name, reason in summary.missing_controls.items()
    ]
    if isinstance(summary, DecaySeries) and summary.at_headline.is_jump is not False and not summary.controls:
        first, last = series.junctions[0].case.right, series.junctions[-1].case.right
        sentences.append(
            f"No control stands beside this series, so the step at {summary.junctions[-1]} is no evidence of "
            f"interference by itself; {first}-{last} ends on the same site (key controls of the dot)."
        )
    if pairs and isinstance(summary, DecaySeries):
        sentences.append(f"All pairs: {typeset(pairs.sentence)}")
    return " ".join(sentences)


def typeset(sentence: str) -> str:
    """A recorded sentence with the signs of the page."""
    for plain, sign in ((" Ang", " Å"), ("beta", "β"), ("+-", "±"), ("|g|^2", "|g|²")):
        sentence = sentence.replace(plain, sign)
    return sentence


def _decades(value: float) -> str:
    return f"{tables.number(abs(value))} decades {'above' if value >= 0 else 'below'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
