// Moving through the steps, and the exchange with the server.
import { connect } from "../shared/connection.js";
import { find, write } from "../shared/dom.js";
import { explainWords } from "../shared/explanations.js";
import { numberText } from "../shared/numbers.js";
import { fromLink, pictureShown, reportView } from "../shared/page.js";
import { listenForSpace, Playback, showPlaying, ticking } from "../shared/playback.js";
import { register } from "../shared/registry.js";
import { createCurves } from "./curves.js";
import { createState, knownSteps, lastStep, moveTo, reach, takePlan, takeSteps } from "./model.js";
import { createOctaveMap } from "./octaves.js";
import { createDifference, createPictures } from "./pictures.js";
import { EXPLANATIONS, sentence } from "./words.js";

/** @typedef {import("../shared/wire_format.js").Part} Part */
/** @typedef {import("./model.js").Run} Run */
/** @typedef {import("./model.js").RunName} RunName */
/** @typedef {{ drawnEpsStd: number }} Constants up to how many standard deviations predicted noise is drawn */

const NAMES = /** @type {RunName[]} */ (["A", "B"]);

class Trajectory {
  /**
   * @param {HTMLElement} element
   * @param {import("../shared/connection.js").Props} props
   * @param {import("../shared/connection.js").Gradio} gradio
   * @param {Constants} constants
   */
  constructor(element, props, gradio, { drawnEpsStd }) {
    this.element = element;
    this.state = createState();
    this.slider = find(element, "#trajectory-slider", HTMLInputElement);
    this.shown = find(element, "#trajectory-shown", HTMLSelectElement);
    const move = (/** @type {number} */ step) => this.moveTo(step);
    const look = {
      scaled: () => this.shown.value === "scaled",
      generation: () => this.exchange.received.generation,
      drawnEpsStd,
    };
    this.pictures = NAMES.map((name) => createPictures(element, this.state, name, look));
    this.maps = NAMES.map((name) => createOctaveMap(element, this.state, name, move));
    this.drawDifference = createDifference(element, this.state);
    this.curves = createCurves(element, this.state);
    this.drawReadout = createReadout(element, this.state, this.slider);
    this.playback = this.createPlayback();
    this.scheduled = 0; // the frame in which it is drawn next
    this.listen();
    this.exchange = connect(element, props, gradio, {
      takePart: (part) => this.takePart(part),
      showProgress: (answer) => this.showProgress(answer),
      controls: "#sampling-controls",
      upload: "#sampling-upload",
      begin: "#begin",
    });
  }

  createPlayback() {
    const { element, state } = this;
    const button = find(element, "#trajectory-play");
    const speed = find(element, "#trajectory-speed", HTMLSelectElement);
    const ended = () => {
      const run = state.runs.A;
      return !run || reach(state) === lastStep(run) || !element.classList.contains("ns-busy");
    };
    const playback = new Playback({
      clock: ticking(() => Number(speed.value)),
      advance: () => {
        if (state.position < reach(state)) this.moveTo(state.position + 1);
        else if (ended()) playback.play(false);
      },
      canPlay: () => state.runs.A !== null,
      atEnd: () => state.runs.A !== null && state.position >= lastStep(state.runs.A),
      rewind: () => this.moveTo(0),
      show: (playing) => showPlaying(button, playing),
    });
    button.addEventListener("click", () => playback.toggle());
    speed.addEventListener("change", () => playback.playing && playback.play(true));
    listenForSpace(element, playback, "button, select");
    return playback;
  }

  listen() {
    const { element, slider, playback, state } = this;
    const steps = { first: -Infinity, back: -1, next: 1, last: Infinity };
    for (const [name, by] of Object.entries(steps))
      find(element, `#trajectory-${name}`).addEventListener("click", () => {
        playback.play(false);
        this.moveTo(state.position + by);
      });
    slider.addEventListener("input", () => {
      playback.play(false);
      this.moveTo(Number(slider.value));
    });
    this.shown.addEventListener("change", () => this.draw());
    explainWords(element, EXPLANATIONS);
    fromLink("sampling").then((link) => {
      state.target = link.at ?? null;
      if (link.shown) this.shown.value = link.shown;
    });
    new ResizeObserver(() => state.runs.A && this.layout()).observe(this.curves.svg);
  }

