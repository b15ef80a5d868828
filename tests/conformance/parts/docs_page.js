// Opens /docs of a running server in chromium and prints, as JSON, what the page showed, asked for and was refused.
// usage: node docs_page.js URL PROFILE; PROFILE is an empty folder.
const { chromium } = require("playwright-core");

const [url, profile] = process.argv.slice(2);
const patience = 60_000;

async function look() {
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: "/usr/bin/chromium",
        headless: true,
        args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync"],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    const seen = { elsewhere: [], failed: [], errors: [], refused: [] };
    page.on("request", (request) => {
        if (!request.url().startsWith(url + "/") && !request.url().startsWith("data:")) seen.elsewhere.push(request.url());
    });
    page.on("response", (response) => {
        if (response.status() >= 400) seen.failed.push(`${response.status()} ${response.url()}`);
    });
    page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") seen.errors.push(message.text());
    });
    page.on("pageerror", (error) => seen.errors.push(String(error)));
    await page.exposeFunction("noteRefused", (what) => seen.refused.push(what));
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) =>
        window.noteRefused(`${event.violatedDirective} ${event.blockedURI}`)));

    await page.goto(url + "/docs");
    await page.waitForSelector(".opblock");
    seen.operations = await page.locator(".opblock").count();
    seen.problems = await page.locator("tr[id^=problem-]").count();

    // As a reader would: open an operation, try it, see the answer.
    const health = page.locator(".opblock:has([data-path='/health'])");
    await health.locator(".opblock-summary").click();
    await health.locator(".execute").click();
    await health.locator(".live-responses-table .response-col_status").last().waitFor();
    seen.tried = (await health.locator(".live-responses-table .response-col_status").last().innerText()).trim();

    // And that a refusal would have been seen: this is what the policy is there for.
    const before = structuredClone(seen);
    await page.evaluate(() => {
        const picture = document.createElement("img");
        picture.src = "http://elsewhere.invalid/picture.png";
        document.body.append(picture);
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
    });
    await page.waitForFunction(() => !window.ran);
    const deadline = Date.now() + patience;
    while (seen.refused.length < before.refused.length + 2 && Date.now() < deadline)
        await new Promise((resume) => setTimeout(resume, 20));
    before.control = seen.refused.slice(before.refused.length);
    await context.close();
    return before;
}

look().then((seen) => console.log(JSON.stringify(seen)), (error) => {
    console.error(error);
    process.exit(1);
});
