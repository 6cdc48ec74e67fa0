// Moving the noise level, the mark and the time, drawing, and the exchange with the server.
import { connect, pressUntilHeard, whenSeen } from "../shared/connection.js";
import { find, findAll } from "../shared/dom.js";
import { explainWords } from "../shared/explanations.js";
import { clamp } from "../shared/numbers.js";
import { fromLink, reportView } from "../shared/page.js";
import { everyFrame, listenForSpace, Playback, showPlaying } from "../shared/playback.js";
import { register } from "../shared/registry.js";
import { Charts } from "./charts.js";
import { exactD } from "./density.js";
import * as model from "./model.js";
import { createPanels } from "./panels.js";
import { listenToPointer } from "./pointer.js";
import { createFieldReadout, createWalkersReadout } from "./readout.js";
import { createShares } from "./shares.js";
import { EXPLANATIONS } from "./words.js";

/** @typedef {import("./model.js").Constants} Constants */
/** @typedef {import("./model.js").Place} Place */
/** @typedef {"charts" | "field" | "walkers"} Layer what is drawn anew */

const FRAMES_PER_SECOND = 12; // of the walkers' records; between them they are drawn on a straight line
const MAX_FRAMES_AT_ONCE = 3; // that are skipped when the browser falls behind
/** @type {Record<string, number>} */
const TIME_KEYS = {
  ...{ ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 },
  ...{ Home: -Infinity, End: Infinity },
};

class ScoreField {
  /**
   * @param {HTMLElement} element
   * @param {import("../shared/connection.js").Props} props
   * @param {import("../shared/connection.js").Gradio} gradio
   * @param {Constants} constants
   */
  constructor(element, props, gradio, constants) {
    this.constants = constants;
    this.state = model.createState(constants);
    this.view = this.state.view;
    const { state, view } = this;
    this.sigmaSlider = find(element, "#score-field-sigma", HTMLInputElement);
    this.timeSlider = find(element, "#score-field-time", HTMLInputElement);
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.panels = createPanels(element, state, view, constants);
    this.charts = new Charts(element, state, view, constants);
    this.shares = {
      single: createShares(element, state, view, "single"),
      annealed: createShares(element, state, view, "annealed"),
    };
    this.writeField = createFieldReadout(element, state, view, this.sigmaSlider);
    this.writeWalkers = createWalkersReadout(element, state);
    this.playback = this.createPlayback(element);
    /** @type {Set<Layer>} */
    this.due = new Set(); // what is drawn in the next frame
    this.learning = false; // what the newest part was about
    this.exchange = connect(element, props, gradio, {
      takePart: (part) => this.takePart(part),
      showProgress: (answer) => this.showProgress(answer),
      controls: "#score-field-density, #score-field-source, #score-field-seed",
    });
    this.listen(element);
    this.begin(element, props);
  }

  /** @param {HTMLElement} element */
  createPlayback(element) {
    const { state, view } = this;
    const button = find(element, "#score-field-play");
    const last = () => state.walk?.last ?? 0;
    const playback = new Playback({
      clock: everyFrame(),
      advance: (seconds) => {
        const step = Math.min(seconds * FRAMES_PER_SECOND, MAX_FRAMES_AT_ONCE);
        view.time = Math.min(view.time + step, Math.max(0, model.known(state)));
        if (view.time >= last()) playback.play(false);
        this.draw("walkers");
      },
      canPlay: () => true,
      atEnd: () => view.time >= last(),
      rewind: () => (view.time = 0),
      show: (playing) => showPlaying(button, playing),
    });
    button.addEventListener("click", () => playback.toggle());
    listenForSpace(element, playback, "button, input[type=radio]");
    return playback;
  }

