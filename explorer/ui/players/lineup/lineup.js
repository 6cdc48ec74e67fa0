// One picture, the whole family's answers, one of them enlarged. All that only looks happens here.
const line = { given: null, members: new Map(), chosen: "conditional" };
let axes = null;

async function sheetOf(part, count, size) {
  const pictures = await sheet(part.blobs[0], size), stride = size * size * 4;
  return Array.from({ length: count }, (_, n) => pictures.subarray(n * stride, (n + 1) * stride));
}

async function takePart(part) {
  if (part.kind === "given") {
    const [clean, given] = await sheetOf(part, 2, part.size);
    line.given = { ...part, clean: { data: clean, scale: part.scales[0], power: part.clean }, given: { data: given, scale: part.scales[1], power: part.corrupted } };
    line.members.forEach((member) => (member.stale = true)); // they keep their places until the new ones come
    pictureShown(part.picture);
    layout();
  } else {
    const able = part.members.filter((member) => !member.reason), outputs = able.length ? await sheetOf(part, able.length, line.given.size) : [];
    part.members.forEach((member) => line.members.set(member.name, { ...member, data: outputs[able.indexOf(member)] }));
  }
  drawMembers();
  drawChosen();
}

// Bytes of a picture that travelled in its own range, in data units.
const valueAt = (picture, j) => ((picture.data[j] - 128) / 127) * picture.scale;

function paint(canvas, value) {
  const { size } = line.given, image = imageFor(canvas, size, size), data = image.data;
  for (let j = 0; j < data.length; j += 4) for (let c = j; c < j + 3; c++) data[c] = 127.5 + 127.5 * value(c);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const decibels = (mse) => (mse > 1e-9 ? `${(10 * Math.log10(4 / mse)).toFixed(1)} dB` : "exact"); // data range is 2

const ORDERS = {
  group: () => 0,
  best: (a, b) => (a.mse ?? Infinity) - (b.mse ?? Infinity) || 0, // without an answer, last
  code: (a, b) => (a.numbers || Infinity) - (b.numbers || Infinity),
};

// The buttons are kept while members arrive; only their order and contents change.
const cards = new Map();
function cardOf(member) {
  if (!cards.has(member.name)) {
    const card = document.createElement("button");
    card.type = "button";
    card.innerHTML = "<canvas aria-hidden='true'></canvas><b></b><span></span>";
    card.addEventListener("click", () => choose(member.name));
    cards.set(member.name, card);
  }
  return cards.get(member.name);
}

function drawMembers() {
  const order = $("#lineup-order").value, members = [...line.members.values()].sort(ORDERS[order]);
  const place = $(".lineup-members"), rows = order === "group" ? Map.groupBy(members, (m) => m.group) : new Map([["", members]]);
  place.replaceChildren(...[...rows].map(([group, some]) => {
    const row = document.createElement("div"), name = document.createElement("span");
    row.className = "lineup-row";
    name.className = "ns-name";
    name.textContent = group;
    const list = document.createElement("div");
    list.append(...some.map((member) => {
      const card = cardOf(member);
      card.classList.toggle("lineup-missing", Boolean(member.reason));
      card.classList.toggle("lineup-stale", Boolean(member.stale));
      card.firstChild.hidden = Boolean(member.reason);
      if (!member.reason) paint(card.firstChild, (c) => valueAt(member, c));
      write(card.children[1], member.title);
      write(card.children[2], member.reason ?? decibels(member.mse));
      card.setAttribute("aria-pressed", String(member.name === line.chosen));
      return card;
    }));
    if (group) row.append(name);
    row.append(list);
    return row;
  }));
}

function choose(name) {
  line.chosen = name;
  looked("autoencoders", { member: name });
  cards.forEach((card, of) => card.setAttribute("aria-pressed", String(of === name)));
  drawChosen();
}

function layout() {
  if (!line.given) return;
  const { wavenumber, clean, corrupted } = line.given, all = [...clean.power.slice(1), ...line.given.given.power.slice(1)];
  axes = powerAxes($("#lineup-spectrum"), wavenumber, -5, Math.ceil(Math.log10(Math.max(...all))));
}

function drawChosen() {
  if (!line.given) return;
  const { clean, given } = line.given, chosen = line.members.get(line.chosen), member = chosen?.reason || chosen?.stale ? null : chosen;
  $$(".ns-frame").forEach((frame, n) => frame.classList.toggle("ns-waiting", n > 1 && !member));
  paint($("[data-big=clean]"), (c) => valueAt(clean, c));
  paint($("[data-big=given]"), (c) => valueAt(given, c));
  const stat = (name, text) => write($(`[data-stat=${name}]`), text), curve = (name, values) => $(`.curve-${name}`).setAttribute("d", values ? axes.line(values) : "");
  stat("given", line.given.corruption === "none" ? "nothing done to it" : `PSNR ${decibels(line.given.mse)}`);
  curve("clean", clean.power);
  curve("corrupted", line.given.corruption === "none" ? null : given.power);
  curve("output", member?.power);
  curve("wrong", member?.error);
  if (chosen?.reason) {
    for (const name of ["output", "error"]) stat(name, "");
    stat("title", chosen.title);
    write("#lineup-sentence", `${chosen.title} is left out: ${chosen.reason}`);
  }
  if (!member) return;
  paint($("[data-big=output]"), (c) => valueAt(member, c));
  paint($("[data-big=error]"), (c) => valueAt(member, c) - valueAt(clean, c));
  stat("title", member.title);
  $("[data-stat=title]").title = member.title;
  stat("output", decibels(member.mse)); // short, so that the name has room
  stat("error", `rms ${numberText(Math.sqrt(member.mse))}`);
  write("#lineup-sentence", sentence(member));
}

// The finest detail of which at least half the power comes out, from the coarse end on.
function halfPower(member) {
  const { wavenumber, clean } = line.given;
  let i = 1;
  while (i < wavenumber.length && member.power[i] >= 0.5 * clean.power[i]) i++;
  return i === wavenumber.length ? 1 : i === 1 ? null : 0.5 / wavenumber[i - 1];
}

function sentence(member) {
  const size = halfPower(member), what = `Its code: ${member.code.replace("none: ", "none, ")}.`;
  if (size === null) return `${what} Less than half the power comes out even of the coarsest details.`;
  return `${what} Half the power or more comes out down to ${pixelsText(size)} ${size === 1 ? "pixel" : "pixels"}.`;
}

function showProgress(answer) {
  const here = [...line.members.values()].filter((member) => !member.stale).length;
  setStatus(answer.state === "done" ? "ready" : `${here} of ${answer.members} members`, here / answer.members);
}

$("#lineup-order").addEventListener("change", () => {
  looked("autoencoders", { order: $("#lineup-order").value });
  drawMembers();
});
fromLink("autoencoders").then(({ member, order }) => {
  line.chosen = member ?? line.chosen;
  if (order) $("#lineup-order").value = order;
});
listen("#lineup-controls");
followUpload("#lineup-upload");
takeDrops("#lineup-upload");
beginWhenSeen("#lineup-begin");
window.lineUp = { ticket, busy, settled, line, choose, newest: () => asked };
new ResizeObserver(() => {
  layout();
  drawChosen();
}).observe($("#lineup-spectrum"));
