// Signs a small set with fresh keys and writes it to standard output as JSON: the life of a pool in which people also
// cheat, and by hand what must become of it. See want in set_test.go.
import { createRequire } from "node:module";

const require = createRequire(process.env.AOBENCH_NODE_MODULES + "/_");
const { createHash, randomBytes } = require("node:crypto");
const Arweave = require("arweave");
const { createData, ArweaveSigner, EthereumSigner } = require("arbundles");
const { computeAddress } = require("@ethersproject/transactions");

const hour = 3600_000;
// The period lasts two days from here. Its end is less than a week ago: until then a missing message keeps it from closing.
const start = Math.floor(Date.now() / (24 * hour)) * 24 * hour - 5 * 24 * hour;
const items = [];
const refused = {};
const owed = {};
let nonce = 0;
let reference = 100;

const id32 = () => randomBytes(32).toString("base64url");
const sha256 = (b) => createHash("sha256").update(b).digest("base64url");

async function arweaveWallet() {
  const signer = new ArweaveSigner(await Arweave.init({}).wallets.generate());
  return { signer, address: sha256(signer.publicKey) };
}

function ethereumWallet() {
  const key = randomBytes(32).toString("hex");
  return { signer: new EthereumSigner(key), address: computeAddress("0x" + key) };
}

// sign makes an item; reason says why it is refused, if it is. It has no anchor: arlocal forgets an item's.
async function sign(kind, wallet, { target, tags, data = "", reason }) {
  const all = { "Data-Protocol": "ao", Variant: "ao.TN.1", Type: "Message", ...tags };
  const list = Object.entries(all).map(([name, value]) => ({ name, value }));
  const item = createData(data, wallet.signer, { target, tags: list });
  await item.sign(wallet.signer);
  items.push({ kind, raw: item.getRaw().toString("base64") });
  if (reason) refused[item.id] = reason;
  return item.id;
}

// assign gives a message the pool's next nonce, at an hour of the period.
function assign(message, at, by = scheduler) {
  const number = by === scheduler ? nonce++ : 7000;
  return sign("Assignment", by, {
    target: pool,
    tags: {
      Type: "Assignment", Process: pool, Message: message, Epoch: "0", Nonce: String(number),
      "Hash-Chain": id32(), "Block-Height": "000001550000", Timestamp: String(Math.floor(start + at * hour)),
    },
  });
}

async function send(at, wallet, action, { data, tags, reason } = {}) {
  const id = await sign(action, wallet, { target: pool, data, reason, tags: { ...tags, Action: action } });
  await assign(id, at);
  return id;
}

const spawn = (name) => sign("Process", owner, { data: "1984", tags: { Type: "Process", Module: id32(), Scheduler: scheduler.address, Authority: authority.address, Name: name } });
const from = (who) => ({ "From-Process": who, "From-Module": id32(), Reference: String(reference++) });
const notice = (sender, quantity, rule = "ArithmeticDecrease", dataset = siqa) => ({ Sender: sender, Quantity: quantity, "X-Dataset": dataset, "X-Allocation": rule });
const join = (model, dataset = siqa) => JSON.stringify({ dataset, model });
const score = (correct, unevaluated, total) => JSON.stringify({ correct, unevaluated, total });

const [authority, scheduler, owner] = await Promise.all([arweaveWallet(), arweaveWallet(), arweaveWallet()]);
const [funder, una, mallory] = [ethereumWallet(), ethereumWallet(), ethereumWallet()];
const pool = await spawn("pool");
const token = await spawn("token");
const siqa = await spawn("dataset");
const other = await spawn("another dataset");
const aos = await spawn("an aos process");
const upload = (who, name) => sign("Model", who, { data: name, tags: { Type: "Model", Name: name } });
const [one, three, four] = [id32(), id32(), id32()];
const [two, five] = [await upload(owner, "two"), await upload(owner, "five")];

