// A program that is let in, on npm's oauth4webapi: node oauth_client.mjs FOLDER ISSUER REDIRECT, FOLDER being where node_modules lies. It
// prints where the person is to be sent, reads from stdin where the browser was sent back to, and prints what it could do with that.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , folder, issuerUrl, redirect] = process.argv;
const oauth = await import(pathToFileURL(createRequire(pathToFileURL(folder + "/")).resolve("oauth4webapi")));
const plain = { [oauth.allowInsecureRequests]: true }; // on the loopback
const client = { client_id: "mail.client" };
const auth = oauth.None();
const say = (object) => process.stdout.write(JSON.stringify(object) + "\n");

const issuer = new URL(issuerUrl);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...plain }));
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const authorize = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: client.client_id, redirect_uri: redirect, response_type: "code", scope: "urn:ietf:params:oauth:scope:mail", state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
})) authorize.searchParams.set(name, value);
say({ authorize: authorize.href });

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const back = new URL((await lines.next()).value);
try {
  const answer = oauth.validateAuthResponse(server, client, back, state); // checks state and iss
  const tokens = await oauth.processAuthorizationCodeResponse(server, client,
    await oauth.authorizationCodeGrantRequest(server, client, auth, answer, redirect, verifier, plain));
  const session = async (token) => (await oauth.protectedResourceRequest(token, "GET", new URL("/.well-known/jmap", issuer), undefined, undefined, plain)).json();
  const first = await session(tokens.access_token);
  const fresh = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, plain));
  const second = await session(fresh.access_token);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, fresh.refresh_token, plain));
  const after = await session(fresh.access_token).then(() => "open", (error) => error.cause?.[0]?.parameters?.error ?? error.code ?? String(error));
  const reused = await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, plain)
    .then((response) => oauth.processRefreshTokenResponse(server, client, response)).then(() => "taken", (error) => error.error ?? String(error));
  say({ username: first.username, again: second.username, scope: tokens.scope, expires: tokens.expires_in, after, reused });
} catch (error) {
  say({ failed: error.error ?? error.code ?? String(error), description: error.error_description });
}
