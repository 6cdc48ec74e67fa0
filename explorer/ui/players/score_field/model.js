// The density that is shown, what walked in it and what was learned of it, and its exact field at any noise level.
const IMAGE = 96; // points of the density image on a side
const ARROWS = 21; // arrows on a side
const FRAMES_PER_SECOND = 12; // of the walkers' records; between them they are drawn on a straight line
const state = { plane: null, walk: null, learned: null, history: [], points: null };
const view = { sigma: FIRST_SIGMA, shown: "move", source: "exact", time: 0, playing: false, following: true, probe: [0.35, -0.45] };

const isDrawn = () => state.plane?.density === "drawn";
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function takePlane(part) {
  if (!state.plane || !same(part.means, state.plane.means)) {
    Object.assign(state, { walk: null, learned: null, history: [] });
    view.source = "exact";
  }
  state.plane = part;
  state.points = part.density === "drawn" ? part.means : null;
}

// A drawing is a density at once; what belongs to it beyond that comes from the server.
function takeDrawing(points) {
  const count = Math.max(points.length, 1);
  Object.assign(state, { walk: null, learned: null, history: [], points });
  view.source = "exact";
  state.plane = {
    density: "drawn", means: points, weights: points.map(() => 1 / count), std: DRAWN_STD, part: [], shares: [], sigmas: [], move: [],
  };
}

function takeWalk(part) {
  const last = part.sigmas.single.length - 1;
  state.walk = { ...part, last, frames: { single: [], annealed: [] } };
  Object.assign(view, { time: 0, following: true });
}

function takeFrames(part) {
  if (!state.walk) return;
  const places = new Int16Array(part.blobs[0]), stride = places.length / part.frames.length;
  part.frames.forEach((frame, n) => {
    state.walk.frames[frame.walkers][frame.i] = { ...frame, places: places.subarray(n * stride, (n + 1) * stride) };
  });
}

const known = () => (state.walk ? Math.min(state.walk.frames.single.length, state.walk.frames.annealed.length) - 1 : -1);

function takeLearned(part) {
  if (part.density !== state.plane?.density) return;
  if (!state.history.length || part.step <= state.history.at(-1).step) state.history = [];
  state.history.push({ step: part.step, dsm: part.dsm, explicit: part.explicit });
  state.learned = { ...part, field: new Int16Array(part.blobs[0]) };
}

// ln(weight) - |x - m|^2 / 2v of every component, up to a constant; E[x0 | x] is their softmax over pulled means.
function exactD(x, y, sigma) {
  const { means, weights, std } = state.plane, v = std * std + sigma * sigma, kept = (std * std) / v;
  let top = -Infinity;
  const logits = exactD.logits.length >= means.length ? exactD.logits : (exactD.logits = new Float64Array(means.length + 64));
  for (let k = 0; k < means.length; k++) {
    const dx = x - means[k][0], dy = y - means[k][1];
    logits[k] = Math.log(weights[k]) - (dx * dx + dy * dy) / (2 * v);
    if (logits[k] > top) top = logits[k];
  }
  let total = 0, mx = 0, my = 0;
  for (let k = 0; k < means.length; k++) {
    const share = Math.exp(logits[k] - top);
    total += share;
    mx += share * means[k][0];
    my += share * means[k][1];
  }
  if (total === 0) return [x, y]; // an empty drawing pulls nowhere
  return [kept * x + ((1 - kept) * mx) / total, kept * y + ((1 - kept) * my) / total];
}
exactD.logits = new Float64Array(64);

// The learned D is known on a grid at some levels; between them it is interpolated, in ln sigma and in the plane.
function learnedD(x, y, sigma) {
  const { field, grid, scale, sigmas, extent } = state.learned;
  const place = clamp((Math.log(sigma / sigmas[0]) / Math.log(sigmas.at(-1) / sigmas[0])) * (sigmas.length - 1), 0, sigmas.length - 1.001);
  const level = Math.floor(place), rest = place - level;
  const [gx, gy] = [x, -y].map((value) => clamp(((value + extent) / (2 * extent)) * (grid - 1), 0, grid - 1.001));
  const [cx, cy] = [Math.floor(gx), Math.floor(gy)], [fx, fy] = [gx - cx, gy - cy];
  const found = [0, 0];
  for (let n = 0; n < 8; n++) {
    const [l, r, c] = [n & 4 ? 1 : 0, n & 2 ? 1 : 0, n & 1];
    const part = (l ? rest : 1 - rest) * (r ? fy : 1 - fy) * (c ? fx : 1 - fx);
    if (part === 0) continue;
    const at = 2 * (((level + l) * grid + cy + r) * grid + cx + c);
    found[0] += part * field[at] * scale;
    found[1] += part * field[at + 1] * scale;
  }
  return found;
}

// D - x of what is chosen: exact, learned, or learned less exact.
function moveAt(x, y, sigma) {
  if (view.source === "exact" || !state.learned) return exactD(x, y, sigma).map((d, i) => d - [x, y][i]);
  const learned = learnedD(x, y, sigma), base = view.source === "error" ? exactD(x, y, sigma) : [x, y];
  return learned.map((d, i) => d - base[i]);
}

// What each view is of D - x: the sign and the scale that lie between them.
const FACTORS = { move: () => 1, noise: () => -1, eps: (sigma) => -1 / sigma, score: (sigma) => 1 / sigma ** 2 };

// p(x; sigma) up to a constant on a square of IMAGE x IMAGE points, row by row from the top; round Gaussians are
// products of a row's and a column's factor.
function density(sigma, into) {
  const { means, weights, std } = state.plane, v = std * std + sigma * sigma;
  const columns = new Float32Array(IMAGE), rows = new Float32Array(IMAGE);
  into.fill(0);
  means.forEach(([mx, my], k) => {
    for (let i = 0; i < IMAGE; i++) {
      const at = EXTENT * ((2 * (i + 0.5)) / IMAGE - 1);
      columns[i] = Math.exp(-((at - mx) ** 2) / (2 * v));
      rows[i] = weights[k] * Math.exp(-((-at - my) ** 2) / (2 * v));
    }
    for (let r = 0; r < IMAGE; r++) {
      const factor = rows[r], start = r * IMAGE;
      if (factor > 1e-9) for (let c = 0; c < IMAGE; c++) into[start + c] += factor * columns[c];
    }
  });
  return into;
}

// How many peaks the density has: points that no neighbour exceeds, and that are not next to nothing.
function peaks(values) {
  const least = 0.01 * values.reduce((a, b) => Math.max(a, b), 0);
  let count = 0;
  for (let r = 1; r < IMAGE - 1; r++)
    for (let c = 1; c < IMAGE - 1; c++) {
      const at = r * IMAGE + c, value = values[at];
      if (value <= least) continue;
      let top = true;
      for (let n = 0; n < 9 && top; n++) {
        if (n === 4) continue;
        const other = values[at + (Math.floor(n / 3) - 1) * IMAGE + (n % 3) - 1];
        top = n < 4 ? value > other : value >= other; // of equal neighbours one counts
      }
      count += top;
    }
  return count;
}
