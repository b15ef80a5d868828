// What the readers share: the demo and its people, and how a look is taken: once at the program, then once for each fault
// that is put in before the same eyes, which must see it.
const { randomBytes } = require("crypto");

const url = process.env.DACAPO_URL;
const password = process.env.DACAPO_PASSWORD;

// `fields` of the answer have lower-case names; one that came more than once is joined by commas.
async function ask(method, path, { token, headers = {}, body } = {}) {
    const answer = await fetch(url + path, {
        method,
        redirect: "error",
        headers: {
            ...(token && { Authorization: `Bearer ${token}` }),
            ...(body && { "Content-Type": "application/json" }),
            ...headers,
        },
        body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, fields: Object.fromEntries(answer.headers), body: text ? JSON.parse(text) : undefined };
}

async function asked(...request) {
    const answer = await ask(...request);
    if (answer.status >= 400) throw new Error(`${request[0]} ${request[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
}

const login = (name) => asked("POST", "/login", { body: { email: `${name}@example.org`, password } });

function newPerson() {
    const name = `reader-${randomBytes(4).toString("hex")}`;
    return asked("POST", "/register", { body: { username: name, email: `${name}@example.org`, password } });
}

class Checks {
    count = 0;
    faults = [];
    told = {};

    that(holds, what) {
        ++this.count;
        if (!holds) this.faults.push(what);
    }
}

// `look(at, checks)` reads what is at `at`. `spoilt` names a fault and holds what to look at instead, or
// {other: that, least: how many findings it must give}. Prints it all as JSON.
async function report(look, at, spoilt) {
    const found = new Checks();
    await look(at, found);
    const unseen = [];
    for (const [fault, put] of Object.entries(spoilt)) {
        const { other, least } = "least" in put ? put : { other: put, least: 1 };
        const seen = new Checks();
        await look(other, seen);
        if (seen.faults.length < found.faults.length + least) unseen.push(fault);
    }
    const { count, faults, told } = found;
    console.log(JSON.stringify({ checks: count, faults, told, spoilt: Object.keys(spoilt).length, unseen }));
}

function run(main) {
    main().catch((error) => {
        console.error(error);
        process.exit(1);
    });
}

module.exports = { url, ask, asked, login, newPerson, Checks, report, run };
