// The slider, the keyboard, the words and numbers beside it, and the exchange with the server.
const STEPS = 16; // slider steps between two computed levels: fine while dragging, whole levels at rest
const slider = $("#noise-slider");

const numberText = (value) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2));
const pixelsText = (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ""));

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
});
element.querySelectorAll(".ns-strip").forEach((strip) => {
  strip.append(document.createElement("canvas"));
  for (let i = 0; i < COLUMNS; i++) {
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => moveTo(+button.dataset.position, true));
    strip.append(button);
  }
});
for (let i = 0; i < COLUMNS; i++) $(".ns-scale").append(document.createElement("span"));
element.querySelectorAll("[data-explain]").forEach((button) => {
  button.addEventListener("click", () => {
    const note = $("#explanation"), same = note.dataset.of === button.dataset.explain && !note.hidden;
    note.hidden = same;
    note.dataset.of = button.dataset.explain;
    note.innerHTML = EXPLANATIONS[button.dataset.explain];
    element.querySelectorAll("[data-explain]").forEach((b) => b.setAttribute("aria-expanded", String(b === button && !same)));
  });
});

// Pictures can be dropped anywhere on the player, or pasted: both take the way of the upload button.
function offer(files) {
  const input = document.querySelector("#upload input[type=file]") ?? document.querySelector("input[type=file]");
  if (!files.length || !input) return;
  const transfer = new DataTransfer();
  transfer.items.add(files[0]);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
element.addEventListener("dragover", (event) => {
  event.preventDefault();
  element.classList.add("ns-drop");
});
element.addEventListener("dragleave", () => element.classList.remove("ns-drop"));
element.addEventListener("drop", (event) => {
  event.preventDefault();
  element.classList.remove("ns-drop");
  offer(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => offer(event.clipboardData?.files ?? []));

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
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([[about, head, ...rows.map((r) => r.join(","))].join("\n")], { type: "text/csv" }));
  link.download = `spectra-sigma-${sigma.toPrecision(3)}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
});

function setStatus(text, share) {
  write("#status", text);
  $(".ns-progress").style.setProperty("--share", share);
  element.classList.toggle("ns-busy", text !== "ready");
}

// Takes in an answer, which grows part by part under one generation number; a newer one ends an older one.
async function receive() {
  const answer = props.value;
  if (!answer || answer.generation < view.generation) return;
  if (answer.generation > view.generation) [view.generation, view.parts] = [answer.generation, 0];
  while (view.parts < answer.parts.length) {
    const part = await fetchPart(answer.parts[view.parts++]);
    if (part.kind === "base") {
      await takeBase(part);
      layoutSpectrum();
      $("#enlarged").hidden = !part.upscaled;
      $(".ns-pictures").classList.toggle("ns-crisp", part.request.size < 128);
    } else await takeLevels(part);
    draw();
    await new Promise(requestAnimationFrame); // what is known is on the page before the rest is taken in
    drawStrips(part.kind === "base" ? undefined : ["denoised"]);
    if (props.value.generation > view.generation) return;
  }
  const known = view.frames.filter(Boolean).length, all = view.frames.length;
  if (view.generation < asked) return; // a newer choice is on its way
  if (known === all) {
    setStatus("ready", 1);
    announceRest();
  } else setStatus(`model: ${known} of ${all} noise levels`, known / all);
}

let queue = Promise.resolve();
const enqueue = () => (queue = queue.then(receive).catch(() => setStatus("ready", 1))); // a part that is gone is let go
watch("value", enqueue);
enqueue();

let asked = 0; // tickets given out; the server's answer carries its ticket as generation
const ticket = () => {
  busy();
  return ++asked;
};
const busy = () => setStatus("working…", 0); // a compute control has been changed
const settled = () => setStatus("ready", 1); // the server refused: what was there stays

// The page says that it is busy in the same moment as a control is moved, not when Gradio gets round to it.
document.addEventListener("input", (event) => event.target.closest("#controls") && busy(), true);
document.addEventListener("change", (event) => {
  if (!event.target.matches("#upload input[type=file]") || !event.target.files.length) return;
  busy();
  const toasts = () => document.querySelectorAll(".toast-body").length, before = toasts(), begun = view.generation;
  const watcher = new MutationObserver(() => {
    if (view.generation === begun && toasts() <= before) return;
    if (view.generation === begun) settled(); // refused on the way up: no answer will come
    watcher.disconnect();
  });
  watcher.observe(document.body, { childList: true, subtree: true });
}, true);

window.noiseAndScale = {
  ticket,
  busy,
  settled,
  view, sigmaAt, positionOf, moveTo,
};
narrow.addEventListener("change", () => view.base && drawStrips());
new ResizeObserver(() => {
  if (!view.base) return;
  layoutSpectrum();
  draw();
}).observe($("#spectrum"));
