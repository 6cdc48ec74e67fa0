// The power spectra as SVG: coarse on the left, fine on the right; both axes logarithmic, fixed while the slider moves.
const MARGIN = { left: 46, right: 12, top: 34, bottom: 34 };
const axes = { x: [], toX: null, toY: null, width: 0, height: 0 };
const SVG = "http://www.w3.org/2000/svg";
const superscript = (n) => String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));

function add(parent, tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

// Range of the vertical axis, in powers of ten: from the picture's weakest detail to the strongest noise.
function powerRange() {
  const { clean, sigmas } = view.base;
  const shown = clean.slice(1).filter((p) => p > 0);
  const low = clamp(Math.floor(Math.log10(Math.min(...shown, sigmas[0] ** 2))) - 1, -7, -1);
  return [low, Math.ceil(Math.log10(Math.max(...shown, sigmas.at(-1) ** 2)))];
}

function layoutSpectrum() {
  const svg = $("#spectrum"), { wavenumber } = view.base;
  const width = svg.clientWidth || 420, height = svg.clientHeight || 240;
  const [low, high] = powerRange();
  const [left, right] = [Math.log2(wavenumber[1]), Math.log2(0.5)];
  Object.assign(axes, { width, height });
  axes.toX = (k) => MARGIN.left + ((Math.log2(k) - left) / (right - left)) * (width - MARGIN.left - MARGIN.right);
  axes.toY = (p) =>
    MARGIN.top + (1 - (clamp(Math.log10(p + 1e-30), low, high) - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom);
  axes.x = wavenumber.map((k) => (k > 0 ? axes.toX(k).toFixed(1) : null));
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const grid = $("#spectrum-grid");
  grid.replaceChildren();
  const bottom = height - MARGIN.bottom;
  for (let k = 0.5; k >= wavenumber[1] * 0.999; k /= 2) {
    const x = axes.toX(k).toFixed(1);
    add(grid, "line", { x1: x, x2: x, y1: MARGIN.top, y2: bottom });
    add(grid, "text", { x, y: bottom + 13, "text-anchor": "middle" }, `1/${Math.round(1 / k)}`);
    add(grid, "text", { x, y: MARGIN.top - 6, "text-anchor": "middle" }, `${Math.round(0.5 / k)}`);
  }
  for (let p = low; p <= high; p += high - low > 6 ? 2 : 1) {
    const y = axes.toY(10 ** p).toFixed(1);
    add(grid, "line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y });
    add(grid, "text", { x: MARGIN.left - 6, y: +y + 3.5, "text-anchor": "end" }, `10${superscript(p)}`);
  }
  add(grid, "text", { x: width - MARGIN.right, y: height - 5, "text-anchor": "end" }, "fine details · cycles per pixel");
  add(grid, "text", { x: width - MARGIN.right, y: 11, "text-anchor": "end" }, "feature size (pixels)");
  add(grid, "text", { x: 4, y: 11 }, "power");
}

const line = (curve) => curve.map((p, i) => (i ? `${i > 1 ? "L" : "M"}${axes.x[i]} ${axes.toY(p).toFixed(1)}` : "")).join("");

function drawSpectrum() {
  if (!axes.toX) return;
  const { clean, noise, cross, band } = view.base;
  const sigma = sigmaAt(view.position), power = sigma * sigma, pair = bracket(view.position);
  const curve = (name, values) => $(`#curve-${name}`).setAttribute("d", values ? line(values) : "");
  curve("clean", clean);
  curve("noise", noise.map((p) => power * p));
  curve("noisy", clean.map((p, i) => p + power * noise[i] + 2 * sigma * cross[i])); // |X + s E|^2, exactly
  curve("ghost", clean.map((p) => (p * p) / (p + power))); // Wiener: P H with H = P / (P + sigma^2)
  curve("denoised", pair && blended("denoised", pair));
  curve("error", pair && blended("errorPower", pair));
  const edge = (sign) => band.map((b, i) => (i ? `${axes.x[i]} ${axes.toY(power * Math.max(0.02, 1 + sign * b)).toFixed(1)}` : ""));
  $("#noise-band").setAttribute("d", `M${edge(1).slice(1).join("L")}L${edge(-1).slice(1).reverse().join("L")}Z`);
  drawCrossover(sigma);
}

function drawCrossover(sigma) {
  const size = onGrid(view.base.crossover, sigma), mark = $("#crossover");
  mark.style.display = size === null ? "none" : "";
  if (size === null) return;
  const x = clamp(axes.toX(0.5 / size), MARGIN.left, axes.width - MARGIN.right);
  mark.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
  mark.firstElementChild.setAttribute("y1", MARGIN.top);
  mark.firstElementChild.setAttribute("y2", axes.height - MARGIN.bottom);
  const label = mark.lastElementChild, onLeft = x > axes.width - 110;
  label.setAttribute("x", onLeft ? -5 : 5);
  label.setAttribute("y", MARGIN.top + 12);
  label.setAttribute("text-anchor", onLeft ? "end" : "start");
  label.textContent = `crossover ${pixelsText(size)} px`;
}
