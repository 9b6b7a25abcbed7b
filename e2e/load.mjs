// Posts the signed items of a set (JSON on standard input) to an arlocal as bundles, mines them and buries them.
// Usage: node load.mjs URL BURY, where BURY is how many blocks come on top.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(process.env.AOBENCH_NODE_MODULES + "/_");
const Arweave = require("arweave");
const { createHash, generateKeyPairSync } = require("node:crypto");

// arlocal loses the items of a bundle that does not fit into one chunk of 256 KiB.
const maxItems = 120;
const maxBytes = 240_000;

const url = new URL(process.argv[2]);
const bury = Number(process.argv[3]);
const arweave = Arweave.init({ host: url.hostname, port: url.port, protocol: "http" });

async function call(path) {
  const answer = await fetch(new URL(path, url));
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${body}`);
  return body;
}

// idOf returns the id of a binary item: the SHA-256 of its signature.
function idOf(item) {
  const length = { 1: 512, 3: 65 }[item.readUInt16LE(0)];
  return createHash("sha256").update(item.subarray(2, 2 + length)).digest();
}

// bundleOf returns a binary bundle: how many items, each one's size and id, the items.
function bundleOf(items) {
  const number = (n) => {
    const b = Buffer.alloc(32);
    b.writeUInt32LE(n);
    return b;
  };
  return Buffer.concat([number(items.length), ...items.flatMap((it) => [number(it.length), idOf(it)]), ...items]);
}

function batches(items) {
  const out = [[]];
  let size = 0;
  for (const item of items) {
    size += item.length + 64;
    if (out.at(-1).length >= maxItems || size > maxBytes) {
      out.push([]);
      size = item.length + 64;
    }
    out.at(-1).push(item);
  }
  return out.filter((batch) => batch.length > 0);
}

async function post(items, wallet) {
  const tx = await arweave.createTransaction({ data: bundleOf(items) }, wallet);
  tx.addTag("Bundle-Format", "binary");
  tx.addTag("Bundle-Version", "2.0.0");
  await arweave.transactions.sign(tx, wallet);
  const answer = await arweave.transactions.post(tx);
  if (answer.status !== 200) throw new Error(`post bundle: ${answer.status} ${JSON.stringify(answer.data)}`);
}

const set = JSON.parse(await text(process.stdin));
const raw = (it) => Buffer.from(it.raw, "base64");
const bundles = batches(set.items.filter((it) => !it.alone).map(raw));
bundles.push(...set.items.filter((it) => it.alone).map((it) => [raw(it)]));
// Half the length of a real wallet's key: arlocal does not mind, and it is there at once.
const wallet = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
await call(`/mint/${await arweave.wallets.jwkToAddress(wallet)}/1000000000000000`);
// arlocal takes in the items of a bundle with an invalid signature only from owners that it knows as wallets.
for (const address of set.mint ?? []) await call(`/mint/${address}/1000000000000000`);
for (const items of bundles) {
  await post(items, wallet);
  await call("/mine");
}
await call(`/mine/${bury}`);
const info = JSON.parse(await call("/info"));
console.log(JSON.stringify({ items: set.items.length, height: info.height }));
