// Access tokens that nobody may get in with, made with jose, or by hand where jose refuses to. Most are a good one but for
// what their name says, down to the signature.
const { createHash, createHmac, generateKeyPairSync } = require("crypto");

const hourS = 3600;
const nowS = () => Math.floor(Date.now() / 1000);
const bytes = (text) => new TextEncoder().encode(text);
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

// Of the last character of 32 bytes two bits say nothing: one of them, turned.
function spareBitOf(letter) {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return alphabet[alphabet.indexOf(letter) ^ 1];
}

// `good`: a token of the server, which signs with `secret`; `others`: what it made that is no such token.
async function forgedTokens(jose, good, secret, header, others) {
    const claims = jose.decodeJwt(good);
    const byHand = (fields, said, key = secret, hash = "sha256") => {
        const text = `${part(fields)}.${part(said)}`;
        return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
    };
    const [head, payload, signature] = good.split(".");
    const signed = (fields, said, key = bytes(secret), options = undefined) =>
        new jose.CompactSign(bytes(JSON.stringify(said))).setProtectedHeader(fields).sign(key, options);
    const saying = (change) => signed(header, { ...claims, ...change });
    const without = (name) => saying({ [name]: undefined });
    const headed = (fields, key) => signed({ ...header, ...fields }, claims, key);
    const theirs = new Uint8Array(32).fill(7);
    const theirJwk = { kty: "oct", k: Buffer.from(theirs).toString("base64url") };
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const unsigned = (alg) => `${part({ ...header, alg })}.${payload}.`;
    const more = await saying({ role: "admin" });

    return {
        "alg none, by jose": new jose.UnsecuredJWT(claims).encode(),
        "alg none": unsigned("none"),
        "alg None": unsigned("None"),
        "alg NONE": unsigned("NONE"),
        "alg none with the signature": `${part({ ...header, alg: "none" })}.${payload}.${signature}`,
        "alg none, signed": byHand({ ...header, alg: "none" }, claims),
        "no alg": byHand({ typ: header.typ }, claims),
        "alg in small letters": byHand({ ...header, alg: "hs256" }, claims),
        "HS384": await headed({ alg: "HS384" }),
        "HS512": await headed({ alg: "HS512" }),
        "HS256 said, HS512 done": byHand(header, claims, secret, "sha512"),
        "RS256": await headed({ alg: "RS256" }, rsa.privateKey),
        "PS256": await headed({ alg: "PS256" }, rsa.privateKey),
        "ES256": await headed({ alg: "ES256" }, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey),
        "EdDSA": await headed({ alg: "EdDSA" }, generateKeyPairSync("ed25519").privateKey),

        "another secret": await signed(header, claims, theirs),
        "an empty secret": byHand(header, claims, ""),
        "a secret of NULs": byHand(header, claims, "\0".repeat(32)),
        "the secret with a line's end": byHand(header, claims, `${secret}\n`),
        "the secret's hash": byHand(header, claims, createHash("sha256").update(secret).digest()),

        "expired a second ago": await saying({ iat: nowS() - hourS, exp: nowS() - 1 }),
        "expired for long": await saying({ iat: 0, exp: 1 }),
        "exp as text": await saying({ exp: String(claims.exp) }),
        "exp negative": await saying({ exp: -claims.exp }),
        "exp beyond all numbers": byHand(header, JSON.stringify(claims).replace(`"exp":${claims.exp}`, '"exp":1e400')),
        "nbf in an hour": await saying({ nbf: nowS() + hourS }),
        "nbf as text": await saying({ nbf: "0" }),
        "iat in an hour": await saying({ iat: nowS() + hourS }),
        "another iss": await saying({ iss: "https://elsewhere.example" }),
        "iss in capitals": await saying({ iss: claims.iss.toUpperCase() }),
        "iss with more behind": await saying({ iss: `${claims.iss}.elsewhere.example` }),
        "another aud": await saying({ aud: "elsewhere" }),
        "others in aud": await saying({ aud: ["elsewhere", "nowhere"] }),
        ...Object.fromEntries(await Promise.all(["iss", "aud", "exp", "iat", "sub", "sid", "role", "pos"].map(
            async (name) => [`no ${name}`, await without(name)]))),

        "typ JWT": await headed({ typ: "JWT" }),
        "no typ": await signed({ alg: "HS256" }, claims),
        "typ rt+jwt": await headed({ typ: "rt+jwt" }),
        "crit of something unknown": await signed({ ...header, crit: ["x"], x: 1 }, claims, undefined, { crit: { x: true } }),
        "crit of what is not there": byHand({ ...header, crit: ["x"] }, claims),
        "an empty crit": byHand({ ...header, crit: [] }, claims),
        "b64 false": byHand({ ...header, b64: false, crit: ["b64"] }, claims),
        "their jwk": await headed({ jwk: theirJwk }, theirs),
        "their jwk, our secret": await headed({ jwk: theirJwk }),
        "their jku": await headed({ jku: "http://elsewhere.example/keys", kid: "1" }, theirs),
        "their jku, our secret": await headed({ jku: "http://elsewhere.example/keys" }),
        "their x5u": await headed({ x5u: "http://elsewhere.example/chain" }, theirs),
        "their x5c": await headed({ x5c: ["MIIB"] }, theirs),
        "kid of an empty file": byHand({ ...header, kid: "../../../../dev/null" }, claims, ""),
        "kid with SQL": byHand({ ...header, kid: "' UNION SELECT 'k" }, claims, "k"),
        "alg twice": byHand('{"alg":"none","typ":"at+jwt","alg":"HS256"}', claims, ""),

        "another payload": `${head}.${part({ ...claims, role: "admin" })}.${signature}`,
        "another person": `${head}.${part({ ...claims, sub: "1" })}.${signature}`,
        "another's signature": `${head}.${payload}.${more.split(".")[2]}`,
        "a signature cut by one": good.slice(0, -1),
        "half a signature": good.slice(0, -20),
        "no signature": `${head}.${payload}.`,
        "no third part": `${head}.${payload}`,
        "a fourth part": `${good}.${signature}`,
        "a bit of the signature": `${head}.${payload}.${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`,
        "spare bits of the signature": good.slice(0, -1) + spareBitOf(good.at(-1)),
        "padding": `${good}=`,
        "a space in it": `${head}. ${payload}.${signature}`,
        "encrypted": await new jose.CompactEncrypt(bytes(JSON.stringify(claims)))
            .setProtectedHeader({ alg: "dir", enc: "A256GCM", typ: "at+jwt" }).encrypt(theirs),

        "a session that never was": await saying({ sid: 999999 }),
        "a session as text": await saying({ sid: String(claims.sid) }),
        "a role that is none": await saying({ role: "root" }),
        "a person that is a number": await saying({ sub: Number(claims.sub) }),
        "a person twice": byHand(header, JSON.stringify(claims).replace("{", '{"sub":"1",')),
        "a list of claims": byHand(header, [claims]),
        ...others,
    };
}

module.exports = { forgedTokens };
