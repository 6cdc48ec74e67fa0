// The small charts: shares of the walkers, lengths against the noise level, losses and error of the network.
const FRAME = { left: 44, right: 12, top: 12, bottom: 34 };

function blank(svg) {
  const width = svg.clientWidth || 340, height = svg.clientHeight || 170;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  return { width, height, bottom: height - FRAME.bottom };
}

// Draws axes and gives the maps; ticks are [value, text].
function axes(svg, x, y) {
  const { width, height, bottom } = blank(svg);
  const place = ({ low, high, log }, from, to) => {
    const map = log ? Math.log : (v) => v;
    return (v) => from + ((map(v) - map(low)) / (map(high) - map(low))) * (to - from);
  };
  const toX = place(x, FRAME.left, width - FRAME.right), toY = place(y, bottom, FRAME.top);
  for (const [value, text] of y.ticks) {
    add(svg, "line", { x1: FRAME.left, x2: width - FRAME.right, y1: toY(value), y2: toY(value) });
    add(svg, "text", { x: FRAME.left - 6, y: toY(value) + 4, "text-anchor": "end" }, text);
  }
  for (const [value, text] of x.ticks) {
    add(svg, "line", { x1: toX(value), x2: toX(value), y1: FRAME.top, y2: bottom });
    add(svg, "text", { x: toX(value), y: bottom + 14, "text-anchor": "middle" }, text);
  }
  add(svg, "text", { x: width - FRAME.right, y: height - 4, "text-anchor": "end" }, x.title);
  const within = (v) => clamp(v, y.low, y.high);
  const curve = (xs, ys, name) => add(svg, "polyline", { points: xs.map((v, i) => `${toX(v).toFixed(1)},${toY(within(ys[i])).toFixed(1)}`).join(" "), class: name });
  return { width, bottom, toX, toY, curve };
}

const LEVELS = { low: SIGMA_MIN, high: SIGMA_MAX, log: true, ticks: [[0.03, "0.03"], [0.1, "0.1"], [0.3, "0.3"], [1, "1"], [3, "3"]], title: "noise level σ" };

function mark(svg, { toX, bottom }) {
  add(svg, "line", { class: "here", x1: toX(view.sigma), x2: toX(view.sigma), y1: FRAME.top, y2: bottom });
}

// How long each of the four arrows is on average over the noisy points, against sigma.
let lengths = null;
function layoutLengths() {
  const svg = $("#field-lengths"), { sigmas, move } = state.plane ?? {};
  lengths = null;
  if (!sigmas?.length) return void blank(svg);
  lengths = axes(svg, LEVELS, { low: 0.01, high: 100, log: true, ticks: [0.01, 0.1, 1, 10, 100].map((v) => [v, String(v)]) });
  for (const name of ["score", "eps", "move", "noise"]) lengths.curve(sigmas, move.map((m, i) => Math.abs(FACTORS[name](sigmas[i])) * m), `length-${name}`);
  const label = (name, text, i, dy) => add(svg, "text", { x: lengths.toX(sigmas[i]), y: lengths.toY(Math.abs(FACTORS[name](sigmas[i])) * move[i]) + dy, class: "curve-name" }, text);
  label("score", "score", 2, -7);
  label("eps", "ε", 6, -7);
  label("move", "D − x and εₜ", 6, 17);
  mark(svg, lengths);
}

function layoutLosses() {
  const steps = state.learned?.steps ?? 2500, ticks = [[10, "10"], [100, "100"], [1000, "1,000"]].filter(([v]) => v <= steps);
  const high = state.history.some((h) => h.dsm > 1.2) ? 1.6 : 1.2;
  const chart = axes($("#field-losses"), { low: 5, high: steps, log: true, ticks, title: "steps" }, { low: 0, high, ticks: [0, 0.4, 0.8, 1.2].map((v) => [v, String(v)]) });
  if (!state.history.length) return;
  const at = state.history.map((h) => Math.max(h.step, 5)), gap = state.history.map((h) => h.dsm - h.explicit);
  chart.curve(at, gap, "gap");
  chart.curve(at, state.history.map((h) => h.dsm), "dsm");
  chart.curve(at, state.history.map((h) => h.explicit), "explicit");
}

let errors = null;
function layoutErrors() {
  const svg = $("#field-errors");
  errors = axes(svg, LEVELS, { low: 0.003, high: 3, log: true, ticks: [[0.01, "1 %"], [0.1, "10 %"], [1, "100 %"]] });
  if (state.learned) errors.curve(state.learned.sigmas, state.learned.error, "explicit");
  mark(svg, errors);
}

function moveMarks() {
  for (const [id, chart] of [["#field-lengths", lengths], ["#field-errors", errors]]) {
    const line = $(`${id} .here`);
    if (!line || !chart) continue;
    const x = chart.toX(view.sigma).toFixed(1);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  }
}

// Shares as bars from the left part to the right; the weights they should have are lines across them.
const laid = { single: null, annealed: null };
function layoutShares(kind) {
  const svg = $(`[data-shares=${kind}]`), { width, height } = blank(svg), shares = state.plane?.shares ?? [];
  laid[kind] = null;
  if (!shares.length) return;
  const most = 1.35 * Math.max(...shares), step = width / shares.length, bottom = height - 1, toY = (share) => bottom - (Math.min(share, most) / most) * (bottom - 2);
  add(svg, "line", { x1: 0, x2: width, y1: bottom, y2: bottom });
  const bars = shares.map((_, n) => add(svg, "rect", { x: (n + 0.2) * step, width: 0.6 * step, y: bottom, height: 0 }));
  shares.forEach((share, n) => add(svg, "line", { class: "weight", x1: (n + 0.08) * step, x2: (n + 0.92) * step, y1: toY(share), y2: toY(share) }));
  laid[kind] = { bars, bottom, toY };
}

function drawShares(kind) {
  const frames = state.walk?.frames[kind] ?? [], frame = frames[clamp(Math.round(view.time), 0, Math.max(0, frames.length - 1))];
  laid[kind]?.bars.forEach((bar, n) => {
    const y = frame ? laid[kind].toY(frame.shares[n]) : laid[kind].bottom;
    bar.setAttribute("y", y.toFixed(1));
    bar.setAttribute("height", (laid[kind].bottom - y).toFixed(1));
  });
  return frame;
}
