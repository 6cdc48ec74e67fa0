// The pointer on the field: it moves the mark, or draws where the density is a drawing.
import { clamp } from "../shared/numbers.js";
import { isDrawn } from "./model.js";

/** @typedef {import("./model.js").Place} Place */

const PROBE_STEP = 0.05; // by which an arrow key moves the mark, data units
/** @type {Record<string, Place>} */
const KEYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const round = (/** @type {number} */ value, /** @type {number} */ parts) => Math.round(value * parts) / parts;
/** @param {Place} place */
const hundredths = ([x, y]) => /** @type {Place} */ ([round(x, 100), round(y, 100)]); // as a link has them

/**
 * @typedef {object} PointerActions
 * @property {(place: Place) => void} probe move the mark
 * @property {() => void} begin a stroke begins
 * @property {(points: Place[]) => void} redraw the drawing has changed
 * @property {() => void} end a stroke is finished
 */

/**
 * Let the pointer and the keyboard act on the field.
 * @param {HTMLCanvasElement} canvas
 * @param {import("./model.js").ScoreFieldState} state
 * @param {import("./model.js").ScoreFieldView} view
 * @param {import("./model.js").Constants} constants
 * @param {PointerActions} actions
 */
export function listenToPointer(canvas, state, view, { extent, maxPoints, drawnStd }, actions) {
  let stroke = false;

  /** @param {PointerEvent} event @returns {Place} */
  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    const at = (/** @type {number} */ value, /** @type {number} */ size) =>
      extent * clamp((2 * value) / size - 1, -1, 1);
    return [
      round(at(event.clientX - box.left, box.width), 1000),
      round(-at(event.clientY - box.top, box.height), 1000),
    ];
  }

  /** @param {PointerEvent} event */
  function addPoint(event) {
    const [x, y] = hundredths(placeOf(event));
    const points = (state.points ?? []).map(hundredths);
    const last = points.at(-1);
    if (points.length >= maxPoints || (last && Math.hypot(x - last[0], y - last[1]) < drawnStd)) return;
    actions.redraw([...points, [x, y]]);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!isDrawn(state)) return actions.probe(placeOf(event));
    actions.begin();
    stroke = true;
    canvas.setPointerCapture(event.pointerId);
    addPoint(event);
  });
  canvas.addEventListener("pointermove", (event) => (stroke ? addPoint(event) : actions.probe(placeOf(event))));
  const ended = () => {
    if (stroke) actions.end();
    stroke = false;
  };
  canvas.addEventListener("pointerup", ended);
  canvas.addEventListener("pointercancel", ended);
  canvas.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (!by) return;
    event.preventDefault();
    const [x, y] = view.probe.map((value, i) => clamp(value + PROBE_STEP * by[i], -extent, extent));
    actions.probe([x, y]);
  });
}
