// Draws rows of pictures as they arrive.
import { paintPicture } from "../shared/canvas.js";
import { connect } from "../shared/connection.js";
import { find, make } from "../shared/dom.js";
import { decodeSheet, pictureAt } from "../shared/image_codec.js";
import { showItems } from "../shared/progress.js";
import { register } from "../shared/registry.js";

/** @typedef {{ name: string, note: string, count: number, labels: string[] }} Row (component.py, rows_part) */

/**
 * @param {Row} row
 * @param {Uint8ClampedArray[]} pictures
 * @param {number} size rows and columns of each
 */
function rowOf({ name, note, labels }, pictures, size) {
  const row = make("div", { className: "gallery-row" });
  const title = make("div", { className: "gallery-name" });
  title.append(make("b", { textContent: name }), make("small", { textContent: note }));
  const list = make("div", { className: "gallery-pictures" });
  pictures.forEach((picture, n) => {
    const figure = make("figure");
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${name} ${labels[n] ?? n + 1}`);
    paintPicture(canvas, picture, size);
    figure.append(canvas);
    if (labels[n]) figure.append(make("figcaption", { textContent: labels[n] }));
    list.append(figure);
  });
  row.classList.toggle("gallery-missing", !pictures.length);
  row.append(title, list);
  return row;
}

/**
 * Mount a gallery.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 * @param {{ name: string }} constants its name in the page
 */
export function mount(element, props, gradio, { name }) {
  const place = find(element, ".gallery-rows");

  /** @param {import("../shared/wire_format.js").Part} part */
  async function takePart({ size, first, rows, blobs }) {
    const sheet = blobs.length ? await decodeSheet(blobs[0], size) : new Uint8ClampedArray();
    if (first === 0) place.replaceChildren();
    let at = 0;
    for (const row of /** @type {Row[]} */ (rows)) {
      const pictures = Array.from({ length: row.count }, () => pictureAt(sheet, at++, size));
      place.append(rowOf(row, pictures, size));
    }
  }

  const exchange = connect(element, props, gradio, { takePart, showProgress: (answer) => showItems(exchange, answer) });
  register(name, exchange.handles);
}
