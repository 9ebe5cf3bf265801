// witness MODULES OUT: lets the providers' own clients send requests to a server on loopback, takes down what arrives, and writes it to OUT as
// vectors in the format of tests/data/cases/signing-vectors.json. MODULES is the folder that holds their node_modules.
//
// Time and nonce are the clients' own; the texts come from a generator with a fixed seed. Nothing here knows how a signature is made.
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { createHash } from "node:crypto";

const [modules, out] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, "package.json"));
// What a client says about itself stays out of the test's output; what it thinks of a provider's answer, too.
console.warn = () => {};

const ROUNDS = 20;

// ---- texts by chance, the same in every run ----

let seed = 20261;
function chance(n) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
}
const alphabet = [..."abcXYZ019-_.~ !*'()+/%&=:@,;\"\\<>[]{}?#^`|$\t\n张三你好【】，。🙂é"];
function text(max) {
    return Array.from({ length: 1 + chance(max) }, () => alphabet[chance(alphabet.length)]).join("");
}
function word(max) {
    return Array.from({ length: 1 + chance(max) }, () => "abcdefXYZ0123456789"[chance(19)]).join("");
}

// ---- a server that takes everything down and is content with it ----

let arrived;
const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
        arrived = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString("utf8") };
        response.setHeader("Content-Type", "application/json");
        response.setHeader("Connection", "close");
        response.end('{"Code":"OK","Response":{"RequestId":"1"},"RequestId":"1"}');
    });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const host = `127.0.0.1:${server.address().port}`;

async function take(send) {
    arrived = undefined;
    try {
        await send();
    } catch (error) {
        if (arrived === undefined) throw error; // it did not come so far; what follows the answer does not matter
    }
    const [pathname, query = ""] = arrived.url.split(/\?(.*)/s);
    return { ...arrived, pathname, query };
}

const vectors = [];
function vector(id, algorithm, made_by, inputs, expected) {
    vectors.push({ id, algorithm, made_by, inputs, intermediate: null, expected });
}
function lines(headers, wanted) {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted(name)));
}

// ---- Aliyun RPC ----

async function aliyunRpc(round) {
    const { RPCClient } = require("@alicloud/pop-core");
    const id = word(20), secret = text(80);
    const client = new RPCClient({ endpoint: `http://${host}`, apiVersion: "2017-05-25", accessKeyId: id, accessKeySecret: secret });
    const method = round % 2 ? "POST" : "GET";
    const asked = { PhoneNumbers: "13800000001", SignName: text(8), TemplateParam: text(40), OutId: text(4), [`K${word(6)}`]: text(9) };
    const seen = await take(() => client.request("SendSms", asked, { method }));
    const sent = method === "POST" ? seen.body : seen.query;
    const parameters = Object.fromEntries(new URLSearchParams(sent));
    const signature = parameters.Signature;
    delete parameters.Signature;
    vector(`rpc-${round}`, "aliyun-rpc-hmac-sha1", "@alicloud/pop-core", {
        method, path: seen.pathname, access_key_id: id, access_key_secret: secret,
        timestamp_utc: parameters.Timestamp, nonce: parameters.SignatureNonce, parameters,
    }, { signature, [method === "POST" ? "form_body" : "query_string"]: sent });
}

// ---- Aliyun ACS3 ----

async function aliyunAcs3(round) {
    const { default: Client } = require("@alicloud/openapi-core");
    const { Config, Params, OpenApiRequest } = require("@alicloud/openapi-core/dist/utils.js");
    const { RuntimeOptions } = require("@darabonba/typescript");
    const id = word(20), secret = text(80);
    const client = new Client(new Config({ accessKeyId: id, accessKeySecret: secret, endpoint: host, protocol: "http", signatureAlgorithm: "ACS3-HMAC-SHA256" }));
    const params = new Params({
        action: "SendSms", version: "2017-05-25", protocol: "HTTP", pathname: "/", method: "POST", authType: "AK", style: "RPC",
        reqBodyType: round % 3 === 2 ? "json" : "formData", bodyType: "json",
    });
    const request = new OpenApiRequest({
        query: { PhoneNumbers: "13800000001", SignName: text(8), TemplateParam: text(40), Empty: "", [word(6)]: text(9) },
        ...(round % 3 ? { body: { Text: text(30), B: text(3) } } : {}),
    });
    const seen = await take(() => client.callApi(params, request, new RuntimeOptions({ autoretry: false })));
    vector(`acs3-${round}`, "aliyun-acs3-hmac-sha256", "@alicloud/openapi-core", {
        method: seen.method, path: seen.pathname, query: seen.query, body: seen.body, access_key_id: id, access_key_secret: secret,
        headers: lines(seen.headers, (name) => name !== "authorization"),
    }, { signature: seen.headers.authorization.split("Signature=")[1], authorization: seen.headers.authorization });
}

