// URLs of the questions. The page is at PREFIX/dashboard/ and the questions are at
// PREFIX/alert/…, with the prefix of the operator's site.

/**
 * prefixOf returns the prefix of a module in a folder of the page. A page that is mounted
 * anywhere else than at …/dashboard/ asks at the root. Servers merge slashes; with
 * two at its start a path would name another host.
 * @param {string} moduleURL
 */
export function prefixOf(moduleURL) {
  const folder = new URL("..", moduleURL).pathname.replace(/\/{2,}/g, "/");
  return /^(.*)\/dashboard\/$/.exec(folder)?.[1] ?? "";
}

export const prefix = prefixOf(import.meta.url);

/** urlFor returns the URL of a path such as /alert/stream. @param {string} path */
export const urlFor = (path) => prefix + path;
