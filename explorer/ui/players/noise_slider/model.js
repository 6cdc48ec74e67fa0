// What has been computed so far, and how to read it at any slider position. Positions count levels and may lie between
// two of them; pictures at rest are always at a computed level.
const FIRST_SIGMA = 0.5;
const view = {
  base: null, // picture, noise and curves of that answer
  frames: [], // per level: null or what the model made of it
  position: null,
  first: FIRST_SIGMA, // noise level to begin with
};

const lastLevel = () => view.base.sigmas.length - 1;
const sigmaAt = (position) => {
  const sigmas = view.base.sigmas;
  return sigmas[0] * (sigmas.at(-1) / sigmas[0]) ** (position / lastLevel());
};
const positionOf = (sigma) => {
  const sigmas = view.base.sigmas;
  return clamp((Math.log(sigma / sigmas[0]) / Math.log(sigmas.at(-1) / sigmas[0])) * lastLevel(), 0, lastLevel());
};

// Linear interpolation of a curve over the fine grid of noise levels; null where the curve has no value.
function onGrid(curve, sigma) {
  const grid = view.base.grid;
  const at = clamp((Math.log(sigma / grid[0]) / Math.log(grid.at(-1) / grid[0])) * (grid.length - 1), 0, grid.length - 1);
  const low = Math.floor(at), high = Math.min(low + 1, grid.length - 1);
  if (curve[low] === null || curve[high] === null) return curve[Math.round(at)];
  return curve[low] + (at - low) * (curve[high] - curve[low]);
}

// The computed levels to show at a position: two neighbours with weights, or the nearest one while others are missing.
function bracket(position) {
  const low = Math.floor(position), high = Math.min(low + 1, lastLevel());
  if (view.frames[low] && view.frames[high]) return [[low, 1 - (position - low)], [high, position - low]];
  let nearest = -1;
  view.frames.forEach((frame, k) => {
    if (frame && (nearest < 0 || Math.abs(k - position) < Math.abs(nearest - position))) nearest = k;
  });
  return nearest < 0 ? null : [[nearest, 1], [nearest, 0]];
}

// A curve of the model between two levels, blended in the logarithm.
function blended(name, pair) {
  const [[a, wa], [b, wb]] = pair;
  const first = view.frames[a][name], second = view.frames[b][name];
  return wb === 0 ? first : first.map((v, i) => Math.exp(wa * Math.log(v + 1e-30) + wb * Math.log(second[i] + 1e-30)));
}

// Takes in the part of an answer that needs no model.
async function takeBase(base) {
  const size = base.request.size, picture = await sheet(base.blobs[0], size);
  const raw = new Int16Array(base.blobs[1]);
  base.size = size;
  base.x0 = new Float32Array(raw.length); // 0...255, as shown
  base.noisePixels = new Float32Array(raw.length); // eps in the same unit: 127.5 per data unit
  for (let i = 0, j = 0; i < raw.length; i += 3, j += 4)
    for (let c = 0; c < 3; c++) {
      base.x0[i + c] = picture[j + c];
      base.noisePixels[i + c] = (raw[i + c] / base.epsScale) * 127.5;
    }
  let power = 0;
  for (const value of base.noisePixels) power += value * value;
  base.noisePower = power / base.noisePixels.length / 127.5 ** 2; // mean of eps^2
  const kept = view.base ? sigmaAt(view.position) : null;
  view.base = base;
  view.frames = new Array(base.sigmas.length).fill(null);
  view.position = Math.round(positionOf(kept ?? view.first));
}

// Takes in what the model made of some levels.
async function takeLevels(part) {
  const errors = await sheet(part.blobs[0], view.base.size), stride = errors.length / part.levels.length;
  part.levels.forEach((level, i) => {
    view.frames[level] = {
      error: errors.subarray(i * stride, (i + 1) * stride), // RGBA, 128 = no error
      scale: (part.scale[i] * 127.5) / 127, // shown units per step
      denoised: part.denoised[i],
      errorPower: part.error[i],
      mse: part.mse[i],
    };
  });
}
