// The server's answers. Public questions need no login, unless the operator shows
// private users' alerts to users only. Private ones send a credential that exists only
// in this module's memory, until logout or reload.

import { ApiError, errorOf } from "./errors.js";
import { state } from "./state.js";
import { urlFor } from "./urls.js";

const timeout = 30_000;

let credential = "";
/** @type {Session | null} */
let session = null;
/** @type {Set<(session: Session | null) => void>} */
const sessionListeners = new Set();

/** @param {Session | null} next @param {string} nextCredential */
function setSession(next, nextCredential) {
  session = next;
  credential = nextCredential;
  for (const fn of [...sessionListeners]) fn(session);
}

/** @param {string} path @param {Params} params */
function urlOf(path, params) {
  const query = new URLSearchParams({ ci: state.get("ci") });
  for (const [name, value] of Object.entries(params)) query.set(name, String(value));
  return urlFor(`${path}?${query}`);
}

// The server's time minus performance.now(). An answer from the browser's cache has an
// earlier time, so the latest counts, unless it is further ahead than caching and
// latency explain. Then the server's clock was set back, or the local one runs fast.
let serverTime = -Infinity;
const onTheWay = 10_000;

/** @param {Response} response */
function readTime({ headers }) {
  const sent = Date.parse(headers.get("Date") ?? "") - performance.now();
  const kept = 1000 * Number(/\bmax-age=(\d+)/.exec(headers.get("Cache-Control") ?? "")?.[1] ?? 0);
  if (sent > serverTime || sent + kept + onTheWay < serverTime) serverTime = sent;
}

/**
 * computedAt returns when an answer was computed, which may be long before it
 * was asked for. Without Last-Modified, which a proxy may remove, it is when it was sent.
 * @param {Response} response
 */
function computedAt({ headers }) {
  return Date.parse(headers.get("Last-Modified") ?? "") || Date.parse(headers.get("Date") ?? "") || api.now();
}

/** @param {string} path @param {Params} params @param {Record<string, string>} headers @param {{ method?: string, body?: string }} [message] */
async function send(path, params, headers, message) {
  let response;
  try {
    response = await fetch(urlOf(path, params), {
      ...message,
      headers,
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(timeout),
    });
  } catch (err) {
    throw new ApiError(0, errorOf(err).name === "TimeoutError"
      ? `no answer after ${timeout / 1000} seconds`
      : "the server cannot be reached");
  }
  readTime(response);
  if (!response.ok) throw new ApiError(response.status, await errorText(response));
  return response;
}

/** @param {Response} response */
async function jsonOf(response) {
  try {
    return await response.json();
  } catch {
    throw new ApiError(response.status, "the server's answer is not JSON");
  }
}

/** errorText finds the text in the server's {"error": …} or <Text>…</Text>. @param {Response} response */
async function errorText(response) {
  const body = (await response.text().catch(() => "")).slice(0, 2000);
  try {
    const { error } = JSON.parse(body);
    if (typeof error === "string" && error) return error;
  } catch {
    const text = /<Text>([^<]*)<\/Text>/.exec(body);
    if (text && text[1]) return text[1];
  }
  return `the server answers ${response.status} ${response.statusText}`.trim();
}

// A password is sent over TLS only, or to this machine itself. Browsers report
// which pages are secure.
function refusesLogIn() {
  if (window.isSecureContext) return "";
  return "Logging in requires HTTPS. Over plain HTTP anyone on the way could read the token.";
}

/** @param {string} user @param {string} token */
function basic(user, token) {
  const bytes = new TextEncoder().encode(`${user}:${token}`);
  return "Basic " + btoa(String.fromCharCode(...bytes));
}

export const api = {
  /** now is the server's time in milliseconds; this machine's before the first answer. */
  now: () => (serverTime === -Infinity ? Date.now() : Math.round(serverTime + performance.now())),

  /**
   * ask returns a public question's JSON as `answer`, and as `asOf` when it was
   * computed, in milliseconds of the server's time.
   * @template {keyof Answers} Path
   * @param {Path} path @param {Params} [params]
   * @returns {Promise<Found<Answers[Path]>>}
   */
  async ask(path, params = {}) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (credential && (params.ci ?? state.get("ci")) !== "1") headers.Authorization = credential;
    const response = await send(path, params, headers);
    return { answer: await jsonOf(response), asOf: computedAt(response) };
  },

  /**
   * get returns a public question's JSON.
   * @template {keyof Answers} Path
   * @param {Path} path @param {Params} [params]
   */
  async get(path, params) {
    return (await api.ask(path, params)).answer;
  },

  /**
   * privateGet returns a private question's JSON.
   * @template {keyof PrivateAnswers} Path
   * @param {Path} path @param {Params} [params]
   * @returns {Promise<PrivateAnswers[Path]>}
   */
  async privateGet(path, params = {}) {
    if (!credential) throw new ApiError(403, "not logged in");
    const sent = credential;
    try {
      return await jsonOf(await send(path, params, { Authorization: sent }));
    } catch (err) {
      if (err instanceof ApiError && (err.status === 401 || err.status === 403) && sent === credential) setSession(null, "");
      throw err;
    }
  },

  /**
   * privateChange asks the server to change something. Unlike privateGet it does not take
   * 403 for the end of the login: the user may lack the right to this change only.
   * @param {"POST" | "DELETE"} method @param {string} path @param {Params} params @param {object} [body]
   */
  async privateChange(method, path, params, body) {
    if (!credential) throw new ApiError(403, "not logged in");
    const headers = { Authorization: credential, "Content-Type": "application/json" };
    await send(path, params, headers, { method, body: body && JSON.stringify(body) });
  },

  get session() {
    return session;
  },

  /** logInRefused says why logging in is impossible here, "" if it is possible. */
  logInRefused: refusesLogIn,

  /** @param {string} user @param {string} token */
  async logIn(user, token) {
    const refused = refusesLogIn();
    if (refused) throw new ApiError(0, refused);
    if (user.includes(":")) throw new ApiError(0, "A user whose name has a colon cannot log in here, since HTTP Basic ends the name at the colon");
    const given = basic(user, token);
    try {
      await send("/alert/sensors", {}, { Authorization: given });
    } catch (err) {
      if (err instanceof ApiError && err.status === 401) throw new ApiError(403, err.message);
      throw err;
    }
    setSession({ user }, given);
  },

  logOut: () => setSession(null, ""),

  /**
   * onSession calls fn with the session when it begins or ends; the function it
   * returns ends that.
   * @param {(session: Session | null) => void} fn
   */
  onSession(fn) {
    sessionListeners.add(fn);
    return () => sessionListeners.delete(fn);
  },
};
