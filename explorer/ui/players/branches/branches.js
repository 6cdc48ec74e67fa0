// Draws the newest state of the branches; there is nothing to scrub here.
const NORMAL = { left: 40, right: 12, top: 10, bottom: 34 };

async function takePart(part) {
  const { size, count } = part, pictures = await sheet(part.blobs[0], size);
  const stride = size * size * 4, picture = (n) => new ImageData(pictures.slice(n * stride, (n + 1) * stride), size, size);
  const row = $(".branch-siblings");
  while (row.children.length > count) row.lastChild.remove();
  while (row.children.length < count) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Branch ${row.children.length + 1}`);
    row.append(canvas);
  }
  [...row.children, $("[data-picture=mean]"), $("[data-picture=map]")].forEach((canvas, n) => {
    [canvas.width, canvas.height] = [size, size];
    canvas.getContext("2d").putImageData(picture(n), 0, 0);
  });
  element.classList.toggle("ns-crisp", size < 128);
  $$(".ns-frame").forEach((node) => node.classList.remove("ns-waiting"));
  write(".branch-spread", `rms ${numberText(part.spread)}`);
  write("#branch-sentence", sentence(part));
  drawAgreement(part);
  $(".branches").dataset.done = part.done;
  shownPart = part;
}
let shownPart = null;

function sentence({ decided, sigma, origin, step, done, steps }) {
  const from = origin === "step" ? `From step ${step} (σ ${numberText(sigma)})` : `Noised to σ ${numberText(sigma)} and regenerated`;
  if (done < steps) return `${from}: step ${done} of ${steps}…`;
  if (decided === null) return `${from}, nothing is decided: the branches are different pictures.`;
  if (decided <= 1) return `${from}, everything is decided: the branches are the same picture.`;
  return `${from}, everything larger than about ${pixelsText(decided)} pixels is decided; what is smaller is open.`;
}

function drawAgreement({ edges, agreement, decided }) {
  const svg = $(".branch-curve svg"), width = svg.clientWidth || 420, height = svg.clientHeight || 192;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const [low, high] = [Math.log2(edges[0]), Math.log2(edges.at(-1))], bottom = height - NORMAL.bottom;
  const toX = (k) => NORMAL.left + ((Math.log2(k) - low) / (high - low)) * (width - NORMAL.left - NORMAL.right);
  const toY = (share) => NORMAL.top + (1 - clamp(share, 0, 1)) * (bottom - NORMAL.top);
  for (const share of [0, 0.5, 1]) {
    add(svg, "line", { x1: NORMAL.left, x2: width - NORMAL.right, y1: toY(share), y2: toY(share), class: share === 0.5 ? "half" : "" });
    add(svg, "text", { x: NORMAL.left - 6, y: toY(share) + 4, "text-anchor": "end" }, `${100 * share} %`);
  }
  edges.forEach((k) => {
    add(svg, "line", { x1: toX(k), x2: toX(k), y1: NORMAL.top, y2: bottom });
    add(svg, "text", { x: toX(k), y: bottom + 14, "text-anchor": "middle" }, pixelsText(0.5 / k));
  });
  add(svg, "text", { x: width - NORMAL.right, y: height - 4, "text-anchor": "end" }, "feature size (pixels)");
  const points = agreement.map((share, n) => share !== null && [toX(Math.sqrt(edges[n] * edges[n + 1])), toY(share)]).filter(Boolean);
  add(svg, "polyline", { points: points.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" "), class: "agreement" });
  points.forEach(([x, y]) => add(svg, "circle", { cx: x, cy: y, r: 3.5, class: "agreement" }));
  if (decided > 1) {
    const x = toX(clamp(0.5 / decided, edges[0], edges.at(-1)));
    add(svg, "line", { x1: x, x2: x, y1: NORMAL.top, y2: bottom, class: "decided" });
    add(svg, "text", { x: x - 6, y: bottom - 8, "text-anchor": "end" }, "decided");
    add(svg, "text", { x: x + 6, y: bottom - 8 }, "open");
  }
}

const showProgress = ({ state }) => {
  const done = shownPart ? shownPart.done / shownPart.steps : 0;
  setStatus(state === "done" ? "ready" : `step ${shownPart?.done ?? 0} of ${shownPart?.steps ?? ""}`, done);
};
listen();
window.branchPlayer = { ticket, settled, newest: () => asked, shown: () => shownPart };
new ResizeObserver(() => shownPart && drawAgreement(shownPart)).observe($(".branch-curve svg"));
