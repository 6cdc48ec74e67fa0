// Moving the noise level, the mark and the time, drawing, and the exchange with the server.
const sigmaSlider = $("#field-sigma"), timeSlider = $("#field-time"), fieldCanvas = $("[data-panel=field] canvas");
const STEPS = +sigmaSlider.max, RANGE = Math.log(SIGMA_MAX / SIGMA_MIN);
const still = matchMedia("(prefers-reduced-motion: reduce)");

const due = new Set(); // what is drawn in the next frame: "field", "walkers", "charts"
function draw(...what) {
  if (!due.size) requestAnimationFrame(drawNow);
  what.forEach((name) => due.add(name));
}

function drawNow() {
  const now = new Set(due);
  due.clear();
  if (!fieldCanvas.clientWidth) return; // not in sight
  if (now.has("charts")) {
    readColours();
    layoutLengths();
    layoutLosses();
    layoutErrors();
    ["single", "annealed"].forEach(layoutShares);
  }
  if (now.has("field")) drawFieldPanel();
  if (now.has("walkers")) drawWalkerPanels();
  element.dispatchEvent(new CustomEvent("drawn"));
}
const drawAll = () => draw("charts", "field", "walkers");

function drawFieldPanel() {
  const hills = drawField(), { sigma } = view, at = Math.round((STEPS * Math.log(sigma / SIGMA_MIN)) / RANGE);
  if (+sigmaSlider.value !== at) sigmaSlider.value = at;
  write("#field-sigma-value", numberText(sigma));
  const move = state.plane ? Math.hypot(...moveAt(...view.probe, sigma)) : 0;
  for (const [name, factor] of Object.entries(FACTORS)) {
    const row = $(`[data-view=${name}]`), times = factor(sigma);
    write(row.querySelector("[data-factor]"), `${times < 0 ? "−" : ""}${numberText(Math.abs(times))}`);
    write(row.querySelector("[data-length]"), move ? numberText(Math.abs(times) * move) : "0");
    row.querySelector("input").checked = name === view.shown;
  }
  const unit = view.shown === "move" || view.shown === "noise" ? "" : view.shown === "eps" ? " σ" : " per unit";
  write("#field-longest", longest ? `longest arrow ${numberText(longest * Math.abs(FACTORS[view.shown](sigma)))}${unit}` : "");
  $$("[name=field-source-shown]").forEach((input) => {
    input.checked = input.value === view.source;
    input.disabled = input.value !== "exact" && !state.learned;
    input.parentElement.title = input.disabled ? "Nothing has been learned yet: press Learn" : "";
  });
  $("#field-clear").hidden = !isDrawn();
  fieldCanvas.classList.toggle("field-drawable", isDrawn());
  write("#field-sentence", fieldSentence(hills));
  sigmaSlider.setAttribute("aria-valuetext", `sigma ${numberText(sigma)}. ${fieldSentence(hills)}`);
  writeErrors();
  moveMarks();
}

function fieldSentence(hills) {
  const sigma = numberText(view.sigma);
  if (!state.plane) return "";
  if (!state.plane.means.length) return "Draw with the mouse or a finger: every point becomes a small hill.";
  if (view.source === "error") return `At σ ${sigma} these are the arrows that the network gets wrong.`;
  const away = FACTORS[view.shown](1) < 0, whose = view.source === "learned" ? "the learned arrows" : "the arrows";
  if (hills <= 1) return `At σ ${sigma} the noise has made one hill of everything: ${whose} lead ${away ? "away from" : "to"} its top.`;
  return `At σ ${sigma} there are ${hills} hills, and ${whose} lead ${away ? "away from" : "up"} the nearest.`;
}

function writeErrors() {
  const { learned, history } = state;
  if (!learned) return ["#field-error", "#field-gap"].forEach((id) => write(id, "not yet"));
  const { sigmas, error } = learned, place = (Math.log(view.sigma / sigmas[0]) / RANGE) * (sigmas.length - 1);
  const i = clamp(Math.round(place), 0, sigmas.length - 1), last = history.at(-1);
  write("#field-error", `${numberText(100 * error[i])} % at this σ`);
  write("#field-gap", `gap ${(last.dsm - last.explicit).toFixed(2)}`);
}

