// The runs that are on the page, A and, when two are compared, B; and where in them the person is.
const runs = { A: null, B: null, difference: null }; // A and B: {plan, frames, octaves}
// position: step of run A; target: the step that a link wants to be shown, until it is there or the person moves
const view = { position: 0, following: true, playing: false, target: null };

const lastStep = (run) => runs[run].plan.sigmas.length - 1;
const known = (run) => (runs[run] ? runs[run].frames.filter(Boolean).length : 0);
const comparing = () => runs.B !== null;

// The step of B whose noise level is nearest to that of A's step, so that both are scrubbed together.
const stepOf = (run) => (run === "A" ? view.position : runs.B.plan.pairs[view.position]);

// The frame to show: that of the step, or the last one before it that has arrived.
function frameOf(run) {
  if (!runs[run]) return null;
  for (let i = Math.min(stepOf(run), lastStep(run)); i >= 0; i--) if (runs[run].frames[i]) return runs[run].frames[i];
  return null;
}

function takePlan(plan) {
  if (plan.run === "A") {
    runs.B = runs.difference = null;
    Object.assign(view, { position: 0, following: true, playing: false });
  }
  runs[plan.run] = { plan, frames: new Array(plan.sigmas.length).fill(null), octaves: null };
}

async function takeSteps(part) {
  const { plan, frames } = runs[part.run], pictures = await sheet(part.blobs[0], plan.size);
  const stride = plan.size * plan.size * 4;
  part.steps.forEach((step, n) => {
    const at = 2 * n * stride;
    frames[step.i] = {
      i: step.i,
      sigma: plan.sigmas[step.i],
      x0: pictures.subarray(at, at + stride), // RGBA, 128 = 0
      eps: pictures.subarray(at + stride, at + 2 * stride),
      x0Scale: step.x0Scale / 127, // data units per byte
      epsScale: step.epsScale / 127,
      xPower: step.x,
      x0Power: step.x0,
    };
  });
}
