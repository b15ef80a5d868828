// Reads an access token with jose, tries to get in with others that are forged, and gets in with those that jose made right.
// usage: node readers_tokens.js; the server is at DACAPO_URL and signs with DACAPO_SECRET.
const { ask, asked, login, newPerson, report, run } = require("./readers_demo.js");
const { forgedTokens } = require("./readers_forged.js");

const secret = process.env.DACAPO_SECRET;
const header = { alg: "HS256", typ: "at+jwt" };
const dayS = 24 * 3600;
const weekS = 7 * dayS;
const nowS = () => Math.floor(Date.now() / 1000);
const bytes = (text) => new TextEncoder().encode(text);

async function look({ jose, good, refused, equal, me }, checks) {
    checks.told.refused = Object.keys(refused).length;
    try {
        const { payload } = await jose.jwtVerify(good, bytes(secret), {
            algorithms: ["HS256"], typ: "at+jwt", issuer: "dacapo", audience: "dacapo", clockTolerance: 0,
            requiredClaims: ["sub", "iss", "aud", "exp", "iat", "role", "sid"],
        });
        checks.that(payload.exp - payload.iat === weekS, `good for ${payload.exp - payload.iat} s`);
        checks.that(Math.abs(payload.iat - nowS()) < 60, `issued at ${payload.iat}`);
    } catch (error) {
        checks.that(false, `jose does not take the token: ${error.message}`);
    }
    for (const [what, token] of Object.entries({ "the token": good, ...equal })) {
        const { status, body } = await me(token);
        checks.that(status === 200 && body.id === Number(jose.decodeJwt(good).sub), `${what}: ${status}`);
    }
    for (const [what, token] of Object.entries(refused)) {
        const { status, fields } = await me(token);
        checks.that(status === 401 && /^Bearer .*error="invalid_token"/.test(fields["www-authenticate"]),
            `${what}: ${status} ${fields["www-authenticate"]}`);
    }
}

async function spoilt(at) {
    const { jose, good, refused, me } = at;
    const claims = jose.decodeJwt(good);
    // The program would not take these: here it does, so that nobody but jose sees what is wrong.
    const issuing = async (said, fields = header, key = secret) => {
        const issued = await new jose.SignJWT({ ...claims, ...said }).setProtectedHeader(fields).sign(bytes(key));
        return { ...at, good: issued, me: (token) => me(token === issued ? good : token) };
    };
    const answering = (change) => ({ ...at, me: async (token) => ({ ...await me(token), ...change }) });
    return {
        "a server that takes any token": { other: { ...at, me: () => me(good) }, least: Object.keys(refused).length },
        "a server that takes none": { other: { ...at, me: () => me("none") }, least: 3 },
        "403 where the token is wrong": { other: answering({ status: 403 }), least: Object.keys(refused).length },
        "401 without a challenge": { other: answering({ fields: {} }), least: Object.keys(refused).length },
        "somebody else's answer": answering({ body: { id: 1 } }),
        "a token of another issuer": await issuing({ iss: "elsewhere" }),
        "a token for others": await issuing({ aud: "elsewhere" }),
        "a token that has expired": await issuing({ iat: nowS() - weekS - 1, exp: nowS() - 1 }),
        "a token for a day": await issuing({ exp: claims.iat + dayS }),
        "a token that is no access token": await issuing({}, { ...header, typ: "JWT" }),
        "a token signed with HS512": await issuing({}, { ...header, alg: "HS512" }),
        "a token of another secret": await issuing({}, header, "another one, of which nobody has heard"),
    };
}

run(async () => {
    const jose = await import(require.resolve("jose")); // A module of the kind that NODE_PATH says nothing of.
    const { access_token: good, refresh_token: refreshToken } = await newPerson();
    const { ticket } = await asked("POST", "/ws/ticket", { token: good });
    const { access_token: ended } = await login("tom");
    await asked("POST", "/auth/logout", { token: ended });
    const claims = jose.decodeJwt(good);
    const resigned = (change) =>
        new jose.SignJWT({ ...claims, ...change }).setProtectedHeader(header).sign(bytes(secret));
    const at = {
        jose, good, me: (token) => ask("GET", "/auth/me", { token }),
        refused: await forgedTokens(jose, good, secret, header,
            { "a refresh token": refreshToken, "a feed's ticket": ticket, "a session that has ended": ended }),
        equal: {
            "the same, by jose": await resigned({}),
            "with less time, by jose": await resigned({ exp: claims.exp - 1, nbf: claims.iat }),
        },
    };
    await report(look, at, await spoilt(at));
});
