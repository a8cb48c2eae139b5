// Pointing at countries, with a mouse, a finger or the keyboard.

// followPointer calls onPoint(code, x, y) for the country under the pointer
// ("" for none) and onPick(code), if there is one, when it is clicked or tapped.
export function followPointer(container, { find, onPoint, onPick, signal }) {
  const codeAt = (event) => {
    const box = container.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    return { code: find(x, y, event.pointerType === "touch" ? 12 : 4), x, y };
  };
  const on = (type, fn) => container.addEventListener(type, fn, { signal });
  on("pointermove", (event) => {
    const { code, x, y } = codeAt(event);
    container.classList.toggle("world-map-pointing", Boolean(onPick && code));
    onPoint(code, x, y);
  });
  on("pointerleave", () => onPoint("", 0, 0));
  if (onPick) on("click", (event) => onPick(codeAt(event).code));
}

// followKeys goes through the codes that codes() gives with the arrow keys.
export function followKeys(container, { codes, onMove, onPick, signal }) {
  let current = "";
  const move = (to) => {
    const all = codes();
    const at = all.indexOf(current);
    current = all.length > 0 ? all[to(at, all.length)] : "";
    onMove(current);
  };
  const next = () => move((at, n) => (at + 1) % n);
  const back = () => move((at, n) => (at <= 0 ? n - 1 : at - 1));
  const keys = {
    ArrowRight: next,
    ArrowDown: next,
    ArrowLeft: back,
    ArrowUp: back,
    Home: () => move(() => 0),
    End: () => move((at, n) => n - 1),
    Enter: () => current && onPick(current),
    Escape: () => {
      current = "";
      onPick("");
    },
  };
  container.addEventListener(
    "keydown",
    (event) => {
      const key = keys[event.key];
      if (!key || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      key();
    },
    { signal },
  );
  container.addEventListener("blur", () => (current = ""), { signal });
}
