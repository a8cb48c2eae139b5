// The server's answers. Public ones need no log-in, unless the operator shows private
// users' alerts to users only; private ones carry one that lives in this module's memory
// only, until log-out or reload.

import { state } from "./state.js";

const timeout = 30_000;

// ApiError is an answer other than 2xx, or none (status 0); message is the
// server's text.
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

let credential = "";
let session = null;
const sessionListeners = new Set();

function setSession(next, nextCredential) {
  session = next;
  credential = nextCredential;
  for (const fn of [...sessionListeners]) fn(session);
}

function urlOf(path, params) {
  const query = new URLSearchParams({ ci: state.get("ci") });
  for (const [name, value] of Object.entries(params)) query.set(name, value);
  return `${path}?${query}`;
}

// The server's time less performance.now(). An answer from the browser's cache tells
// an earlier one, so what counts is the latest.
let serverTime = -Infinity;

function readTime(response) {
  const told = Date.parse(response.headers.get("Date") ?? "");
  if (told) serverTime = Math.max(serverTime, told - performance.now());
}

async function ask(path, params, headers) {
  let response;
  try {
    response = await fetch(urlOf(path, params), {
      headers,
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(timeout),
    });
  } catch (err) {
    throw new ApiError(0, err.name === "TimeoutError"
      ? `no answer after ${timeout / 1000} seconds`
      : "the server cannot be reached");
  }
  readTime(response);
  if (!response.ok) throw new ApiError(response.status, await errorText(response));
  return response;
}

async function jsonOf(response) {
  try {
    return await response.json();
  } catch {
    throw new ApiError(response.status, "the server's answer is not JSON");
  }
}

// errorText finds the text in the server's {"error": …} or <Text>…</Text>.
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

// A password goes over TLS, or not at all. To this machine itself it is as safe:
// browsers say which pages are.
function refusesLogIn() {
  if (window.isSecureContext) return "";
  return "Logging in needs HTTPS. Over plain HTTP everybody on the way could read the token.";
}

function basic(user, token) {
  const bytes = new TextEncoder().encode(`${user}:${token}`);
  return "Basic " + btoa(String.fromCharCode(...bytes));
}

export const api = {
  // now is the server's time in milliseconds; this machine's before the first answer.
  now: () => (serverTime === -Infinity ? Date.now() : Math.round(serverTime + performance.now())),

  // get returns a public question's JSON.
  async get(path, params = {}) {
    const headers = { Accept: "application/json" };
    if (credential && (params.ci ?? state.get("ci")) !== "1") headers.Authorization = credential;
    return jsonOf(await ask(path, params, headers));
  },

  // privateGet returns a private question's JSON.
  async privateGet(path, params = {}) {
    if (!credential) throw new ApiError(403, "not logged in");
    const sent = credential;
    try {
      return await jsonOf(await ask(path, params, { Authorization: sent }));
    } catch (err) {
      if ((err.status === 401 || err.status === 403) && sent === credential) setSession(null, "");
      throw err;
    }
  },

  get session() {
    return session;
  },

  // logInRefused says why one cannot log in here, "" when one can.
  logInRefused: refusesLogIn,

  async logIn(user, token) {
    const refused = refusesLogIn();
    if (refused) throw new ApiError(0, refused);
    if (user.includes(":")) throw new ApiError(0, "A user whose name has a colon cannot log in here, since HTTP Basic ends the name at the colon");
    const given = basic(user, token);
    try {
      await ask("/alert/sensors", {}, { Authorization: given });
    } catch (err) {
      if (err.status === 401) throw new ApiError(403, err.message);
      throw err;
    }
    setSession({ user }, given);
  },

  logOut: () => setSession(null, ""),

  // onSession calls fn with the session when it begins or ends; the function it
  // returns ends that.
  onSession(fn) {
    sessionListeners.add(fn);
    return () => sessionListeners.delete(fn);
  },
};
