// Moving through the steps, and the exchange with the server.
const slider = $("#film-slider");

let scheduled = 0;
function draw() {
  scheduled = scheduled || requestAnimationFrame(() => {
    scheduled = 0;
    if (!runs.A) return;
    if (+slider.max !== lastStep("A")) slider.max = lastStep("A");
    if (+slider.value !== view.position) slider.value = view.position;
    drawRun("A");
    if (comparing()) {
      drawRun("B");
      drawDifference();
    }
    drawCurves();
    drawReadout();
    markStep("A");
    markStep("B");
    element.dispatchEvent(new CustomEvent("drawn"));
    noteLook();
  });
}

function noteLook() {
  if (view.playing || view.target !== null) return;
  const last = view.following || view.position === lastStep("A");
  looked("sampling", { at: last ? null : view.position, shown: $("#film-shown").value });
}

function layout() {
  element.classList.toggle("film-comparing", comparing());
  layoutCurves();
  drawMap("A");
  drawMap("B");
  draw();
}

// How far a person can move: to the last step that has arrived.
const reach = () => Math.max(0, runs.A?.frames.findLastIndex(Boolean) ?? 0);

function moveTo(step) {
  if (!runs.A) return;
  view.target = null;
  view.position = clamp(step, 0, reach());
  view.following = view.position === reach() && reach() < lastStep("A");
  draw();
}

function sentence() {
  const { plan, octaves } = runs.A, sigma = plan.sigmas[view.position], visible = plan.visible[view.position];
  if (sigma === 0) return "No noise is left: this is the picture.";
  const decided = octaves?.decided[view.position];
  if (octaves && decided === null) return "Nothing of the final picture is fixed yet; the estimate is little more than an average.";
  if (decided > 1) return `Down to a size of about ${pixelsText(decided)} pixels the picture is settled; finer details are still open.`;
  if (decided) return "Every size of detail is at least half settled.";
  if (visible === null) return "The noise is stronger than any picture: the model starts from what pictures have in common.";
  return `Noise buries everything smaller than about ${pixelsText(visible)} pixels here; the estimate is smooth below that.`;
}

function drawReadout() {
  const { plan } = runs.A, sigma = plan.sigmas[view.position];
  write("#film-step", `${view.position} of ${lastStep("A")}`);
  write("#film-sigma", sigma > 0 ? numberText(sigma) : "0");
  write("#film-logsnr", sigma > 0 ? (-2 * Math.log(sigma)).toFixed(1) : "∞");
  write("#film-t", plan.t[view.position].toFixed(2));
  write("#film-sentence", sentence());
  slider.setAttribute("aria-valuetext", `step ${view.position} of ${lastStep("A")}. ${sentence()}`);
  document.dispatchEvent(new CustomEvent("sampling-step", { detail: { step: view.position, sigma } }));
}

let timer = 0;
function play(on) {
  view.playing = on;
  clearInterval(timer);
  $("#film-play path").setAttribute("d", on ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2v12l10-6z");
  $("#film-play").setAttribute("aria-label", on ? "Pause" : "Play");
  if (!on || !runs.A) return;
  if (view.position >= lastStep("A")) moveTo(0);
  timer = setInterval(() => {
    if (view.position < reach()) moveTo(view.position + 1);
    else if (reach() === lastStep("A") || !element.classList.contains("ns-busy")) play(false);
  }, 1000 / +$("#film-speed").value);
}

const step = (by) => () => {
  play(false);
  moveTo(view.position + by);
};
$("#film-first").addEventListener("click", step(-Infinity));
$("#film-back").addEventListener("click", step(-1));
$("#film-next").addEventListener("click", step(1));
$("#film-last").addEventListener("click", step(Infinity));
$("#film-play").addEventListener("click", () => play(!view.playing));
$("#film-speed").addEventListener("change", () => view.playing && play(true));
$("#film-shown").addEventListener("change", draw);
slider.addEventListener("input", () => {
  play(false);
  moveTo(+slider.value);
});
element.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target.closest("button, select")) return;
  event.preventDefault();
  play(!view.playing);
});
explainWords(EXPLANATIONS);

async function takePart(part) {
  if (part.kind === "plan") {
    play(false);
    takePlan(part);
    if (part.request.start === "picture") pictureShown(part.request.picture);
    layout();
  } else if (part.kind === "steps") await showSteps(part);
  else if (part.kind === "octaves") {
    runs[part.run].octaves = part;
    drawMap(part.run);
    draw();
  } else if (part.kind === "difference") {
    runs.difference = part;
    draw();
  }
}

// While the person has not gone elsewhere, every step that arrives is on the page for at least one frame.
async function showSteps(part) {
  const before = reach();
  await takeSteps(part);
  if (part.run === "A" && view.following)
    for (let i = before; i <= Math.min(reach(), view.target ?? Infinity); i++) {
      view.position = i;
      draw();
      await new Promise(requestAnimationFrame);
      if (!view.following) break;
    }
  if (view.target !== null && part.run === "A" && reach() >= view.target) {
    moveTo(view.target);
    view.following = false; // stays there, though it may be the newest step
  }
  draw();
}

function showProgress(answer) {
  const all = lastStep("A") + 1 + (comparing() ? lastStep("B") + 1 : 0), done = known("A") + (comparing() ? known("B") : 0);
  setStatus(answer.state === "running" ? `step ${done} of ${all}` : "ready", done / all);
  if (answer.state !== "running") element.dispatchEvent(new CustomEvent("ended"));
}

listen("#sampling-controls");
followUpload("#sampling-upload");
takeDrops("#sampling-upload");

// The first run begins when the player is first seen, not before: most visitors start on another page.
beginWhenSeen("#begin");
fromLink("sampling").then(({ at, shown }) => {
  view.target = at ?? null;
  if (shown) $("#film-shown").value = shown;
});

window.samplingFilm = { ticket, busy, settled, view, runs, moveTo, play, newest: () => asked, step: () => view.position };
new ResizeObserver(() => runs.A && layout()).observe($("#film-spectrum"));