// The first deposit opens the period, the second adds to it, a repeated push of it does not.
await send(0, authority, "Credit-Notice", { tags: { ...from(token), ...notice(funder.address, "700") } });
const second = { ...from(token), ...notice(owner.address, "300") };
await send(1, authority, "Credit-Notice", { tags: second });
await send(2, authority, "Credit-Notice", { tags: { ...second, "From-Module": id32() }, reason: "repushed" });
// Deposits that do not count, and notices that nobody paid for.
const wrong = await send(2, authority, "Credit-Notice", { tags: { ...from(token), ...notice(una.address, "50", "WinnerTakesAll", other) }, reason: "unknown-rule" });
owed[wrong] = "unknown-rule";
await send(3, mallory, "Credit-Notice", { tags: { ...from(token), ...notice(mallory.address, "1000000") }, reason: "forged-sender" });
await send(3, mallory, "Credit-Notice", { tags: notice(mallory.address, "1000000"), reason: "not-authority" });
await send(3, authority, "Credit-Notice", { tags: { ...from(other), ...notice(mallory.address, "1000000") }, reason: "unknown-token" });
await send(3, authority, "Credit-Notice", { tags: { ...from(token), ...notice(mallory.address, "-5") }, reason: "bad-quantity" });
// Joins: wallets of both kinds, one out of a process, and what is no join.
await send(4, una, "Join-Pool", { data: join(one) });
await send(5, owner, "Join-Pool", { data: join(two) });
await send(6, authority, "Join-Pool", { data: join(three), tags: from(aos) });
await send(7, una, "Join-Pool", { data: join(four) });
await send(7, una, "Join-Pool", { data: join(five), reason: "displaced" }); // until its uploader comes
await send(7, owner, "Join-Pool", { data: join(five) });
await send(7, mallory, "Join-Pool", { data: join(two), reason: "model-taken" });
await send(8, una, "Join-Pool", { data: join(one), tags: { Note: "again" }, reason: "already-joined" });
await send(8, una, "Join-Pool", { data: join(one, other), reason: "no-period" });
await send(8, una, "Join-Pool", { data: '{"dataset":', reason: "bad-data" });
await send(8, mallory, "Join-Pool", { data: join(id32()), tags: from(aos), reason: "forged-sender" });
// Scores of the dataset process; the latest counts. Model four is never scored.
const scored = (at, model, data) => send(at, authority, "Score-Response", { data, tags: { ...from(siqa), Model: model } });
await scored(10, one, score(3, 5, 10));
await scored(11, two, score(9, 0, 10));
await scored(12, three, score(5, 1, 10));
await scored(13, five, score(0, 0, 10));
await scored(40, one, score(8, 0, 10));
await send(41, mallory, "Score-Response", { data: score(10, 0, 10), tags: { ...from(siqa), Model: four }, reason: "forged-sender" });
await send(41, mallory, "Score-Response", { data: score(10, 0, 10), tags: { Model: four }, reason: "not-evaluator" });
await send(42, una, "Leaderboard", { data: siqa });
// After the end.
await scored(50, four, score(10, 0, 10)).then((id) => (refused[id] = "not-evaluator"));
await send(51, una, "Join-Pool", { data: join(id32()), reason: "no-period" });
// An assignment by a stranger, which is a message that waits for ever, and an item that is not what its owner signed.
await assign(id32(), 20, mallory);
await sign("Join-Pool", mallory, { target: pool, data: join(id32()), tags: { Action: "Join-Pool" }, reason: "bad-signature" });
const broken = Buffer.from(items.at(-1).raw, "base64");
broken[broken.length - 4] ^= 1; // within the model's id
items.at(-1).raw = broken.toString("base64");
items.at(-1).alone = true; // a bundle with such an item has no others

const model = (who, correct, answered, total) => ({ participant: who.address ?? who, correct, answered, total });
console.log(JSON.stringify({
  items, pool, token, authority: authority.address, scheduler: scheduler.address,
  mint: [sha256(mallory.signer.publicKey)],
  hours: 48,
  want: {
    pools: {
      [siqa]: {
        pot: "1000", funder: funder.address,
        models: { [one]: model(una, 8, 10, 10), [two]: model(owner, 9, 10, 10), [three]: model(aos, 5, 9, 10), [four]: model(una, 0, 0, 0), [five]: model(owner, 0, 10, 10) },
        kind: "final", payouts: { [owner.address]: "501", [una.address]: "333", [aos]: "166" },
      },
    },
    refused, owed,
  },
}));
