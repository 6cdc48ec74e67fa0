// The four pictures, the ruler, and the strips of the whole trajectory.
const COLUMNS = 16;
const PREDICTED_RANGE = 3; // predicted noise is drawn from -3 to +3 standard deviations

function paint(canvas, draw) {
  const { width, height } = view.base;
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const data = image.data;
  for (let i = 0, j = 0; j < data.length; i += 3, j += 4) {
    data[j] = draw(i, j);
    data[j + 1] = draw(i + 1, j + 1);
    data[j + 2] = draw(i + 2, j + 2);
    data[j + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// (i: value index, j: byte index) -> estimate minus x0 in shown units
function errorReader(pair) {
  const [[a, wa], [b, wb]] = pair;
  const first = view.frames[a], second = view.frames[b];
  const ea = first.error, eb = second.error, ka = wa * first.scale, kb = wb * second.scale;
  if (wb === 0) return (i, j) => ka * (ea[j] - 128);
  return (i, j) => ka * (ea[j] - 128) + kb * (eb[j] - 128);
}

let painted = null; // the answer whose clean picture is on the page

function drawPictures() {
  const sigma = sigmaAt(view.position), pair = bracket(view.position);
  const { x0, noisePixels } = view.base;
  if (painted !== view.base) paint($("#canvas-clean"), (i) => x0[i]);
  painted = view.base;
  paint($("#canvas-noisy"), (i) => x0[i] + sigma * noisePixels[i]);
  for (const id of ["canvas-denoised", "canvas-noise"]) $(`#${id}`).parentElement.classList.toggle("ns-waiting", !pair);
  if (pair) {
    const error = errorReader(pair);
    paint($("#canvas-denoised"), (i, j) => x0[i] + error(i, j));
    paint($("#canvas-noise"), (i, j) => 127.5 + (noisePixels[i] - error(i, j) / sigma) / PREDICTED_RANGE);
  }
  drawFigures(sigma, pair);
  drawRuler(sigma);
}

const decibels = (mse) => (mse > 0 ? `${(10 * Math.log10(4 / mse)).toFixed(1)} dB` : "exact"); // data range is 2

function drawFigures(sigma, pair) {
  $("#stat-clean").textContent = `${view.base.width} × ${view.base.height} px`;
  $("#stat-noisy").textContent = `PSNR ${decibels(sigma ** 2 * view.base.noisePower)}`;
  if (!pair) {
    for (const id of ["denoised", "noise"]) $(`#stat-${id}`).textContent = "computing…";
    return;
  }
  const [[a, wa], [b, wb]] = pair;
  const mse = Math.exp(wa * Math.log(view.frames[a].mse) + wb * Math.log(view.frames[b].mse));
  $("#stat-denoised").textContent = `PSNR ${decibels(mse)}`;
  $("#stat-noise").textContent = `off by ${(Math.sqrt(mse) / sigma).toFixed(2)} std`; // eps_hat - eps = -error / sigma
}

function drawRuler(sigma) {
  const size = onGrid(view.base.crossover, sigma), ruler = $(".ns-ruler");
  const share = size === null ? 1 : Math.min(1, size / view.base.width);
  ruler.style.setProperty("--length", `${100 * share}%`);
  ruler.classList.toggle("ns-overlong", size === null || size > view.base.width);
  ruler.lastElementChild.textContent = size === null || size > view.base.width ? "whole picture" : `${pixelsText(size)} px`;
}

// Positions of the strips' columns: evenly spaced in the time t of the chosen schedule, each at a computed level.
function columnPositions() {
  const { grid } = view.base, t = view.base.schedules[$("#schedule").value].t;
  return Array.from({ length: COLUMNS }, (_, column) => {
    const wanted = t[0] + ((t.at(-1) - t[0]) * column) / (COLUMNS - 1);
    const at = Math.max(1, t.findIndex((value) => value >= wanted - 1e-12));
    const share = clamp((wanted - t[at - 1]) / (t[at] - t[at - 1] || 1), 0, 1);
    return Math.round(positionOf(grid[at - 1] * (grid[at] / grid[at - 1]) ** share));
  });
}

function drawStrips(rows = ["ve", "vp", "denoised"]) {
  const { x0, noisePixels } = view.base;
  columnPositions().forEach((position, column) => {
    const sigma = sigmaAt(position), keep = 1 / Math.sqrt(1 + sigma * sigma), frame = view.frames[position];
    for (const row of rows) {
      const button = $(`.ns-strip[data-row=${row}]`).children[column];
      button.dataset.position = position;
      button.setAttribute("aria-label", `noise level sigma ${numberText(sigma)}`);
      button.title = `sigma ${numberText(sigma)}`;
      const canvas = button.firstElementChild;
      if (row === "ve") paint(canvas, (i) => x0[i] + sigma * noisePixels[i]);
      else if (row === "vp") paint(canvas, (i) => 127.5 + keep * (x0[i] - 127.5 + sigma * noisePixels[i]));
      else button.classList.toggle("ns-waiting", !frame);
      if (row === "denoised" && frame) {
        const error = errorReader([[position, 1], [position, 0]]);
        paint(canvas, (i, j) => x0[i] + error(i, j));
      }
    }
    $(".ns-scale").children[column].textContent = numberText(sigma);
  });
  markColumn();
}

// Shows which column of the strips the slider is at.
function markColumn() {
  const buttons = [...$(".ns-strip[data-row=ve]").children];
  const distance = (button) => Math.abs(button.dataset.position - view.position);
  const nearest = buttons.reduce((best, button, i) => (distance(button) < distance(buttons[best]) ? i : best), 0);
  element.querySelectorAll(".ns-strip").forEach((strip) =>
    [...strip.children].forEach((button, i) => button.classList.toggle("ns-here", i === nearest)),
  );
}
