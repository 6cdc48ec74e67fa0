// One picture, all autoencoders' answers, one of them enlarged. All that only looks happens here.
import { powerAxes } from "../shared/axes.js";
import { paintValues } from "../shared/canvas.js";
import { connect } from "../shared/connection.js";
import { find, findAll, write } from "../shared/dom.js";
import { decibels, numberText } from "../shared/numbers.js";
import { fromLink, pictureShown, reportView } from "../shared/page.js";
import { register } from "../shared/registry.js";
import { createAutoencoders, EXACT_BELOW_MSE } from "./autoencoders.js";
import { answered, createState, halfPower, takeGiven, takeAutoencoders, valueAt } from "./model.js";
import { sentence } from "./words.js";

/** @typedef {import("./model.js").Given} Given */
/** @typedef {import("./model.js").Autoencoder} Autoencoder */

const LOWEST_POWER = -5; // power of ten at the foot of the spectrum
const CURVES = ["clean", "corrupted", "output", "wrong"];
const CANVASES = ["clean", "given", "output", "error"];
const STATS = ["given", "title", "output", "error"];

class Lineup {
  /**
   * @param {HTMLElement} element
   * @param {import("../shared/connection.js").Props} props
   * @param {import("../shared/connection.js").Gradio} gradio
   */
  constructor(element, props, gradio) {
    this.element = element;
    this.state = createState();
    this.order = find(element, "#lineup-order", HTMLSelectElement);
    this.svg = find(element, "#lineup-spectrum", SVGSVGElement);
    this.words = find(element, "#lineup-sentence");
    this.autoencoders = createAutoencoders(element, this.state, (name) => this.choose(name));
    this.canvases = CANVASES.map((name) => find(element, `[data-big=${name}]`, HTMLCanvasElement));
    this.frames = findAll(element, ".ns-frame");
    this.paths = CURVES.map((name) => find(element, `.curve-${name}`, SVGPathElement));
    this.stats = Object.fromEntries(STATS.map((name) => [name, find(element, `[data-stat=${name}]`)]));
    /** @type {import("../shared/axes.js").PowerAxes | null} */
    this.axes = null;
    this.listen();
    this.exchange = connect(element, props, gradio, {
      takePart: (part) => this.takePart(part),
      showProgress: (answer) => this.showProgress(answer),
      controls: "#lineup-controls",
      upload: "#lineup-upload",
      begin: "#lineup-begin",
    });
  }

  listen() {
    const { order, state } = this;
    order.addEventListener("change", () => {
      reportView("autoencoders", { order: order.value });
      this.autoencoders.draw(order.value);
    });
    fromLink("autoencoders").then((link) => {
      state.chosen = link.member ?? state.chosen;
      if (link.order) order.value = link.order;
    });
    new ResizeObserver(() => {
      this.layout();
      this.drawChosen();
    }).observe(this.svg);
  }

  /** @param {import("../shared/wire_format.js").Part} part */
  async takePart(part) {
    if (part.kind === "given") {
      await takeGiven(this.state, part);
      pictureShown(part.picture);
      this.layout();
    } else await takeAutoencoders(this.state, part);
    this.autoencoders.draw(this.order.value);
    this.drawChosen();
  }

  /** @param {string} name */
  choose(name) {
    this.state.chosen = name;
    reportView("autoencoders", { member: name });
    this.autoencoders.markChosen();
    this.drawChosen();
  }

  layout() {
    const { given } = this.state;
    if (!given) return;
    const all = [...given.clean.power.slice(1), ...given.corrupted.power.slice(1)];
    this.axes = powerAxes(this.svg, given.wavenumber, LOWEST_POWER, Math.ceil(Math.log10(Math.max(...all))));
  }

  drawChosen() {
    const { state, stats } = this;
    const { given } = state;
    if (!given) return;
    const autoencoder = answered(state);
    this.frames.forEach((frame, n) => frame.classList.toggle("ns-waiting", n > 1 && !autoencoder));
    this.paintPictures(given, autoencoder);
    this.drawCurves(given, autoencoder);
    const untouched = given.corruption === "none";
    write(stats.given, untouched ? "nothing done to it" : `PSNR ${decibels(given.mse, EXACT_BELOW_MSE)}`);
    const { reason, title } = state.autoencoders.get(state.chosen) ?? {};
    if (reason && title) this.writeMissing(title, reason);
    if (autoencoder) this.writeFigures(given, autoencoder);
  }

  /** @param {Given} given @param {Autoencoder | null} autoencoder */
  paintPictures({ size, clean, corrupted }, autoencoder) {
    const [cleanCanvas, givenCanvas, output, error] = this.canvases;
    paintValues(cleanCanvas, size, (i) => valueAt(clean, i));
    paintValues(givenCanvas, size, (i) => valueAt(corrupted, i));
    if (!autoencoder) return;
    paintValues(output, size, (i) => valueAt(autoencoder, i));
    paintValues(error, size, (i) => valueAt(autoencoder, i) - valueAt(clean, i));
  }

  /** @param {Given} given @param {Autoencoder | null} autoencoder */
  drawCurves({ clean, corrupted, corruption }, autoencoder) {
    const curves = [
      clean.power,
      corruption === "none" ? null : corrupted.power,
      autoencoder?.power,
      autoencoder?.error,
    ];
    this.paths.forEach((path, n) => {
      const curve = curves[n];
      path.setAttribute("d", curve && this.axes ? this.axes.line(curve) : "");
    });
  }

  /** @param {string} title @param {string} reason */
  writeMissing(title, reason) {
    write(this.stats.output, "");
    write(this.stats.error, "");
    write(this.stats.title, title);
    write(this.words, `${title} is left out: ${reason}`);
  }

  /** @param {Given} given @param {Autoencoder} autoencoder */
  writeFigures(given, autoencoder) {
    const { stats } = this;
    const mse = Number(autoencoder.mse);
    write(stats.title, autoencoder.title);
    stats.title.title = autoencoder.title;
    write(stats.output, decibels(mse, EXACT_BELOW_MSE)); // short, so that the name has room
    write(stats.error, `rms ${numberText(Math.sqrt(mse))}`);
    write(this.words, sentence(autoencoder.code, halfPower(given, autoencoder)));
  }

  /** @param {import("../shared/exchange.js").Answer} answer */
  showProgress({ state, autoencoders = 1 }) {
    const here = [...this.state.autoencoders.values()].filter(({ stale }) => !stale).length;
    this.exchange.ends.setStatus(
      state === "done" ? "ready" : `${here} of ${autoencoders} members`,
      here / autoencoders,
    );
  }
}

/**
 * Mount the player of the autoencoders.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 */
export function mount(element, props, gradio) {
  const player = new Lineup(element, props, gradio);
  register("lineup", { ...player.exchange.handles, state: player.state, choose: player.choose.bind(player) });
}
