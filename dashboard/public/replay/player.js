import { secondsAStep } from "./time.js";

const maxAhead = 8; // chunks
const maxFrame = 250; // milliseconds: after a longer pause it goes on from where it was
const maxShown = 50; // alerts a second: more than the map can show would end others' flights

/**
 * createPlayer goes through a day at a speed. It has no clock of its own: advance gets
 * the time that has passed.
 * @param {Pick<Chunks, "get" | "want">} chunks
 * @param {{
 *   show: (alert: ReplayAlert) => void,
 *   passed: (alert: ReplayAlert, weight: number) => void,
 * }} on passed is called for all of a chunk's alerts at their moment, with how many one
 *   stands for; show for those that can be seen
 */
export function createPlayer(chunks, { show, passed }) {
  let credit = 0;

  /** offer leaves alerts out evenly when there are too many to be seen. @param {ReplayAlert} alert */
  function offer(alert) {
    credit += Math.min(1, maxShown / player.speed);
    if (credit < 1) return;
    credit -= 1;
    show(alert);
  }

  const player = {
    at: 0, // seconds of the day, as end is
    end: 0,
    speed: 60,

    get step() {
      return Math.floor(player.at / secondsAStep);
    },

    /** @param {number} at */
    seek(at) {
      player.at = Math.max(0, Math.min(at, player.end));
    },

    /** prepare asks for what will be needed next. */
    prepare() {
      const last = Math.ceil(player.end / secondsAStep) - 1;
      const ahead = Math.min(maxAhead, 1 + Math.floor(player.speed / 60));
      const steps = [];
      for (let step = player.step; step <= Math.min(last, player.step + ahead); step++) steps.push(step);
      chunks.want(steps);
    },

    /**
     * advance plays on; it waits for a chunk that is not there yet.
     * @param {number} milliseconds
     * @returns {"playing" | "waiting" | "ended"}
     */
    advance(milliseconds) {
      if (player.at >= player.end) return "ended";
      player.prepare();
      const chunk = chunks.get(player.step);
      if (!chunk) return "waiting";
      // A picture's time may be a little before that at which play was pressed.
      const seconds = (Math.max(0, Math.min(milliseconds, maxFrame)) / 1000) * player.speed;
      const to = Math.min(player.at + seconds, player.end, (player.step + 1) * secondsAStep);
      for (let i = firstFrom(chunk.alerts, player.at); i < chunk.alerts.length && chunk.alerts[i].second < to; i++) {
        passed(chunk.alerts[i], chunk.weight);
        offer(chunk.alerts[i]);
      }
      player.at = to;
      return "playing";
    },
  };
  return player;
}

/** firstFrom finds the first of a sorted list that is not before a second. @param {ReplayAlert[]} alerts @param {number} second */
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
