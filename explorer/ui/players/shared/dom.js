// Finding, writing and making nodes. What needs a document is called when a player is mounted, not when it is imported.

/**
 * The first node below `root` that matches. Throws TypeError where there is none of that type.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {abstract new (...args: any[]) => T} [type]
 * @returns {T}
 */
export function find(root, selector, type) {
  const node = root.querySelector(selector);
  if (!(node instanceof (type ?? HTMLElement))) throw new TypeError(`nothing of the right type is at ${selector}`);
  return /** @type {T} */ (node);
}

/**
 * All nodes of that type below `root` that match.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {abstract new (...args: any[]) => T} [type]
 * @returns {T[]}
 */
export const findAll = (root, selector, type) =>
  /** @type {T[]} */ ([...root.querySelectorAll(selector)].filter((node) => node instanceof (type ?? HTMLElement)));

/**
 * Write a text; the same text again would cost a layout in every frame.
 * @param {Element} node
 * @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Make an element with these properties.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @returns {HTMLElementTagNameMap[K]}
 */
export const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

/**
 * Append a node to a drawing.
 * @param {Element} parent
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
export function addSvg(parent, tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

/**
 * Hand a text or bytes to the person as a file.
 * @param {BlobPart} content
 * @param {string} type MIME type
 * @param {string} name
 */
export function download(content, type, name) {
  const link = make("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
