// Pointing at countries, with a mouse, a finger or the keyboard.

/**
 * followPointer calls onPoint for the country under the pointer ("" for none), and
 * onPick, if there is one, when it is clicked or tapped.
 * @param {HTMLElement} container
 * @param {{
 *   find: (x: number, y: number, reach: number) => string,
 *   onPoint: (code: string, x: number, y: number) => void,
 *   onPick?: (code: string) => void,
 * }} country
 */
export function followPointer(container, { find, onPoint, onPick }) {
  /** @param {PointerEvent} event */
  const codeAt = (event) => {
    const box = container.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    return { code: find(x, y, event.pointerType === "touch" ? 12 : 4), x, y };
  };
  container.addEventListener("pointermove", (event) => {
    const { code, x, y } = codeAt(event);
    container.classList.toggle("world-map-pointing", Boolean(onPick && code));
    onPoint(code, x, y);
  });
  container.addEventListener("pointerleave", () => onPoint("", 0, 0));
  if (onPick) container.addEventListener("click", (event) => onPick(codeAt(event).code));
}

/**
 * followKeys goes through the codes that codes() returns with the arrow keys.
 * @param {HTMLElement} container
 * @param {{ codes: () => string[], onMove: (code: string) => void, onPick: (code: string) => void }} countries
 */
export function followKeys(container, { codes, onMove, onPick }) {
  let current = "";
  /** @param {(at: number, n: number) => number} to */
  const move = (to) => {
    const all = codes();
    const at = all.indexOf(current);
    current = all.length > 0 ? all[to(at, all.length)] : "";
    onMove(current);
  };
  const next = () => move((at, n) => (at + 1) % n);
  const back = () => move((at, n) => (at <= 0 ? n - 1 : at - 1));
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowRight: next,
    ArrowDown: next,
    ArrowLeft: back,
    ArrowUp: back,
    Home: () => move(() => 0),
    End: () => move((at, n) => n - 1),
    Enter: () => { if (current) onPick(current); },
    Escape: () => {
      current = "";
      onPick("");
    },
  };
  container.addEventListener("keydown", (event) => {
    const key = keys[event.key];
    if (!key || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    key();
  });
  container.addEventListener("blur", () => { current = ""; });
}
