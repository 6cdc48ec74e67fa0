// The exchange with the server: numbered questions out, the parts of the newest answer in. The view's own script has
// takePart(part), which takes one in, and showProgress(answer), which says how far the answer has come.
const received = { generation: -1, parts: 0, lost: false }; // of the newest answer begun; older ones are ignored
let asked = 0; // tickets given out; the server's answer carries its ticket as generation
let newest = null; // the answer to take in: an older question's last word can come while this one's parts are fetched

function setStatus(text, share) {
  write(".ns-status", text);
  $(".ns-progress").style.setProperty("--share", share);
  element.classList.toggle("ns-busy", text !== "ready");
}
const busy = () => setStatus("working…", 0); // a compute control has been changed
const settled = () => setStatus("ready", 1); // the server refused: what was there stays
function incomplete() {
  setStatus("incomplete; choose again", 1);
  element.classList.remove("ns-busy");
}
const ticket = () => {
  busy();
  return ++asked;
};

// An answer grows part by part under one generation number; a newer one ends an older one.
async function receive() {
  const answer = newest;
  if (!answer) return;
  if (answer.generation > received.generation) {
    Object.assign(received, { generation: answer.generation, parts: 0, lost: false });
  }
  while (received.parts < answer.parts.length) {
    const part = await fetchPart(answer.parts[received.parts++]).catch(() => (received.lost = true) && null);
    if (part && !received.lost) await takePart(part); // each goes on from those before it
    if (newest.generation > received.generation) return;
  }
  if (received.generation < asked) return; // a newer choice is on its way
  showProgress(answer);
  if (received.lost) incomplete();
}

let queue = Promise.resolve();
function enqueue() {
  const answer = props.value;
  if (!answer || answer.generation < newest?.generation) return;
  newest = answer;
  queue = queue.then(receive).catch(incomplete);
}
function listen(controls) {
  watch("value", enqueue);
  enqueue();
  if (!controls) return;
  // The page says that it is busy in the same moment as a control is moved, not when Gradio gets round to it.
  document.addEventListener("input", (event) => event.target.closest(controls) && busy(), true);
}

// Presses the button that begins the first computation when the player is first seen, and what a link says is on the
// page: most visitors start elsewhere. A press before Gradio listens is lost; one that is heard takes a ticket.
async function beginWhenSeen(button) {
  await window.linkOpened.promise;
  const press = () => {
    if (props.value || asked) return;
    document.querySelector(button)?.click();
    setTimeout(press, 500);
  };
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    press();
  }).observe(element);
}

// Follows an upload through the input inside `button`: busy at once, settled when it is refused on the way up.
function followUpload(button) {
  document.addEventListener("change", (event) => {
    if (!event.target.matches(`${button} input[type=file]`) || !event.target.files.length) return;
    busy();
    const toasts = () => document.querySelectorAll(".toast-body").length, before = toasts(), begun = received.generation;
    const watcher = new MutationObserver(() => {
      if (received.generation === begun && toasts() <= before) return;
      if (received.generation === begun) settled(); // no answer will come
      watcher.disconnect();
    });
    watcher.observe(document.body, { childList: true, subtree: true });
  }, true);
}

// Pictures can be dropped anywhere on the player, or pasted while it is shown: both take the way of the upload button.
function takeDrops(button) {
  const offer = (files) => {
    const input = document.querySelector(`${button} input[type=file]`);
    if (!files.length || !input || !element.checkVisibility()) return;
    const transfer = new DataTransfer();
    transfer.items.add(files[0]);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("ns-drop");
  });
  element.addEventListener("dragleave", () => element.classList.remove("ns-drop"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("ns-drop");
    offer(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => offer(event.clipboardData?.files ?? []));
}
