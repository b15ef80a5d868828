// Reads RateLimit-Policy and RateLimit with structured-headers, as lists of strings with parameters, and counts along.
// usage: node readers_limits.js; the server at DACAPO_URL has limits.
const { parseList } = require("structured-headers");
const { ask, login, report, run } = require("./readers_demo.js");

const anonymousCommandsMax = 120;
const exceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded";

// The one member of a list of strings with integer parameters of such names; nothing when it is something else.
function memberOf(field, ...names) {
    let list;
    try {
        list = parseList(field ?? "");
    } catch {
        return undefined;
    }
    if (list.length !== 1 || typeof list[0][0] !== "string") return undefined;
    const [name, parameters] = list[0];
    const holds = parameters.size === names.length && names.every((one) => Number.isInteger(parameters.get(one)));
    return holds ? { name, ...Object.fromEntries(parameters) } : undefined;
}

function look(answers, checks) {
    let before;
    for (const { what, answer, counted } of answers) {
        const { "ratelimit-policy": policyField, ratelimit: standingField } = answer.fields;
        const policy = memberOf(policyField, "q", "w");
        const standing = memberOf(standingField, "r", "t");
        if (!counted) {
            checks.that(!policyField && !standingField, `${what} is not counted, and has ${policyField} ${standingField}`);
            continue;
        }
        checks.that(policy && policy.q > 0 && policy.w > 0, `${what}: RateLimit-Policy: ${policyField}`);
        checks.that(standing && standing.r >= 0 && standing.t >= 0, `${what}: RateLimit: ${standingField}`);
        if (!policy || !standing) continue;
        checks.that(policy.name === standing.name && standing.r <= policy.q && standing.t <= policy.w,
            `${what}: ${policyField} does not go with ${standingField}`);
        if (before?.name === standing.name && before.t >= standing.t)
            checks.that(standing.r === Math.max(0, before.r - 1), `${what}: after r=${before.r} came ${standingField}`);
        before = standing;
        if (answer.status !== 429) continue;
        checks.that(standing.r === 0 && Number(answer.fields["retry-after"]) >= standing.t,
            `${what}: Retry-After ${answer.fields["retry-after"]} with ${standingField}`);
        checks.that(answer.body.type === exceeded && answer.body["violated-policies"]?.includes(policy.name),
            `${what}: ${JSON.stringify(answer.body)}`);
    }
    checks.told.answers = answers.length;
    checks.that(answers.at(-1).answer.status === 429, "nothing was refused for coming too often");
}

// Answers of every kind, and in the end those to one who asks until it is refused.
async function limitedAnswers() {
    const { access_token: token } = await login("zoe");
    const answers = [];
    const add = async (counted, method, path, how) => {
        const answer = await ask(method, path, how);
        answers.push({ what: `${method} ${path} (${answer.status})`, answer, counted });
        return answer.status;
    };
    await add(true, "GET", "/users");
    await add(true, "GET", "/events/999999");
    await add(true, "GET", "/events?limit=0");
    await add(true, "GET", "/auth/me");
    await add(true, "GET", "/auth/me", { token: "none" });
    await add(false, "GET", "/auth/me", { token });
    await add(false, "GET", "/health");
    await add(false, "POST", "/ws/ticket", { token });
    await add(true, "POST", "/messages", { token, body: { content: "Psst", receiver_id: 2 } });
    await add(true, "POST", "/messages", { token, body: { content: "" } });
    for (let left = anonymousCommandsMax + 1; left > 0; --left)
        if (await add(true, "POST", "/auth/refresh", { body: { refresh_token: "none" } }) === 429) break;
    return answers;
}

// The same answers, with other fields where the change has any.
function rewritten(answers, change) {
    return answers.map(({ answer, ...rest }) =>
        ({ ...rest, answer: { ...answer, fields: { ...answer.fields, ...change(answer) } } }));
}

function spoilt(answers) {
    const field = (name, text) => rewritten(answers, ({ fields }) => fields[name] && { [name]: text(fields[name]) });
    const policy = (text) => field("ratelimit-policy", text);
    const standing = (text) => field("ratelimit", text);
    return {
        "the policy of an older draft": policy(() => "100;w=60"),
        "a policy's name that is a token": policy((field) => field.replaceAll('"', "")),
        "a policy without a window": policy((field) => field.replace(/;w=\d+/, "")),
        "a window of nothing": policy((field) => field.replace(/w=\d+/, "w=0")),
        "a quota in quotes": policy((field) => field.replace(/q=(\d+)/, 'q="$1"')),
        "a comma behind": policy((field) => field + ","),
        "another policy's standing": standing((field) => field.replace(/^"/, '"un')),
        "a part of a second": standing((field) => field.replace(/t=(\d+)/, "t=$1.5")),
        "a standing that does not move": standing((field) => field.replace(/r=\d+/, "r=7")),
        "a negative rest": standing((field) => field.replace(/r=\d+/, "r=-1")),
        "Retry-After before the reset": field("retry-after", () => "0"),
        "fields on what is not counted": rewritten(answers, () => ({ ratelimit: '"reads";r=1;t=1' })),
    };
}

run(async () => {
    const answers = await limitedAnswers();
    await report(look, answers, spoilt(answers));
});
