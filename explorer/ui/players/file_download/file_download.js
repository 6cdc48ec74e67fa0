// Hands a file that the server has made to the person.
import { download } from "../shared/dom.js";
import { fetchPart } from "../shared/wire_format.js";

/**
 * Mount the download of a file.
 * @param {HTMLElement} _
 * @param {{ value: { part: string } | null }} props
 * @param {import("../shared/connection.js").Gradio} gradio
 */
export function mount(_, props, { watch }) {
  let taken = ""; // the value may have come before this module
  const take = async () => {
    if (!props.value || props.value.part === taken) return;
    taken = props.value.part;
    const part = await fetchPart(taken);
    download(part.blobs[0], part.mime, part.filename);
  };
  watch("value", take);
  take();
}
