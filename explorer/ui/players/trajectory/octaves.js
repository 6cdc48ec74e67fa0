// The octave map: steps from left (much noise) to right (little), octaves from coarse (top) to fine, and for each the
// share of the last picture that the estimate already has.
import { addSvg, find, write } from "../shared/dom.js";
import { clamp, numberText } from "../shared/numbers.js";
import { line, range, scaleLinear } from "../shared/vendor/d3.js";
import { lastStep, stepOf } from "./model.js";
import { mapWords, octaveName } from "./words.js";

/** @typedef {import("./model.js").Run} Run */
/** @typedef {import("./model.js").OctaveMap} OctaveMap */

const MARGIN = { left: 66, right: 10, top: 6, bottom: 30 };
const ROW_PX = 26;
const DEFAULT_WIDTH = 560;
const DEFAULT_OCTAVES = 6; // rows of an empty map

/**
 * One hue whose lightness follows the share; below 0 (worse than a blank picture) counts as nothing.
 * @param {number | null} share
 */
const shade = (share) =>
  share === null
    ? "transparent"
    : `color-mix(in oklab, var(--role-denoised) ${Math.round(100 * clamp(share, 0, 1))}%, var(--page))`;

const rowAt = (/** @type {number} */ octave) => MARGIN.top + octave * ROW_PX;

/**
 * The map of a run. moveTo: what a click on a step does.
 * @param {HTMLElement} element
 * @param {import("./model.js").TrajectoryState} state
 * @param {import("./model.js").RunName} name
 * @param {(step: number) => void} moveTo
 */
export function createOctaveMap(element, state, name, moveTo) {
  const figure = find(element, `.trajectory-octaves [data-run=${name}]`);
  const svg = find(figure, "svg", SVGSVGElement);
  const words = find(figure, ".octave-words");
  /** @type {Element | null} */
  let here = null; // the line at the step shown
  let toX = scaleLinear();

  function draw() {
    const run = state.runs[name];
    svg.replaceChildren();
    here = null;
    write(words, run?.octaves ? mapWords(run.octaves) : run ? "appears when the run has ended" : "");
    const octaves = run ? run.plan.edges.length - 1 : DEFAULT_OCTAVES;
    const width = svg.clientWidth || DEFAULT_WIDTH;
    const height = rowAt(octaves) + MARGIN.bottom;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.style.height = `${height}px`;
    if (!run) return;
    toX = scaleLinear([0, lastStep(run) + 1], [MARGIN.left, width - MARGIN.right]);
    for (const octave of range(octaves)) {
      const place = { x: MARGIN.left - 8, y: rowAt(octave) + ROW_PX / 2 + 4, "text-anchor": "end" };
      addSvg(svg, "text", place, octaveName(run.plan.edges, octave));
    }
    if (run.octaves) drawShares(svg, run, run.octaves, toX);
    drawLevels(svg, run, toX, width, height - MARGIN.bottom);
    here = addSvg(svg, "line", { class: "here", y1: MARGIN.top - 4, y2: height - MARGIN.bottom + 2 });
    mark();
  }

  function mark() {
    if (!here) return;
    const x = toX(stepOf(state, name) + 0.5).toFixed(1);
    here.setAttribute("x1", x);
    here.setAttribute("x2", x);
  }

  svg.addEventListener("click", (event) => {
    if (name !== "A" || !state.runs.A) return;
    moveTo(Math.floor(toX.invert(event.clientX - svg.getBoundingClientRect().left)));
  });
  return { draw, mark };
}

/**
 * @param {SVGSVGElement} svg
 * @param {Run} run
 * @param {OctaveMap} map
 * @param {(step: number) => number} toX
 */
function drawShares(svg, { plan }, { shares, passing }, toX) {
  const size = { width: toX(1) - toX(0) + 0.5, height: ROW_PX - 2 };
  shares.forEach((row, i) =>
    row.forEach((share, octave) => {
      const cell = { x: toX(i), y: rowAt(octave), ...size, style: `fill: ${shade(share)}` };
      const title =
        share === null
          ? "no content in this octave"
          : `step ${i}, ${octaveName(plan.edges, octave)}: ${Math.round(100 * share)} % fixed`;
      addSvg(addSvg(svg, "rect", cell), "title", {}, title);
    }),
  );
  /** @type {[number, number][]} */
  const points = passing.flatMap((at, octave) =>
    at === null ? [] : [[toX(at + 0.5), rowAt(octave) + ROW_PX / 2 - 1]],
  );
  if (!points.length) return;
  addSvg(svg, "path", { d: line().digits(1)(points) ?? "", class: "passing" });
  for (const [x, y] of points) addSvg(svg, "circle", { cx: x.toFixed(1), cy: y, r: 3.5, class: "passing" });
}

/**
 * The noise levels at the first step, in the middle, and at the last.
 * @param {SVGSVGElement} svg
 * @param {Run} run
 * @param {(step: number) => number} toX
 * @param {number} width
 * @param {number} bottom
 */
function drawLevels(svg, run, toX, width, bottom) {
  const last = lastStep(run);
  const middle = Math.round(last / 2);
  const labels = /** @type {const} */ ([
    [0, MARGIN.left, "start"],
    [middle, toX(middle + 0.5), "middle"],
    [last, width - MARGIN.right, "end"],
  ]);
  for (const [i, x, anchor] of labels) {
    const sigma = run.plan.sigmas[i];
    addSvg(svg, "text", { x, y: bottom + 14, "text-anchor": anchor }, `step ${i} · σ ${numberText(sigma)}`);
  }
}
