// The four pictures of a run at one step, and the difference of two runs.
import { paintSum, paintValues, rms } from "../shared/canvas.js";
import { find, findAll, write } from "../shared/dom.js";
import { numberText } from "../shared/numbers.js";
import { frameOf } from "./model.js";

/** @typedef {import("./model.js").TrajectoryState} TrajectoryState */
/** @typedef {import("./model.js").RunName} RunName */
/** @typedef {import("./model.js").Frame} Frame */

const PANELS = ["x", "x0", "eps", "score"];

/**
 * The pictures of one run; gives what draws them at the step shown.
 * @param {HTMLElement} element
 * @param {TrajectoryState} state
 * @param {RunName} name
 * @param {{ scaled: () => boolean, generation: () => number, drawnEpsStd: number }} look scaled: the state by
 *   1 / sqrt(1 + sigma^2); drawnEpsStd: predicted noise and score are drawn up to so many standard deviations
 */
export function createPictures(element, state, name, { scaled, generation, drawnEpsStd }) {
  const row = find(element, `.ns-pictures[data-run=${name}]`);
  const frames = findAll(row, ".ns-frame");
  const [x, x0, eps, score] = PANELS.map((panel) => find(row, `[data-panel=${panel}]`, HTMLCanvasElement));
  const stats = PANELS.map((panel) => find(row, `[data-stat=${panel}]`));
  let painted = ""; // what is on the canvases

  /** @param {Frame} frame @param {number} size @param {boolean} scale */
  function paint(frame, size, scale) {
    const { sigma } = frame;
    const gain = 127.5 * (scale ? 1 / Math.sqrt(1 + sigma * sigma) : 1);
    const shown = (127.5 / drawnEpsStd) * frame.epsScale;
    const both = { x: frame.x0, y: frame.eps };
    paintSum(x, size, { ...both, a: gain * frame.x0Scale, b: gain * sigma * frame.epsScale });
    paintSum(x0, size, { ...both, a: 127.5 * frame.x0Scale, b: 0 });
    paintSum(eps, size, { ...both, a: 0, b: shown });
    paintSum(score, size, { ...both, a: 0, b: -shown });
    row.classList.toggle("ns-crisp", size < 128);
  }

  /** @param {Frame} frame */
  function writeFigures({ i, sigma, eps: noise, epsScale }) {
    const size = rms(noise, epsScale);
    write(stats[0], `σ ${numberText(sigma)}`);
    write(stats[1], `step ${i}`);
    write(stats[2], sigma > 0 ? `rms ${size.toFixed(2)}` : "none left");
    write(stats[3], sigma > 0 ? `rms ${numberText(size / sigma)} per unit` : "–");
  }

  return function drawPictures() {
    const run = state.runs[name];
    const frame = frameOf(state, name);
    for (const node of frames) node.classList.toggle("ns-waiting", !frame);
    const mark = frame ? `${generation()} ${frame.i} ${scaled()}` : painted;
    if (!frame || !run || mark === painted) return;
    painted = mark;
    paint(frame, run.plan.size, scaled());
    writeFigures(frame);
  };
}

/**
 * The difference of the two estimates, grey where they agree; gives what draws it.
 * @param {HTMLElement} element
 * @param {TrajectoryState} state
 */
export function createDifference(element, state) {
  const canvas = find(element, "#canvas-difference", HTMLCanvasElement);
  const stat = find(element, "#stat-difference");
  return function drawDifference() {
    const { A, B, difference } = state.runs;
    const a = frameOf(state, "A");
    const b = frameOf(state, "B");
    if (!a || !b || !A || A.plan.size !== B?.plan.size) return;
    paintValues(canvas, A.plan.size, (c) => (a.x0[c] - 128) * a.x0Scale - (b.x0[c] - 128) * b.x0Scale);
    const apart = difference?.rms[a.i];
    const size = apart === undefined ? "" : `, rms ${numberText(apart)}`;
    write(stat, `of the estimates at σ ${numberText(a.sigma)} and ${numberText(b.sigma)}${size}`);
  };
}
