// One prediction in four views; the residual connection that turns the noise into the picture; the wrong level told.
import { paintValues } from "../shared/canvas.js";
import { connect } from "../shared/connection.js";
import { find, write } from "../shared/dom.js";
import { decibels, numberText } from "../shared/numbers.js";
import { fromLink, reportView } from "../shared/page.js";
import { showItems } from "../shared/progress.js";
import { register } from "../shared/registry.js";
import { nearest, sentence, valueAt, VIEWS, wiringOf } from "./model.js";

/** @typedef {import("./model.js").Wiring} Wiring */
/** @typedef {{ levels: number[], factors: number[] }} Constants noise levels, and the factors by which told ones differ */

const PANELS = ["x", "out", "blind"];
const STATS = ["x", "name", "out", "blind", "sigma", "told"];

class WiringPlayer {
  /**
   * @param {HTMLElement} element
   * @param {Constants} constants
   */
  constructor(element, { levels, factors }) {
    this.element = element;
    this.levels = levels;
    this.factors = factors;
    /** @type {import("./model.js").WiringState} */
    this.state = { wiring: null };
    this.sigma = find(element, ".wiring-sigma", HTMLInputElement);
    this.told = find(element, ".wiring-told", HTMLInputElement);
    this.residual = find(element, ".wiring-switch", HTMLInputElement);
    this.view = find(element, ".wiring-view", HTMLSelectElement);
    this.canvases = PANELS.map((name) => find(element, `[data-panel=${name}]`, HTMLCanvasElement));
    this.stats = Object.fromEntries(STATS.map((name) => [name, find(element, `[data-stat=${name}]`)]));
    this.sentence = find(element, ".sentence");
    this.check = find(element, ".wiring-check");
    this.toldInDrawing = find(element, ".wire-told", SVGTSpanElement);
    this.listen();
  }

  listen() {
    const { sigma, told, residual, view, levels, factors } = this;
    // A link has level and factor by their values, the sliders by their numbers.
    fromLink("autoencoders").then((link) => {
      if (link["wiring.sigma"]) sigma.value = String(nearest(levels, link["wiring.sigma"]));
      if (link["wiring.told"]) told.value = String(factors.indexOf(link["wiring.told"]));
      if (link["wiring.output"]) view.value = link["wiring.output"];
      if (link["wiring.residual"]) residual.checked = link["wiring.residual"] === "on";
      this.draw();
    });
    const changed = () => {
      this.draw();
      reportView("autoencoders", {
        "wiring.sigma": Number(this.level.toPrecision(3)),
        "wiring.told": this.factor,
        "wiring.output": view.value,
        "wiring.residual": residual.checked ? "on" : "off",
      });
    };
    for (const control of [sigma, told, residual, view]) control.addEventListener("input", changed);
  }

  get level() {
    return this.levels[Number(this.sigma.value)];
  }

  get factor() {
    return this.factors[Number(this.told.value)];
  }

  /** @param {import("../shared/wire_format.js").Part} part */
  async takePart(part) {
    const wiring = await wiringOf(part, this.factors.length);
    this.state.wiring = wiring;
    const [x, out, blind] = this.canvases;
    for (const canvas of [x, out]) canvas.parentElement?.classList.remove("ns-waiting");
    blind.parentElement?.classList.toggle("ns-waiting", wiring.missing !== "");
    this.draw();
  }

  draw() {
    const { level: sigma, factor, stats } = this;
    const told = numberText(sigma * factor);
    write(stats.sigma, `σ ${numberText(sigma)}`);
    write(stats.told, `σ ${told}${factor === 1 ? ", the truth" : `, ${factor} ×`}`);
    write(this.toldInDrawing, told);
    this.element.classList.toggle("wired", this.residual.checked);
    if (!this.state.wiring) return;
    this.paint(this.state.wiring);
    this.writeFigures(this.state.wiring);
  }

  /** @param {Wiring} wiring */
  paint({ size, x0, eps, estimates, blind }) {
    const k = Number(this.sigma.value);
    const sigma = this.level;
    const estimate = estimates[k][Number(this.told.value)];
    const view = VIEWS[this.residual.checked ? "x0" : this.view.value];
    const input = (/** @type {number} */ i) => valueAt(x0, i) + sigma * valueAt(eps, i);
    const [x, out, blindCanvas] = this.canvases;
    paintValues(x, size, (i) => input(i) / Math.sqrt(1 + sigma * sigma));
    paintValues(out, size, (i) => view.of(valueAt(estimate, i), input(i), sigma) / view.range);
    paintValues(blindCanvas, size, (i) => valueAt(blind[k], i));
  }

  /** @param {Wiring} wiring */
  writeFigures({ told, blindErrors, missing, roundTrip }) {
    const { stats } = this;
    const k = Number(this.sigma.value);
    const wired = this.residual.checked;
    const view = VIEWS[this.view.value];
    const error = roundTrip[this.view.value]?.[k];
    write(stats.x, `σ ${numberText(this.level)}`);
    write(stats.name, wired ? "denoised x₀" : view.name);
    write(stats.out, `PSNR ${decibels(told[k][Number(this.told.value)])}`);
    write(stats.blind, missing ? "left out" : `PSNR ${decibels(blindErrors[k])}`);
    write(this.sentence, sentence(wired, this.factor));
    const there =
      error === undefined
        ? ""
        : `From the picture to ${view.name} and back, in single precision: largest difference ${error.toExponential(1)}.`;
    const formula = (wired ? VIEWS.x0 : view).formula;
    write(this.check, `${formula}. ${there}${missing && ` The blind model is left out: ${missing}`}`);
  }
}

/**
 * Mount the player of the wiring.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 * @param {Constants} constants
 */
export function mount(element, props, gradio, constants) {
  const player = new WiringPlayer(element, constants);
  const exchange = connect(element, props, gradio, {
    takePart: (part) => player.takePart(part),
    showProgress: (answer) => showItems(exchange, answer),
  });
  register("wiring", { ...exchange.handles, shown: () => player.state.wiring });
}
