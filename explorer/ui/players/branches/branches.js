// Draws the newest state of the branches; there is nothing to scrub here.
import { blank, chartAxes } from "../shared/axes.js";
import { paintPicture } from "../shared/canvas.js";
import { connect } from "../shared/connection.js";
import { addSvg, find, findAll, make, write } from "../shared/dom.js";
import { decodeSheet, pictureAt } from "../shared/image_codec.js";
import { clamp, numberText, pixelsText } from "../shared/numbers.js";
import { register } from "../shared/registry.js";
import { sentence } from "./words.js";

/**
 * @typedef {object} BranchesPart (payload.py, branches_part)
 * @property {number} done
 * @property {number} steps
 * @property {number} step
 * @property {string} origin
 * @property {number} sigma
 * @property {number} size
 * @property {number} count
 * @property {number[]} edges of the octaves, cycles per pixel
 * @property {(number | null)[]} agreement by octave
 * @property {number | null} decided pixels
 * @property {number} spread
 * @property {ArrayBuffer[]} blobs
 */

/** @typedef {{ shown: BranchesPart | null }} BranchesState */

const MARGIN = { left: 40, right: 12, top: 10, bottom: 34 };

class Branches {
  /**
   * @param {HTMLElement} element
   * @param {import("../shared/connection.js").Props} props
   * @param {import("../shared/connection.js").Gradio} gradio
   */
  constructor(element, props, gradio) {
    this.element = element;
    /** @type {BranchesState} */
    this.state = { shown: null };
    this.row = find(element, ".branch-siblings");
    this.svg = find(element, ".branch-curve svg", SVGSVGElement);
    const summary = (/** @type {string} */ name) => find(element, `[data-picture=${name}]`, HTMLCanvasElement);
    this.summaries = [summary("mean"), summary("map")];
    this.exchange = connect(element, props, gradio, {
      takePart: (part) => this.takePart(/** @type {any} */ (part)),
      showProgress: (answer) => this.showProgress(answer),
    });
    new ResizeObserver(() => this.drawAgreement()).observe(this.svg);
  }

  /** @param {BranchesPart} part */
  async takePart(part) {
    const { element, row, state } = this;
    const pictures = await decodeSheet(part.blobs[0], part.size);
    while (row.children.length > part.count) row.lastChild?.remove();
    while (row.children.length < part.count) {
      const canvas = make("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Branch ${row.children.length + 1}`);
      row.append(canvas);
    }
    [...findAll(row, "canvas", HTMLCanvasElement), ...this.summaries].forEach((canvas, n) =>
      paintPicture(canvas, pictureAt(pictures, n, part.size), part.size),
    );
    element.classList.toggle("ns-crisp", part.size < 128);
    for (const frame of findAll(element, ".ns-frame")) frame.classList.remove("ns-waiting");
    write(find(element, ".branch-spread"), `rms ${numberText(part.spread)}`);
    write(find(element, "#branch-sentence"), sentence(part));
    find(element, ".branches").dataset.done = String(part.done);
    state.shown = part;
    this.drawAgreement();
  }

  drawAgreement() {
    const { svg, state } = this;
    if (!state.shown) return;
    const { edges, agreement, decided } = state.shown;
    const [low, high] = [edges[0], Number(edges.at(-1))];
    /** @type {[number, string][]} */
    const sizes = edges.map((k) => [k, pixelsText(0.5 / k)]);
    const shares = [0, 0.5, 1].map((share) => /** @type {[number, string]} */ ([share, `${100 * share} %`]));
    const frequency = { low, high, logBase: 2, ticks: sizes, title: "feature size (pixels)" };
    const axes = chartAxes(svg, blank(svg, 420, 192), MARGIN, frequency, { low: 0, high: 1, ticks: shares });
    svg.querySelectorAll("line")[1].classList.add("half");
    /** @type {[number, number][]} */
    const points = agreement.flatMap((share, n) =>
      share === null ? [] : [[Math.sqrt(edges[n] * edges[n + 1]), share]],
    );
    addSvg(svg, "path", { d: axes.line(points), class: "agreement" });
    for (const [k, share] of points) {
      addSvg(svg, "circle", { cx: axes.toX(k), cy: axes.toY(share), r: 3.5, class: "agreement" });
    }
    if (decided === null || decided <= 1) return;
    const x = axes.toX(clamp(0.5 / decided, low, high));
    addSvg(svg, "line", { x1: x, x2: x, y1: MARGIN.top, y2: axes.bottom, class: "decided" });
    addSvg(svg, "text", { x: x - 6, y: axes.bottom - 8, "text-anchor": "end" }, "decided");
    addSvg(svg, "text", { x: x + 6, y: axes.bottom - 8 }, "open");
  }

  /** @param {import("../shared/exchange.js").Answer} answer */
  showProgress({ state }) {
    const { done = 0, steps } = this.state.shown ?? {};
    const text = state === "done" ? "ready" : `step ${done} of ${steps ?? ""}`;
    this.exchange.ends.setStatus(text, steps ? done / steps : 0);
  }
}

/**
 * Mount the player of branches.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 */
export function mount(element, props, gradio) {
  const player = new Branches(element, props, gradio);
  register("branches", { ...player.exchange.handles, shown: () => player.state.shown });
}
