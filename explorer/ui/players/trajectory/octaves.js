// The octave map: steps from left (much noise) to right (little), octaves from coarse (top) to fine, and for each the
// share of the last picture that the estimate already has.
const MAP = { left: 66, right: 10, top: 6, bottom: 30, row: 26 };

const sizeName = (edges, octave) => `${pixelsText(0.5 / edges[octave + 1])}–${pixelsText(0.5 / edges[octave])} px`;

// One hue whose lightness follows the share; below 0 (worse than a blank picture) counts as nothing.
const shade = (share) => (share === null ? "transparent" : `color-mix(in oklab, var(--role-denoised) ${Math.round(100 * clamp(share, 0, 1))}%, var(--page))`);

function drawMap(run) {
  const figure = $(`.film-octaves [data-run=${run}]`), svg = figure.querySelector("svg");
  svg.replaceChildren();
  const map = runs[run]?.octaves;
  write(figure.querySelector(".octave-words"), map ? mapWords(map) : runs[run] ? "appears when the run has ended" : "");
  const octaves = (runs[run]?.plan.edges.length ?? 7) - 1, width = svg.clientWidth || 560;
  const height = MAP.top + MAP.bottom + octaves * MAP.row;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.height = `${height}px`;
  if (!runs[run]) return;
  const last = lastStep(run), step = (width - MAP.left - MAP.right) / (last + 1), { edges } = runs[run].plan;
  const row = (octave) => MAP.top + octave * MAP.row;
  for (let octave = 0; octave < octaves; octave++)
    add(svg, "text", { x: MAP.left - 8, y: row(octave) + MAP.row / 2 + 4, "text-anchor": "end" }, sizeName(edges, octave));
  map?.shares.forEach((shares, i) =>
    shares.forEach((share, octave) => {
      const cell = { x: MAP.left + i * step, y: row(octave), width: step + 0.5, height: MAP.row - 2, style: `fill: ${shade(share)}` };
      const title = share === null ? "no content in this octave" : `step ${i}, ${sizeName(edges, octave)}: ${Math.round(100 * share)} % fixed`;
      add(add(svg, "rect", cell), "title", {}, title);
    }),
  );
  const points = map?.passing.map((at, octave) => at !== null && [MAP.left + (at + 0.5) * step, row(octave) + MAP.row / 2 - 1]).filter(Boolean);
  if (points?.length) {
    add(svg, "polyline", { points: points.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" "), class: "passing" });
    points.forEach(([x, y]) => add(svg, "circle", { cx: x.toFixed(1), cy: y, r: 3.5, class: "passing" }));
  }
  const bottom = height - MAP.bottom;
  const levels = [0, Math.round(last / 2), last];
  levels.forEach((i, n) => {
    const anchor = ["start", "middle", "end"][n], sigma = runs[run].plan.sigmas[i];
    const x = [MAP.left, MAP.left + (i + 0.5) * step, width - MAP.right][n];
    add(svg, "text", { x, y: bottom + 14, "text-anchor": anchor }, `step ${i} · σ ${sigma > 0 ? numberText(sigma) : 0}`);
  });
  add(svg, "line", { class: "here", y1: MAP.top - 4, y2: bottom + 2 });
  svg.onclick = (event) => {
    if (run !== "A") return;
    const at = ((event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth) * width;
    moveTo(Math.floor((at - MAP.left) / step));
  };
  markStep(run);
}

function markStep(run) {
  const line = $(`.film-octaves [data-run=${run}] .here`);
  if (!line || !runs[run]) return;
  const width = line.ownerSVGElement.viewBox.baseVal.width, step = (width - MAP.left - MAP.right) / (lastStep(run) + 1);
  const x = (MAP.left + (stepOf(run) + 0.5) * step).toFixed(1);
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
}

function mapWords({ passing, rank, edges }) {
  const order = passing.map((at, octave) => [at, octave]).filter(([at]) => at !== null).sort((a, b) => a[0] - b[0]);
  const sizes = order.map(([at, octave]) => `${sizeName(edges, octave)} at step ${at.toFixed(1)}`).join(", ");
  const never = passing.length - order.length ? ` ${passing.length - order.length} of ${passing.length} never stay there.` : "";
  const number = rank === null ? "too few octaves for a rank correlation" : `rank correlation of octave and step ${rank.toFixed(2)} (1 = strictly from coarse to fine)`;
  return `Half fixed: ${sizes || "none"}.${never} ${number[0].toUpperCase()}${number.slice(1)}.`;
}
