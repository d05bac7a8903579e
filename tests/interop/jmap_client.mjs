// A mail program on one of npm's JMAP clients: node jmap_client.mjs jmap-jam|jmap-client-ts FOLDER SESSION_URL, FOLDER being where
// node_modules lies. The log-in stands in $LOGIN as name:password. Takes one command a line on stdin, [name, arguments…] in JSON,
// and answers each by one line: {"ok": …} or {"failed": …}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , name, folder, sessionUrl] = process.argv;
const basic = "Basic " + Buffer.from(process.env.LOGIN).toString("base64");
const require = createRequire(pathToFileURL(folder + "/"));

// What both give: one method call, whatever the client calls it.
async function jam() {
  const { default: JamClient } = await import(pathToFileURL(require.resolve("jmap-jam")));
  const client = new JamClient({ sessionUrl, bearerToken: "none" });
  await client.session.catch(() => {}); // it knows bearer tokens alone: that one is refused
  client.authHeader = basic;
  client.session = JamClient.loadSession(sessionUrl, basic);
  const account = await client.getPrimaryAccount();
  return {
    session: await client.session,
    account,
    call: async (method, args) => (await client.request([method, { accountId: account, ...args }]))[0],
    newest: async (mailbox, limit) => {
      const [{ emails }] = await client.requestMany((t) => {
        const ids = t.Email.query({
          accountId: account, filter: { inMailbox: mailbox }, sort: [{ property: "receivedAt", isAscending: false }], limit,
        });
        const emails = t.Email.get({ accountId: account, ids: ids.$ref("/ids"), properties: kShown });
        return { ids, emails };
      });
      return emails.list;
    },
    upload: async (text, type) => client.uploadBlob(account, new Blob([text], { type })),
    download: async (blobId, mimeType, fileName) => client.downloadBlob({ accountId: account, blobId, mimeType, fileName }),
  };
}

// It has no uploads and downloads, and no references: those are fetched as its session object says.
async function clientTs() {
  const { Client } = require("jmap-client-ts");
  const { FetchTransport } = require("jmap-client-ts/lib/utils/fetch-transport");
  const client = new Client({
    sessionUrl, accessToken: "none", transport: new FetchTransport(fetch),
    httpHeaders: { Authorization: basic, "Content-Type": "application/json" },
  });
  await client.fetchSession();
  const session = client.getSession();
  const account = client.getFirstAccountId();
  const own = {
    "Mailbox/get": "mailbox_get", "Mailbox/changes": "mailbox_changes", "Mailbox/set": "mailbox_set", "Email/get": "email_get",
    "Email/changes": "email_changes", "Email/query": "email_query", "Email/set": "email_set",
  };
  const call = (method, args) => own[method] ? client[own[method]]({ accountId: account, ...args })
                                             : client.request(method, { accountId: account, ...args });
  const fill = (template, values) => Object.entries(values).reduce((url, [key, value]) => url.replace(`{${key}}`, encodeURIComponent(value)), template);
  return {
    session,
    account,
    call,
    newest: async (mailbox, limit) => {
      const { ids } = await call("Email/query", { filter: { inMailbox: mailbox }, sort: [{ property: "receivedAt", isAscending: false }], limit });
      return (await call("Email/get", { ids, properties: kShown })).list;
    },
    upload: async (text, type) => {
      const answer = await fetch(fill(session.uploadUrl, { accountId: account }), {
        method: "POST", headers: { Authorization: basic, "Content-Type": type }, body: text });
      if (!answer.ok) throw await answer.text();
      return answer.json();
    },
    download: async (blobId, type, fileName) => fetch(fill(session.downloadUrl, { accountId: account, blobId, type, name: fileName }), {
      headers: { Authorization: basic } }),
  };
}

const kShown = ["id", "blobId", "threadId", "mailboxIds", "keywords", "subject", "from", "preview", "receivedAt", "size", "hasAttachment"];
const kFollowed = ["id", "mailboxIds", "keywords", "subject"];

// A copy of the account, kept up by /changes alone once it was filled.
class Copy {
  constructor(client) {
    this.client = client;
    this.emails = new Map();
    this.mailboxes = new Map();
  }
  async fill() {
    const emails = await this.client.call("Email/get", { ids: null, properties: kFollowed });
    const mailboxes = await this.client.call("Mailbox/get", { ids: null });
    this.emails = new Map(emails.list.map((one) => [one.id, one]));
    this.mailboxes = new Map(mailboxes.list.map((one) => [one.id, one]));
    this.states = { Email: emails.state, Mailbox: mailboxes.state };
  }
  async follow(maxChanges) {
    return await this.#follow("Email", this.emails, kFollowed, maxChanges) + await this.#follow("Mailbox", this.mailboxes, null, maxChanges);
  }
  async #follow(type, objects, properties, maxChanges) {
    let steps = 0;
    for (let more = true; more; ++steps) {
      const since = await this.#changes(type, maxChanges);
      for (const id of since.destroyed) objects.delete(id);
      const ids = [...since.created, ...since.updated];
      const got = ids.length ? await this.client.call(`${type}/get`, { ids, properties }) : { list: [] };
      for (const one of got.list) objects.set(one.id, one);
      this.states[type] = since.newState;
      more = since.hasMoreChanges;
    }
    return steps;
  }
  // RFC 8620 section 5.2: what changed in one moment may be more than maxChanges, of which a server tells nothing.
  async #changes(type, maxChanges) {
    const asked = { sinceState: this.states[type] };
    try {
      return await this.client.call(`${type}/changes`, { ...asked, maxChanges });
    } catch (failure) {
      if (!maxChanges || failure.type !== "cannotCalculateChanges") throw failure;
      return this.client.call(`${type}/changes`, asked);
    }
  }
  show() {
    const sorted = (objects) => [...objects.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return { emails: sorted(this.emails), mailboxes: sorted(this.mailboxes) };
  }
}

const client = await (name === "jmap-jam" ? jam() : clientTs());
const copy = new Copy(client);

const commands = {
  session: async () => client.session,
  call: async (method, args) => client.call(method, args),
  newest: async (mailbox, limit) => client.newest(mailbox, limit),
  upload: async (text, type) => client.upload(text, type),
  download: async (blobId, type, fileName) => {
    const answer = await client.download(blobId, type, fileName);
    return { status: answer.status, type: answer.headers.get("Content-Type"), body: Buffer.from(await answer.arrayBuffer()).toString("base64") };
  },
  fill: async () => copy.fill(),
  follow: async (maxChanges) => copy.follow(maxChanges),
  copy: async () => copy.show(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[command](...args)) ?? null };
  } catch (failure) {
    answer = { failed: failure instanceof Error ? `${failure.stack} ${failure.cause ?? ""}` : failure };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
