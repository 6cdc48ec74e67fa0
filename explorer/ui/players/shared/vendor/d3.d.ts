// The types of d3.js, for the type checker alone.
export { range } from "d3-array";
export { scaleLinear, scaleLog } from "d3-scale";
export { area, line } from "d3-shape";
