// What the players of all views share: finding and writing their own nodes, numbers as words, parts from the server.
const $ = (selector) => element.querySelector(selector);
const $$ = (selector) => [...element.querySelectorAll(selector)];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const numberText = (value) => (value === 0 ? "0" : value >= 10 ? value.toFixed(0) : value.toPrecision(2));
const pixelsText = (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ""));

// Writing the same text again would cost a layout in every frame.
function write(selector, text) {
  const node = typeof selector === "string" ? $(selector) : selector;
  if (node.textContent !== text) node.textContent = text;
}

// What the link that opened the page says of a view, {} without one; explorer/ui/permalinks/masthead.js keeps the promise.
window.linkOpened ??= Promise.withResolvers();
const fromLink = (view) => window.linkOpened.promise.then((link) => (link.view === view ? link.values : {}));
// Tells the address how a view is looked at, by the names of explorer/permalinks/schema.py; null is the default.
const looked = (view, values) => document.dispatchEvent(new CustomEvent("looked", { detail: { view, values } }));

// An answer for this picture is on the page; an id that is no example's stands for the person's own.
const pictureShown = (name) => document.dispatchEvent(new CustomEvent("picture-chosen", { detail: name }));

// One part of an answer (explorer/server/blob_store.py): its header with `blobs` turned into bytes.
async function fetchPart(name) {
  const response = await fetch(`${window.gradio_config?.root ?? ""}/parts/${name}`);
  if (!response.ok) throw new Error(await response.text());
  const buffer = await response.arrayBuffer(), length = new DataView(buffer).getUint32(0, true);
  const part = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let start = 4 + length;
  part.blobs = part.blobs.map((size) => buffer.slice(start, (start += size)));
  return part;
}

// The pictures of a sheet (explorer/ui/players/shared/image_sheets.py) one after the other, RGBA; size: rows and columns of each.
async function sheet(bytes, size) {
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const steps = new Uint8Array(await new Response(inflated).arrayBuffer()), plane = size * size;
  const pictures = new Uint8ClampedArray((steps.length / 3) * 4);
  for (let at = 0, out = 0; at < steps.length; at += 3 * plane) {
    for (let row = 0; row < plane; row += size) {
      let red = 0, green = 0, blue = 0;
      for (let i = at + row; i < at + row + size; i++, out += 4) {
        red += steps[i];
        green += steps[i + plane];
        blue += steps[i + 2 * plane];
        pictures[out] = (red + green) & 255;
        pictures[out + 1] = green & 255;
        pictures[out + 2] = (blue + green) & 255;
        pictures[out + 3] = 255;
      }
    }
  }
  return pictures;
}

// The pixels of a canvas, kept between frames; the canvas takes the size of the picture.
const kept = new WeakMap();
function imageFor(canvas, width, height) {
  let image = kept.get(canvas);
  if (image?.width !== width || image.height !== height || canvas.width !== width) {
    [canvas.width, canvas.height] = [width, height];
    image = new ImageData(width, height);
    image.data.fill(255);
    kept.set(canvas, image);
  }
  return image;
}

// Hands a text or bytes to the person as a file.
function download(content, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

// Each [data-explain] button opens two sentences and the formula in the view's .explanation.
function explainWords(explanations) {
  $$("[data-explain]").forEach((button) => {
    button.addEventListener("click", () => {
      const note = $(".explanation"), same = note.dataset.of === button.dataset.explain && !note.hidden;
      note.hidden = same;
      note.dataset.of = button.dataset.explain;
      note.innerHTML = explanations[button.dataset.explain];
      $$("[data-explain]").forEach((b) => b.setAttribute("aria-expanded", String(b === button && !same)));
    });
  });
}
