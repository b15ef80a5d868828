// Opens feeds with ws, by header and by ticket: the first frame, pings, messages, refusals and the codes of closing. What ws
// itself serves, right and wrong on purpose, shows that these eyes see.
// usage: node readers_feeds.js; the server is at DACAPO_URL.
const { randomBytes } = require("crypto");
const { WebSocket } = require("ws");
const { url, asked, newPerson, Checks, report, run } = require("./readers_demo.js");
const { FeedServer } = require("./readers_feed_server.js");

const messageMax = 64 * 1024;
const patienceMs = 10_000;
const patienceWithFaultsMs = 300; // of what never comes

// A connection and what came of it: frames in order, pongs, and how it ended.
function opened(at, search, headers = {}) {
    const socket = new WebSocket(`${at.feed}/ws${search}`, { headers });
    const seen = { socket, frames: [], pongs: [], waiting: [] };
    const note = (change) => (...came) => {
        change(...came);
        for (const look of seen.waiting.splice(0)) look();
    };
    socket.on("open", note(() => seen.open = true));
    socket.on("message", note((data, isBinary) => seen.frames.push(isBinary ? undefined : JSON.parse(data))));
    socket.on("pong", note((data) => seen.pongs.push(data.toString())));
    socket.on("close", note((code) => seen.closed ??= code));
    socket.on("unexpected-response", note((_, answer) => {
        seen.refused = answer.statusCode;
        answer.resume();
        socket.terminate();
    }));
    socket.on("error", note((error) => seen.error = error.message));
    // Whether it came to that before patience ended.
    seen.until = async (holds) => {
        const deadline = Date.now() + at.patienceMs;
        while (!holds() && Date.now() < deadline)
            await new Promise((resume) => {
                const timer = setTimeout(resume, deadline - Date.now());
                seen.waiting.push(() => (clearTimeout(timer), resume()));
            });
        return Boolean(holds());
    };
    return seen;
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

async function checkOpen(feed, how, checks) {
    checks.that(await feed.until(() => feed.open), `${how}: not opened: ${feed.refused ?? feed.error}`);
    checks.that(!feed.socket.extensions && !feed.socket.protocol, `${how}: ${feed.socket.extensions} ${feed.socket.protocol}`);
    await feed.until(() => feed.frames.length > 0);
    const [first] = feed.frames;
    checks.that(first?.type === "initial" && Array.isArray(first.checkIns) && Array.isArray(first.events) &&
        Number.isInteger(first.unread) && typeof first.position === "string", `${how}: began with ${JSON.stringify(first)}`);
}

async function checkPings(feed, how, checks) {
    for (const payload of ["", "ping", "\u00e9".repeat(62) + "."]) {
        const before = feed.pongs.length;
        if (feed.socket.readyState === WebSocket.OPEN) feed.socket.ping(payload);
        checks.that(await feed.until(() => feed.pongs.length > before) && feed.pongs.at(-1) === payload,
            `${how}: a ping of ${Buffer.byteLength(payload)} bytes was answered ${feed.pongs.slice(before)}`);
    }
}

async function checkEnd(feed, code, how, checks) {
    await feed.until(() => feed.closed !== undefined);
    checks.that(feed.closed === code, `${how}: ended with ${feed.closed} and not ${code}`);
    feed.socket.terminate();
}

async function checkRefused(feed, how, checks) {
    await feed.until(() => feed.open || feed.refused || feed.error);
    checks.that(!feed.open && feed.refused === 401, `${how}: ${feed.open ? "opened" : feed.refused ?? feed.error}`);
    feed.socket.terminate();
}

// What the client does, and the code that comes back.
const ends = [
    ["closing", 1000, (socket) => socket.close(1000)],
    ["closing with a reason", 1001, (socket) => socket.close(1001, "r".repeat(123))],
    ["closing with a code of a library", 3000, (socket) => socket.close(3000)],
    ["closing with a code of its own", 4999, (socket) => socket.close(4999, "enough")],
    ["closing without a code", 1005, (socket) => socket.close()],
    ["binary data", 1003, (socket) => socket.send(Buffer.from([1, 2]))],
    ["text that is not UTF-8", 1007, (socket) => socket.send(Buffer.from([0xc3, 0x28]), { binary: false })],
    ["too long a message", 1009, (socket) => socket.send("x".repeat(messageMax + 1))],
];

async function look(at, checks) {
    checks.told.ends = ends.length;
    const byHeader = opened(at, "", bearer(at.token));
    await checkOpen(byHeader, "by header", checks);
    await checkPings(byHeader, "by header", checks);

    const ticket = await at.newTicket();
    const byTicket = opened(at, `?ticket=${ticket}`);
    await checkOpen(byTicket, "by ticket", checks);
    await checkPings(byTicket, "by ticket", checks);
    await checkRefused(opened(at, `?ticket=${ticket}`), "a ticket's second use", checks);
    await checkRefused(opened(at, `?ticket=${ticket.slice(0, -2)}`), "a part of a ticket", checks);
    await checkRefused(opened(at, ""), "without a token", checks);
    await checkRefused(opened(at, "", bearer("none")), "a token that is none", checks);

    const content = randomBytes(6).toString("hex");
    await at.sendMessage(content);
    for (const [how, feed] of [["by header", byHeader], ["by ticket", byTicket]])
        checks.that(await feed.until(() => feed.frames.some((one) => one?.message?.content === content)),
            `${how}: the message did not come`);
    byHeader.socket.close(4000);
    byTicket.socket.close(1000);
    await checkEnd(byHeader, 4000, "by header", checks);
    await checkEnd(byTicket, 1000, "by ticket", checks);

    for (const [what, code, act] of ends) {
        const feed = opened(at, "", bearer(at.token));
        await feed.until(() => feed.frames.length > 0);
        if (feed.socket.readyState === WebSocket.OPEN) act(feed.socket);
        await checkEnd(feed, code, what, checks);
    }
}

// Of ws's own server: one that is right, and one for each thing that can be wrong.
async function ownServers() {
    const wrongs = {
        "no first frame": { first: undefined },
        "a first frame of another kind": { first: { type: "events" } },
        "a first frame without its events": { first: { type: "initial", checkIns: [], unread: 0, position: "1" } },
        "a first frame in binary": { isBinary: true },
        "no pong": { autoPong: false },
        "compression": { perMessageDeflate: { threshold: 0 } },
        "a ticket that is good twice": { ticketUses: 2 },
        "anybody is let in": { isOpen: true },
        "nobody is let in": { ticketUses: 0, token: "another" },
        "messages that do not come": { isQuiet: true },
        "another code": { endsWith: 1002 },
        "binary data is taken": { takesBinary: true },
        "text that is not UTF-8 is taken": { skipUTF8Validation: true },
        "messages of any length": { maxPayload: 0 },
    };
    const right = await new FeedServer(messageMax, {}).started();
    const wrong = {};
    for (const [what, how] of Object.entries(wrongs)) wrong[what] = await new FeedServer(messageMax, how).started();
    return { right, wrong };
}

run(async () => {
    const [{ access_token: token, id }, { access_token: sender }] = [await newPerson(), await newPerson()];
    const at = {
        feed: url.replace("http", "ws"), token, patienceMs,
        newTicket: async () => (await asked("POST", "/ws/ticket", { token })).ticket,
        sendMessage: (content) => asked("POST", "/messages", { token: sender, body: { content, receiver_id: id } }),
    };
    const { right, wrong } = await ownServers();
    const spoilt = Object.fromEntries(Object.entries(wrong).map(([what, server]) => [what, server.at(patienceWithFaultsMs)]));
    const unmarred = new Checks();
    await look(right.at(patienceMs), unmarred);
    if (unmarred.faults.length > 0) throw new Error(`a server that is right was found wrong: ${unmarred.faults}`);
    await report(look, at, spoilt);
    for (const server of [right, ...Object.values(wrong)]) server.stop();
});
