// Shares of the walkers in each part of the density.
import { blank } from "../shared/axes.js";
import { addSvg, find } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import { scaleLinear } from "../shared/vendor/d3.js";

/** @typedef {import("./model.js").ScoreFieldState} ScoreFieldState */
/** @typedef {import("./model.js").ScoreFieldView} ScoreFieldView */
/** @typedef {import("./model.js").Kind} Kind */

const [WIDTH, HEIGHT] = [340, 170]; // of a drawing that is not in sight
const HEADROOM = 1.35; // height of the drawing over that of the largest weight

/**
 * Shares of the walkers as bars from the left part to the right; the weights they should have are lines across them.
 * @param {HTMLElement} element
 * @param {ScoreFieldState} state
 * @param {ScoreFieldView} view
 * @param {Kind} kind
 */
export function createShares(element, state, view, kind) {
  const svg = find(element, `[data-shares=${kind}]`, SVGSVGElement);
  /** @type {{ bars: Element[], toY: (share: number) => number, bottom: number } | null} */
  let laid = null;
  return {
    layout() {
      const { width, height } = blank(svg, WIDTH, HEIGHT);
      const shares = state.pattern?.shares ?? [];
      laid = null;
      if (!shares.length) return;
      const bottom = height - 1;
      const step = width / shares.length;
      const toY = scaleLinear([0, HEADROOM * Math.max(...shares)], [bottom, 2]).clamp(true);
      addSvg(svg, "line", { x1: 0, x2: width, y1: bottom, y2: bottom });
      const bars = shares.map((_, n) =>
        addSvg(svg, "rect", { x: (n + 0.2) * step, width: 0.6 * step, y: bottom, height: 0 }),
      );
      shares.forEach((share, n) => {
        const [x1, x2, y] = [(n + 0.08) * step, (n + 0.92) * step, toY(share)];
        addSvg(svg, "line", { class: "weight", x1, x2, y1: y, y2: y });
      });
      laid = { bars, toY, bottom };
    },
    /** Draw the shares at the time shown, and give the walkers' record. */
    draw() {
      const frames = state.walk?.frames[kind] ?? [];
      const frame = frames[clamp(Math.round(view.time), 0, Math.max(0, frames.length - 1))];
      const { bars, toY, bottom } = laid ?? { bars: [], toY: Number, bottom: 0 };
      bars.forEach((bar, n) => {
        const y = frame ? toY(frame.shares[n]) : bottom;
        bar.setAttribute("y", y.toFixed(1));
        bar.setAttribute("height", (bottom - y).toFixed(1));
      });
      return frame;
    },
  };
}
