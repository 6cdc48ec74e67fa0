// Says how far an answer has come that is drawn elsewhere.
import { connect } from "../shared/connection.js";
import { showItems } from "../shared/progress.js";
import { register } from "../shared/registry.js";

/**
 * Mount the progress of a section.
 * @param {HTMLElement} element
 * @param {import("../shared/connection.js").Props} props
 * @param {import("../shared/connection.js").Gradio} gradio
 * @param {{ name: string }} constants its name in the page
 */
export function mount(element, props, gradio, { name }) {
  const exchange = connect(element, props, gradio, {
    takePart: () => {},
    showProgress: (answer) => showItems(exchange, answer),
  });
  register(name, exchange.handles);
}
