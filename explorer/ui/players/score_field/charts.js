// The small charts: lengths against the noise level, losses and error of the network.
import { blank, chartAxes } from "../shared/axes.js";
import { addSvg, find } from "../shared/dom.js";
import { FACTORS } from "./density.js";

/** @typedef {import("./model.js").ScoreFieldState} ScoreFieldState */
/** @typedef {import("./model.js").ScoreFieldView} ScoreFieldView */
/** @typedef {import("./model.js").Kind} Kind */
/** @typedef {import("../shared/axes.js").Axis} Axis */
/** @typedef {import("../shared/axes.js").ChartAxes} ChartAxes */

const MARGIN = { left: 44, right: 12, top: 12, bottom: 34 };
const [WIDTH, HEIGHT] = [340, 170]; // of a chart that is not in sight
const DEFAULT_STEPS = 2500; // of learning, before any
const FIRST_STEP = 5; // of learning that the logarithmic axis shows

/** @param {number[]} values */
const ticksAt = (values) => values.map((value) => /** @type {[number, string]} */ ([value, String(value)]));

/**
 * @param {SVGSVGElement} svg
 * @param {Axis} x
 * @param {Axis} y
 */
function layout(svg, x, y) {
  const axes = chartAxes(svg, blank(svg, WIDTH, HEIGHT), MARGIN, x, y);
  const curve = (/** @type {number[]} */ xs, /** @type {number[]} */ ys, /** @type {string} */ name) =>
    addSvg(svg, "path", { d: axes.line(xs.map((value, i) => [value, ys[i]])), class: name });
  return { axes, curve };
}

/** @type {[number, string][]} */
const STEP_TICKS = [
  [10, "10"],
  [100, "100"],
  [1000, "1,000"],
];
/** @type {[number, string][]} */
const ERROR_TICKS = [
  [0.01, "1 %"],
  [0.1, "10 %"],
  [1, "100 %"],
];
/** Name of an arrow, text of its label, noise level at which it stands by number, pixels below the curve. */
const LABELS = /** @type {[string, string, number, number][]} */ ([
  ["score", "score", 2, -7],
  ["eps", "ε", 6, -7],
  ["move", "D − x and εₜ", 6, 17],
]);
const LENGTHS = { low: 0.01, high: 100, logBase: 10, ticks: ticksAt([0.01, 0.1, 1, 10, 100]) };
const ERRORS = { low: 0.003, high: 3, logBase: 10, ticks: ERROR_TICKS };

/** The charts of a player. */
export class Charts {
  /**
   * @param {HTMLElement} element
   * @param {ScoreFieldState} state
   * @param {ScoreFieldView} view
   * @param {import("./model.js").Constants} constants
   */
  constructor(element, state, view, { sigmaMin, sigmaMax }) {
    const svg = (/** @type {string} */ name) => find(element, `#score-field-${name}`, SVGSVGElement);
    this.state = state;
    this.view = view;
    this.svgs = { lengths: svg("lengths"), losses: svg("losses"), errors: svg("errors") };
    const ticks = ticksAt([0.03, 0.1, 0.3, 1, 3]);
    /** @type {Axis} */
    this.levels = { low: sigmaMin, high: sigmaMax, logBase: 10, ticks, title: "noise level σ" };
    /** @type {{ axes: ChartAxes, line: Element }[]} */
    this.marks = []; // lines at the noise level that is shown
  }

  layout() {
    this.marks = [];
    this.layoutLengths();
    this.layoutLosses();
    this.layoutErrors();
  }

  /** How long each of the four arrows is on average over the noisy points. */
  layoutLengths() {
    const svg = this.svgs.lengths;
    const { sigmas = [], move = [] } = this.state.pattern ?? {};
    if (!sigmas.length) return void blank(svg, WIDTH, HEIGHT);
    const { axes, curve } = layout(svg, this.levels, LENGTHS);
    const lengthAt = (/** @type {string} */ name, /** @type {number} */ i) =>
      Math.abs(FACTORS[name](sigmas[i])) * move[i];
    for (const name of ["score", "eps", "move", "noise"]) {
      const values = sigmas.map((_, i) => lengthAt(name, i));
      curve(sigmas, values, `length-${name}`);
    }
    for (const [name, text, i, dy] of LABELS) {
      const place = { x: axes.toX(sigmas[i]), y: axes.toY(lengthAt(name, i)) + dy };
      addSvg(svg, "text", { ...place, class: "curve-name" }, text);
    }
    this.mark(svg, axes);
  }

  layoutLosses() {
    const { history, learned } = this.state;
    const steps = learned?.steps ?? DEFAULT_STEPS;
    const ticks = STEP_TICKS.filter(([step]) => step <= steps);
    const high = history.some(({ dsm }) => dsm > 1.2) ? 1.6 : 1.2;
    const time = { low: FIRST_STEP, high: steps, logBase: 10, ticks, title: "steps" };
    const { curve } = layout(this.svgs.losses, time, { low: 0, high, ticks: ticksAt([0, 0.4, 0.8, 1.2]) });
    if (!history.length) return;
    const at = history.map(({ step }) => Math.max(step, FIRST_STEP));
    const [dsm, explicit] = [history.map((report) => report.dsm), history.map((report) => report.explicit)];
    const gap = dsm.map((loss, i) => loss - explicit[i]);
    for (const [name, values] of Object.entries({ gap, dsm, explicit })) curve(at, values, name);
  }

  layoutErrors() {
    const { learned } = this.state;
    const { axes, curve } = layout(this.svgs.errors, this.levels, ERRORS);
    if (learned) curve(learned.sigmas, learned.error, "explicit");
    this.mark(this.svgs.errors, axes);
  }

  /** @param {SVGSVGElement} svg @param {ChartAxes} axes */
  mark(svg, axes) {
    const x = axes.toX(this.view.sigma);
    const line = addSvg(svg, "line", { class: "here", x1: x, x2: x, y1: MARGIN.top, y2: axes.bottom });
    this.marks.push({ axes, line });
  }

  moveMarks() {
    for (const { axes, line } of this.marks) {
      const x = axes.toX(this.view.sigma).toFixed(1);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
  }
}
