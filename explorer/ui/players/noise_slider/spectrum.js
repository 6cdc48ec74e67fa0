// The power spectra; the axes stay fixed while the slider moves.
let axes = null;

// Range of the vertical axis, in powers of ten: from the picture's weakest detail to the strongest noise.
function powerRange() {
  const { clean, sigmas } = view.base;
  const shown = clean.slice(1).filter((p) => p > 0);
  const low = clamp(Math.floor(Math.log10(Math.min(...shown, sigmas[0] ** 2))) - 1, -7, -1);
  return [low, Math.ceil(Math.log10(Math.max(...shown, sigmas.at(-1) ** 2)))];
}

function layoutSpectrum() {
  axes = powerAxes($("#spectrum"), view.base.wavenumber, ...powerRange());
}

function drawSpectrum() {
  if (!axes) return;
  const { clean, noise, cross, band } = view.base;
  const sigma = sigmaAt(view.position), power = sigma * sigma, pair = bracket(view.position);
  const curve = (name, values) => $(`#curve-${name}`).setAttribute("d", values ? axes.line(values) : "");
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