  draw() {
    this.scheduled ||= requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    const { slider, state } = this;
    const { A, B } = state.runs;
    this.scheduled = 0;
    if (!A) return;
    if (Number(slider.max) !== lastStep(A)) slider.max = String(lastStep(A));
    if (Number(slider.value) !== state.position) slider.value = String(state.position);
    const [drawA, drawB] = this.pictures;
    drawA();
    if (B) {
      drawB();
      this.drawDifference();
    }
    this.curves.draw();
    this.drawReadout(A);
    for (const map of this.maps) map.mark();
    this.reportStep(A);
  }

  reportStep(/** @type {Run} */ run) {
    const { state } = this;
    if (this.playback.playing || state.target !== null) return;
    const last = state.following || state.position === lastStep(run);
    reportView("sampling", { at: last ? null : state.position, shown: this.shown.value });
  }

  layout() {
    this.element.classList.toggle("trajectory-comparing", this.state.runs.B !== null);
    this.curves.layout();
    for (const map of this.maps) map.draw();
    this.draw();
  }

  /** @param {number} step */
  moveTo(step) {
    if (!this.state.runs.A) return;
    moveTo(this.state, step);
    this.draw();
  }

  /** @param {Part} part */
  async takePart(part) {
    const { runs } = this.state;
    if (part.kind === "plan") {
      this.playback.play(false);
      takePlan(this.state, part);
      if (part.request.start === "picture") pictureShown(part.request.picture);
      this.layout();
    } else if (part.kind === "steps") await this.takeSteps(part);
    else if (part.kind === "octaves") {
      const name = /** @type {RunName} */ (part.run);
      /** @type {Run} */ (runs[name]).octaves = /** @type {any} */ (part);
      this.maps[NAMES.indexOf(name)].draw();
      this.draw();
    } else if (part.kind === "difference") {
      runs.difference = /** @type {any} */ (part);
      this.draw();
    }
  }

  /**
   * Take steps in. While the person has not gone elsewhere, every step is on the page for at least one frame.
   * @param {Part} part
   */
  async takeSteps(part) {
    const { state } = this;
    const before = reach(state);
    await takeSteps(state, part);
    if (part.run === "A" && state.following)
      for (let i = before; i <= Math.min(reach(state), state.target ?? Infinity); i++) {
        state.position = i;
        this.draw();
        await new Promise(requestAnimationFrame);
        if (!state.following) break;
      }
    if (state.target !== null && part.run === "A" && reach(state) >= state.target) {
      this.moveTo(state.target);
      state.following = false; // stays there, though it may be the newest step
    }
    this.draw();
  }

  /** @param {import("../shared/exchange.js").Answer} answer */
  showProgress(answer) {
    const runs = NAMES.flatMap((name) => this.state.runs[name] ?? []);
    const all = runs.reduce((sum, run) => sum + lastStep(run) + 1, 0);
    const done = runs.reduce((sum, run) => sum + knownSteps(run), 0);
    const running = answer.state === "running";
    this.exchange.ends.setStatus(running ? `step ${done} of ${all}` : "ready", done / all);
  }
}

/**
 * The numbers and the sentence at the step shown; gives what writes them.
 * @param {HTMLElement} element
 * @param {import("./model.js").TrajectoryState} state
 * @param {HTMLInputElement} slider
 */
function createReadout(element, state, slider) {
  const [stepNode, sigmaNode, logSnr, t, words] = ["step", "sigma", "logsnr", "t", "sentence"].map((name) =>
    find(element, `#trajectory-${name}`),
  );
  return (/** @type {Run} */ run) => {
    const step = state.position;
    const sigma = run.plan.sigmas[step];
    const place = `${step} of ${lastStep(run)}`;
    const text = sentence(run, step);
    write(stepNode, place);
    write(sigmaNode, numberText(sigma));
    write(logSnr, sigma > 0 ? (-2 * Math.log(sigma)).toFixed(1) : "∞");
    write(t, run.plan.t[step].toFixed(2));
    write(words, text);
    slider.setAttribute("aria-valuetext", `step ${place}. ${text}`);
  };
}

/**
 * Mount the player of sampling runs.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 * @param {Constants} constants
 */
export function mount(element, props, gradio, constants) {
  const player = new Trajectory(element, props, gradio, constants);
  const { state } = player;
  register("trajectory", {
    ...player.exchange.handles,
    state,
    runs: state.runs,
    playback: player.playback,
    moveTo: player.moveTo.bind(player),
    step: () => state.position,
  });
}