  /** @param {HTMLElement} element */
  listen(element) {
    const { sigmaSlider, timeSlider, view, state, constants } = this;
    sigmaSlider.addEventListener("input", () => this.moveTo(this.sigmaOn(Number(sigmaSlider.value))));
    timeSlider.addEventListener("input", () => this.goTo(Number(timeSlider.value)));
    timeSlider.addEventListener("keydown", (event) => {
      const by = TIME_KEYS[event.key];
      if (!by) return;
      event.preventDefault();
      this.goTo(Math.round(view.time) + by);
    });
    for (const input of findAll(element, "[name=score-field-view]", HTMLInputElement))
      input.addEventListener("change", () => {
        view.shown = input.value;
        this.draw("field");
        reportView("autoencoders", { "field.arrow": view.shown });
      });
    for (const input of findAll(element, "[name=score-field-source-shown]", HTMLInputElement))
      input.addEventListener("change", () => {
        view.source = input.value;
        this.draw("field");
      });
    explainWords(element, EXPLANATIONS);
    const redraw = (/** @type {Place[]} */ points) => this.redraw(points);
    listenToPointer(this.panels.canvas, state, view, constants, {
      probe: (place) => {
        view.probe = place;
        this.draw("field");
      },
      begin: () => this.playback.play(false),
      redraw,
      end: () => this.walkButton()?.click(), // a finished stroke is walked in at once
    });
    find(element, "#score-field-clear").addEventListener("click", () => {
      this.playback.play(false);
      redraw([]);
    });
    new ResizeObserver(() => this.drawAll()).observe(find(element, ".score-field-grid"));
    const theme = new MutationObserver(() => this.drawAll());
    theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  /**
   * Put on the page what the link says, and begin the first walk when the player is first seen.
   * @param {HTMLElement} element
   * @param {import("../shared/connection.js").Props} props
   */
  async begin(element, props) {
    const { state, view, constants } = this;
    const link = await fromLink("autoencoders");
    const sigma = link["field.sigma"];
    if (sigma) view.sigma = this.sigmaOn(this.stepOf(sigma)); // as the slider has it
    view.shown = link["field.arrow"] ?? view.shown;
    if (link["field.points"]) model.takeDrawing(state, view, link["field.points"], constants.drawnStd);
    whenSeen(element, () => {
      pressUntilHeard(this.exchange, props, "#score-field-walk");
      this.drawAll();
    });
  }

  walkButton() {
    return /** @type {HTMLElement | null} */ (document.querySelector("#score-field-walk"));
  }

  /** @param {...Layer} layers */
  draw(...layers) {
    if (!this.due.size) requestAnimationFrame(() => this.drawNow());
    for (const layer of layers) this.due.add(layer);
  }

  drawAll() {
    this.draw("charts", "field", "walkers");
  }

  drawNow() {
    const now = new Set(this.due);
    this.due.clear();
    if (!this.panels.canvas.clientWidth) return; // not in sight
    if (now.has("charts")) {
      this.panels.readColours();
      this.charts.layout();
      for (const shares of Object.values(this.shares)) shares.layout();
    }
    if (now.has("field")) this.drawField();
    if (now.has("walkers")) this.drawWalkers();
  }

  drawField() {
    const { sigmaSlider, view, state } = this;
    const found = this.panels.drawField();
    const at = this.stepOf(view.sigma);
    if (Number(sigmaSlider.value) !== at) sigmaSlider.value = String(at);
    this.writeField(found);
    this.panels.canvas.classList.toggle("score-field-drawable", model.isDrawn(state));
    this.charts.moveMarks();
  }

  drawWalkers() {
    const { timeSlider, view, state } = this;
    const last = state.walk?.last ?? Number(timeSlider.max);
    if (Number(timeSlider.max) !== last) timeSlider.max = String(last);
    if (Number(timeSlider.value) !== view.time) timeSlider.value = String(view.time);
    this.panels.drawWalkers("single");
    this.panels.drawWalkers("annealed");
    this.writeWalkers({ single: this.shares.single.draw(), annealed: this.shares.annealed.draw() });
  }

  /** Noise level at a step of the slider, which is logarithmic. @param {number} step */
  sigmaOn(step) {
    const { sigmaMin, sigmaMax } = this.constants;
    return sigmaMin * Math.exp((Math.log(sigmaMax / sigmaMin) * step) / Number(this.sigmaSlider.max));
  }

  /** Step of the slider for a noise level. @param {number} sigma */
  stepOf(sigma) {
    const { sigmaMin, sigmaMax } = this.constants;
    return Math.round((Number(this.sigmaSlider.max) * Math.log(sigma / sigmaMin)) / Math.log(sigmaMax / sigmaMin));
  }

  /** @param {number} sigma */
  moveTo(sigma) {
    const { sigmaMin, sigmaMax } = this.constants;
    this.view.sigma = clamp(sigma, sigmaMin, sigmaMax);
    this.draw("field");
    reportView("autoencoders", { "field.sigma": Number(this.view.sigma.toPrecision(4)) });
  }

  /** @param {number} time */
  goTo(time) {
    this.playback.play(false);
    this.view.time = clamp(time, 0, Math.max(0, model.known(this.state)));
    this.draw("walkers");
  }

  /** @param {Place[]} points */
  redraw(points) {
    model.takeDrawing(this.state, this.view, points, this.constants.drawnStd);
    this.drawAll();
    reportView("autoencoders", { "field.points": points });
  }

  /** @param {import("../shared/wire_format.js").Part} part */
  takePart(part) {
    const { state, view, still } = this;
    this.learning = part.kind === "learned";
    if (part.kind === "pattern") {
      model.takePattern(state, view, /** @type {any} */ (part));
      if (!state.points) reportView("autoencoders", { "field.points": null }); // a drawing that is left is forgotten
    } else if (part.kind === "walk") {
      model.takeWalk(state, view, part);
      if (!still.matches) this.playback.play(true);
    } else if (part.kind === "frames") {
      model.takeFrames(state, part);
      if (still.matches) view.time = model.known(state);
    } else if (this.learning) {
      model.takeLearned(state, part);
      if (state.history.length === 1) view.source = "learned"; // to be seen while it learns
    }
    this.drawAll();
  }

  /** @param {import("../shared/exchange.js").Answer} answer */
  showProgress(answer) {
    const { setStatus } = this.exchange.ends;
    const { learned, walk } = this.state;
    const known = model.known(this.state);
    if (answer.state !== "running") setStatus("ready", 1);
    else if (this.learning && learned) {
      setStatus(`learning: step ${learned.step} of ${learned.steps}`, learned.step / learned.steps);
    } else if (walk) setStatus(`walking: ${Math.max(0, known)} of ${walk.last}`, known / walk.last);
    else setStatus("working…", 0);
  }

  /** Points, noise level and ticket of the next question. */
  question() {
    return [model.isDrawn(this.state) ? this.state.points : null, this.view.sigma, this.exchange.ticket()];
  }
}

/**
 * Mount the player of the score field.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 * @param {Constants} constants
 */
export function mount(element, props, gradio, constants) {
  const player = new ScoreField(element, props, gradio, constants);
  const { state, view, playback } = player;
  register("score_field", {
    ...player.exchange.handles,
    state,
    view,
    playback,
    question: player.question.bind(player),
    moveTo: player.moveTo.bind(player),
    known: () => model.known(state),
    exactD: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ sigma) =>
      state.pattern && exactD(state.pattern, x, y, sigma),
  });
}
