// Keeps the address in step with what is on the page, opens what a link says, and hands links out. Nothing here asks the
// server but the one question what a link means, when the page is opened.
const PAUSE = 400; // ms between two writings of the address; browsers refuse more than some three a second
const PATIENCE = 8000; // ms; a link that nobody can read opens the page as it is without
const now = { view: LINK.first, picture: LINK.picture, upload: false, hide: [], values: {}, opened: {} };
for (const view of Object.keys(LINK.views)) [now.values[view], now.opened[view]] = [{}, null];

const given = new URLSearchParams(location.search), own = [...given.keys()].some((name) => !name.startsWith("__"));
let open = false; // whether the link has been opened: before, the address is left as it is

// Places in the plane, six digits each, as in explorer/permalinks/codec.py.
const placeWord = (place) => place.map((v) => String(Math.round(100 * v) + LINK.corner).padStart(3, "0")).join("");

// A value as it is written in a link; a list may be typed with spaces.
function wordOf(value, usual) {
  if (value === null || value === undefined || value === "") return null;
  if (Array.isArray(value?.[0])) return value.map(placeWord).join(",");
  if (Array.isArray(usual) && typeof value === "string") return value.trim().split(/[,\s]+/).join(",");
  return String(value);
}

function words() {
  const values = { ...now.values[now.view], picture: now.picture }, written = [];
  const of = (name) => values[name] ?? LINK.views[now.view].find((entry) => entry.name === name).usual;
  const counts = ({ only }) => !only || of(only[0]) === only[1];
  for (const entry of LINK.views[now.view]) {
    const word = wordOf(values[entry.name], entry.usual);
    if (word !== null && word !== wordOf(entry.usual) && counts(entry)) written.push([entry.name, word]);
  }
  if (now.view !== LINK.first) written.unshift(["view", now.view]);
  const unfolded = now.opened[now.view];
  if (unfolded && String(unfolded) !== String(sections())) written.push(["open", unfolded.join(",") || "none"]);
  if (now.upload && counts(LINK.views[now.view].find(({ name }) => name === "picture"))) written.push(["upload", "1"]);
  if (now.hide.length) written.push(["hide", now.hide.join(",")]);
  return written;
}
const sections = () => Object.entries(LINK.sections[now.view]).filter(([, unfolded]) => unfolded).map(([name]) => name);

const escaped = (word) => encodeURIComponent(word).replaceAll("%2C", ",").replaceAll("%20", "+");
const joined = (pairs) => pairs.map(([name, word]) => `${name}=${escaped(word)}`).join("&");
const link = () => `${location.origin}${location.pathname}?${joined([["v", LINK.version], ...words()])}`;

let timer = 0;
function changed() {
  if (!open || timer) return;
  timer = setTimeout(() => {
    timer = 0;
    const written = words(), kept = [...given].filter(([name]) => name.startsWith("__"));
    const query = joined([...kept, ...(written.length ? [["v", LINK.version], ...written] : [])]);
    const address = location.pathname + (query && `?${query}`) + location.hash;
    if (address !== location.pathname + location.search + location.hash) history.replaceState(history.state, "", address);
  }, PAUSE);
}

// One line at the foot of the window: what is in `address` can be copied by hand; what `stays` must be sent away.
let fading = 0;
function say(text, { stays = true, address = null } = {}) {
  const notice = $("#notice"), input = notice.querySelector("input");
  clearTimeout(fading);
  write(notice.querySelector("p"), text);
  notice.classList.toggle("said", text !== "");
  notice.classList.toggle("asking", address !== null);
  notice.classList.toggle("brief", !stays);
  input.hidden = address === null;
  notice.querySelector("button").hidden = text === "" || !stays;
  if (address !== null) {
    input.value = address;
    input.focus();
    input.select();
  }
  if (!stays && text) fading = setTimeout(() => say(""), 4000);
}

function left() {
  const { picture, upload, values } = now, title = LINK.pictures[picture], lines = [];
  if (upload && words().some(([name]) => name === "upload")) lines.push(`Your own picture is not in the link; it opens with “${title}”.`);
  const { "field.density": density, "field.points": points } = values[now.view];
  if (density === "drawn" && points?.length === 0) lines.push("An empty drawing is not in the link; it opens with the face.");
  return lines;
}

$("#copy-link").addEventListener("click", async () => {
  const address = link(), missing = left();
  say("");
  try {
    await navigator.clipboard.writeText(address); // not there on plain http
    say(["Copied.", ...missing].join(" "), { stays: missing.length > 0 });
  } catch {
    say([...missing, "Copy this link:"].join(" "), { address });
  }
});
$("#notice button").addEventListener("click", () => {
  say("");
  $("#copy-link").focus();
});
$("#notice").addEventListener("keydown", (event) => event.key === "Escape" && $("#notice button").click());

// What a lesson leaves out is left out from the first moment on.
function hide(names) {
  now.hide = LINK.hideable.filter((name) => names.includes(name));
  document.documentElement.dataset.hide = now.hide.join(" ");
  $("#show-all").hidden = !now.hide.length;
}
$("#show-all").addEventListener("click", () => {
  hide([]);
  changed();
  $("#copy-link").focus();
});
hide((given.get("hide") ?? "").split(","));
if (given.has("view")) document.documentElement.dataset.opening = "";

function settle(answer) {
  if (open) return;
  open = true;
  delete document.documentElement.dataset.opening;
  window.linkOpened.resolve({ view: now.view, values: { ...now.values[now.view] } });
  if (answer?.notice) say(answer.notice);
}

// The answer of explorer/ui/permalinks/restore.py; the view counts as opened when its tab is the chosen one.
function take() {
  const answer = props.value;
  if (!answer || open) return;
  Object.assign(now, { view: answer.view, picture: answer.picture });
  Object.assign(now.values[now.view], answer.values);
  now.opened[now.view] = answer.opened;
  document.dispatchEvent(new CustomEvent("picture-chosen", { detail: answer.picture }));
  const chosen = () => (document.querySelector(`#views [data-tab-id="${now.view}"][aria-selected=true]`) ? settle(answer) : requestAnimationFrame(chosen));
  chosen();
}
watch("value", take);
take();
if (own) setTimeout(settle, PATIENCE);

document.addEventListener("looked", ({ detail }) => {
  Object.assign(now.values[detail.view], detail.values);
  changed();
});
// An example has been chosen, or an answer has come in for one, or for the person's own picture.
document.addEventListener("picture-chosen", ({ detail }) => {
  if (!open) return;
  now.upload = !(detail in LINK.pictures);
  if (!now.upload) now.picture = detail;
  changed();
});

window.permalink = {
  link,
  // The link's words for the server. Without any there is nothing to wait for.
  asks() {
    if (!own) settle();
    return location.search.slice(0, LINK.longest + 2);
  },
  failed: () => settle(),
  viewed(view) {
    if (open) now.view = view;
    changed();
  },
  took(view, values) {
    LINK.controls[view].forEach((name, n) => (now.values[view][name] = values[n]));
    changed();
  },
  unfolded(view, section, unfolded) {
    const all = Object.entries(LINK.sections[view]), had = now.opened[view] ?? all.filter(([, usual]) => usual).map(([name]) => name);
    now.opened[view] = all.map(([name]) => name).filter((name) => (name === section ? unfolded : had.includes(name)));
    changed();
  },
  picture: () => (now.upload ? "" : now.picture),
};
