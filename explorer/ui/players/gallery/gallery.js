// Draws rows of pictures as they arrive.
async function takePart(part) {
  const { size } = part, pictures = part.blobs.length ? await sheet(part.blobs[0], size) : null, stride = size * size * 4, place = $(".gallery-rows");
  if (part.first === 0) place.replaceChildren();
  let at = 0;
  for (const { name, note, count, labels } of part.rows) {
    const row = document.createElement("div"), title = document.createElement("div"), list = document.createElement("div");
    [row.className, title.className, list.className] = ["gallery-row", "gallery-name", "gallery-pictures"];
    title.append(Object.assign(document.createElement("b"), { textContent: name }), Object.assign(document.createElement("small"), { textContent: note }));
    for (let n = 0; n < count; n++, at++) {
      const figure = document.createElement("figure"), canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [size, size];
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${name} ${labels[n] ?? n + 1}`);
      canvas.getContext("2d").putImageData(new ImageData(pictures.slice(at * stride, (at + 1) * stride), size, size), 0, 0);
      figure.append(canvas);
      if (labels[n]) figure.append(Object.assign(document.createElement("figcaption"), { textContent: labels[n] }));
      list.append(figure);
    }
    row.classList.toggle("gallery-missing", !count);
    row.append(title, list);
    place.append(row);
  }
}
const showProgress = ({ state, done, of }) => setStatus(state === "done" ? "ready" : `${done} of ${of}`, done / of);
listen();
window.galleries = { ...window.galleries, [$(".gallery").dataset.name]: { ticket, settled, newest: () => asked } };
