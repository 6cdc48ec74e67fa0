// How far an answer has come that counts its items.

/**
 * @param {import("./exchange.js").Exchange} exchange
 * @param {import("./exchange.js").Answer} answer
 */
export function showItems(exchange, { state, done = 0, of = 1 }) {
  exchange.ends.setStatus(state === "done" ? "ready" : `${done} of ${of}`, done / of);
}
