// A page whose clock and elements are the test's own.

class FakeElement {
  constructor(tag) {
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, dataset: {}, hidden: false });
    this.style = { setProperty() {} };
    this.classList = {
      add: (name) => { if (!this.hasClass(name)) this.attributes.class = `${this.attributes.class ?? ""} ${name}`.trim(); },
      toggle() {},
    };
  }

  get textContent() {
    return this.children.map((child) => child.textContent ?? child).join("");
  }

  set textContent(text) {
    this.children = [text];
  }

  append(...children) {
    this.children.push(...children);
    for (const child of children) if (child instanceof FakeElement) child.parent = this;
  }

  after() {}

  focus() {}

  matches() {
    return false;
  }

  replaceChildren(...children) {
    this.children = [];
    this.append(...children);
  }

  insertBefore(child, before) {
    child.remove();
    child.parent = this;
    this.children.splice(before ? this.children.indexOf(before) : this.children.length, 0, child);
  }

  remove() {
    const at = this.parent?.children.indexOf(this) ?? -1;
    if (at >= 0) this.parent.children.splice(at, 1);
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  removeAttribute(name) {
    delete this.attributes[name];
  }

  toggleAttribute() {}

  addEventListener(type, fn) {
    this.listeners[type] = fn;
  }

  hasClass(name) {
    return this.attributes.class?.split(" ").includes(name) ?? false;
  }

  querySelector(tag) {
    return this.all(tag)[0] ?? null;
  }

  // withClass finds the elements below that have a class.
  withClass(name) {
    return this.children.filter((child) => child instanceof FakeElement)
      .flatMap((child) => [...(child.hasClass(name) ? [child] : []), ...child.withClass(name)]);
  }

  // all finds the elements below that have a tag.
  all(tag) {
    return this.children.filter((child) => child instanceof FakeElement)
      .flatMap((child) => [...(child.tag === tag ? [child] : []), ...child.all(tag)]);
  }
}

// fakePage puts timers, performance.now and document into the test's hands.
export function fakePage(t) {
  let now = 0;
  let made = 0;
  const timers = new Map();
  const later = (every) => (fn, after = 0) => {
    timers.set(++made, { fn, at: now + after, every: every ? after : 0 });
    return made;
  };
  const cancel = (id) => { timers.delete(id); };
  const replaced = {
    setTimeout: later(false), setInterval: later(true), requestAnimationFrame: (fn) => later(false)(() => fn(now), 16),
    clearTimeout: cancel, clearInterval: cancel, cancelAnimationFrame: cancel,
  };
  const listeners = [];
  const named = new Map();
  const fakeDocument = {
    hidden: false,
    getElementById: (id) => named.get(id) ?? named.set(id, new FakeElement("div")).get(id),
    createElement: (tag) => new FakeElement(tag),
    createElementNS: (_, tag) => new FakeElement(tag),
    addEventListener: (type, fn) => { if (type === "visibilitychange") listeners.push(fn); },
  };
  const before = Object.fromEntries(Object.keys(replaced).map((name) => [name, globalThis[name]]));
  Object.assign(globalThis, replaced, { document: fakeDocument, ResizeObserver: class { observe() {} } });
  t.after(() => {
    Object.assign(globalThis, before);
    delete globalThis.document;
    delete globalThis.ResizeObserver;
    delete performance.now;
  });
  performance.now = () => now; // a mock would keep every call

  return {
    document: fakeDocument,
    element: () => new FakeElement("section"),
    // timers are how many there are, pictures that are asked for included.
    get timers() {
      return timers.size;
    },
    // pass lets time go by, and what was awaited in it be done.
    async pass(ms) {
      const until = now + ms;
      for (;;) {
        await new Promise(setImmediate);
        const [id, next] = [...timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
        if (!next || next.at > until) break;
        now = next.at;
        if (next.every) next.at += next.every;
        else timers.delete(id);
        next.fn();
      }
      now = until;
    },
    hide(hidden) {
      fakeDocument.hidden = hidden;
      for (const fn of listeners) fn();
    },
  };
}

// fakeState is a state that a test sets, without a URL.
export function fakeState(values = {}) {
  const listeners = [];
  return {
    values,
    get: (name) => values[name] ?? "",
    set(changes) {
      Object.assign(values, changes);
      for (const [names, fn] of listeners) if (names.some((name) => name in changes)) fn();
    },
    on: (names, fn) => { listeners.push([[].concat(names), fn]); },
  };
}

// fakeFeed is a feed that says what a test says.
export function fakeFeed() {
  const listeners = { alert: [], rate: [], count: [], status: [] };
  return {
    status: "live",
    on: (type, fn) => { listeners[type].push(fn); },
    say(type, value) {
      if (type === "status") this.status = value;
      for (const fn of listeners[type]) fn(value);
    },
  };
}

// fakeApi is a server that answers what answer(path, params) returns, or fails as it
// throws. Its answers are as of asOf, which the test turns, or what asOf returns of a path.
export function fakeApi(answer, asOf = 0) {
  const sessions = [];
  const api = {
    asOf,
    asked: [], // paths with their parameters, in the order of the alphabet
    now: () => api.time ?? (typeof api.asOf === "function" ? 0 : api.asOf),
    onSession: (fn) => sessions.push(fn),
    endSession: () => sessions.forEach((fn) => fn(null)),
    async ask(path, params = {}) {
      const name = path.slice("/alert/".length);
      api.asked.push(`${name}?${new URLSearchParams(Object.entries(params).sort())}`);
      const told = typeof api.asOf === "function" ? api.asOf(name) : api.asOf;
      return { answer: await answer(name, params), asOf: told };
    },
    get: async (path, params) => (await api.ask(path, params)).answer,
  };
  return api;
}

// fakeMap is a map that shows nothing, but does what the test gives it to do.
export const fakeMap = (does = {}) => ({ add() {}, clear() {}, select() {}, setHeat() {}, setCounts() {}, ...does });
