import { secondsAStep } from "./replay-time.js";

const mostAhead = 8; // chunks
const longestFrame = 250; // milliseconds: after a longer pause it goes on from where it was
const mostShown = 50; // alerts a second: more than the map can show would end others' flights

// Player goes through a day at a speed. It holds no clock of its own: advance is
// told how much time has passed.
export class Player {
  // chunks has get and want; show(alert) is called for alerts at their moment.
  constructor(chunks, show) {
    this.chunks = chunks;
    this.show = show;
    this.at = 0;
    this.end = 0;
    this.speed = 60;
    this.credit = 0;
  }

  get step() {
    return Math.floor(this.at / secondsAStep);
  }

  seek(at) {
    this.at = Math.max(0, Math.min(at, this.end));
  }

  // prepare asks for what will be needed next.
  prepare() {
    const last = Math.ceil(this.end / secondsAStep) - 1;
    const ahead = Math.min(mostAhead, 1 + Math.floor(this.speed / 60));
    const steps = [];
    for (let step = this.step; step <= Math.min(last, this.step + ahead); step++) steps.push(step);
    this.chunks.want(steps);
  }

  // advance returns "playing", "waiting" for a chunk, or "ended".
  advance(milliseconds) {
    if (this.at >= this.end) return "ended";
    this.prepare();
    const chunk = this.chunks.get(this.step);
    if (!chunk) return "waiting";
    // A picture's time may be a little before that at which play was pressed.
    const passed = (Math.max(0, Math.min(milliseconds, longestFrame)) / 1000) * this.speed;
    const to = Math.min(this.at + passed, this.end, (this.step + 1) * secondsAStep);
    for (let i = firstFrom(chunk.alerts, this.at); i < chunk.alerts.length && chunk.alerts[i].second < to; i++) {
      this.#offer(chunk.alerts[i]);
    }
    this.at = to;
    return "playing";
  }

  // offer leaves alerts out evenly when there are too many to be seen.
  #offer(alert) {
    this.credit += Math.min(1, mostShown / this.speed);
    if (this.credit < 1) return;
    this.credit -= 1;
    this.show(alert);
  }
}

// firstFrom finds the first of a sorted list that is not before a second.
function firstFrom(alerts, second) {
  let low = 0;
  let high = alerts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (alerts[middle].second < second) low = middle + 1;
    else high = middle;
  }
  return low;
}
