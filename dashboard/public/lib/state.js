// The page's state, kept in the URL's fragment so that a link shows what its
// sender saw: #view=live&ci=1… Defaults are left out, values that are not
// allowed fall back to the default. A credential is never a part of it. An address
// that a user looks up comes in by a link, and goes out by one, but does not stay in
// the fragment: histories keep those.

/** @param {...string} values */
const oneOf = (...values) => ({ initial: values[0], allows: (/** @type {string} */ v) => values.includes(v) });
/** @param {RegExp} pattern */
const matching = (pattern) => ({ initial: "", allows: (/** @type {string} */ v) => pattern.test(v) });

/** @type {Record<keyof Values, { initial: string, allows: (value: string) => boolean }>} */
const names = {
  view: oneOf("live", "statistics", "replay", "private"),
  ci: oneOf("1", "0", "-1"),
  days: oneOf("1", "7", "28"),
  country: matching(/^([A-Z]{2})?$/),
  wall: oneOf("", "1"),
  day: matching(/^(\d{8})?$/),
  at: { initial: "0", allows: (v) => /^\d{1,5}$/.test(v) && Number(v) < 86400 },
  page: oneOf("alerts", "sensors", "address", "feeds"),
  feed: matching(/^([a-z0-9][a-z0-9_-]{0,31})?$/),
  client: matching(/^[a-z]{0,20}$/),
  ip: matching(/^[0-9A-Fa-f:.]{0,45}$/),
};

/** @param {string} name @returns {name is keyof Values} */
const isName = (name) => Object.hasOwn(names, name);
const keys = Object.keys(names).filter(isName);

/** parse reads a fragment into a value for every name. @param {string} hash @returns {Values} */
export function parse(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {Record<string, string>} */
  const values = {};
  for (const [name, { initial, allows }] of Object.entries(names)) {
    const value = given.get(name);
    values[name] = value !== null && allows(value) ? value : initial;
  }
  return /** @type {any} */ (values);
}

/** format writes values as a fragment, "" when all are defaults. @param {Values} values */
export function format(values) {
  const params = new URLSearchParams();
  for (const name of keys) {
    if (values[name] !== names[name].initial) params.set(name, values[name]);
  }
  return params.size > 0 ? "#" + params : "";
}

// Browsers refuse more than about three changes of the URL a second.
const writeAfter = 400;

/** createState returns the state of one window. @param {Window} win */
export function createState(win) {
  let values = parse(win.location.hash);
  /** @type {Set<{ wanted: (keyof Values)[], fn: () => void }>} */
  const listeners = new Set();
  let writing = 0;

  /** @param {Values} shown */
  const url = (shown) => win.location.pathname + win.location.search + format(shown);
  const kept = () => url({ ...values, ip: "" });

  function write() {
    clearTimeout(writing);
    writing = 0;
    win.history.replaceState(null, "", kept());
  }
  if (values.ip) write();

  /** @param {Values} next */
  function take(next) {
    const changed = keys.filter((name) => next[name] !== values[name]);
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
    /** @template {keyof Values} Name @param {Name} name */
    get: (name) => values[name],

    /**
     * set changes some values. What is not allowed becomes the default. A change
     * of view is a step of the browser's history, others are not.
     * @param {{ [name in keyof Values]?: string | number }} changes
     */
    set(changes) {
      const given = Object.entries(changes).map(([name, value]) => {
        if (!isName(name)) throw new Error(`state: no value is called ${name}`);
        return [name, names[name].allows(String(value)) ? String(value) : names[name].initial];
      });
      const next = { ...values, ...Object.fromEntries(given) };
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

    /**
     * on calls fn when one of the values has changed; the function it returns ends that.
     * @param {keyof Values | (keyof Values)[]} wanted
     * @param {() => void} fn
     */
    on(wanted, fn) {
      const listener = { wanted: [wanted].flat(), fn };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** link is the URL that shows what is seen now. */
    link: () => win.location.origin + url(values),
  };
}

/** state is the page's own. There is none where there is no page, as in tests. */
export const state = /** @type {State} */ (typeof window === "undefined" ? null : createState(window));
