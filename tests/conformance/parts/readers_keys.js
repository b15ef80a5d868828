// Writes Idempotency-Key with structured-headers, for strings of every kind, and sends what that tool does not take for one.
// usage: node readers_keys.js; the server is at DACAPO_URL.
const { randomBytes } = require("crypto");
const net = require("net");
const { parseItem, serializeItem } = require("structured-headers");
const { url, newPerson, report, run } = require("./readers_demo.js");

const keyMax = 255;

// By hand, since node's clients refuse to send what is no field value.
function askWithKey(token, key, content) {
    const body = JSON.stringify({ content, receiver_id: 2 });
    const { hostname, port } = new URL(url);
    const head = `POST /messages HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\nIdempotency-Key: `;
    return new Promise((resolve, reject) => {
        let text = "";
        const socket = net.connect(port, hostname, () => socket.write(
            Buffer.concat([Buffer.from(head), Buffer.from(key), Buffer.from(`\r\n\r\n${body}`)])));
        socket.setEncoding("utf8").on("data", (part) => text += part).on("error", reject).on("end", () => {
            const [fields, answered] = text.split("\r\n\r\n");
            resolve({
                status: Number(fields.split(" ")[1]),
                replayed: /^idempotency-replayed: true\r?$/im.test(fields),
                body: JSON.parse(answered),
            });
        });
    });
}

// Each with something in it that no other look has used.
const keys = [
    (unique) => unique,
    (unique) => `8e03978e-40d5-43dd-bc93-${unique}`,
    (unique) => `two words ${unique}`,
    (unique) => ` spaces around ${unique} `,
    (unique) => `"${unique}"`,
    (unique) => `\\${unique}\\`,
    (unique) => `\\"${unique}\\\\""`,
    (unique) => `a, b;c=d ${unique}`,
    (unique) => `%"${unique}%c3%a9"`,
    (unique) => ` !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~${unique}`,
    (unique) => unique.padEnd(keyMax, "k"),
    (unique) => unique.padEnd(keyMax, '"'),
    (unique) => unique.padEnd(keyMax, "\\"),
];
const fieldOf = (key) => serializeItem([key, new Map()]);

const refusedKeys = {
    "nothing at all": "",
    "spaces alone": "   ",
    "unterminated": '"open',
    "unterminated behind a backslash": '"open\\"',
    "an end in a backslash": '"open\\',
    "a backslash before a letter": '"a\\b"',
    "a word behind": '"a" b',
    "a letter behind": '"a"b',
    "two strings": '"a", "b"',
    "a string twice": '"a""a"',
    "a semicolon behind": '"a";',
    "a quote alone": '"',
    "two bare words": "two words",
    "a quote in a bare word": 'a"b',
    "a backslash in a bare word": "a\\b",
    "UTF-8": '"caf\u00e9"',
    "UTF-8, bare": "caf\u00e9",
    "a tab": '"a\tb"',
};
// What no field may hold here is refused before anybody knows that it was a key.
const refusedEarlier = {
    "Latin-1": [Buffer.from('"caf\u00e9"', "latin1"), "invalid_utf8"],
    "a control character": ['"a\x01b"', "malformed_request"],
    "DEL": ['"a\x7fb"', "malformed_request"],
};
// What the tool takes and the program does not, on purpose (api/idempotency_key.hpp).
const narrower = { "nothing in quotes": '""', "256 characters": fieldOf("k".repeat(keyMax + 1)), "a parameter": '"a";b=1' };
const refused = [
    ...Object.entries({ ...refusedKeys, ...narrower }).map(
        ([what, field]) => ({ what, field, code: "invalid_idempotency_key" })),
    ...Object.entries(refusedEarlier).map(([what, [field, code]]) => ({ what, field, code })),
];

function isString(field) {
    try {
        return typeof parseItem(field.toString("latin1"))[0] === "string";
    } catch {
        return false;
    }
}

async function look(send, checks) {
    checks.told = { keys: keys.length, refused: refused.length };
    for (const shape of keys) {
        const unique = randomBytes(6).toString("hex");
        const key = shape(unique);
        const [first, again] = [await send(fieldOf(key), unique), await send(fieldOf(key), unique)];
        checks.that(first.status === 200 && !first.replayed, `the key ${key}: ${JSON.stringify(first)}`);
        checks.that(again.status === 200 && again.replayed && again.body.id === first.body.id,
            `the key ${key} again: ${JSON.stringify(again)}`);
        const other = await send(fieldOf(key), "another body");
        checks.that(other.body.code === "idempotency_key_reused", `the key ${key} for another body: ${JSON.stringify(other)}`);
        if (!/[\s"\\]/.test(key)) checks.that((await send(key, unique)).replayed, `the key ${key}, bare, is another one`);
    }
    for (const { what, field, code } of refused) {
        checks.that(isString(field) === what in narrower, `to the tool, ${what} is a string or not`);
        const { status, body } = await send(field, "Psst");
        checks.that(status === 400 && body.code === code, `${what}: ${status} ${body.code ?? "accepted"}`);
    }
}

function spoilt(send) {
    const bare = (field) => (field.length > 1 ? field.toString().slice(1, 200).replace(/[^!#-\[\]-~]/g, "") || "k" : "k");
    return {
        "a server that knows no keys":
            { other: (_, content) => send(randomBytes(6).toString("hex"), content), least: keys.length },
        "a server that takes any text for a key":
            { other: (field, content) => send(bare(field), content), least: refused.length },
        "a server that wants the key bare": (field, content) => send(isString(field) ? "no, bare" : field, content),
        "a repeat that is not told": async (field, content) => ({ ...await send(field, content), replayed: false }),
        "a repeat that does it again": async (field, content) => {
            const answer = await send(field, content);
            return { ...answer, body: { ...answer.body, id: randomBytes(6).toString("hex") } };
        },
    };
}

run(async () => {
    const { access_token: token } = await newPerson();
    const send = (field, content) => askWithKey(token, field, content);
    await report(look, send, spoilt(send));
});
