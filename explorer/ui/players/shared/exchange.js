// The exchange with the server: numbered questions out, the parts of the newest answer in. It knows no document.

/** @typedef {import("./wire_format.js").Part} Part */

/**
 * @typedef {object} Answer an answer that grows part by part under one generation number; more in `progress` sections
 * @property {number} generation the ticket of its question
 * @property {string[]} parts names of what has been computed so far, in this order
 * @property {string} [state] "running" or "done"
 * @property {number} [done]
 * @property {number} [of]
 * @property {number} [autoencoders]
 */

/**
 * @typedef {object} Ends what stands at the two ends of the exchange
 * @property {(name: string) => Promise<Part>} fetchPart
 * @property {(part: Part) => unknown} takePart takes one part in; may be async
 * @property {(answer: Answer) => void} showProgress says how far the answer has come
 * @property {(text: string, share: number, busy?: boolean) => void} setStatus busy unless the text is "ready"
 */

export class Exchange {
  /** @param {Ends} ends */
  constructor(ends) {
    this.ends = ends;
    this.issued = 0; // tickets given out; the server's answer carries its ticket as generation
    this.received = { generation: -1, parts: 0, lost: false }; // of the newest answer begun; older ones are ignored
    /** @type {Answer | null} the answer to take in: an older question's last word can come while its parts are fetched */
    this.newest = null;
    this.queue = Promise.resolve();
  }

  /** A compute control has been changed. */
  busy() {
    this.ends.setStatus("working…", 0);
  }

  /** The server refused: what was there stays. */
  settled() {
    this.ends.setStatus("ready", 1);
  }

  ticket() {
    this.busy();
    return ++this.issued;
  }

  /**
   * Take in what is new in an answer, after what is under way. An older answer than the newest is ignored.
   * @param {Answer | null | undefined} answer
   */
  offer(answer) {
    if (!answer || (this.newest && answer.generation < this.newest.generation)) return;
    this.newest = answer;
    this.queue = this.queue.then(() => this.#receive()).catch(() => this.#incomplete());
  }

  async #receive() {
    const { ends, received } = this;
    const answer = /** @type {Answer} */ (this.newest);
    if (answer.generation > received.generation) {
      Object.assign(received, { generation: answer.generation, parts: 0, lost: false });
    }
    while (received.parts < answer.parts.length) {
      const part = await this.#fetch(answer.parts[received.parts++]);
      if (part && !received.lost) await ends.takePart(part); // each goes on from those before it
      if (/** @type {Answer} */ (this.newest).generation > received.generation) return;
    }
    if (received.generation < this.issued) return; // a newer choice is on its way
    ends.showProgress(answer);
    if (received.lost) this.#incomplete();
  }

  /** @param {string} name */
  async #fetch(name) {
    try {
      return await this.ends.fetchPart(name);
    } catch {
      this.received.lost = true;
      return null;
    }
  }

  #incomplete() {
    this.ends.setStatus("incomplete; choose again", 1, false);
  }

  /** @returns {import("./registry.js").Handles} what the page's events may do */
  get handles() {
    return {
      ticket: () => this.ticket(),
      busy: () => this.busy(),
      settled: () => this.settled(),
      newest: () => this.issued,
    };
  }
}
