// Axes of a power spectrum as SVG: coarse on the left, fine on the right, both logarithmic, octaves as grid lines.
const MARGIN = { left: 46, right: 12, top: 34, bottom: 34 };
const SVG = "http://www.w3.org/2000/svg";
const superscript = (n) => String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

function add(parent, tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

// Draws the grid for frequencies `wavenumber` and powers of ten from low to high; the maps from values to places.
function powerAxes(svg, wavenumber, low, high, words = ["power", "feature size (pixels)", "fine details · cycles per pixel"]) {
  const width = svg.clientWidth || 420, height = svg.clientHeight || 240, bottom = height - MARGIN.bottom;
  const [left, right] = [Math.log2(wavenumber[1]), Math.log2(0.5)];
  const toX = (k) => MARGIN.left + ((Math.log2(k) - left) / (right - left)) * (width - MARGIN.left - MARGIN.right);
  const toY = (p) => MARGIN.top + (1 - (clamp(Math.log10(p + 1e-30), low, high) - low) / (high - low)) * (bottom - MARGIN.top);
  const x = wavenumber.map((k) => (k > 0 ? toX(k).toFixed(1) : null));
  // What lies below the axis is left out; a line along its foot would say that it is there.
  const below = 10 ** low, on = (curve, i) => i > 0 && curve[i] >= below;
  const line = (curve) =>
    curve.map((p, i) => (on(curve, i) ? `${on(curve, i - 1) ? "L" : "M"}${x[i]} ${toY(p).toFixed(1)}` : "")).join("");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const grid = svg.querySelector(".grid");
  grid.replaceChildren();
  const sparse = width < 300; // every second octave, or the labels touch
  let drawn = 0;
  for (let k = 0.5; k >= wavenumber[1] * 0.999; k /= 2) {
    const at = toX(k).toFixed(1);
    add(grid, "line", { x1: at, x2: at, y1: MARGIN.top, y2: bottom });
    if (sparse && drawn++ % 2) continue;
    add(grid, "text", { x: at, y: bottom + 13, "text-anchor": "middle" }, `1/${Math.round(1 / k)}`);
    add(grid, "text", { x: at, y: MARGIN.top - 6, "text-anchor": "middle" }, `${Math.round(0.5 / k)}`);
  }
  for (let p = low; p <= high; p += high - low > 6 ? 2 : 1) {
    const y = toY(10 ** p).toFixed(1);
    add(grid, "line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y });
    add(grid, "text", { x: MARGIN.left - 6, y: +y + 3.5, "text-anchor": "end" }, `10${superscript(p)}`);
  }
  const [power, size, frequency] = words;
  add(grid, "text", { x: width - MARGIN.right, y: height - 5, "text-anchor": "end" }, frequency);
  add(grid, "text", { x: width - MARGIN.right, y: 11, "text-anchor": "end" }, size);
  add(grid, "text", { x: 4, y: 11 }, power);
  return { width, height, x, toX, toY, line };
}
