// The slider, the keyboard, the words and numbers beside it, and the exchange with the server.
const STEPS = 16; // slider steps between two computed levels: fine while dragging, whole levels at rest
const slider = $("#noise-slider");

// What becomes of the details that are lost, and what is shown when nothing is left, per model.
const WORDS = {
  network: ["the model guesses them", "what the model shows is a guess from the pictures it was trained on"],
  wiener: ["the Wiener filter smooths them away", "what the Wiener filter leaves is close to the average picture"],
  ideal: ["the ideal denoiser takes them from the pictures it knows", "what you see is a mixture of the pictures that the ideal denoiser knows"],
};

function sentence(size) {
  const [lost, nothing] = WORDS[view.base.request.model];
  if (size === null) return `Nothing of this picture stands out from the noise any more; ${nothing}.`;
  if (size <= 1.05) return "Almost nothing is lost at this level: details as small as a single pixel stand out from the noise.";
  return `Details smaller than about ${pixelsText(size)} pixels are lost in the noise; ${lost}.`;
}

function drawReadout() {
  const sigma = sigmaAt(view.position), size = onGrid(view.base.crossover, sigma);
  write("#read-sigma", numberText(sigma));
  write("#read-logsnr", (-2 * Math.log(sigma)).toFixed(1));
  write("#read-t", onGrid(view.base.schedules[$("#schedule").value].t, sigma).toFixed(2));
  write("#read-size", size === null ? "none" : `${pixelsText(size)} px`);
  write("#sentence", sentence(size));
  slider.setAttribute("aria-valuetext", `noise level sigma ${numberText(sigma)}. ${sentence(size)}`);
}

let scheduled = 0;
function draw() {
  scheduled = scheduled || requestAnimationFrame(() => {
    scheduled = 0;
    if (!view.base) return;
    const value = String(Math.round(view.position * STEPS));
    if (+slider.max !== lastLevel() * STEPS) slider.max = lastLevel() * STEPS;
    if (slider.value !== value) slider.value = value;
    drawPictures();
    drawSpectrum();
    drawReadout();
    markColumn();
    element.dispatchEvent(new CustomEvent("drawn"));
  });
}

function moveTo(position, released = false) {
  if (!view.base) return;
  view.position = clamp(position, 0, lastLevel());
  draw();
  if (released) announceRest();
}

// At rest the pictures are at a computed level, and the full figure below follows.
let resting = 0;
function announceRest() {
  view.position = Math.round(view.position);
  draw();
  clearTimeout(resting);
  resting = setTimeout(() => trigger("release", { level: view.position }), 250);
  noteLook();
}

function noteLook() {
  const first = view.position === Math.round(positionOf(FIRST_SIGMA));
  looked("noise-scale", { sigma: first ? null : +sigmaAt(view.position).toPrecision(3), schedule: $("#schedule").value });
}

slider.addEventListener("input", () => moveTo(slider.value / STEPS));
slider.addEventListener("change", announceRest);
slider.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 }[event.key];
  const target = { Home: 0, End: Infinity }[event.key] ?? (step === undefined ? undefined : Math.round(view.position) + step);
  if (target === undefined || !view.base) return;
  event.preventDefault();
  moveTo(target, true);
});
$("#schedule").addEventListener("change", () => {
  drawStrips();
  draw();
  looked("noise-scale", { schedule: $("#schedule").value });
});
element.querySelectorAll(".ns-strip").forEach((strip) => {
  strip.append(document.createElement("canvas"));
  for (let i = 0; i < COLUMNS; i++) {
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => moveTo(+button.dataset.position, true));
    strip.append(button);
  }
  // One stop of the Tab key for each strip, at the slider's column; within it the arrow keys move.
  strip.addEventListener("keydown", (event) => {
    const side = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
    const frame = side && event.target[side];
    if (frame?.dataset.position === undefined || frame.hidden) return;
    event.preventDefault();
    frame.focus();
    frame.click();
  });
});
for (let i = 0; i < COLUMNS; i++) $(".ns-scale").append(document.createElement("span"));
explainWords(EXPLANATIONS);

$("#csv").addEventListener("click", () => {
  if (!view.base) return;
  const { base } = view, sigma = sigmaAt(view.position), pair = bracket(view.position);
  const denoised = pair && blended("denoised", pair), error = pair && blended("errorPower", pair);
  const rows = base.wavenumber.map((k, i) => [
    k, base.clean[i], sigma ** 2 * base.noise[i], base.clean[i] + sigma ** 2 * base.noise[i] + 2 * sigma * base.cross[i],
    denoised?.[i] ?? "", error?.[i] ?? "", base.clean[i] ** 2 / (base.clean[i] + sigma ** 2),
  ]);
  const head = "cycles_per_pixel,clean,noise,noisy,denoised,error,wiener_expectation";
  const about = `# sigma ${sigma} (data units, range -1 to 1), ${JSON.stringify(base.request).replaceAll(",", ";")}`;
  download([about, head, ...rows.map((r) => r.join(","))].join("\n"), "text/csv", `spectra-sigma-${sigma.toPrecision(3)}.csv`);
});

async function takePart(part) {
  if (part.kind === "base") {
    await takeBase(part);
    pictureShown(part.picture);
    layoutSpectrum();
    $("#enlarged").hidden = !part.upscaled;
    $(".ns-pictures").classList.toggle("ns-crisp", part.request.size < 128);
  } else await takeLevels(part);
  draw();
  await new Promise(requestAnimationFrame); // what is known is on the page before the rest is taken in
  drawStrips(part.kind === "base" ? undefined : ["denoised"]);
}

function showProgress() {
  const known = view.frames.filter(Boolean).length, all = view.frames.length;
  setStatus(known === all ? "ready" : `model: ${known} of ${all} noise levels`, known / all);
  if (known === all) announceRest();
}

listen("#controls");
followUpload("#upload");
takeDrops("#upload");
fromLink("noise-scale").then(({ sigma, schedule }) => {
  view.first = sigma ?? FIRST_SIGMA;
  if (schedule) $("#schedule").value = schedule;
});
beginWhenSeen("#noise-begin");

window.noiseAndScale = { ticket, busy, settled, view, sigmaAt, positionOf, moveTo };
narrow.addEventListener("change", () => view.base && drawStrips());
new ResizeObserver(() => {
  if (!view.base) return;
  layoutSpectrum();
  draw();
}).observe($("#spectrum"));
