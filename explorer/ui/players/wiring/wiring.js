// One prediction in four views; the residual connection that turns the noise into the picture; the wrong level told.
let wiring = null;

async function takePart(part) {
  const pictures = await sheet(part.blobs[0], part.size), stride = part.size * part.size * 4;
  const picture = (n) => ({ data: pictures.subarray(n * stride, (n + 1) * stride), scale: part.scales[n] / 127 });
  const each = FACTORS.length + 1;
  wiring = { ...part, x0: picture(0), eps: picture(1), blindAt: (k) => picture(2 + k * each), estimate: (k, f) => picture(3 + k * each + f) };
  $$(".ns-frame").forEach((frame) => frame.classList.toggle("ns-waiting", Boolean(part.leftOut && frame.querySelector("[data-panel=blind]"))));
  draw();
}

const VIEWS = {
  // value shown, from the estimate x0, the input x and the noise level; range of the display; formula
  eps: { of: (x0, x, s) => (x - x0) / s, range: 3, name: "noise ε", formula: "ε = (x − x₀) / σ" },
  score: { of: (x0, x, s) => (x0 - x) / s, range: 3, name: "score × σ", formula: "score = (x₀ − x) / σ²" },
  v: { of: (x0, x, s) => ((x - x0) / s - s * x0) / Math.sqrt(1 + s * s), range: 1.5, name: "v", formula: "v = a ε − s x₀, a² + s² = 1, s / a = σ" },
  x0: { of: (x0) => x0, range: 1, name: "picture x₀", formula: "x₀" },
};

function paint(panel, value, range) {
  const canvas = $(`[data-panel=${panel}]`), image = imageFor(canvas, wiring.size, wiring.size), data = image.data;
  for (let j = 0; j < data.length; j += 4) for (let c = j; c < j + 3; c++) data[c] = 127.5 + (127.5 / range) * value(c);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const decibels = (mse) => `PSNR ${(10 * Math.log10(4 / mse)).toFixed(1)} dB`; // data range is 2
const level = (value) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2));

function draw() {
  const k = +$(".wiring-sigma").value, f = +$(".wiring-told").value, sigma = LEVELS[k], told = sigma * FACTORS[f];
  const wired = $(".wiring-switch").checked, stat = (name, text) => write($(`[data-stat=${name}]`), text);
  stat("sigma", `σ ${level(sigma)}`);
  stat("told", `σ ${level(told)}${FACTORS[f] === 1 ? ", the truth" : `, ${FACTORS[f]} ×`}`);
  write(".wire-told", level(told));
  element.classList.toggle("wired", wired);
  if (!wiring) return;
  const value = (picture, c) => (picture.data[c] - 128) * picture.scale, x = (c) => value(wiring.x0, c) + sigma * value(wiring.eps, c);
  const estimate = wiring.estimate(k, f), blind = wiring.blindAt(k);
  const view = VIEWS[wired ? "x0" : $(".wiring-view").value];
  paint("x", (c) => x(c) / Math.sqrt(1 + sigma * sigma), 1);
  paint("out", (c) => view.of(value(estimate, c), x(c), sigma), view.range);
  paint("blind", (c) => value(blind, c), 1);
  stat("x", `σ ${level(sigma)}`);
  stat("name", wired ? "denoised x₀" : view.name);
  stat("out", decibels(wiring.told[k][f]));
  stat("blind", wiring.leftOut ? "left out" : decibels(wiring.blind[k]));
  write(".sentence", sentence(wired, f));
  const kind = $(".wiring-view").value, error = wiring.roundTrip[kind]?.[k];
  write(".wiring-check", `${view.formula}. ${error === undefined ? "" : `From the picture to ${VIEWS[kind].name} and back, in single precision: largest difference ${error.toExponential(1)}.`}${wiring.leftOut && ` The blind model is left out: ${wiring.leftOut}`}`);
}

function sentence(wired, f) {
  const factor = FACTORS[f];
  if (factor > 1) return "Told more noise than there is, it smooths away what it could have kept.";
  if (factor < 1) return "Told less noise than there is, it takes the rest for picture and leaves it in.";
  return wired
    ? "The input goes round the network and the predicted noise is taken off it: the noise predictor is a denoiser."
    : "The network alone predicts the noise. Switch the residual connection on, and the same prediction is the picture.";
}

const showProgress = ({ state, done, of }) => setStatus(state === "done" ? "ready" : `${done} of ${of}`, done / of);
// A link has level and factor by their values, the sliders by their numbers.
const nearest = (value) => LEVELS.reduce((best, v, k) => (Math.abs(Math.log(v / value)) < Math.abs(Math.log(LEVELS[best] / value)) ? k : best), 0);
fromLink("autoencoders").then(({ "wiring.sigma": sigma, "wiring.told": told, "wiring.output": output, "wiring.residual": residual }) => {
  if (sigma) $(".wiring-sigma").value = nearest(sigma);
  if (told) $(".wiring-told").value = FACTORS.indexOf(told);
  if (output) $(".wiring-view").value = output;
  if (residual) $(".wiring-switch").checked = residual === "on";
  draw();
});

$$("input, select").forEach((control) => control.addEventListener("input", () => {
  draw();
  looked("autoencoders", {
    "wiring.sigma": +LEVELS[$(".wiring-sigma").value].toPrecision(3),
    "wiring.told": FACTORS[$(".wiring-told").value],
    "wiring.output": $(".wiring-view").value,
    "wiring.residual": $(".wiring-switch").checked ? "on" : "off",
  });
}));
listen();
window.wiringPlayer = { ticket, settled, newest: () => asked, shown: () => wiring };
