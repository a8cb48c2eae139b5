// The real server, and the sensors that `peba simulate` plays, as processes of
// their own in a folder of their own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

// otherName is the machine by a name that is not this machine's for browsers: what
// they allow on localhost, they do not allow there.
export const otherName = "peba.test";

const sensorsPost = "/ews-0.1/alert/postSimpleMessage";

export const community = { user: "community-01-user", token: "foth{a5maiCee8fineu7" };

function binary() {
  const path = process.env.PEBA_BINARY;
  assert.ok(path, "PEBA_BINARY does not name the server's binary; `go test -run Dashboard ./integration` builds it and sets that");
  return path;
}

// freeAddresses finds n free ports.
async function freeAddresses(n) {
  const listeners = Array.from({ length: n }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(listeners.map((listener) => once(listener, "listening")));
  const addresses = listeners.map((listener) => `127.0.0.1:${listener.address().port}`);
  await Promise.all(listeners.map((listener) => once(listener.close(), "close")));
  return addresses;
}

// run starts a process whose output is kept, and ends it by its own id.
function run(args, folder, input) {
  const child = spawn(binary(), args, {
    env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
  const ended = once(child, "exit");
  child.stdin.end(input ?? "");
  return {
    ended,
    // output is the end of what the process has written.
    output: () => Buffer.concat(output).toString().slice(-4000),
    running: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const cancel = new AbortController();
      const late = after(20_000, "late", { signal: cancel.signal, ref: false }).catch(() => "");
      if (await Promise.race([ended, late]) === "late") {
        child.kill("SIGKILL");
        await ended;
        assert.fail(`the process ${args.slice(0, 2)} did not end:\n${this.output()}`);
      }
      cancel.abort();
    },
  };
}

async function finished(process) {
  const [code] = await process.ended;
  assert.equal(code, 0, process.output());
  return process.output();
}

// startServer starts a server. appOptions are lines of its global option; prefix,
// such as "/peba", is the path below which the site has it.
export async function startServer({ appOptions = "", prefix = "" } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "peba-dashboard-"));
  const [listen, admin] = await freeAddresses(2);
  const config = join(folder, "Caddyfile");
  await writeFile(config, `{
	admin ${admin}
	persist_config off
	peba {
		community ${community.user} ${community.token}
		${appOptions}
	}
}

http://${listen}, http://${listen.replace(/^[^:]*/, otherName)} {
	${prefix ? `peba_unhandled
	handle_path ${prefix}/* {
		peba
	}` : "peba"}
	respond 404
}
`);
  const url = `http://${listen}${prefix}`;
  const database = join(folder, "caddy", "peba", "peba.db");
  const simulations = [];
  let process;

  async function start() {
    process = run(["run", "--config", config, "--adapter", "caddyfile"], folder);
    const deadline = Date.now() + 60_000;
    for (;;) {
      assert.ok(process.running(), `the server ended by itself:\n${process.output()}`);
      const alive = await fetch(`${url}/heartbeat`).then((r) => r.ok, () => false);
      if (alive) return;
      assert.ok(Date.now() < deadline, `the server does not answer:\n${process.output()}`);
      await after(50);
    }
  }

  // close ends all that runs, and removes what was written.
  async function close() {
    for (const simulation of simulations) await simulation.stop();
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (err) {
    await close();
    throw err;
  }
  return {
    url,
    elsewhere: url.replace("127.0.0.1", otherName),
    page: (hash = "") => `${url}/dashboard/${hash}`,
    start,
    stop: () => process.stop(),
    close,

    // database is the file in which the alerts are.
    database,
    // loseStore takes the database away from the running server, and findStore gives it back.
    loseStore: () => rename(database, `${database}.away`),
    findStore: () => rename(`${database}.away`, database),

    // simulate plays sensors until its stop is called, or as the options say.
    simulate(options) {
      const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const simulation = run(["peba", "simulate", `${url}${sensorsPost}`, "--user", community.user, "--token", community.token, ...flags], folder);
      simulations.push(simulation);
      return simulation;
    },

    // play plays sensors to the end of what the options say.
    async play(options) {
      await finished(this.simulate({ rate: 0, ...options }));
    },

    async addUser(name, token, ...flags) {
      await finished(run(["peba", "user", "--address", admin, "add", name, "--token-file", "-", ...flags], folder, token));
    },

    // addFeedToken returns a new token for all feeds.
    async addFeedToken(name) {
      const output = await finished(run(["peba", "feed", "--address", admin, "token", "add", name], folder));
      return /^token: (\S+)$/m.exec(output)[1];
    },

    // privateAnswer is the server's answer to a private question.
    async privateAnswer(question, params, user, token) {
      const response = await fetch(`${url}/alert/${question}?${new URLSearchParams(params)}`, {
        headers: { Authorization: `Basic ${btoa(`${user}:${token}`)}` },
      });
      assert.equal(response.status, 200, question);
      return response.json();
    },

    // post sends a sensor's message and expects it to be taken.
    async post(body) {
      const response = await fetch(`${url}${sensorsPost}`, {
        method: "POST", headers: { "Content-Type": "text/xml" }, body,
      });
      const text = await response.text();
      assert.match(text, /<StatusCode>OK</, `a message was refused: ${response.status} ${text}`);
    },
  };
}
