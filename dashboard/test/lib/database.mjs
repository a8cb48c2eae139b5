// The server's database, which is read beside it by SQLite's own program.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

// query returns the rows of a question, each an object of its columns.
export async function query(server, sql) {
  const { stdout, stderr } = await run("sqlite3", ["-readonly", "-json", "-cmd", ".timeout 5000", server.database, sql]);
  assert.equal(stderr, "", sql);
  return stdout.trim() ? JSON.parse(stdout) : [];
}

// countArrived returns how many of the community's alerts arrived in [since, until), in
// Unix seconds.
export async function countArrived(server, since, until) {
  const [{ n }] = await query(server, `SELECT count(*) AS n FROM alerts WHERE community = 1 AND received >= ${since} AND received < ${until}`);
  return n;
}
