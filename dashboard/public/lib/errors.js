/**
 * ApiError is an answer other than 2xx, or none (status 0); message is the server's text.
 */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** errorOf returns what was thrown as an error. @param {unknown} thrown */
export const errorOf = (thrown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
