"use strict";
(() => {
  const data = JSON.parse(document.getElementById("structures-data").textContent);
  const target = document.getElementById("structure");
  const chosen = document.getElementById("structure-junction");
  const colouring = document.getElementById("structure-colour");
  const level = document.getElementById("structure-level");
  const levelBar = document.getElementById("structure-level-bar");
  const levelText = document.getElementById("structure-level-text");

  // Unit sphere: an octahedron whose faces are split and pushed out.
  function sphere(splits) {
    const points = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]];
    let faces = [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]];
    for (let n = 0; n < splits; n++) {
      const middles = new Map();
      const middle = (a, b) => {
        const key = a < b ? a + "," + b : b + "," + a;
        if (!middles.has(key)) {
          const p = points[a].map((x, k) => x + points[b][k]);
          const length = Math.hypot(...p);
          middles.set(key, points.push(p.map((x) => x / length)) - 1);
        }
        return middles.get(key);
      };
      faces = faces.flatMap(([a, b, c]) => {
        const ab = middle(a, b), bc = middle(b, c), ca = middle(c, a);
        return [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]];
      });
    }
    return { points, faces };
  }

  const light = { ambient: 0.45, diffuse: 0.75, specular: 0.15, roughness: 0.4, fresnel: 0.1 };

  // All atoms of an element in one mesh.
  function spheres(scene, symbol, byDensity) {
    const { radius, colour } = data.elements[symbol];
    const ball = sphere(radius < 0.2 ? 1 : 2);
    const mesh = { type: "mesh3d", name: symbol, x: [], y: [], z: [], i: [], j: [], k: [], text: [],
      hovertemplate: "%{text}<extra></extra>", lighting: light, lightposition: { x: -4e4, y: 6e4, z: -1e5 },
      flatshading: false, showlegend: !byDensity, color: colour };
    if (byDensity) {
      Object.assign(mesh, { intensity: [], colorscale: data.colourscale, cmin: scene.scale[0], cmax: scene.scale[1], showscale: false });
    }
    scene.symbols.forEach((other, atom) => {
      if (other !== symbol) return;
      const first = mesh.x.length;
      const centre = scene.positions[atom];
      const label = symbol + " " + atom + "<br>log10 LDOS from the left " + scene.density[atom].toFixed(2);
      for (const p of ball.points) {
        mesh.x.push(centre[0] + radius * p[0]);
        mesh.y.push(centre[1] + radius * p[1]);
        mesh.z.push(centre[2] + radius * p[2]);
        mesh.text.push(label);
        if (byDensity) mesh.intensity.push(scene.density[atom]);
      }
      for (const [a, b, c] of ball.faces) {
        mesh.i.push(first + a);
        mesh.j.push(first + b);
        mesh.k.push(first + c);
      }
    });
    return mesh;
  }

  function sticks(scene) {
    const line = { type: "scatter3d", mode: "lines", x: [], y: [], z: [], hoverinfo: "skip", showlegend: false,
      line: { color: "#9a9a9a", width: 4 } };
    for (const pair of scene.bonds) {
      for (const atom of pair) {
        line.x.push(scene.positions[atom][0]);
        line.y.push(scene.positions[atom][1]);
        line.z.push(scene.positions[atom][2]);
      }
      line.x.push(null); line.y.push(null); line.z.push(null);
    }
    return line;
  }

  // A colour bar alone: meshes of several elements would each bring their own.
  function bar(scene) {
    return { type: "scatter3d", mode: "markers", x: [null], y: [null], z: [null], hoverinfo: "skip", showlegend: false,
      marker: { color: [scene.scale[0]], cmin: scene.scale[0], cmax: scene.scale[1], colorscale: data.colourscale, showscale: true,
        colorbar: { title: { text: "log<sub>10</sub> LDOS<br>(1/eV)", side: "top" }, thickness: 14, len: 0.7, x: 1, xanchor: "right" } } };
  }

  // Surface of equal density: every atom is a Gaussian of its population, as in the outlines of the report. It is computed
  // here from the atoms, so that it adds nothing to the page.
  function surface(scene, level) {
    const step = 0.4, reach = data.reach * data.spread, norm = 1 / (Math.pow(2 * Math.PI, 1.5) * Math.pow(data.spread, 3));
    const low = [0, 1, 2].map((k) => Math.min(...scene.positions.map((p) => p[k])) - reach);
    const size = [0, 1, 2].map((k) => Math.ceil((Math.max(...scene.positions.map((p) => p[k])) + reach - low[k]) / step) + 1);
    const values = new Float64Array(size[0] * size[1] * size[2]);
    scene.positions.forEach((centre, atom) => {
      const weight = norm * Math.pow(10, scene.total[atom]);
      const ranges = [0, 1, 2].map((k) => {
        const parts = [];
        const first = Math.max(0, Math.ceil((centre[k] - reach - low[k]) / step));
        const last = Math.min(size[k] - 1, Math.floor((centre[k] + reach - low[k]) / step));
        for (let n = first; n <= last; n++) {
          parts.push([n, Math.exp(-0.5 * Math.pow((low[k] + n * step - centre[k]) / data.spread, 2))]);
        }
        return parts;
      });
      for (const [a, x] of ranges[0]) for (const [b, y] of ranges[1]) for (const [c, z] of ranges[2]) {
        values[(a * size[1] + b) * size[2] + c] += weight * x * y * z;
      }
    });
    const trace = { type: "isosurface", x: [], y: [], z: [], value: [], isomin: level, isomax: level, surface: { count: 1 },
      caps: { x: { show: false }, y: { show: false }, z: { show: false } }, opacity: 0.65, showscale: false, hoverinfo: "skip",
      colorscale: [[0, data.surfaceColour], [1, data.surfaceColour]], lighting: light };
    for (let a = 0, n = 0; a < size[0]; a++) for (let b = 0; b < size[1]; b++) for (let c = 0; c < size[2]; c++, n++) {
      trace.x.push(low[0] + a * step); trace.y.push(low[1] + b * step); trace.z.push(low[2] + c * step);
      trace.value.push(Math.log10(Math.max(values[n], 1e-30)));
    }
    return trace;
  }

  function draw() {
    const scene = data.scenes[Number(chosen.value)];
    const byDensity = colouring.value === "density";
    const bySurface = colouring.value === "surface";
    levelBar.hidden = !bySurface;
    [level.min, level.max] = scene.surface;
    if (level.dataset.dot !== scene.dot) { level.dataset.dot = scene.dot; level.value = scene.surface[0] + 2; }
    levelText.textContent = Number(level.value).toFixed(1).replace("-", "−");
    const traces = Object.keys(data.elements).filter((s) => scene.symbols.includes(s)).map((s) => spheres(scene, s, byDensity));
    traces.push(sticks(scene));
    if (bySurface) traces.push(surface(scene, Number(level.value)));
    if (byDensity) traces.push(bar(scene));
    // Ranges are set, so that lengths are the same along all axes whatever is drawn around the atoms.
    const margin = bySurface ? data.reach * data.spread + 0.5 : 1;
    const ends = [0, 1, 2].map((k) => {
      const along = scene.positions.map((p) => p[k]);
      return [Math.min(...along) - margin, Math.max(...along) + margin];
    });
    const [xaxis, yaxis, zaxis] = ends.map((range) => ({ visible: false, range }));
    const spans = ends.map(([first, last]) => last - first);
    const size = Math.min(1.9, 1.35 * target.clientWidth / target.clientHeight);
    const [x, y, z] = spans.map((span) => size * span / Math.max(...spans));
    return Plotly.react(target, traces, {
      margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "white", uirevision: scene.dot,
      legend: { x: 0.01, y: 0.99, itemsizing: "constant" },
      scene: { xaxis, yaxis, zaxis, aspectmode: "manual", aspectratio: { x, y, z }, dragmode: "orbit",
        camera: { eye: { x: 0.28, y: 0.34, z: 1.05 }, up: { x: 0, y: 1, z: 0 }, projection: { type: "orthographic" } } },
    }, { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["tableRotation", "resetCameraLastSave3d"] })
      .then(() => { target.dataset.drawn = chosen.value + " " + colouring.value; });
  }

  // The size of the structure follows the width of the view, so a narrower window must not cut it.
  window.addEventListener("resize", () => { if (target.dataset.drawn) draw(); });
  chosen.addEventListener("change", draw);
  colouring.addEventListener("change", draw);
  level.addEventListener("change", draw);
  level.addEventListener("input", () => { levelText.textContent = Number(level.value).toFixed(1).replace("-", "−"); });
  // Drawn when it comes into view: the page opens fast and prints without it.
  const watch = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { watch.disconnect(); draw(); }
  }, { rootMargin: "400px" });
  watch.observe(target);
})();
