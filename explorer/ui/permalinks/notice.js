// One line at the foot of the window.
import { find, write } from "../players/shared/dom.js";

const BRIEF_MS = 4000; // how long a line stands that goes by itself

/**
 * The notice of the masthead; gives what says something. What is in `address` can be copied by hand; what `stays` must
 * be sent away.
 * @param {HTMLElement} element
 * @param {() => void} dismissed
 */
export function createNotice(element, dismissed) {
  const notice = find(element, "#notice");
  const words = find(notice, "p");
  const input = find(notice, "input", HTMLInputElement);
  const button = find(notice, "button");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fading;

  function say(/** @type {string} */ text, { stays = true, address = /** @type {string | null} */ (null) } = {}) {
    clearTimeout(fading);
    write(words, text);
    notice.classList.toggle("said", text !== "");
    notice.classList.toggle("question", address !== null);
    notice.classList.toggle("brief", !stays);
    input.hidden = address === null;
    button.hidden = text === "" || !stays;
    if (address !== null) {
      input.value = address;
      input.focus();
      input.select();
    }
    if (!stays && text) fading = setTimeout(() => say(""), BRIEF_MS);
  }

  button.addEventListener("click", () => {
    say("");
    dismissed();
  });
  notice.addEventListener("keydown", (event) => {
    if (event.key === "Escape") button.click();
  });
  return say;
}
