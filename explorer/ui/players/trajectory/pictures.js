// The four pictures of a run at one step, and what tells two runs apart.
const SHOWN_RANGE = 3; // predicted noise and score are drawn from -3 to +3 standard deviations of the noise

// One value per channel from the two that travelled: offset + a (x0 - 128) + b (eps - 128), clipped by the byte array.
function paint(canvas, size, frame, offset, a, b) {
  const image = imageFor(canvas, size, size), data = image.data, { x0, eps } = frame;
  for (let j = 0; j < data.length; j += 4)
    for (let c = j; c < j + 3; c++) data[c] = offset + a * (x0[c] - 128) + b * (eps[c] - 128);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function rms(values, scale) {
  let total = 0, count = 0;
  for (let j = 0; j < values.length; j += 4)
    for (let c = j; c < j + 3; c++, count++) total += (values[c] - 128) ** 2;
  return Math.sqrt(total / count) * scale;
}

const painted = new Map(); // run -> what is on its canvases

function drawRun(run) {
  const frame = frameOf(run), row = $(`.ns-pictures[data-run=${run}]`), scaled = $("#film-shown").value === "scaled";
  row.querySelectorAll(".ns-frame").forEach((node) => node.classList.toggle("ns-waiting", !frame));
  const mark = frame && `${received.generation} ${frame.i} ${scaled}`;
  if (!frame || painted.get(run) === mark) return;
  painted.set(run, mark);
  const { size } = runs[run].plan, { sigma } = frame, canvas = (panel) => row.querySelector(`[data-panel=${panel}]`);
  const gain = 127.5 * (scaled ? 1 / Math.sqrt(1 + sigma * sigma) : 1), shown = (127.5 / SHOWN_RANGE) * frame.epsScale;
  paint(canvas("x"), size, frame, 127.5, gain * frame.x0Scale, gain * sigma * frame.epsScale);
  paint(canvas("x0"), size, frame, 127.5, 127.5 * frame.x0Scale, 0);
  paint(canvas("eps"), size, frame, 127.5, 0, shown);
  paint(canvas("score"), size, frame, 127.5, 0, -shown);
  row.classList.toggle("ns-crisp", size < 128);
  const stat = (panel, text) => write(row.querySelector(`[data-stat=${panel}]`), text), noise = rms(frame.eps, frame.epsScale);
  stat("x", `σ ${numberText(sigma)}`);
  stat("x0", `step ${frame.i}`);
  stat("eps", sigma > 0 ? `rms ${noise.toFixed(2)}` : "none left");
  stat("score", sigma > 0 ? `rms ${numberText(noise / sigma)} per unit` : "–");
}

// The difference of the two estimates: grey where they agree.
function drawDifference() {
  const a = frameOf("A"), b = frameOf("B"), canvas = $("#canvas-difference");
  if (!a || !b || runs.A.plan.size !== runs.B.plan.size) return;
  const { size } = runs.A.plan, image = imageFor(canvas, size, size), data = image.data;
  for (let j = 0; j < data.length; j += 4)
    for (let c = j; c < j + 3; c++) data[c] = 127.5 + 127.5 * ((a.x0[c] - 128) * a.x0Scale - (b.x0[c] - 128) * b.x0Scale);
  canvas.getContext("2d").putImageData(image, 0, 0);
  const apart = runs.difference?.rms[a.i];
  write("#stat-difference", `of the estimates at σ ${numberText(a.sigma)} and ${numberText(b.sigma)}${apart === undefined ? "" : `, rms ${numberText(apart)}`}`);
}