// ---- Tencent TC3 ----

async function tencentTc3(round) {
    const { CommonClient } = require("tencentcloud-sdk-nodejs-common");
    const id = word(20), secret = text(80);
    const client = new CommonClient("sms.tencentcloudapi.com", "2021-01-11", {
        credential: { secretId: id, secretKey: secret }, region: "ap-guangzhou",
        profile: { httpProfile: { protocol: "http://", endpoint: host, reqMethod: round % 3 === 2 ? "GET" : "POST" }, signMethod: "TC3-HMAC-SHA256" },
    });
    const seen = await take(() => client.request("SendSms", { SmsSdkAppId: word(9), SignName: text(8), SessionContext: text(40), N: chance(1000) }));
    const authorization = seen.headers.authorization;
    vector(`tc3-${round}`, "tencent-tc3-hmac-sha256", "tencentcloud-sdk-nodejs-common", {
        // the client signs the name without the port, which is right where the port is the default one
        method: seen.method, path: seen.pathname, query: seen.query, host: "127.0.0.1", content_type: seen.headers["content-type"],
        service: authorization.split("/")[2], timestamp: Number(seen.headers["x-tc-timestamp"]), body: seen.body,
        other_headers: lines(seen.headers, (name) => name.startsWith("x-tc-") && name !== "x-tc-timestamp"), secret_id: id, secret_key: secret,
    }, { signature: authorization.split("Signature=")[1], authorization });
}

// ---- Huawei SDK-HMAC ----

async function huaweiSdkHmac(round) {
    const { BasicCredentials } = require("@huaweicloud/huaweicloud-sdk-core");
    const { ClientBuilder } = require("@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js");
    const id = word(20), secret = text(80);
    const credential = new BasicCredentials().withAk(id).withSk(secret).withProjectId("p");
    const client = new ClientBuilder((made) => made).withCredential(credential).withEndpoint(`http://${host}`).build();
    const post = round % 3 !== 2;
    const seen = await take(() => client.sendRequest({
        method: post ? "POST" : "GET", url: "/sms/batchSendDiffSms/v1", contentType: "application/json", pathParams: {}, headers: {},
        queryParams: round % 3 ? { b: text(8), a: text(8), list: [text(3), text(3)] } : {},
        ...(post ? { data: { from: word(9), extend: text(9), smsContent: [{ to: ["+8613800000001"], templateParas: [text(20)] }] } } : {}),
    }));
    const authorization = seen.headers.authorization;
    vector(`sdk-hmac-${round}`, "huawei-sdk-hmac-sha256", "@huaweicloud/huaweicloud-sdk-core", {
        method: seen.method, path: seen.pathname, query: seen.query, body: seen.body, app_key: id, app_secret: secret,
        headers: lines(seen.headers, (name) => name !== "authorization"),
    }, { signature: authorization.split("Signature=")[1], authorization });
}

// ---- Twilio, which calls us: its validator says what it expects, and that it is content with it ----

function twilioWebhook(round) {
    const { getExpectedTwilioSignature, validateRequest, validateRequestWithBody } = require("twilio/lib/webhooks/webhooks.js");
    const token = text(40), json = round % 4 === 3;
    const body = json ? JSON.stringify({ Text: text(40) }) : undefined;
    const parameters = json ? {} : { MessageSid: word(30), Body: text(40), [text(6)]: text(6), Media: [text(2), "b", "a", "b", text(2)] };
    const query = json ? `?bodySHA256=${createHash("sha256").update(body).digest("hex")}` : `?m=${word(6)}`;
    const told = `https://sms.example.org${["", ":443", ":8443"][round % 3]}/dlr/twilio${query}`;
    const signature = getExpectedTwilioSignature(token, round % 2 ? told : told.replace(/:\d+\//, "/"), parameters);
    if (!(json ? validateRequestWithBody(token, signature, told, body) : validateRequest(token, signature, told, parameters)))
        throw new Error(`twilio-${round}: its own validator refuses what it expects`);
    vector(`twilio-${round}`, "twilio-webhook-hmac-sha1", "twilio", { auth_token: token, url: told, ...(json ? { body } : { form_parameters: parameters }) },
        { x_twilio_signature: signature });
}

for (let round = 0; round < ROUNDS; round++) {
    await aliyunRpc(round);
    await aliyunAcs3(round);
    await tencentTc3(round);
    await huaweiSdkHmac(round);
    twilioWebhook(round);
}
fs.writeFileSync(out, JSON.stringify({ vectors }));
console.log(`${vectors.length} signatures`);
process.exit(0); // some clients keep connections open
