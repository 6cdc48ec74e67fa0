// Spectra at the step shown. The axes are those of the whole run, so that nothing jumps.
let axes = null, differenceAxes = null;

function layoutCurves() {
  if (!runs.A) return;
  const { sigmas, wavenumber, expected } = runs.A.plan, detail = Math.min(...expected.slice(1));
  const low = Math.floor(Math.log10(detail)) - 2;
  axes = powerAxes($("#film-spectrum"), wavenumber, low, Math.ceil(Math.log10(sigmas[0] ** 2 + Math.max(...expected.slice(1)))));
  if (!comparing()) return;
  differenceAxes = powerAxes($("#difference-spectrum"), wavenumber, low, 3, ["power", "pixels", "cycles per pixel"]);
}

function drawCurves() {
  const a = frameOf("A"), b = frameOf("B");
  const curve = (name, values) => $(`#film-spectrum .curve-${name}`).setAttribute("d", values ? axes.line(values) : "");
  if (!axes || !a) return;
  const { expected } = runs.A.plan, power = a.sigma ** 2;
  curve("noisy", a.xPower);
  curve("denoised", a.x0Power);
  curve("ghost-noisy", expected.map((p) => p + power)); // E |x|^2 = P + sigma^2
  curve("ghost", expected.map((p) => (p * p) / (p + power))); // Wiener: P H with H = P / (P + sigma^2)
  curve("noise", power > 0 ? expected.map(() => power) : null);
  const same = b && runs.A.plan.size === runs.B.plan.size;
  curve("noisy-b", same ? b.xPower : null);
  curve("denoised-b", same ? b.x0Power : null);
  const difference = same && a.i === view.position && runs.difference?.spectrum[a.i];
  $("#difference-spectrum .curve-error").setAttribute("d", difference ? differenceAxes.line(difference) : "");
}
