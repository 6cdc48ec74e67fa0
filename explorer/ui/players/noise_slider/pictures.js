// The four pictures, the ruler, and the strips of the whole trajectory.
const COLUMNS = 16;
const narrow = matchMedia("(max-width: 640px)");
const PREDICTED_RANGE = 3; // predicted noise is drawn from -3 to +3 standard deviations

const imageOf = (canvas) => imageFor(canvas, view.base.size, view.base.size);

// canvas = offset + scale * (x0 + sigma * eps), clipped for display by the byte array itself.
function paintMixture(canvas, sigma, scale = 1) {
  const { x0, noisePixels } = view.base, image = imageOf(canvas), data = image.data, offset = 127.5 * (1 - scale);
  for (let i = 0, j = 0; i < x0.length; i += 3, j += 4) {
    data[j] = offset + scale * (x0[i] + sigma * noisePixels[i]);
    data[j + 1] = offset + scale * (x0[i + 1] + sigma * noisePixels[i + 1]);
    data[j + 2] = offset + scale * (x0[i + 2] + sigma * noisePixels[i + 2]);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The estimate x0 + error, blended between two levels, and on a second canvas the predicted noise eps - error / sigma.
function paintEstimate(canvas, pair, noiseCanvas = null, sigma = 1) {
  const [[a, wa], [b, wb]] = pair, { x0, noisePixels } = view.base;
  const first = view.frames[a].error, second = view.frames[b].error;
  const ka = wa * view.frames[a].scale, kb = wb * view.frames[b].scale, zero = 128 * (ka + kb);
  const image = imageOf(canvas), data = image.data;
  const noiseImage = noiseCanvas && imageOf(noiseCanvas), noise = noiseImage?.data;
  const shown = 1 / PREDICTED_RANGE, perSigma = shown / sigma;
  for (let i = 0, j = 0; i < x0.length; j++)
    for (const end = i + 3; i < end; i++, j++) {
      const error = ka * first[j] + kb * second[j] - zero;
      data[j] = x0[i] + error;
      if (noise) noise[j] = 127.5 + shown * noisePixels[i] - perSigma * error;
    }
  canvas.getContext("2d").putImageData(image, 0, 0);
  if (noise) noiseCanvas.getContext("2d").putImageData(noiseImage, 0, 0);
}

let painted = null; // the answer whose clean picture is on the page

function drawPictures() {
  const sigma = sigmaAt(view.position), pair = bracket(view.position);
  if (painted !== view.base) paintMixture($("#canvas-clean"), 0);
  painted = view.base;
  paintMixture($("#canvas-noisy"), sigma);
  for (const id of ["canvas-denoised", "canvas-noise"]) $(`#${id}`).parentElement.classList.toggle("ns-waiting", !pair);
  if (pair) paintEstimate($("#canvas-denoised"), pair, $("#canvas-noise"), sigma);
  drawFigures(sigma, pair);
  drawRuler(sigma);
}

const decibels = (mse) => (mse > 0 ? `${(10 * Math.log10(4 / mse)).toFixed(1)} dB` : "exact"); // data range is 2

function drawFigures(sigma, pair) {
  write("#stat-clean", `${view.base.size} × ${view.base.size} px`);
  write("#stat-noisy", `PSNR ${decibels(sigma ** 2 * view.base.noisePower)}`);
  if (!pair) {
    for (const id of ["denoised", "noise"]) write(`#stat-${id}`, "computing…");
    return;
  }
  const [[a, wa], [b, wb]] = pair;
  const mse = Math.exp(wa * Math.log(view.frames[a].mse) + wb * Math.log(view.frames[b].mse));
  write("#stat-denoised", `PSNR ${decibels(mse)}`);
  write("#stat-noise", `off ${(Math.sqrt(mse) / sigma).toFixed(2)} σ`); // eps_hat - eps = -error / sigma
}

function drawRuler(sigma) {
  const size = onGrid(view.base.crossover, sigma), ruler = $(".ns-ruler");
  const share = size === null ? 1 : Math.min(1, size / view.base.size);
  ruler.style.setProperty("--length", `${100 * share}%`);
  ruler.classList.toggle("ns-overlong", size === null || size > view.base.size);
  write(".ns-ruler span", size === null || size > view.base.size ? "whole picture" : `${pixelsText(size)} px`);
}

// Positions of the strips' columns: evenly spaced in the time t of the chosen schedule, each at a computed level.
function columnPositions() {
  const { grid } = view.base, t = view.base.schedules[$("#schedule").value].t, count = narrow.matches ? COLUMNS / 2 : COLUMNS;
  return Array.from({ length: count }, (_, column) => {
    const wanted = t[0] + ((t.at(-1) - t[0]) * column) / (count - 1);
    const at = Math.max(1, t.findIndex((value) => value >= wanted - 1e-12));
    const share = clamp((wanted - t[at - 1]) / (t[at] - t[at - 1] || 1), 0, 1);
    return Math.round(positionOf(grid[at - 1] * (grid[at] / grid[at - 1]) ** share));
  });
}

const STRIPS = {
  ve: (canvas, sigma) => paintMixture(canvas, sigma),
  vp: (canvas, sigma) => paintMixture(canvas, sigma, 1 / Math.sqrt(1 + sigma * sigma)),
  denoised: (canvas, sigma, level) => paintEstimate(canvas, [[level, 1], [level, 0]]),
};
const scratch = document.createElement("canvas");

// One canvas per row: dozens of small ones would cost every frame of a drag more than the four pictures do.
function drawStrips(rows = Object.keys(STRIPS)) {
  const positions = columnPositions(), cell = Math.min(view.base.size, 96);
  for (const row of rows) {
    const strip = $(`.ns-strip[data-row=${row}]`), canvas = strip.firstElementChild;
    [canvas.width, canvas.height] = [cell * positions.length, cell];
    const context = canvas.getContext("2d");
    positions.forEach((position, column) => {
      if (row === "denoised" && !view.frames[position]) return;
      STRIPS[row](scratch, sigmaAt(position), position);
      context.drawImage(scratch, column * cell, 0, cell, cell);
    });
    strip.querySelectorAll("button").forEach((button, column) => {
      button.hidden = column >= positions.length;
      if (button.hidden) return;
      button.dataset.position = positions[column];
      button.setAttribute("aria-label", `noise level sigma ${numberText(sigmaAt(positions[column]))}`);
    });
  }
  [...$(".ns-scale").children].forEach((label, column) => {
    label.hidden = column >= positions.length;
    if (!label.hidden) label.textContent = numberText(sigmaAt(positions[column]));
  });
  marked = null;
  markColumn();
}

let marked = null;

// Shows which column of the strips the slider is at.
function markColumn() {
  const positions = [...$(".ns-strip").querySelectorAll("button:not([hidden])")].map((button) => +button.dataset.position);
  const distance = (position) => Math.abs(position - view.position);
  const nearest = positions.reduce((best, position, i) => (distance(position) < distance(positions[best]) ? i : best), 0);
  if (nearest === marked) return;
  marked = nearest;
  element.querySelectorAll(".ns-strip").forEach((strip) =>
    strip.querySelectorAll("button").forEach((button, i) => {
      button.classList.toggle("ns-here", i === nearest);
      button.tabIndex = i === nearest ? 0 : -1;
    }),
  );
}
