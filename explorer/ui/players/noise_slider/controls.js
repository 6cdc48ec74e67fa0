// The slider, the keyboard, the words and numbers beside it, and the exchange with the server.
import { connect } from "../shared/connection.js";
import { download, find, write } from "../shared/dom.js";
import { explainWords } from "../shared/explanations.js";
import { clamp, numberText, pixelsText } from "../shared/numbers.js";
import { fromLink, pictureShown, reportView } from "../shared/page.js";
import { register } from "../shared/registry.js";
import { csvOf } from "./csv.js";
import { createState, lastLevel, onGrid, positionOf, sigmaAt, takeBase, takeLevels } from "./model.js";
import { createPictures } from "./pictures.js";
import { createSpectrum } from "./spectrum.js";
import { createStrips } from "./strips.js";
import { EXPLANATIONS, sentence } from "./words.js";

/** @typedef {import("./model.js").Base} Base */
/** @typedef {import("../shared/wire_format.js").Part} Part */

const STEPS = 16; // slider steps between two computed levels: fine while dragging, whole levels at rest
const REST_MS = 250; // how long the slider must rest before the full figure follows
/** @type {Record<string, number>} */
const KEY_STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 };
/** @type {Record<string, number>} */
const KEY_TARGETS = { Home: 0, End: Infinity };

class NoiseSlider {
  /**
   * @param {HTMLElement} element
   * @param {import("../shared/connection.js").Props} props
   * @param {import("../shared/connection.js").Gradio} gradio
   * @param {import("./model.js").Constants} constants
   */
  constructor(element, props, gradio, constants) {
    this.element = element;
    this.gradio = gradio;
    this.state = createState(constants);
    this.slider = find(element, "#noise-slider", HTMLInputElement);
    this.schedule = find(element, "#schedule", HTMLSelectElement);
    this.drawPictures = createPictures(element, this.state);
    this.spectrum = createSpectrum(element, this.state);
    const moveTo = (/** @type {number} */ position) => this.moveTo(position, true);
    this.strips = createStrips(element, this.state, { schedule: () => this.schedule.value, moveTo });
    this.drawReadout = createReadout(element, this.state, this.schedule, this.slider);
    this.scheduled = 0; // the frame in which it is drawn next
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
    this.listen();
    this.exchange = connect(element, props, gradio, {
      takePart: (part) => (part.kind === "base" ? this.takeBase(part) : this.takeLevels(part)),
      showProgress: () => this.showProgress(),
      controls: "#controls",
      upload: "#upload",
      begin: "#noise-begin",
    });
  }

  listen() {
    const { element, slider, schedule, state } = this;
    slider.addEventListener("input", () => this.moveTo(Number(slider.value) / STEPS));
    slider.addEventListener("change", () => this.announceRest());
    slider.addEventListener("keydown", (event) => {
      const step = KEY_STEPS[event.key];
      const target = KEY_TARGETS[event.key] ?? (step === undefined ? undefined : Math.round(state.position) + step);
      if (target === undefined || !state.base) return;
      event.preventDefault();
      this.moveTo(target, true);
    });
    schedule.addEventListener("change", () => {
      if (state.base) this.strips.draw();
      this.draw();
      reportView("noise-scale", { schedule: schedule.value });
    });
    find(element, "#csv").addEventListener("click", () => {
      if (!state.base) return;
      const { name, text } = csvOf(state);
      download(text, "text/csv", name);
    });
    new ResizeObserver(() => {
      if (!state.base) return;
      this.spectrum.layout();
      this.draw();
    }).observe(this.spectrum.svg);
    explainWords(element, EXPLANATIONS);
    fromLink("noise-scale").then((link) => {
      state.first = link.sigma ?? state.constants.firstSigma;
      if (link.schedule) schedule.value = link.schedule;
    });
  }

  draw() {
    this.scheduled ||= requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    const { slider, state } = this;
    this.scheduled = 0;
    if (!state.base) return;
    const value = String(Math.round(state.position * STEPS));
    const max = lastLevel(state.base) * STEPS;
    if (Number(slider.max) !== max) slider.max = String(max);
    if (slider.value !== value) slider.value = value;
    this.drawPictures();
    this.spectrum.draw();
    this.drawReadout(state.base);
    this.strips.markColumn();
    this.element.dispatchEvent(new CustomEvent("drawn"));
  }

  /**
   * @param {number} position
   * @param {boolean} [released] whether it stays there
   */
  moveTo(position, released = false) {
    if (!this.state.base) return;
    this.state.position = clamp(position, 0, lastLevel(this.state.base));
    this.draw();
    if (released) this.announceRest();
  }

  /** At rest the pictures are at a computed level, and the full figure below follows. */
  announceRest() {
    const { state, schedule } = this;
    state.position = Math.round(state.position);
    this.draw();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.gradio.trigger("release", { level: state.position }), REST_MS);
    if (!state.base) return;
    const first = state.position === Math.round(positionOf(state.base, state.constants.firstSigma));
    const sigma = first ? null : Number(sigmaAt(state.base, state.position).toPrecision(3));
    reportView("noise-scale", { sigma, schedule: schedule.value });
  }

  /** @param {Part} part */
  async takeBase(part) {
    await takeBase(this.state, part);
    pictureShown(part.picture);
    this.spectrum.layout();
    find(this.element, "#enlarged").hidden = !part.upscaled;
    find(this.element, ".ns-pictures").classList.toggle("ns-crisp", part.request.size < 128);
    this.draw();
    await new Promise(requestAnimationFrame); // what is known is on the page before the rest is taken in
    this.strips.draw();
  }

  /** @param {Part} part */
  async takeLevels(part) {
    await takeLevels(this.state, part);
    this.draw();
    await new Promise(requestAnimationFrame);
    this.strips.draw(["denoised"]);
  }

  showProgress() {
    const known = this.state.frames.filter(Boolean).length;
    const all = this.state.frames.length;
    const text = known === all ? "ready" : `model: ${known} of ${all} noise levels`;
    this.exchange.ends.setStatus(text, known / all);
    if (known === all) this.announceRest();
  }
}

/**
 * Mount the player of noise levels.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 * @param {import("./model.js").Constants} constants
 */
export function mount(element, props, gradio, constants) {
  const player = new NoiseSlider(element, props, gradio, constants);
  register("noise_slider", {
    ...player.exchange.handles,
    state: player.state,
    moveTo: player.moveTo.bind(player),
  });
}

/**
 * The numbers and the sentence; gives what writes them.
 * @param {HTMLElement} element
 * @param {import("./model.js").NoiseSliderState} state
 * @param {HTMLSelectElement} schedule
 * @param {HTMLInputElement} slider
 */
function createReadout(element, state, schedule, slider) {
  const [sigmaNode, logSnr, t, sizeNode] = ["sigma", "logsnr", "t", "size"].map((id) => find(element, `#read-${id}`));
  const words = find(element, "#sentence");
  return (/** @type {Base} */ base) => {
    const sigma = sigmaAt(base, state.position);
    const size = onGrid(base, base.crossover, sigma);
    const text = sentence(base.request.model, size);
    write(sigmaNode, numberText(sigma));
    write(logSnr, (-2 * Math.log(sigma)).toFixed(1));
    write(t, onGrid(base, base.schedules[schedule.value].t, sigma).toFixed(2));
    write(sizeNode, size === null ? "none" : `${pixelsText(size)} px`);
    write(words, text);
    slider.setAttribute("aria-valuetext", `noise level sigma ${numberText(sigma)}. ${text}`);
  };
}
