// What the Graph client for JavaScript does here: run by `test_graph_js`, one line of JSON a step.
import { Client, BatchRequestContent, PageIterator } from "@microsoft/microsoft-graph-client";

const { BASE_URL, TOKEN, DOMAIN } = process.env;
const tell = (step, facts = {}) => console.log(JSON.stringify({ step, ...facts }));
const graph = Client.init({
  baseUrl: BASE_URL,
  customHosts: new Set([new URL(BASE_URL).hostname]),
  authProvider: (done) => done(null, TOKEN),
});

const skus = await graph.api("/subscribedSkus").get();
const sku = skus.value[0];
tell("skus", { part: sku.skuPartNumber, context: skus["@odata.context"] });

const made = [];
for (const name of ["ada", "grace", "mary"]) {
  const user = await graph.api("/users").post({
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@${DOMAIN}`,
    usageLocation: "NO",
    passwordProfile: { password: "not kept anywhere" },
  });
  made.push(user.id);
}
tell("created", { count: made.length });

await graph.api(`/users/${made[0]}/assignLicense`).post({
  addLicenses: [{ skuId: sku.skuId, disabledPlans: [] }],
  removeLicenses: [],
});
const user = await graph.api(`/users/${made[0]}`).select(["id", "assignedLicenses"]).get();
tell("assigned", { skuIds: user.assignedLicenses.map((one) => one.skuId === sku.skuId) });

const names = [];
const first = await graph.api("/users").top(1).select("displayName").get();
const pages = new PageIterator(graph, first, (one) => {
  names.push(one.displayName);
  return true;
});
await pages.iterate();
tell("paged", { names: names.sort() });

const count = await graph.api("/users/$count").header("ConsistencyLevel", "eventual").get();
tell("counted", { count: Number(count) });

const step = (id, url, dependsOn) => ({
  id,
  request: new Request(`https://graph.microsoft.com/v1.0${url}`, { method: "GET" }),
  dependsOn,
});
const batch = new BatchRequestContent([
  step("1", `/users/${made[1]}`),
  step("2", "/users/nobody", ["1"]),
  step("3", `/users/${made[2]}`, ["2"]),
]);
const answered = await graph.api("/$batch").post(await batch.getContent());
const statuses = Object.fromEntries(answered.responses.map((one) => [one.id, one.status]));
tell("batched", { statuses });

try {
  await graph.api("/users/nobody").get();
} catch (error) {
  tell("missing", { status: error.statusCode, code: error.code, requestId: !!error.requestId });
}
for (const id of made) {
  await graph.api(`/users/${id}`).delete();
}
tell("deleted");
