// The page's state, kept in the URL's fragment so that a link shows what its
// sender saw: #view=live&ci=1… Defaults are left out, values that are not
// allowed fall back to the default. A credential is never a part of it. An address
// that a user looks up comes in by a link, and goes out by one, but does not stay in
// the fragment: histories keep those.

const oneOf = (...values) => ({ initial: values[0], allows: (v) => values.includes(v) });
const matching = (pattern) => ({ initial: "", allows: (v) => pattern.test(v) });

const names = {
  view: oneOf("live", "statistics", "replay", "private"),
  ci: oneOf("1", "0", "-1"),
  days: oneOf("1", "7", "28"),
  country: matching(/^([A-Z]{2})?$/),
  wall: oneOf("", "1"),
  day: matching(/^(\d{8})?$/),
  at: { initial: "0", allows: (v) => /^\d{1,5}$/.test(v) && Number(v) < 86400 },
  page: oneOf("alerts", "sensors", "address"),
  ip: matching(/^[0-9A-Fa-f:.]{0,45}$/),
};

// parse reads a fragment into a value for every name.
export function parse(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const values = {};
  for (const [name, { initial, allows }] of Object.entries(names)) {
    const value = given.get(name);
    values[name] = value !== null && allows(value) ? value : initial;
  }
  return values;
}

// format writes values as a fragment, "" when all are defaults.
export function format(values) {
  const told = new URLSearchParams();
  for (const [name, { initial }] of Object.entries(names)) {
    if (values[name] !== initial) told.set(name, values[name]);
  }
  return told.size > 0 ? "#" + told : "";
}

// Browsers refuse more than about three changes of the URL a second.
const writeAfter = 400;

// createState returns the state of one window.
export function createState(win) {
  let values = parse(win.location.hash);
  const listeners = new Set();
  let writing = 0;

  const url = (shown) => win.location.pathname + win.location.search + format(shown);
  const kept = () => url({ ...values, ip: "" });

  function write() {
    clearTimeout(writing);
    writing = 0;
    win.history.replaceState(null, "", kept());
  }
  if (values.ip) write();

  function take(next) {
    const changed = Object.keys(names).filter((name) => next[name] !== values[name]);
    values = next;
    for (const { wanted, fn } of [...listeners]) {
      if (changed.some((name) => wanted.includes(name))) fn();
    }
    return changed;
  }

  win.addEventListener("popstate", () => {
    clearTimeout(writing);
    writing = 0;
    const next = parse(win.location.hash);
    const { ip } = next;
    take({ ...next, ip: ip || values.ip });
    if (ip) write();
  });

  return {
    get: (name) => values[name],

    // set changes some values. What is not allowed becomes the default. A change
    // of view is a step of the browser's history, others are not.
    set(changes) {
      const next = { ...values };
      for (const [name, value] of Object.entries(changes)) {
        if (!(name in names)) throw new Error(`state: no value is called ${name}`);
        next[name] = names[name].allows(String(value)) ? String(value) : names[name].initial;
      }
      if (next.view !== values.view) {
        if (writing) write();
        const seen = values;
        values = next;
        win.history.pushState(null, "", kept());
        values = seen;
      } else if (!writing) {
        writing = setTimeout(write, writeAfter);
      }
      take(next);
    },

    // on calls fn when one of names (a name or an array) has changed; the function
    // it returns ends that.
    on(names, fn) {
      const listener = { wanted: [].concat(names), fn };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    // link is the URL that shows what is seen now.
    link: () => win.location.origin + url(values),
  };
}

export const state = typeof window === "undefined" ? null : createState(window);