function drawWalkerPanels() {
  const last = state.walk?.last ?? 61;
  if (+timeSlider.max !== last) timeSlider.max = last;
  if (+timeSlider.value !== view.time) timeSlider.value = view.time;
  const frames = {};
  for (const kind of ["single", "annealed"]) {
    drawWalkers(kind);
    const frame = (frames[kind] = drawShares(kind)), walk = state.walk;
    const sigma = !walk ? 0 : kind === "single" ? walk.sigma : walk.sigmas.annealed[frame?.i ?? 0];
    const level = sigma ? `σ ${numberText(sigma)}` : "estimate";
    write(`[data-stat=${kind}]`, frame ? `${level} · off by ${frame.distance.toFixed(2)}` : "");
  }
  write("#field-walked", walkedSentence(frames));
}

function walkedSentence({ single, annealed }) {
  const { walk, plane } = state;
  if (!walk || !single || !annealed) return "";
  const [off, falling] = [percent(single.distance), percent(annealed.distance)];
  if (annealed.i < walk.last) return `Time ${annealed.i} of ${walk.last}: one level misplaces ${off} of the walkers, falling noise ${falling}.`;
  const missed = plane.shares.filter((share, n) => single.shares[n] < share / 2).length;
  const starved = missed ? `, ${missed} of ${plane.shares.length} places starved` : "";
  const blur = single.width > 1.3 ? ", too widely spread" : single.width < 0.7 ? ", too tightly gathered" : "";
  const level = walk.source === "learned" ? "By the learned score, one level" : "One level";
  return `${level} misplaces ${off} of the walkers${starved}${blur}; falling noise ${falling}, chance alone ${percent(walk.chance)}.`;
}
const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

let before = 0;
function tick(now) {
  if (!view.playing) return;
  const last = state.walk?.last ?? 0, step = ((now - before) / 1000) * FRAMES_PER_SECOND;
  before = now;
  view.time = Math.min(view.time + Math.min(step, 3), Math.max(0, known()));
  if (view.time >= last) play(false);
  draw("walkers");
  requestAnimationFrame(tick);
}

function play(on) {
  const change = on !== view.playing;
  view.playing = on;
  $("#field-play path").setAttribute("d", on ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2v12l10-6z");
  $("#field-play").setAttribute("aria-label", on ? "Pause" : "Play");
  if (!on || !change) return;
  if (view.time >= (state.walk?.last ?? 0)) view.time = 0;
  before = performance.now();
  requestAnimationFrame(tick);
}

function moveTo(sigma) {
  view.sigma = clamp(sigma, SIGMA_MIN, SIGMA_MAX);
  draw("field");
  looked("autoencoders", { "field.sigma": +view.sigma.toPrecision(4) });
}
const sigmaOn = (step) => SIGMA_MIN * Math.exp((RANGE * step) / STEPS);

sigmaSlider.addEventListener("input", () => moveTo(sigmaOn(sigmaSlider.value)));
timeSlider.addEventListener("input", () => {
  play(false);
  view.time = Math.min(+timeSlider.value, Math.max(0, known()));
  draw("walkers");
});
timeSlider.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity }[event.key];
  if (!by) return;
  event.preventDefault();
  play(false);
  view.time = clamp(Math.round(view.time) + by, 0, Math.max(0, known()));
  draw("walkers");
});
$("#field-play").addEventListener("click", () => play(!view.playing));
$$("[name=field-view]").forEach((input) => input.addEventListener("change", () => {
  view.shown = input.value;
  draw("field");
  looked("autoencoders", { "field.arrow": view.shown });
}));
$$("[name=field-source-shown]").forEach((input) => input.addEventListener("change", () => {
  view.source = input.value;
  draw("field");
}));
explainWords(EXPLANATIONS);

