// What the page uses of d3; `npm run vendor` turns it into d3.js.
export { range } from "d3-array";
export { scaleLinear, scaleLog } from "d3-scale";
export { area, line } from "d3-shape";
