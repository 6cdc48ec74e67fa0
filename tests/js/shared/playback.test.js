import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Playback, ticking } from "../../../explorer/ui/players/shared/playback.js";

const LAST = 3;
let position = 0;
/** @type {boolean[]} */
let shown = [];
/** @type {((seconds: number) => void) | null} */
let advance = null;
let empty = false;
/** @type {Playback} */
let playback;

beforeEach(() => {
  position = 0;
  shown = [];
  advance = null;
  empty = false;
  playback = new Playback({
    clock: (call) => {
      advance = call;
      return () => (advance = null);
    },
    advance: () => (position < LAST ? position++ : playback.play(false)),
    canPlay: () => !empty,
    atEnd: () => position >= LAST,
    rewind: () => (position = 0),
    show: (playing) => shown.push(playing),
  });
});

test("playing goes on with the clock and stops at the end", () => {
  playback.play(true);
  while (advance) advance(0.1);
  assert.deepEqual([position, playback.playing, shown], [LAST, false, [true, false]]);
});

test("playing at the end begins anew", () => {
  position = LAST;
  playback.play(true);
  assert.equal(position, 0);
});

test("playing again takes the clock anew and goes on where it is", () => {
  playback.play(true);
  advance?.(0.1);
  const before = advance;
  playback.play(true);
  assert.notEqual(advance, null);
  assert.deepEqual([position, before === null], [1, false]);
});

test("pausing stops the clock", () => {
  playback.toggle();
  assert.equal(playback.playing, true);
  playback.toggle();
  assert.deepEqual([playback.playing, advance], [false, null]);
});

test("where there is nothing to play the clock does not start", () => {
  empty = true;
  playback.play(true);
  assert.equal(advance, null);
});

test("a ticking clock keeps its rate until it is stopped", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  let ticks = 0;
  const stop = ticking(() => 10)((seconds) => {
    assert.equal(seconds, 0.1);
    ticks++;
  });
  mock.timers.tick(350);
  stop();
  mock.timers.tick(1000);
  assert.equal(ticks, 3);
  mock.timers.reset();
});
