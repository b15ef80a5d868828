// Walks the lists by Link, which it reads with http-link-header: by cursor and by skip, to the end and back again.
// usage: node readers_links.js; the server is at DACAPO_URL.
const { isDeepStrictEqual } = require("util");
const LinkHeader = require("http-link-header");
const { url, ask, asked, login, newPerson, report, run } = require("./readers_demo.js");

const pagesMax = 60;
const rowsMax = 500;
const rowsAdded = 9; // to each list, by fill()
const isPlace = (name) => name === "cursor" || name === "skip" || name === "limit";

// What a list is asked for besides a place in it; nobody knows `note`, which is to be kept all the same.
const lists = [
    { path: "/users", limit: 2, query: {} },
    { path: "/users", limit: 3, query: { q: "reader-", note: "a b&c=d;e,f<g>\"é" } },
    { path: "/events", limit: 2, query: {} },
    { path: "/events", limit: 3, query: { q: "walk & co", from: "2031-01-01", to: "2031-12-31", count: "true" } },
    { path: "/messages/received", limit: 2, query: {} },
    { path: "/messages/received", limit: 4, query: { count: "true", note: "100 %" } },
];

// Of one page: the links that it has, each once. A field that cannot be read is a finding, and the end of the walk.
function linksOf(answer, where, checks) {
    let links;
    try {
        links = new LinkHeader(answer.fields.link ?? "").refs;
    } catch (error) {
        checks.that(false, `${where}: Link: ${answer.fields.link}: ${error.message}`);
        return {};
    }
    const relations = links.map(({ rel }) => rel);
    checks.that(new Set(relations).size === relations.length && relations.every((one) => one === "next" || one === "prev"),
        `${where}: Link: ${answer.fields.link}`);
    return Object.fromEntries(links.map(({ rel, uri }) => [rel, uri]));
}

const parametersOf = (link) => [...link.searchParams].filter(([name]) => !isPlace(name)).sort();

function checkLink(uri, { path, query, limit }, where, checks) {
    const link = URL.canParse(uri) ? new URL(uri) : new URL("none:");
    const limits = link.searchParams.getAll("limit").map(Number);
    checks.that(link.origin === url && link.pathname === path, `${where}: ${uri} is elsewhere`);
    checks.that(isDeepStrictEqual(parametersOf(link), Object.entries(query).sort()), `${where}: ${uri} has other parameters`);
    checks.that(limits.length === 1 && limits[0] >= 1 && limits[0] <= limit, `${where}: ${uri} has another limit`);
    return link.search;
}

// The pages from `search` on, by the links of a relation; what is asked is the list's, wherever a link points.
async function walk(send, list, search, relation, checks) {
    const pages = [];
    for (let at = search; at !== undefined;) {
        const where = `${list.path}${at}`;
        const answer = await send(list, at);
        checks.that(answer.status === 200 && answer.body.length <= list.limit,
            `${where}: ${answer.status}, ${answer.body.length} of ${list.limit} rows`);
        if (answer.status !== 200) return pages;
        const links = linksOf(answer, where, checks);
        const searches = {};
        for (const [name, uri] of Object.entries(links)) searches[name] = checkLink(uri, list, where, checks);
        pages.push({ rows: answer.body.map(({ id }) => id), at, searches });
        checks.that(pages.length <= pagesMax, `${where}: the walk has no end`);
        at = pages.length <= pagesMax ? searches[relation] : undefined;
    }
    return pages;
}

async function look(send, checks) {
    for (const list of lists) {
        const everything = "?" + new URLSearchParams({ ...list.query, limit: rowsMax });
        const inOnePage = await send({ ...list, limit: rowsMax }, everything);
        const wanted = inOnePage.body.map(({ id }) => id);
        for (const begin of [{ cursor: "" }, { skip: 0 }]) {
            const search = "?" + new URLSearchParams({ ...list.query, ...begin, limit: list.limit });
            const where = `${list.path}${search}`;
            const there = await walk(send, list, search, "next", checks);
            if (there.length === 0) continue;
            const last = there.at(-1);
            const back = await walk(send, list, last.at, "prev", checks);
            const rowsBack = back.toReversed().flatMap(({ rows }) => rows);
            checks.that(wanted.length >= rowsAdded && there.length >= 3,
                `${where}: only ${wanted.length} rows, ${there.length} pages`);
            checks.that(isDeepStrictEqual(there.flatMap(({ rows }) => rows), wanted), `${where}: other rows by next`);
            checks.that(isDeepStrictEqual(rowsBack, wanted), `${where}: other rows by prev`);
            checks.that(!there[0].searches.prev && !last.searches.next, `${where}: it goes on behind an end`);
            checks.that(back.length === there.length, `${where}: ${there.length} pages there, ${back.length} back`);
            checks.told.walks = (checks.told.walks ?? 0) + 2;
            checks.told.pages = (checks.told.pages ?? 0) + there.length + back.length;
        }
    }
}

// Every list gets rows of its own, and rows that its filters leave out.
async function fill(token) {
    const { access_token: sender } = await newPerson();
    for (let number = 1; number <= rowsAdded; ++number) {
        await newPerson();
        await asked("POST", "/messages", { token: sender, body: { content: `Psst ${number}`, receiver_id: 1 } });
        await asked("POST", "/events", { token, body: {
            title: `${number % 5 ? "Walk & Co" : "WALK & CO"} ${number}`, description: "", location: "Docks",
            date: `2031-06-${10 + number % 4}T20:00:00`,
        } });
    }
}

function spoilt(send) {
    const linkAs = (change) => async (list, search) => {
        const answer = await send(list, search);
        const { link } = answer.fields;
        return link ? { ...answer, fields: { ...answer.fields, link: change(link, search) } } : answer;
    };
    const rowsAs = (change) => async (list, search) => {
        const answer = await send(list, search);
        return list.limit === rowsMax ? answer : { ...answer, body: change(answer.body) };
    };
    return {
        "no next": linkAs((link) => link.replace('rel="next"', 'rel="prev"')),
        "no prev": linkAs((link) => link.replace(/(, )?<[^>]*>; rel="prev"/, "")),
        "a next too many": linkAs((link) => (link.includes("next") ? link : link.replace("prev", "next"))),
        "a next to where it stands": linkAs((link, search) =>
            link.replace(/<([^?]*)[^>]*>; rel="next"/, `<$1${search}>; rel="next"`)),
        "a parameter that is gone": linkAs((link) => link.replaceAll(/note=[^&]*&/g, "")),
        "a parameter that is not encoded": linkAs((link) => link.replaceAll("%26", "&")),
        "another limit": linkAs((link) => link.replaceAll("limit=2", "limit=200")),
        "a host elsewhere": linkAs((link) => link.replaceAll(url, "http://elsewhere.example")),
        "no brackets": linkAs((link) => link.replaceAll(/[<>]/g, "")),
        "a row left out": rowsAs((rows) => (rows.length > 1 ? rows.slice(1) : rows)),
        "a row twice": rowsAs((rows) => [rows[0], ...rows.slice(0, -1)]),
        "rows in another order": rowsAs((rows) => rows.toReversed()),
    };
}

run(async () => {
    const { access_token: token } = await login("zoe");
    await fill(token);
    const send = ({ path }, search) => ask("GET", path + search, { token });
    await report(look, send, spoilt(send));
});
