// The three squares: the field, and the walkers of both kinds, over the density at their noise level.
let colours = {};
function readColours() {
  const style = getComputedStyle(element.querySelector(".field"));
  for (const name of ["role-noisy", "role-noise", "role-denoised", "role-error", "role-clean", "muted", "page", "body-text-color"])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
}

const pad = document.createElement("canvas"); // the density before it is scaled to the square
[pad.width, pad.height] = [IMAGE, IMAGE];
const padContext = pad.getContext("2d"), padImage = padContext.createImageData(IMAGE, IMAGE);
const values = new Float32Array(IMAGE * IMAGE);

// Clears a square and gives its context in units of CSS pixels with the side's length.
function square(panel) {
  const canvas = $(`[data-panel=${panel}] canvas`), side = canvas.clientWidth, dense = Math.min(window.devicePixelRatio || 1, 2);
  const size = Math.max(1, Math.round(side * dense));
  if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
  const context = canvas.getContext("2d");
  context.setTransform(size / side, 0, 0, size / side, 0, 0);
  context.clearRect(0, 0, side, side);
  return { context, side, at: (x, y) => [((x + EXTENT) / (2 * EXTENT)) * side, ((EXTENT - y) / (2 * EXTENT)) * side] };
}

function drawDensity({ context, side }, sigma) {
  density(sigma, values);
  const most = values.reduce((a, b) => Math.max(a, b), 1e-30);
  const [red, green, blue] = colours["role-noisy"].match(/\w\w/g).map((pair) => parseInt(pair, 16));
  for (let i = 0; i < values.length; i++) {
    padImage.data[4 * i] = red;
    padImage.data[4 * i + 1] = green;
    padImage.data[4 * i + 2] = blue;
    padImage.data[4 * i + 3] = 150 * Math.sqrt(values[i] / most);
  }
  padContext.putImageData(padImage, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(pad, 0, 0, side, side);
}

const arrowColour = () => colours[view.source === "error" ? "role-error" : FACTORS[view.shown](1) < 0 ? "role-noise" : "role-denoised"];

function arrow(context, x, y, dx, dy, head) {
  const length = Math.hypot(dx, dy);
  if (length < 0.4) return;
  const [ux, uy] = [dx / length, dy / length], tip = Math.min(head, length * 0.6);
  context.moveTo(x, y);
  context.lineTo(x + dx, y + dy);
  context.moveTo(x + dx - tip * (ux + 0.6 * uy), y + dy - tip * (uy - 0.6 * ux));
  context.lineTo(x + dx, y + dy);
  context.lineTo(x + dx - tip * (ux - 0.6 * uy), y + dy - tip * (uy + 0.6 * ux));
}

// Arrows keep their proportions; the longest is as long as a cell is wide. What that is in numbers stands beside them.
let longest = 0; // |D - x|, data units
function drawArrows({ context, side, at }) {
  const cell = side / ARROWS, moves = [], sign = Math.sign(FACTORS[view.shown](1));
  longest = 0;
  for (let r = 0; r < ARROWS; r++)
    for (let c = 0; c < ARROWS; c++) {
      const x = EXTENT * ((2 * (c + 0.5)) / ARROWS - 1), y = -EXTENT * ((2 * (r + 0.5)) / ARROWS - 1), move = moveAt(x, y, view.sigma);
      moves.push([x, y, ...move]);
      longest = Math.max(longest, Math.hypot(...move));
    }
  if (longest === 0) return;
  context.beginPath();
  context.strokeStyle = arrowColour();
  context.lineWidth = 1.25;
  for (const [x, y, dx, dy] of moves) {
    const scale = (sign * 1.15 * cell) / longest, [px, py] = at(x, y);
    arrow(context, px - (scale * dx) / 2, py + (scale * dy) / 2, scale * dx, -scale * dy, 4);
  }
  context.stroke();
}

// The probed point x, where the denoiser would move it, and the arrow that is chosen between the two, true to length.
function drawProbe({ context, at }) {
  const [x, y] = view.probe, [dx, dy] = moveAt(x, y, view.sigma), [px, py] = at(x, y);
  if (view.source === "error") return;
  const [qx, qy] = at(x + dx, y + dy), forth = FACTORS[view.shown](1) > 0;
  const [from, to] = forth ? [[px, py], [qx, qy]] : [[qx, qy], [px, py]];
  for (const [colour, width] of [[colours.page, 5], [arrowColour(), 2.5]]) {
    context.beginPath();
    context.strokeStyle = colour;
    context.lineWidth = width;
    arrow(context, ...from, to[0] - from[0], to[1] - from[1], 9);
    context.stroke();
  }
  const dot = (cx, cy, filled) => {
    context.beginPath();
    context.arc(cx, cy, 4.5, 0, 2 * Math.PI);
    context.fillStyle = filled ? colours["body-text-color"] : colours.page;
    context.strokeStyle = colours["body-text-color"];
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  };
  dot(qx, qy, true);
  dot(px, py, false);
  context.font = "600 13px system-ui, sans-serif";
  context.lineWidth = 4;
  context.strokeStyle = colours.page;
  context.fillStyle = colours["body-text-color"];
  const away = (n) => (n >= 0 ? 1 : -1), near = Math.hypot(qx - px, qy - py) < 30;
  for (const [text, cx, cy, side] of [["x", px, py, away(px - qx)], ["D", qx, qy, away(qx - px) * (near && qx === px ? -1 : 1)]]) {
    context.textAlign = side > 0 ? "left" : "right";
    context.strokeText(text, cx + 9 * side, cy + 4.5);
    context.fillText(text, cx + 9 * side, cy + 4.5);
  }
}

function drawField() {
  const panel = square("field");
  if (!state.plane) return 0;
  drawDensity(panel, view.sigma);
  const found = peaks(values);
  drawArrows(panel);
  drawProbe(panel);
  return found;
}

// Walkers at a time between two records lie on the straight line between their places.
function drawWalkers(kind) {
  const panel = square(kind), frames = state.walk?.frames[kind] ?? [];
  const time = clamp(view.time, 0, Math.max(0, frames.length - 1)), i = Math.floor(time), rest = time - i;
  const sigmas = state.walk?.sigmas[kind] ?? [SIGMA_MAX], sigma = kind === "single" && state.walk ? state.walk.sigma : sigmas[i];
  if (state.plane) drawDensity(panel, sigma);
  if (!frames.length) return;
  const { context, at } = panel, here = frames[i], next = frames[Math.min(i + 1, frames.length - 1)];
  context.fillStyle = colours["role-clean"];
  for (let n = 0; n < here.places.length; n += 2) {
    const x = (1 - rest) * here.places[n] * here.scale + rest * next.places[n] * next.scale;
    const y = (1 - rest) * here.places[n + 1] * here.scale + rest * next.places[n + 1] * next.scale;
    const [px, py] = at(x, y);
    context.beginPath();
    context.arc(px, py, 2, 0, 2 * Math.PI);
    context.fill();
  }
}
