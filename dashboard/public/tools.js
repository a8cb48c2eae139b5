// The switches of the bar, and what it tells of the stream.

const statusTexts = {
  connecting: "Connecting",
  live: "Live",
  waiting: "Connection lost, trying again",
  full: "Server is busy, trying again",
  users: "Private alerts are not shown live here",
};

// bind keeps a select and a value of the state the same.
function bind(state, name) {
  const select = document.getElementById(name);
  const show = () => { select.value = state.get(name); };
  select.addEventListener("change", () => state.set({ [name]: select.value }));
  state.on(name, show);
  show();
}

// told shows on a button, for a while, what came of it.
function told(button, text) {
  const before = button.dataset.text ?? button.textContent;
  button.dataset.text = before;
  button.textContent = text;
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => { button.textContent = before; }, 2500);
}

async function copyLink(button, link) {
  try {
    await navigator.clipboard.writeText(link);
    told(button, "Copied");
  } catch {
    // Over plain http there is no clipboard: the link is in the address bar.
    told(button, "Copy it from the address bar");
  }
}

export function mountTools({ state, feed, wall }) {
  bind(state, "ci");
  bind(state, "days");

  const copy = document.getElementById("copy");
  copy.addEventListener("click", () => copyLink(copy, state.link()));
  document.getElementById("wall").addEventListener("click", () => wall.enter());

  const bar = document.querySelector(".bar");
  const options = document.getElementById("options");
  options.addEventListener("click", () => {
    const open = bar.toggleAttribute("data-options");
    options.setAttribute("aria-expanded", String(open));
  });

  // A fragment is our state: a link to #main would be a change of it.
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });

  const shown = document.getElementById("stream-state");
  const show = (status) => {
    shown.dataset.status = status;
    shown.textContent = statusTexts[status];
  };
  feed.on("status", show);
  show(feed.status);
}