// The pointer moves the mark, or draws where the density is a drawing; a finished stroke is walked in at once.
const placeOf = (event) => {
  const box = fieldCanvas.getBoundingClientRect(), at = (value, size) => EXTENT * clamp((2 * value) / size - 1, -1, 1);
  return [at(event.clientX - box.left, box.width), -at(event.clientY - box.top, box.height)].map((v) => Math.round(v * 1000) / 1000);
};
const pressWalk = () => document.querySelector("#field-walk")?.click();
const hundredths = (place) => place.map((v) => Math.round(100 * v) / 100); // as a link has them
let stroke = false;
function addPoint(event) {
  const place = hundredths(placeOf(event)), points = (state.points ?? []).map(hundredths), last = points.at(-1);
  if (points.length >= MOST_POINTS || (last && Math.hypot(place[0] - last[0], place[1] - last[1]) < DRAWN_STD)) return;
  redraw([...points, place]);
}
function redraw(points) {
  takeDrawing(points);
  drawAll();
  looked("autoencoders", { "field.points": points });
}
fieldCanvas.addEventListener("pointerdown", (event) => {
  if (!isDrawn()) return followPointer(event);
  play(false);
  stroke = true;
  fieldCanvas.setPointerCapture(event.pointerId);
  addPoint(event);
});
const followPointer = (event) => {
  view.probe = placeOf(event);
  draw("field");
};
fieldCanvas.addEventListener("pointermove", (event) => (stroke ? addPoint(event) : followPointer(event)));
for (const name of ["pointerup", "pointercancel"])
  fieldCanvas.addEventListener(name, () => {
    if (stroke) pressWalk();
    stroke = false;
  });
$("#field-clear").addEventListener("click", () => {
  play(false);
  redraw([]);
});
fieldCanvas.addEventListener("keydown", (event) => {
  const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!by) return;
  event.preventDefault();
  view.probe = view.probe.map((v, i) => clamp(v + 0.05 * by[i], -EXTENT, EXTENT));
  draw("field");
});
element.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target.closest("button, input[type=radio]")) return;
  event.preventDefault();
  play(!view.playing);
});

let learning = false; // what the newest part was about
async function takePart(part) {
  learning = part.kind === "learned";
  if (part.kind === "plane") {
    takePlane(part);
    if (!state.points) looked("autoencoders", { "field.points": null }); // a drawing that is left is forgotten
  }
  else if (part.kind === "walk") {
    takeWalk(part);
    if (!still.matches) play(true);
  } else if (part.kind === "frames") {
    takeFrames(part);
    if (still.matches) view.time = known();
  } else if (part.kind === "learned") {
    takeLearned(part);
    if (state.history.length === 1) view.source = "learned"; // to be seen while it learns
  }
  drawAll();
}

const showProgress = ({ state: now }) => {
  const { learned, walk } = state;
  if (now !== "running") return setStatus("ready", 1);
  if (learning) setStatus(`learning: step ${learned.step} of ${learned.steps}`, learned.step / learned.steps);
  else setStatus(walk ? `walking: ${Math.max(0, known())} of ${walk.last}` : "working…", walk ? known() / walk.last : 0);
};

listen("#field-density, #field-source, #field-seed");

// The first walk begins when the player is first seen, not before: most visitors start on another page.
const whenSeen = new IntersectionObserver(([entry], observer) => {
  if (!entry.isIntersecting) return;
  observer.disconnect();
  begin();
  drawAll();
});
fromLink("autoencoders").then((link) => {
  const sigma = link["field.sigma"];
  if (sigma) view.sigma = sigmaOn(Math.round((STEPS * Math.log(sigma / SIGMA_MIN)) / RANGE)); // as the slider has it
  view.shown = link["field.arrow"] ?? view.shown;
  if (link["field.points"]) takeDrawing(link["field.points"]);
  whenSeen.observe(element);
});
// The button may come later than the player, and a press before Gradio listens is lost; one that is heard takes a ticket.
function begin() {
  if (props.value || asked) return;
  pressWalk();
  setTimeout(begin, 500);
}

const asks = () => [isDrawn() ? state.points : null, view.sigma, ticket()];
window.scoreField = { asks, ticket, busy, settled, view, state, moveTo, play, newest: () => asked, exactD, learnedD, moveAt, density, known };
new ResizeObserver(drawAll).observe($(".field-grid"));
new MutationObserver(drawAll).observe(document.body, { attributes: true, attributeFilter: ["class"] });
