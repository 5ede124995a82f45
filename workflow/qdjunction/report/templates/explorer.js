"use strict";
(() => {
  const all = JSON.parse(document.getElementById("explorer-data").textContent);
  const overEnergy = document.getElementById("explorer-energy");
  const overDistance = document.getElementById("explorer-distance");
  const chosen = document.getElementById("explorer-series");
  const dial = document.getElementById("explorer-dial");
  const readout = document.getElementById("explorer-readout");
  const options = { responsive: true, displayModeBar: false };
  const font = { family: "system-ui, sans-serif", size: 12 };
  const signed = (x) => (x < 0 ? "\u2212" : "+") + Math.abs(x).toFixed(2);
  const minus = (text) => text.replace("-", "\u2212");

  const series = () => all[Number(chosen.value)];
  const line = (x, style) => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: style });

  function shapes(s) {
    return [
      { type: "rect", x0: s.gap[0], x1: s.gap[1], yref: "paper", y0: 0, y1: 1, fillcolor: "#F1F1EC", line: { width: 0 }, layer: "below" },
      line(s.headline, { color: "#7A1FA2", width: 1, dash: "dash" }),
      line(s.energies[Number(dial.value)], { color: "#000000", width: 1.5 }),
    ];
  }

  function drawEnergy() {
    const s = series();
    const curve = (j, dash) => ({ type: "scatter", mode: "lines", name: j.name, x: s.energies, y: j.log10_g,
      line: { color: j.colour, width: 1.8, dash }, hovertemplate: "%{y:.2f}" });
    const traces = [...s.junctions.map((j) => curve(j, "solid")), ...s.controls.map((j) => curve(j, "dash"))];
    return Plotly.react(overEnergy, traces, { font, hovermode: "x unified", margin: { l: 66, r: 16, t: 30, b: 58 },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, shapes: shapes(s),
      xaxis: { title: { text: "E \u2212 E<sub>F</sub> (eV)", standoff: 8 }, range: [s.energies[0], s.energies[s.energies.length - 1]], zeroline: false },
      yaxis: { title: { text: "log<sub>10</sub> G/G<sub>0</sub>" }, zeroline: false } }, options);
  }

  function drawDistance() {
    const s = series(), at = Number(dial.value), energy = s.energies[at];
    const point = (j, symbol) => ({ type: "scatter", mode: "markers+text", name: j.name, x: [j.distance], y: [j.log10_g[at]], text: [j.name],
      textposition: "top right", marker: { color: j.colour, size: 12, symbol }, hovertemplate: "%{x:.2f} \u00c5, %{y:.2f}<extra></extra>", showlegend: false });
    const traces = [...s.junctions.map((j) => point(j, "circle")), ...s.controls.map((j) => point(j, "circle-open"))];
    const first = s.junctions[0], last = s.junctions[s.junctions.length - 1];
    const every = [...s.junctions, ...s.controls], distances = every.map((j) => j.distance);
    let words = "E = " + minus(energy.toFixed(2)) + " eV: " + every.map((j) => j.name + " " + minus(j.log10_g[at].toFixed(2))).join(", ");
    if (s.fit) {
      const beta = s.fit.beta_per_ang[at], start = s.fit.log10_contact_conductance_G0[at];
      const ends = [first.distance, last.distance];
      traces.unshift({ type: "scatter", mode: "lines", x: ends, y: ends.map((d) => start - beta * d / Math.LN10), line: { color: "#595959", dash: "dash" },
        hoverinfo: "skip", showlegend: false });
      words += "; \u03b2 = " + minus(beta.toFixed(2)) + " per \u00c5, " + last.name + " " + signed(s.fit.step_decades[at]) + " decades from the contact before, "
        + signed(s.fit.above_trend_decades[at]) + " from the trend";
    }
    readout.textContent = words + ".";
    const pad = 0.15 * (last.distance - first.distance);
    const values = every.flatMap((j) => j.log10_g);
    return Plotly.react(overDistance, traces, { font, margin: { l: 66, r: 16, t: 30, b: 58 },
      xaxis: { title: { text: "distance of the contact atoms (\u00c5)", standoff: 8 }, range: [Math.min(...distances) - pad, Math.max(...distances) + 2 * pad], zeroline: false },
      yaxis: { title: { text: "log<sub>10</sub> G/G<sub>0</sub>" }, range: [Math.min(...values) - 0.3, Math.max(...values) + 0.5], zeroline: false } }, options);
  }

  function turn() {
    Plotly.relayout(overEnergy, { shapes: shapes(series()) });
    drawDistance();
  }

  function start() {
    const s = series();
    dial.max = s.energies.length - 1;
    dial.value = s.energies.reduce((best, e, k) => Math.abs(e - s.headline) < Math.abs(s.energies[best] - s.headline) ? k : best, 0);
    return drawEnergy().then(drawDistance).then(() => {
      overEnergy.removeAllListeners("plotly_click");
      overEnergy.on("plotly_click", (event) => { dial.value = event.points[0].pointIndex; turn(); });
      overEnergy.dataset.drawn = chosen.value;
    });
  }

  chosen.addEventListener("change", start);
  dial.addEventListener("input", turn);
  const watch = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { watch.disconnect(); start(); }
  }, { rootMargin: "400px" });
  watch.observe(overEnergy);
})();
